/**
 * A file in a message: Meta's id of an uploaded file, our own id (`wbm:<uuid>`, which the media room puts Meta's id in
 * the place of before sending), or a public address that Meta fetches. Exactly one of `id` and `link`.
 */
export interface MediaObject {
  readonly id?: string;
  readonly link?: string;
}

export interface CaptionedMedia extends MediaObject {
  readonly caption?: string;
}

export interface DocumentMedia extends CaptionedMedia {
  /** Its extension picks the icon on the phone. */
  readonly filename?: string;
}

export interface AudioMedia extends MediaObject {
  /** True: shown as a voice message; needs ogg with opus in mono. */
  readonly voice?: boolean;
}

/** A place on the map, in degrees; Meta takes numbers and decimal text. */
export interface Place {
  readonly latitude: number | string;
  readonly longitude: number | string;
  readonly name?: string;
  readonly address?: string;
}
