import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { randomId } from '../ids.ts';
import { openState, type StateFile } from '../store.ts';

/** A file that Meta knows by an id. */
export interface Media {
  id: string;
  /** The account that may use it; none while the person at the page has not sent it yet. */
  wabaId: string | undefined;
  phoneNumberId: string | undefined;
  mimeType: string;
  filename: string | undefined;
  /** bytes */
  size: number;
  /** hex; also the name of the file */
  sha256: string;
  /** From then on the id means nothing to Meta, ms; the phone keeps what it has got. */
  expiresAt: number;
}

export interface NewMedia {
  bytes: Buffer;
  mimeType: string;
  filename?: string | undefined;
  wabaId?: string | undefined;
  phoneNumberId?: string | undefined;
}

const DAY_MS = 24 * 3600 * 1000;
/** WhatsApp: how long the id of an upload and that of a webhook are good (meta-cloud-api §6) */
export const UPLOAD_LIFE_MS = 30 * DAY_MS;
export const INBOUND_LIFE_MS = 7 * DAY_MS;

/** What a laptop keeps: bytes of all files, in memory and in a folder; the oldest are forgotten first. */
const MEMORY_MAX_BYTES = 256 * 1024 * 1024;
const FOLDER_MAX_BYTES = 2 * 1024 * 1024 * 1024;
const MEDIA_MAX = 20_000;

type Row = { media: Media } | { gone: string };

/** Every media object of the network. Equal files are kept once. */
export class MediaStore {
  readonly #clock: Clock;
  readonly #dir: string | undefined;
  readonly #file: StateFile;
  readonly #byId = new Map<string, Media>();
  /** Name of a file → how many use it, and its bytes when there is no folder. */
  readonly #blobs = new Map<string, { uses: number; bytes: Buffer | undefined }>();
  #kept = 0;

  constructor(dataDir: string | undefined, clock: Clock) {
    this.#clock = clock;
    this.#dir = dataDir && join(dataDir, 'media');
    if (this.#dir !== undefined) mkdirSync(this.#dir, { recursive: true });
    this.#file = openState(
      dataDir && join(dataDir, 'media.jsonl'),
      row => this.#restore(row as Row),
      () => this.#rows(),
    );
  }

  /** Keeps a file; the id is good as soon as this is done. */
  async add(file: NewMedia, lifeMs: number): Promise<Media> {
    const { bytes, mimeType, filename, wabaId, phoneNumberId } = file;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.#write(sha256, bytes);
    return this.#put(
      { mimeType, filename, wabaId, phoneNumberId, size: bytes.length, sha256 },
      lifeMs,
      bytes,
    );
  }

  /** The same file under an id of its own, for the account that gets it. */
  share(media: Media, wabaId: string, phoneNumberId: string): Media {
    const { mimeType, filename, size, sha256 } = media;
    return this.#put({ mimeType, filename, size, sha256, wabaId, phoneNumberId }, INBOUND_LIFE_MS, undefined);
  }

  /** Also what has expired or was deleted: a phone goes on showing it. */
  any(id: string): Media | undefined {
    return this.#byId.get(id);
  }

  /** What Meta still knows. */
  alive(id: string): Media | undefined {
    const media = this.#byId.get(id);
    return media !== undefined && media.expiresAt > this.#clock.now() ? media : undefined;
  }

  /** Makes the id unknown to Meta. */
  expire(media: Media): void {
    media.expiresAt = 0;
    this.#file.add({ media });
  }

  /** The bytes; undefined when they have been forgotten meanwhile. */
  async bytes({ sha256 }: Media): Promise<Buffer | undefined> {
    if (this.#dir === undefined) return this.#blobs.get(sha256)?.bytes;
    return readFile(join(this.#dir, sha256)).catch(() => undefined);
  }

  close(): void {
    this.#file.close();
  }

  async #write(sha256: string, bytes: Buffer): Promise<void> {
    if (this.#dir === undefined || this.#blobs.has(sha256)) return;
    const path = join(this.#dir, sha256);
    const draft = `${path}.${randomId(() => false)}`;
    await writeFile(draft, bytes);
    await rename(draft, path);
  }

  #put(about: Omit<Media, 'id' | 'expiresAt'>, lifeMs: number, bytes: Buffer | undefined): Media {
    const media: Media = {
      ...about,
      id: randomId(id => this.#byId.has(id)),
      expiresAt: this.#clock.now() + lifeMs,
    };
    this.#hold(media, bytes);
    this.#file.add({ media });
    const max = this.#dir === undefined ? MEMORY_MAX_BYTES : FOLDER_MAX_BYTES;
    for (const [id, oldest] of this.#byId) {
      if ((this.#kept <= max && this.#byId.size <= MEDIA_MAX) || oldest === media) break;
      this.#forget(oldest);
      this.#file.add({ gone: id });
    }
    return media;
  }

  #hold(media: Media, bytes: Buffer | undefined): void {
    this.#byId.set(media.id, media);
    const blob = this.#blobs.get(media.sha256);
    if (blob !== undefined) {
      blob.uses++;
      return;
    }
    this.#blobs.set(media.sha256, { uses: 1, bytes: this.#dir === undefined ? bytes : undefined });
    this.#kept += media.size;
  }

  #forget(media: Media): void {
    this.#byId.delete(media.id);
    const blob = this.#blobs.get(media.sha256)!;
    blob.uses--;
    if (blob.uses > 0) return;
    this.#blobs.delete(media.sha256);
    this.#kept -= media.size;
    if (this.#dir !== undefined) rmSync(join(this.#dir, media.sha256), { force: true });
  }

  #restore(row: Row): void {
    const known = this.#byId.get('gone' in row ? row.gone : row.media.id);
    if ('gone' in row) {
      if (known !== undefined) this.#forget(known);
    } else if (known !== undefined) known.expiresAt = row.media.expiresAt;
    else if (this.#isThere(row.media)) this.#hold(row.media, undefined);
  }

  #isThere({ sha256 }: Media): boolean {
    return statSync(join(this.#dir!, sha256), { throwIfNoEntry: false }) !== undefined;
  }

  *#rows(): Generator<Row> {
    for (const media of this.#byId.values()) yield { media };
  }
}
