import { sql } from 'kysely';
import { newId } from '../message/id.ts';
import { Batch } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';

/** An equal request within this time may be the same one come again (design §4). */
export const REPEAT_MS = 2 * 60_000;

/** How long a key and its answer are kept: what the vendors that have such keys promise (telnyx §10). */
const KEY_MS = 24 * 3_600_000;

/** A process that takes requests says so this often: a message of its last second is known as such. */
export const ALIVE_MS = 1_000;

/** Rows that one look deletes. */
const PORTION = 5_000;

/** What tells a request from others like it. */
export interface Mark {
  /** Of API key, method, path and body: a decimal number of 64 bits. Undefined for a request with a key. */
  readonly hash: string | undefined;
  /** The caller says that it is a repeat. */
  readonly retried: boolean;
  /** False once the caller has gone. */
  readonly isOpen: () => boolean;
  readonly key: Key | undefined;
}

export interface Key {
  readonly workspaceId: string;
  /** Method and path. */
  readonly route: string;
  readonly key: string;
  /** SHA-256 of the body, hex. */
  readonly bodyHash: string;
}

/** Thrown by an accept whose key was used by another request at the same time. */
export class KeyTaken extends Error {}

/** What is kept of requests so that one that comes again is known: by its key, or by its bytes. */
export class Repeats {
  readonly nodeId = newId();
  readonly #store: Store;
  readonly #clock: Clock;
  /** Every other process is gone: there can be only one on the embedded database. */
  readonly alone: boolean;
  readonly #running = new Set<string>();
  /** By hash, when the caller was lost. */
  readonly #doubts = new Map<string, number>();
  readonly #told: Batch<string, undefined>;

  constructor(options: { readonly store: Store; readonly clock: Clock; readonly alone: boolean }) {
    const { store, clock } = options;
    this.#store = store;
    this.#clock = clock;
    this.alone = options.alone;
    this.#told = new Batch<string, undefined>({
      commit: async hashes => {
        await sql`
          insert into doubtful_requests (hash, at)
          select distinct value::bigint, ${clock.now()}::timestamptz from json_array_elements_text(${JSON.stringify(hashes)}::json)
          on conflict (hash) do update set at = excluded.at
        `.execute(store.db);
        return [];
      },
    });
  }

  /** The caller of this request has no answer, or one that says that something went wrong: it may come again. */
  async doubt(hash: string): Promise<void> {
    this.#doubts.set(hash, this.#clock.monotonic());
    await this.#told.add(hash);
  }

  /** Whether an equal request is in doubt here; other nodes learn of it by the database. */
  isDoubtful(hash: string): boolean {
    const at = this.#doubts.get(hash);
    return at !== undefined && this.#clock.monotonic() - at < REPEAT_MS;
  }

  /** It came again and was answered; the commit of that answer has cleared it in the database. */
  cleared(hash: string): void {
    this.#doubts.delete(hash);
  }

  /** It came again and was answered, without a commit of its own. */
  async clear(hash: string): Promise<void> {
    this.#doubts.delete(hash);
    await this.#told.idle();
    await this.#store.db.deleteFrom('doubtful_requests').where('hash', '=', hash).execute();
  }

  /** False while another request with this key runs here. */
  begin(key: Key): boolean {
    const name = nameOf(key);
    if (this.#running.has(name)) return false;
    this.#running.add(name);
    return true;
  }

  end(key: Key): void {
    this.#running.delete(nameOf(key));
  }

  /** What a request with this key was answered; `reused` when it was another request. */
  async answered(key: Key): Promise<{ readonly answer: string } | 'reused' | undefined> {
    const row = await this.#store.db
      .selectFrom('idempotency_keys')
      .select(['body_hash', 'answer'])
      .where('workspace_id', '=', key.workspaceId)
      .where('route', '=', key.route)
      .where('key', '=', key.key)
      .where('created_at', '>=', new Date(this.#clock.now().getTime() - KEY_MS))
      .executeTakeFirst();
    if (row === undefined) return undefined;
    return row.body_hash.toString('hex') === key.bodyHash ? { answer: row.answer } : 'reused';
  }

  /** This process is alive. */
  async beat(): Promise<void> {
    const seen_at = this.#clock.now();
    await this.#store.db
      .insertInto('accepting_nodes')
      .values({ id: this.nodeId, seen_at })
      .onConflict(on => on.column('id').doUpdateSet({ seen_at }))
      .execute();
  }

  /** Forgets what has had its time. */
  async tidy(): Promise<void> {
    const { db } = this.#store;
    const now = this.#clock.now().getTime();
    for (const [hash, at] of this.#doubts)
      if (this.#clock.monotonic() - at >= REPEAT_MS) this.#doubts.delete(hash);
    await db
      .deleteFrom('doubtful_requests')
      .where('at', '<', new Date(now - REPEAT_MS))
      .execute();
    await db
      .deleteFrom('accepting_nodes')
      .where('seen_at', '<', new Date(now - 2 * REPEAT_MS))
      .execute();
    const expired = db
      .selectFrom('idempotency_keys')
      .select(['workspace_id', 'route', 'key'])
      .where('created_at', '<', new Date(now - KEY_MS))
      .orderBy('created_at')
      .limit(PORTION);
    for (;;) {
      const { numDeletedRows } = await db
        .deleteFrom('idempotency_keys')
        .where(({ eb, refTuple }) =>
          eb(
            refTuple('workspace_id', 'route', 'key'),
            'in',
            expired.$asTuple('workspace_id', 'route', 'key'),
          ),
        )
        .executeTakeFirstOrThrow();
      if (numDeletedRows < PORTION) return;
    }
  }

  /** A clean stop: nothing that was accepted here is in doubt by it. */
  async leave(): Promise<void> {
    await this.#told.idle();
    await this.#store.db.deleteFrom('accepting_nodes').where('id', '=', this.nodeId).execute();
  }
}

const nameOf = ({ workspaceId, route, key }: Key): string => `${workspaceId} ${route} ${key}`;
