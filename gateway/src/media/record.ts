import type { Failure } from '../message/failure.ts';

export type MediaState = 'pending' | 'stored' | 'failed' | 'expired';

/** A file that a workspace uploaded, or that somebody sent to it. */
export interface MediaRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly origin: 'upload' | 'inbound';
  /** Unique among the uploads of a workspace; an inbound media has none. */
  readonly name: string | undefined;
  /** The number that an inbound media came to. */
  readonly senderId: string | undefined;
  /** Meta's id of an inbound media. */
  readonly metaId: string | undefined;
  readonly mimeType: string;
  /** Bytes; undefined until it is stored. */
  readonly size: number | undefined;
  /** Lower-case hex; undefined until it is known. */
  readonly sha256: string | undefined;
  readonly filename: string | undefined;
  /** `pending`: known, not fetched yet. `failed`: Meta will not give it. `expired`: Meta has deleted it before it was fetched. */
  readonly state: MediaState;
  /** Why it failed or expired, or why the last try to fetch it did. */
  readonly error: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When it is deleted; undefined keeps it. */
  readonly expiresAt: Date | undefined;
}

/** What an uploaded file is, apart from its bytes. */
export interface UploadFacts {
  /** At most 255 characters; the new media's id when not given. */
  readonly name?: string | undefined;
  /** As declared by who uploads it; found out from the bytes when not given. */
  readonly mimeType?: string | undefined;
  readonly filename?: string | undefined;
  /** Kept so long, and for ever when not given. */
  readonly ttlSeconds?: number | undefined;
  /** A dialect's own limit in bytes, where it is lower than WhatsApp's. */
  readonly maxBytes?: number | undefined;
}

/** To be fetched from an address that the caller gives, through the guarded client. */
export interface MediaFromUrl extends UploadFacts {
  readonly url: string;
}

/** Why nothing was stored. */
export type UploadRefusal =
  /** An upload of the workspace has the name already. */
  | { readonly kind: 'conflict'; readonly detail: string }
  /** `detail` is a sentence for the caller. */
  | { readonly kind: 'refused'; readonly what: 'type' | 'size' | 'name'; readonly detail: string }
  /** The address may not be fetched, or did not give the file. */
  | { readonly kind: 'unreachable'; readonly detail: string };

export type UploadOutcome = { readonly kind: 'stored'; readonly media: MediaRecord } | UploadRefusal;

/** Whoever sends: a number with what is needed to speak for it. */
export interface MediaSender {
  readonly id: string;
  readonly workspaceId: string;
  readonly phoneNumberId: string;
  readonly accessToken: string;
  readonly graphUrl: string | undefined;
}

/** An inbound media as the inbox learns of it. The media's id is `inboundMediaId(messageId)`. */
export interface InboundMedia {
  readonly messageId: string;
  readonly workspaceId: string;
  readonly senderId: string;
  readonly metaId: string;
  readonly mimeType: string;
  /** As Meta wrote it: base64 in webhooks, hex elsewhere. */
  readonly sha256?: string | undefined;
  readonly filename?: string | undefined;
}

/** The content with Meta's ids in it, or why it cannot be sent. */
export type Resolved = { readonly content: string } | { readonly failure: Failure };

/** One page of a list, newest first. */
export interface MediaPage {
  readonly limit: number;
  /** Only what is older than this id. */
  readonly after?: string | undefined;
}

export interface MediaFilter {
  readonly origin?: 'upload' | 'inbound' | undefined;
  readonly state?: MediaState | undefined;
}
