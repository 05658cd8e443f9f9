import type { Readable } from 'node:stream';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import { Copies, type UploadToMeta } from './copies.ts';
import { type FetchFromMeta, InboundFiles, inboundMediaId } from './inbound.ts';
import { linkFits, linkTo } from './links.ts';
import type {
  InboundMedia,
  MediaFilter,
  MediaFromUrl,
  MediaPage,
  MediaRecord,
  MediaSender,
  Resolved,
  UploadOutcome,
} from './record.ts';
import { deleteMedia, expiredMedia, mediaById, pageOfMedia, toRecord, unownedFiles } from './rows.ts';
import type { ByteRange, Storage } from './storage.ts';
import { type Fetched, type Upload, Uploads } from './uploads.ts';

/** A file that nobody has claimed for so long never will be. */
const UNOWNED_MS = 3_600_000;

/** Rows and files of one look. */
const SWEEP = 200;

export interface MediaOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly storage: Storage;
  /** Signs links. */
  readonly linkKey: Buffer;
  /** Where this gateway is reached, without a slash at the end. */
  readonly publicUrl: () => string;
  readonly uploadToMeta: UploadToMeta;
  readonly fetchFromMeta: FetchFromMeta;
  readonly senderById: (id: string) => MediaSender | undefined;
  /** Fetches from an address that a caller gives, under the guard. */
  readonly download: (url: string, maxBytes: number) => Promise<Fetched>;
  /** How long what persons send is kept. */
  readonly keepInboundMs: number;
}

/** The files of all workspaces: what customers upload and what people send. */
export class Media {
  readonly #options: MediaOptions;
  readonly #uploads: Uploads;
  readonly #copies: Copies;
  readonly #inbound: InboundFiles;

  constructor(options: MediaOptions) {
    this.#options = options;
    this.#uploads = new Uploads(options);
    this.#copies = new Copies(options);
    this.#inbound = new InboundFiles({
      ...options,
      uploads: this.#uploads,
      keepMs: options.keepInboundMs,
    });
  }

  upload(workspaceId: string, upload: Upload): Promise<UploadOutcome> {
    return this.#uploads.upload(workspaceId, upload);
  }

  async uploadFrom(workspaceId: string, from: MediaFromUrl): Promise<UploadOutcome> {
    const fetched = await this.#uploads.fetched(from);
    return 'kind' in fetched ? fetched : this.#uploads.upload(workspaceId, fetched);
  }

  async replace(media: MediaRecord, upload: Upload): Promise<UploadOutcome> {
    const outcome = await this.#uploads.replace(media, upload);
    this.#copies.drop(media.id);
    return outcome;
  }

  async replaceFrom(media: MediaRecord, from: MediaFromUrl): Promise<UploadOutcome> {
    const fetched = await this.#uploads.fetched(from);
    return 'kind' in fetched ? fetched : this.replace(media, fetched);
  }

  async byId(workspaceId: string, id: string): Promise<MediaRecord | undefined> {
    const row = await mediaById(this.#options.store.db, id);
    return row?.workspace_id === workspaceId ? toRecord(row) : undefined;
  }

  /** An upload by its name. */
  async byName(workspaceId: string, name: string): Promise<MediaRecord | undefined> {
    // No name has one, and the database takes none.
    if (name.includes('\0')) return undefined;
    const row = await this.#options.store.db
      .selectFrom('media')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .where('name', '=', name)
      .where('origin', '=', 'upload')
      .executeTakeFirst();
    return row === undefined ? undefined : toRecord(row);
  }

  list(workspaceId: string, filter: MediaFilter, page: MediaPage): Promise<MediaRecord[]> {
    return pageOfMedia(this.#options.store.db, workspaceId, filter, page);
  }

  async remove(media: MediaRecord): Promise<void> {
    const { store, clock } = this.#options;
    await deleteMedia(store.db, [media.id], clock.now());
    this.#copies.drop(media.id);
  }

  /** The bytes, or a part of them. Undefined when they are not here. */
  async open(id: string, range?: ByteRange): Promise<Readable | undefined> {
    const { store, storage } = this.#options;
    const row = await mediaById(store.db, id);
    return row?.storage_key == null ? undefined : storage.get(row.storage_key, range);
  }

  /** What a link leads to, with an inbound media fetched if it is still at Meta. */
  async behindLink(
    id: string,
    query: { readonly expires?: unknown; readonly signature?: unknown },
  ): Promise<MediaRecord | 'expired' | 'forged' | 'gone'> {
    const { linkKey, clock } = this.#options;
    const fits = linkFits(linkKey, id, query, clock.now());
    return fits === 'fits' ? ((await this.present(id)) ?? 'gone') : fits;
  }

  /** A media whose file is here; an inbound one that is still at Meta is fetched now. */
  async present(id: string): Promise<MediaRecord | undefined> {
    const { store } = this.#options;
    let row = await mediaById(store.db, id);
    if (row?.state === 'pending') {
      // What fails is told by the state, and tried again by the job.
      await this.#inbound.fetch(id).catch(() => {});
      row = await mediaById(store.db, id);
    }
    return row?.state === 'stored' ? toRecord(row) : undefined;
  }

  /** A link to a file that works for some days. */
  urlOf(id: string): string {
    const { linkKey, publicUrl, clock } = this.#options;
    return `${publicUrl()}${linkTo(linkKey, id, clock.now())}`;
  }

  /** The link to the media of an inbound message. */
  urlOfMessage(messageId: string): string {
    return this.urlOf(inboundMediaId(messageId));
  }

  resolve(sender: MediaSender, content: string): Promise<Resolved> {
    return this.#copies.resolve(sender, content);
  }

  forget(sender: MediaSender, content: string): Promise<boolean> {
    return this.#copies.forget(sender, content);
  }

  expect(media: readonly InboundMedia[]): Promise<void> {
    return this.#inbound.expect(media);
  }

  get fetchTask() {
    return this.#inbound.task;
  }

  /** Deletes what has had its time, and files that a crash left behind. */
  async sweep(): Promise<void> {
    const { store, clock, storage } = this.#options;
    const now = clock.now();
    await deleteMedia(store.db, await expiredMedia(store.db, now, SWEEP), now);
    for (const key of await unownedFiles(store.db, new Date(now.getTime() - UNOWNED_MS), SWEEP)) {
      await storage.remove(key);
      await store.db.deleteFrom('unowned_files').where('storage_key', '=', key).execute();
    }
  }

  close(): void {
    this.#options.storage.close();
  }
}
