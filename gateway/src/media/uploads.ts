import { createHash } from 'node:crypto';
import { newId } from '../message/id.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import { bytesMax, judgeType, MEDIA_BYTES_MAX } from './kinds.ts';
import type { MediaFromUrl, MediaRecord, UploadFacts, UploadOutcome, UploadRefusal } from './record.ts';
import { changeFile, insertUpload, noteUnowned } from './rows.ts';
import type { Storage } from './storage.ts';

/** An answer to a request for a file, under the guard against private addresses. */
export type Fetched =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly contentType: string | undefined;
      readonly body: AsyncIterable<Uint8Array>;
      readonly discard: () => void;
    }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface UploadsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly storage: Storage;
  readonly download: (url: string, maxBytes: number) => Promise<Fetched>;
}

export interface Upload extends UploadFacts {
  readonly bytes: Uint8Array;
}

const NAME_MAX = 255;

/** A file that was looked at and is written. */
export interface Written {
  readonly storage_key: string;
  readonly mime_type: string;
  readonly size: number;
  readonly sha256: Buffer;
}

/** Takes files in: looks at them, writes them, gives them a row. */
export class Uploads {
  readonly #options: UploadsOptions;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  async upload(workspaceId: string, upload: Upload): Promise<UploadOutcome> {
    const { store, clock } = this.#options;
    const id = newId();
    const name = upload.name ?? id;
    const unfit = unfitName(name);
    if (unfit !== undefined) return unfit;
    const written = await this.#take(workspaceId, upload);
    if ('kind' in written) return written;
    const now = clock.now();
    const media = await insertUpload(store.db, {
      id,
      workspace_id: workspaceId,
      origin: 'upload',
      name,
      sender_id: null,
      meta_id: null,
      filename: tamed(upload.filename),
      state: 'stored',
      error: null,
      created_at: now,
      updated_at: now,
      expires_at: expiry(upload, now),
      ...written,
    });
    if (media !== undefined) return { kind: 'stored', media };
    return { kind: 'conflict', detail: `There is a media called ${name} already.` };
  }

  /** Puts another file in the place of an upload's. */
  async replace(media: MediaRecord, upload: Upload): Promise<UploadOutcome> {
    const { store, clock } = this.#options;
    const written = await this.#take(media.workspaceId, upload);
    if ('kind' in written) return written;
    const now = clock.now();
    const change = {
      ...written,
      state: 'stored' as const,
      error: null,
      filename: tamed(upload.filename),
      ...(upload.ttlSeconds === undefined ? {} : { expires_at: expiry(upload, now) }),
    };
    const changed = await changeFile(store.db, media.id, change, now);
    if (changed !== undefined) return { kind: 'stored', media: changed };
    return { kind: 'conflict', detail: 'The media was deleted meanwhile.' };
  }

  /** Fetches a file from an address that the caller gives. */
  async fetched({ url, ...facts }: MediaFromUrl): Promise<Upload | UploadRefusal> {
    const max = Math.min(facts.maxBytes ?? MEDIA_BYTES_MAX, MEDIA_BYTES_MAX);
    const answer = await this.#options.download(url, max);
    if (answer.kind === 'refused') return unreachable(answer.reason);
    if (answer.kind === 'failed') return unreachable(answer.message);
    if (answer.status !== 200) {
      answer.discard();
      return unreachable(`it answered ${answer.status}`);
    }
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of answer.body) chunks.push(chunk);
    } catch (error) {
      return unreachable(error instanceof Error ? error.message : String(error));
    }
    const filename = facts.filename ?? filenameOf(url);
    return { mimeType: answer.contentType, ...facts, filename, bytes: Buffer.concat(chunks) };
  }

  /** Writes a file of Meta's, which needs no look: it came from there. */
  async write(workspaceId: string, bytes: Uint8Array, mimeType: string, sha256: Buffer): Promise<Written> {
    const { store, clock, storage } = this.#options;
    const storage_key = `${workspaceId}/${newId()}`;
    await noteUnowned(store.db, storage_key, clock.now());
    await storage.put(storage_key, bytes, mimeType);
    return { storage_key, mime_type: mimeType, size: bytes.byteLength, sha256 };
  }

  async #take(workspaceId: string, upload: Upload): Promise<Written | UploadRefusal> {
    const { bytes } = upload;
    if (bytes.byteLength === 0) return { kind: 'refused', what: 'size', detail: 'The file is empty.' };
    const judged = await judgeType(bytes, upload.mimeType);
    if ('wrong' in judged) return { kind: 'refused', what: 'type', detail: judged.wrong };
    const { mimeType } = judged;
    const max = Math.min(upload.maxBytes ?? MEDIA_BYTES_MAX, bytesMax(mimeType));
    if (bytes.byteLength > max) {
      const detail = `The file has ${bytes.byteLength} bytes; of ${mimeType} at most ${max} are taken.`;
      return { kind: 'refused', what: 'size', detail };
    }
    const sha256 = createHash('sha256').update(bytes).digest();
    return this.write(workspaceId, bytes, mimeType, sha256);
  }
}

const CONTROL = /\p{Cc}/u;

/** As the caller's machine calls the file, without what neither the database nor a header takes. */
function tamed(filename: string | undefined): string | null {
  const plain = [...(filename ?? '').toWellFormed().replace(/\p{Cc}/gu, '')].slice(-NAME_MAX).join('');
  return plain === '' ? null : plain;
}

function unfitName(name: string): UploadRefusal | undefined {
  if (name !== '' && [...name].length <= NAME_MAX && !CONTROL.test(name) && name.isWellFormed())
    return undefined;
  const detail = `A name has 1 to ${NAME_MAX} characters, none of them a control character.`;
  return { kind: 'refused', what: 'name', detail };
}

const unreachable = (why: string): UploadRefusal => ({
  kind: 'unreachable',
  detail: `The file could not be fetched: ${why}.`,
});

function expiry({ ttlSeconds }: UploadFacts, now: Date): Date | null {
  return ttlSeconds === undefined ? null : new Date(now.getTime() + ttlSeconds * 1000);
}

/** What the last part of the path says. */
function filenameOf(url: string): string | undefined {
  try {
    const last = decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
    return last === '' ? undefined : last.slice(-NAME_MAX);
  } catch {
    return undefined;
  }
}
