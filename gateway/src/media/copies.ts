import type { Readable } from 'node:stream';
import type { Failure } from '../message/failure.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import type { MediaSender, Resolved } from './record.ts';
import { misplaced, references, withIds } from './references.ts';
import { mediaById } from './rows.ts';
import type { Storage } from './storage.ts';

/** WhatsApp: an uploaded file is there for 30 days (meta-cloud-api §6); a message may wait for a day after it was resolved. */
const COPY_MS = 29 * 24 * 3_600_000;

/** A refusal about a copy that is younger than this is about something else. */
const YOUNG_MS = 60_000;

/** Copies that need no query, and for how long: another node may replace or delete the file. */
const KNOWN_MAX = 10_000;
const KNOWN_MS = 60_000;

export type UploadToMeta = (
  sender: MediaSender,
  file: { readonly bytes: Uint8Array; readonly mimeType: string; readonly filename: string | undefined },
) => Promise<{ readonly id: string } | { readonly failure: Failure }>;

export interface CopiesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly storage: Storage;
  readonly uploadToMeta: UploadToMeta;
}

interface Copy {
  readonly metaId: string;
  readonly uploadedAt: number;
  readonly mimeType: string;
}

interface Known {
  readonly copy: Copy;
  readonly readAt: number;
}

/** The copies of our files at Meta, one for each number that sends them. */
export class Copies {
  readonly #options: CopiesOptions;
  readonly #known = new Map<string, Known>();
  readonly #uploading = new Map<string, Promise<Copy | { readonly failure: Failure }>>();

  constructor(options: CopiesOptions) {
    this.#options = options;
  }

  /** Puts Meta's ids in the place of ours. */
  async resolve(sender: MediaSender, content: string): Promise<Resolved> {
    const copies = new Map<string, string>();
    for (const { kind, id } of references(content)) {
      const copy = await this.#copyOf(sender, id);
      if ('failure' in copy) return copy;
      const wrong = misplaced(kind, copy.mimeType);
      if (wrong !== undefined) return { failure: wrong };
      copies.set(id, copy.metaId);
    }
    return { content: withIds(content, copies) };
  }

  /**
   * Meta does not know the ids of this content any more.
   *
   * @returns false when every copy is so young that it must be there
   */
  async forget(sender: MediaSender, content: string): Promise<boolean> {
    const { store, clock } = this.#options;
    const ids = [...new Set(references(content).map(reference => reference.id))];
    if (ids.length === 0) return false;
    const gone = await store.db
      .deleteFrom('media_at_meta')
      .where('media_id', 'in', ids)
      .where('phone_number_id', '=', sender.phoneNumberId)
      .where('uploaded_at', '<', new Date(clock.now().getTime() - YOUNG_MS))
      .returning('media_id')
      .execute();
    for (const { media_id } of gone) this.#known.delete(keyOf(sender, media_id));
    return gone.length > 0;
  }

  /** The file has changed or is gone. */
  drop(mediaId: string): void {
    for (const key of this.#known.keys()) if (key.startsWith(mediaId)) this.#known.delete(key);
  }

  async #copyOf(sender: MediaSender, id: string): Promise<Copy | { readonly failure: Failure }> {
    const key = keyOf(sender, id);
    const known = this.#known.get(key);
    const now = this.#options.clock.now().getTime();
    if (known !== undefined && now - known.readAt < KNOWN_MS && this.#lives(known.copy)) return known.copy;
    let under = this.#uploading.get(key);
    if (under === undefined) {
      under = this.#make(sender, id).finally(() => this.#uploading.delete(key));
      this.#uploading.set(key, under);
    }
    const copy = await under;
    if (!('failure' in copy)) {
      if (this.#known.size >= KNOWN_MAX) this.#known.clear();
      this.#known.set(key, { copy, readAt: now });
    }
    return copy;
  }

  #lives(copy: Copy): boolean {
    return this.#options.clock.now().getTime() - copy.uploadedAt < COPY_MS;
  }

  async #make(sender: MediaSender, id: string): Promise<Copy | { readonly failure: Failure }> {
    const { store, clock, storage, uploadToMeta } = this.#options;
    const media = await mediaById(store.db, id);
    if (media === undefined || media.workspace_id !== sender.workspaceId || media.storage_key === null)
      return { failure: MEDIA_GONE };
    const mimeType = media.mime_type;
    const row = await store.db
      .selectFrom('media_at_meta')
      .selectAll()
      .where('media_id', '=', id)
      .where('phone_number_id', '=', sender.phoneNumberId)
      .executeTakeFirst();
    if (row !== undefined) {
      const copy = { metaId: row.meta_id, uploadedAt: row.uploaded_at.getTime(), mimeType };
      if (this.#lives(copy)) return copy;
    }
    const file = await storage.get(media.storage_key);
    if (file === undefined) return { failure: MEDIA_GONE };
    const uploaded = await uploadToMeta(sender, {
      bytes: await bytesOf(file),
      mimeType,
      filename: media.filename ?? undefined,
    });
    if ('failure' in uploaded) return uploaded;
    const now = clock.now();
    // Only if the file is still the one that was uploaded: it may have been replaced or deleted meanwhile.
    await store.db
      .insertInto('media_at_meta')
      .columns(['media_id', 'phone_number_id', 'meta_id', 'uploaded_at'])
      .expression(select =>
        select
          .selectFrom('media')
          .select(({ val }) => [
            'id',
            val(sender.phoneNumberId).as('phone_number_id'),
            val(uploaded.id).as('meta_id'),
            val(now).as('uploaded_at'),
          ])
          .where('id', '=', id)
          .where('storage_key', '=', media.storage_key),
      )
      .onConflict(on =>
        on.columns(['media_id', 'phone_number_id']).doUpdateSet({ meta_id: uploaded.id, uploaded_at: now }),
      )
      .execute();
    return { metaId: uploaded.id, uploadedAt: now.getTime(), mimeType };
  }
}

/** The media that a message names does not exist any more. */
const MEDIA_GONE: Failure = {
  code: '131053',
  title: 'Media upload error',
  detail: 'The media that the message names was deleted.',
  outcome: 'final',
  remedy: 'Upload the media again and send its new id.',
  source: 'wirebird',
};

const keyOf = (sender: MediaSender, id: string): string => `${id} ${sender.phoneNumberId}`;

async function bytesOf(stream: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
