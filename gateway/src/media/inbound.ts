import { createHash } from 'node:crypto';
import type { Failure } from '../message/failure.ts';
import { derivedId } from '../message/id.ts';
import type { Clock } from '../store/clock.ts';
import { addJob, type Task } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { bareMime, MEDIA_BYTES_MAX } from './kinds.ts';
import type { InboundMedia, MediaSender } from './record.ts';
import { changeFile, mediaById } from './rows.ts';
import type { Uploads } from './uploads.ts';

/** The job that fetches one inbound media. */
export const FETCH_MEDIA = 'fetch_media';

/** Meta keeps what a person sent for seven days (meta-cloud-api §6): twelve growing pauses are about a day. */
const TRIES = 12;

/** Asks Meta where a file of a person is, and fetches it. */
export type FetchFromMeta = (
  sender: MediaSender,
  metaId: string,
  maxBytes: number,
) => Promise<
  { readonly bytes: Uint8Array; readonly mimeType: string | undefined } | { readonly failure: Failure }
>;

export interface InboundOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly uploads: Uploads;
  readonly fetchFromMeta: FetchFromMeta;
  readonly senderById: (id: string) => MediaSender | undefined;
  /** How long what persons send is kept. */
  readonly keepMs: number;
}

/** The id of a message's media, known before the file is there. */
export function inboundMediaId(messageId: string): string {
  return derivedId(messageId, 'media');
}

/** Fetches what people send, in the background, or at once when somebody asks for it first. */
export class InboundFiles {
  readonly #options: InboundOptions;
  readonly #fetching = new Map<string, Promise<void>>();

  constructor(options: InboundOptions) {
    this.#options = options;
  }

  /** Notes media that have come and has them fetched. Doing it again changes nothing. */
  async expect(media: readonly InboundMedia[]): Promise<void> {
    const { store, clock, keepMs } = this.#options;
    if (media.length === 0) return;
    const now = clock.now();
    await store.db.transaction().execute(async tx => {
      const fresh = await tx
        .insertInto('media')
        .values(
          media.map(one => ({
            id: inboundMediaId(one.messageId),
            workspace_id: one.workspaceId,
            origin: 'inbound' as const,
            name: null,
            sender_id: one.senderId,
            meta_id: one.metaId,
            mime_type: bareMime(one.mimeType),
            size: null,
            sha256: digestOf(one.sha256),
            filename: one.filename ?? null,
            state: 'pending' as const,
            error: null,
            storage_key: null,
            created_at: now,
            updated_at: now,
            expires_at: new Date(now.getTime() + keepMs),
          })),
        )
        .onConflict(on => on.column('id').doNothing())
        .returning('id')
        .execute();
      for (const { id } of fresh) await addJob(tx, FETCH_MEDIA, { id }, { jobKey: id, maxAttempts: TRIES });
    });
  }

  readonly task: Task = async (payload, { last }) => {
    const { id } = payload as { id: string };
    try {
      await this.fetch(id);
    } catch (error) {
      if (!last) throw error;
      await this.#end(id, 'failed', error instanceof Error ? error.message : String(error));
    }
  };

  /**
   * Fetches a media that is still pending.
   *
   * @throws with a sentence when it may be tried again
   */
  fetch(id: string): Promise<void> {
    let under = this.#fetching.get(id);
    if (under === undefined) {
      under = this.#fetch(id).finally(() => this.#fetching.delete(id));
      this.#fetching.set(id, under);
    }
    return under;
  }

  async #fetch(id: string): Promise<void> {
    const { store, clock, uploads, fetchFromMeta, senderById } = this.#options;
    const row = await mediaById(store.db, id);
    if (row === undefined || row.state !== 'pending' || row.meta_id === null) return;
    const sender = senderById(row.sender_id ?? '');
    if (sender === undefined) return this.#end(id, 'failed', 'The number that it came to was deleted.');
    const got = await fetchFromMeta(sender, row.meta_id, MEDIA_BYTES_MAX);
    if ('failure' in got) {
      const { code, title, detail, outcome } = got.failure;
      const said = `${code}: ${title}${detail === undefined ? '' : ` (${detail})`}`;
      // Meta says 100 or 33 of what it has no more.
      if (outcome === 'final')
        return this.#end(id, code === '100' || code === '33' ? 'expired' : 'failed', said);
      throw new Error(said);
    }
    const sha256 = createHash('sha256').update(got.bytes).digest();
    if (row.sha256 !== null && !row.sha256.equals(sha256))
      throw new Error('the file is not the one that the webhook named');
    const mime = got.mimeType === undefined ? row.mime_type : bareMime(got.mimeType);
    const written = await uploads.write(row.workspace_id, got.bytes, mime, sha256);
    await changeFile(store.db, id, { ...written, state: 'stored', error: null }, clock.now());
  }

  async #end(id: string, state: 'failed' | 'expired', error: string): Promise<void> {
    await this.#options.store.db
      .updateTable('media')
      .set({ state, error: error.slice(0, 500), updated_at: this.#options.clock.now() })
      .where('id', '=', id)
      .where('state', '=', 'pending')
      .execute();
  }
}

/** Meta writes base64 in webhooks and hex elsewhere; what is neither is not compared. */
function digestOf(text: string | undefined): Buffer | null {
  if (text === undefined) return null;
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  return bytes.length === 32 ? bytes : null;
}
