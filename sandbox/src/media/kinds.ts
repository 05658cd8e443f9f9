/** The kinds of media that a message can carry. */
export const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'sticker'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

export function isMediaKind(type: string): type is MediaKind {
  return MEDIA_KINDS.some(kind => kind === type);
}

const KB = 1024;
const MB = 1024 * KB;

interface Allowed {
  mimes: readonly string[];
  /** bytes */
  max: number;
}

/** WhatsApp: types and sizes of each kind (meta-cloud-api §6) */
const ALLOWED: Record<MediaKind, Allowed> = {
  audio: {
    mimes: ['audio/aac', 'audio/mp4', 'audio/mpeg', 'audio/amr', 'audio/ogg', 'audio/opus'],
    max: 16 * MB,
  },
  document: {
    mimes: [
      'application/vnd.ms-powerpoint',
      'application/msword',
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      'application/vnd.openxmlformats-officedocument.presentationml.presentation',
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      'application/pdf',
      'text/plain',
      'application/vnd.ms-excel',
    ],
    max: 100 * MB,
  },
  image: { mimes: ['image/jpeg', 'image/png'], max: 5 * MB },
  sticker: { mimes: ['image/webp'], max: 500 * KB },
  video: { mimes: ['video/mp4', 'video/3gpp'], max: 16 * MB },
};
/** WhatsApp: a sticker that does not move, bytes (meta-cloud-api §6) */
const STILL_STICKER_MAX = 100 * KB;

/** The largest file of any kind, bytes. */
export const FILE_MAX = ALLOWED.document.max;

/** In the order in which Meta lists them when it refuses another. */
export const MIMES: readonly string[] = ['audio', 'document', 'image', 'sticker', 'video'].flatMap(
  kind => ALLOWED[kind as MediaKind].mimes,
);

/** Without its parameters, in small letters: `audio/ogg; codecs=opus` is `audio/ogg`. */
export function bareMime(mime: string): string {
  return mime.split(';', 1)[0]!.trim().toLowerCase();
}

export function fits(kind: MediaKind, mime: string): boolean {
  // Any file can be a document: WhatsApp shows it with the icon of its name.
  return ALLOWED[kind].mimes.includes(mime) || (kind === 'document' && !mime.startsWith('image/webp'));
}

export function mimesOf(kind: MediaKind): readonly string[] {
  return ALLOWED[kind].mimes;
}

/** The kind that Meta takes a file of this type for. */
export function kindOf(mime: string): MediaKind | undefined {
  return MEDIA_KINDS.find(kind => ALLOWED[kind].mimes.includes(mime));
}

/** How large such a file may be, bytes; a webp that moves may be larger than one that does not. */
export function sizeMax(kind: MediaKind, bytes: Buffer): number {
  return kind === 'sticker' && !isAnimated(bytes) ? STILL_STICKER_MAX : ALLOWED[kind].max;
}

/** WebP container: the second bit of the flags of the VP8X chunk says that it moves. */
function isAnimated(webp: Buffer): boolean {
  return webp.toString('latin1', 12, 16) === 'VP8X' && ((webp[20] ?? 0) & 2) !== 0;
}
