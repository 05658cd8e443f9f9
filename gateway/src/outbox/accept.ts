import type { Failure } from '../message/failure.ts';
import { suppressedFor, WINDOW_CLOSED } from '../message/failure.ts';
import { firstIdAt } from '../message/id.ts';
import type { Outbound } from '../message/message.ts';
import { Batch, Overloaded } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import type { TemplateVerdict } from '../templates/check.ts';
import { type RowOptions, rowOf } from './accept-row.ts';
import { ACCEPT, ACCEPT_LOOKING, type Asked, type LookOutcome, type Row } from './accept-statement.ts';
import type { Waiting } from './claim.ts';
import type { QueueDepth } from './depth.ts';
import { KeyTaken, type Mark, REPEAT_MS, type Repeats } from './repeats.ts';

export { Overloaded };

/** A message that is on disk and will be sent. */
export interface Accepted {
  readonly kind: 'accepted';
  readonly id: string;
  readonly status: 'queued';
  readonly createdAt: Date;
  readonly validUntil: Date;
  /** The request came before: nothing more was stored. */
  readonly repeated?: true;
}

/** A message that nothing is stored of, because what is known already says that WhatsApp would not take it. */
export interface Refused {
  readonly kind: 'refused';
  readonly failure: Failure;
}

export type Acceptance = Accepted | Refused;

/** What a request with a key is answered, as JSON; made before it is stored. */
export type Render = (accepted: readonly Accepted[]) => unknown;

export interface AcceptOptions extends RowOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Called after the commit with the lanes that have work now. */
  readonly wake: (senderIds: Set<string>) => void;
  /** Holds a template message against the template's definition; an answer at once costs nothing. */
  readonly checkTemplate: (message: Outbound) => TemplateVerdict | Promise<TemplateVerdict>;
  /** Ends a message that was stored though its recipient does not want it. */
  readonly suppress: (message: Waiting, mask: number) => void;
  /** Ends a message that was stored though WhatsApp would not take it. */
  readonly fail: (message: Waiting, failure: Failure) => void;
  readonly depth: Pick<QueueDepth, 'added' | 'check'>;
  readonly repeats: Pick<Repeats, 'nodeId' | 'alone' | 'isDoubtful' | 'cleared' | 'clear'>;
}

/** The messages of one request on their way into a commit. */
interface Entry {
  readonly rows: Row[];
  /** By id, why WhatsApp would not take what is stored all the same. */
  readonly doomed: ReadonlyMap<string, Failure>;
  readonly asked: Omit<Asked, 'q'> | undefined;
}

/** What became of them. */
interface Stored {
  /** By id, why nothing was stored. */
  readonly refused: ReadonlyMap<string, Failure>;
  readonly repeated: Omit<LookOutcome['repeated'][number], 'q'> | undefined;
  readonly taken: boolean;
}

/** A process that died is a reason to look for minutes: asking for one each time would cost two statements a commit. */
const DOUBT_MS = 1_000;

/** Ids are made by a node's clock, and clocks differ. */
const CLOCKS_MS = 60_000;

const NOTHING: Stored = { refused: new Map(), repeated: undefined, taken: false };

const FREE_FORM: TemplateVerdict = { ok: true, templateId: undefined, category: undefined };

/** The door of the outbox: what it resolves as accepted is on disk. */
export class Accept {
  readonly #batch: Batch<Entry, Stored>;
  readonly #options: AcceptOptions;
  /** Monotonic ms: up to then each commit looks for earlier requests. */
  #doubtUntil = 0;
  /** By hash, requests that are being stored. */
  readonly #underWay = new Map<
    string,
    { readonly isOpen: () => boolean; readonly done: Promise<Acceptance[]> }
  >();

  constructor(options: AcceptOptions) {
    this.#options = options;
    this.#batch = new Batch<Entry, Stored>({
      // Two commits under way keep the disk busy while Node prepares the next (bench: 1 and 2 within noise without load,
      // 2 better beside dispatch).
      inFlight: 2,
      maxItems: 250,
      size: ({ rows }) => rows.reduce((sum, row) => sum + 400 + row.c.length, 0),
      commit: (entries, again) => this.#commit(entries, again),
    });
  }

  /**
   * Stores the messages of one request together, in their order.
   *
   * @param mark what tells the request from others like it; a repeat gets what the first one got
   * @param render the answer that is kept with a key
   * @throws Overloaded when too much waits for a commit, or the database did not answer within 5 s
   * @throws QueueFull when as many messages of a number wait as may
   * @throws KeyTaken when another request has used the key meanwhile
   */
  async accept(messages: readonly Outbound[], mark?: Mark, render?: Render): Promise<Acceptance[]> {
    const hash = mark?.hash;
    if (mark === undefined || hash === undefined) return this.#accept(messages, mark, render);
    const before = this.#underWay.get(hash);
    if (before !== undefined && (mark.retried || !before.isOpen())) {
      const answers = await before.done;
      await this.#options.repeats.clear(hash);
      return answers.map(one => (one.kind === 'accepted' ? { ...one, repeated: true } : one));
    }
    const done = this.#accept(messages, mark, render);
    const entry = { isOpen: mark.isOpen, done };
    this.#underWay.set(hash, entry);
    try {
      return await done;
    } finally {
      if (this.#underWay.get(hash) === entry) this.#underWay.delete(hash);
    }
  }

  async #accept(
    messages: readonly Outbound[],
    mark: Mark | undefined,
    render: Render | undefined,
  ): Promise<Acceptance[]> {
    const { clock, checkTemplate, depth, repeats } = this.#options;
    for (const message of messages) depth.check(message.senderId);
    const verdicts: TemplateVerdict[] = [];
    for (const message of messages) {
      const verdict = message.content.type === 'template' ? checkTemplate(message) : FREE_FORM;
      // Nearly always at once: a turn of the event loop for each message would cost more than the check.
      verdicts.push(verdict instanceof Promise ? await verdict : verdict);
    }
    const createdAt = clock.now();
    const rows = messages.map((message, index) =>
      rowOf(this.#options, message, verdicts[index]!, createdAt, mark?.hash),
    );
    const accepted = rows.map((row): Accepted | undefined => row && acceptedOf(row, createdAt));
    const storable = rows.filter(row => row !== undefined);
    const asked =
      storable.length === messages.length
        ? this.#asked(mark, storable, render, accepted as Accepted[])
        : undefined;
    const doomed = new Map<string, Failure>();
    for (const [index, row] of rows.entries()) if (row?.z) doomed.set(row.id, failureOf(verdicts[index]!));
    const entry = { rows: storable, doomed, asked };
    const stored = storable.length === 0 ? NOTHING : await this.#batch.add(entry);
    if (stored.taken) throw new KeyTaken();
    if (stored.repeated !== undefined) {
      if (mark?.hash !== undefined) repeats.cleared(mark.hash);
      return again(stored.repeated, messages.length);
    }
    return rows.map((row, index): Acceptance => {
      if (row === undefined) return { kind: 'refused', failure: failureOf(verdicts[index]!) };
      const failure = stored.refused.get(row.id);
      return failure === undefined ? accepted[index]! : { kind: 'refused', failure };
    });
  }

  #asked(
    mark: Mark | undefined,
    rows: readonly Row[],
    render: Render | undefined,
    accepted: readonly Accepted[],
  ): Entry['asked'] {
    if (mark === undefined) return undefined;
    const { hash, retried, key } = mark;
    if (key !== undefined && render === undefined)
      throw new Error('a request with a key needs an answer to keep');
    return {
      n: rows.length,
      w: rows[0]!.w,
      h: hash,
      s: retried || (hash !== undefined && this.#options.repeats.isDoubtful(hash)),
      kr: key?.route,
      kk: key?.key,
      kb: key?.bodyHash,
      ka: key === undefined ? undefined : JSON.stringify(render?.(accepted)),
    };
  }

  async #commit(entries: readonly Entry[], isRunAgain: boolean): Promise<Stored[]> {
    const { depth, fail, suppress, wake } = this.#options;
    const asked: Asked[] = [];
    const rows: Row[] = [];
    for (const [q, entry] of entries.entries()) {
      if (entry.asked !== undefined) asked.push({ q, ...entry.asked });
      for (const row of entry.rows) {
        // A batch that is run again numbers its requests anew.
        row.q = entry.asked === undefined ? undefined : q;
        row.y = entry.asked?.kk === undefined ? undefined : true;
        rows.push(row);
      }
    }
    const { refused, shut, barred, repeated, taken } = await this.#store(rows, asked, isRunAgain);
    const notStored = new Map(refused.map(id => [id, WINDOW_CLOSED]));
    const masks = new Map(barred.map(({ id, m }) => [id, m]));
    for (const { id, cr } of masks.size === 0 ? [] : rows)
      if (cr && masks.has(id)) notStored.set(id, suppressedFor(masks.get(id)!));
    const outcomes = entries.map(
      (_, q): Stored => ({
        refused: notStored,
        repeated: repeated.find(one => one.q === q),
        taken: taken.includes(q),
      }),
    );
    for (const [q, entry] of entries.entries()) {
      if (outcomes[q]!.taken || outcomes[q]!.repeated !== undefined) continue;
      for (const { id, s } of entry.rows) {
        if (notStored.has(id)) continue;
        depth.added(s, 1);
        const mask = masks.get(id);
        const failure = shut.includes(id) ? WINDOW_CLOSED : entry.doomed.get(id);
        if (mask !== undefined) suppress({ id, sender: s, attempt: 0 }, mask);
        else if (failure !== undefined) fail({ id, sender: s, attempt: 0 }, failure);
      }
    }
    wake(new Set(rows.map(row => row.s)));
    return outcomes;
  }

  /** Stores what is new at once, and what may have come before with a look for that. */
  async #store(rows: readonly Row[], asked: readonly Asked[], isRunAgain: boolean): Promise<LookOutcome> {
    const { store, clock, repeats } = this.#options;
    const now = clock.now();
    const at = now.toISOString();
    const isAsked = isRunAgain || asked.some(({ s, kk }) => s || kk !== undefined);
    if (!isAsked && clock.monotonic() >= this.#doubtUntil) {
      const outcome = await store.run(ACCEPT, [rows, at, repeats.nodeId, repeats.alone]);
      if (!outcome.doubt) return { ...outcome, repeated: [], taken: [] };
      this.#doubtUntil = clock.monotonic() + DOUBT_MS;
    }
    const since = firstIdAt(now.getTime() - REPEAT_MS - CLOCKS_MS);
    return store.run(ACCEPT_LOOKING, [rows, asked, at, repeats.nodeId, repeats.alone, since]);
  }

  /** Resolves when no commit waits or runs. */
  idle(): Promise<void> {
    return this.#batch.idle();
  }
}

function acceptedOf(row: Row, createdAt: Date): Accepted {
  return { kind: 'accepted', id: row.id, status: 'queued', createdAt, validUntil: new Date(row.v) };
}

/** What was stored of the request when it came first. */
function again({ at, ids, valid }: NonNullable<Stored['repeated']>, count: number): Acceptance[] {
  const createdAt = new Date(at);
  return ids.slice(0, count).map((id, index) => ({
    kind: 'accepted',
    id,
    status: 'queued',
    createdAt,
    validUntil: new Date(valid[index] ?? at),
    repeated: true,
  }));
}

function failureOf(verdict: TemplateVerdict): Failure {
  if (verdict.ok) throw new Error('a message without a row and without a refusal');
  return verdict.failure;
}
