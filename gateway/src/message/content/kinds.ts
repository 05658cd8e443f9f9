import type { ContactCard } from './contacts.ts';
import type { Interactive } from './interactive.ts';
import type { AudioMedia, CaptionedMedia, DocumentMedia, MediaObject, Place } from './media.ts';
import type { TemplateObject } from './template.ts';

/**
 * What a message says, in the vocabulary and spelling of Meta's Cloud API (meta-cloud-api §3), so that it is stored and
 * sent as it is. Unknown fields inside a known kind pass through: what Meta adds tomorrow needs no release.
 */
export type Content =
  | TextContent
  | TemplateContent
  | ImageContent
  | VideoContent
  | AudioContent
  | DocumentContent
  | StickerContent
  | LocationContent
  | ContactsContent
  | ReactionContent
  | InteractiveContent;

export type ContentKind = Content['type'];

export const CONTENT_KINDS = [
  'text',
  'template',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'reaction',
  'interactive',
] as const satisfies readonly ContentKind[];

/** Beside the content, in every kind. */
export interface Frame {
  /** Makes the message a reply to the one named. */
  readonly context?: { readonly message_id: string };
  /** Direct Send (§3.3): `service` or nothing is ordinary free-form, the others may leave outside the window. */
  readonly category?: SendCategory;
  /** How long Meta tries to deliver, in seconds; with Direct Send only (§3.4). */
  readonly ttl_seconds?: number;
  readonly direct_send_config?: { readonly template_name?: string };
}

export const SEND_CATEGORIES = ['utility', 'authentication', 'service'] as const;
export type SendCategory = (typeof SEND_CATEGORIES)[number];

export interface TextContent extends Frame {
  readonly type: 'text';
  readonly text: { readonly body: string; readonly preview_url?: boolean };
}

export interface TemplateContent extends Frame {
  readonly type: 'template';
  readonly template: TemplateObject;
}

export interface ImageContent extends Frame {
  readonly type: 'image';
  readonly image: CaptionedMedia;
}

export interface VideoContent extends Frame {
  readonly type: 'video';
  readonly video: CaptionedMedia;
}

export interface AudioContent extends Frame {
  readonly type: 'audio';
  readonly audio: AudioMedia;
}

export interface DocumentContent extends Frame {
  readonly type: 'document';
  readonly document: DocumentMedia;
}

export interface StickerContent extends Frame {
  readonly type: 'sticker';
  readonly sticker: MediaObject;
}

export interface LocationContent extends Frame {
  readonly type: 'location';
  readonly location: Place;
}

export interface ContactsContent extends Frame {
  readonly type: 'contacts';
  readonly contacts: readonly ContactCard[];
}

export interface ReactionContent extends Frame {
  readonly type: 'reaction';
  /** An empty `emoji` takes the reaction back. */
  readonly reaction: { readonly message_id: string; readonly emoji: string };
}

export interface InteractiveContent extends Frame {
  readonly type: 'interactive';
  readonly interactive: Interactive;
}
