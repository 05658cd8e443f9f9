import { CANCELED, type StoredFailure } from '../message/failure.ts';
import { STATUS } from '../message/status.ts';
import { KEY_IS } from '../store/key-is.ts';
import type { Statement, Store } from '../store/store.ts';
import type { Settle } from './settle.ts';

/** An answer is told to other nodes under this name. */
const CHANNEL = 'wirebird_direct';

/** A notification can be lost, so those who wait are looked for all the same. */
const POLL_MS = 250;

/** What became of a message whose caller waits. */
export type DirectOutcome =
  | { readonly kind: 'accepted'; readonly wamid: string }
  | { readonly kind: 'refused'; readonly failure: StoredFailure }
  /** It has left, and WhatsApp did not say in time whether it took it. */
  | { readonly kind: 'unanswered' }
  /** It did not leave in time and never will. */
  | { readonly kind: 'unsent' }
  /** The database does not say; it has left, or never will. */
  | { readonly kind: 'unknown' };

interface State {
  readonly id: string;
  readonly status: number;
  readonly wamid: string | null;
  readonly failure: string | null;
}

/** At the deadline the database has this long to say what became of a message. */
const LAST_LOOK_MS = 2_000;

export const LOOK: Statement<State[]> = {
  name: 'look_at_direct',
  text: `
    select coalesce(json_agg(json_build_object('id', m.id, 'status', m.status, 'wamid', m.wamid, 'failure', m.failure)), '[]') as out
    from json_array_elements_text($1::json) i(id) join messages m on ${KEY_IS('m.id', 'i.id::uuid')}
    where m.status not in (${STATUS.scheduled}, ${STATUS.queued}, ${STATUS.sending})`,
};

const TELL: Statement<number> = {
  name: 'tell_direct',
  text: `
    select count(pg_notify('${CHANNEL}', i.id))::int as out from json_array_elements_text($1::json) i(id)`,
};

export interface DirectOptions {
  readonly store: Store;
  readonly settle: Pick<Settle, 'end'>;
  /** Nobody else works on this database. */
  readonly alone: boolean;
  readonly onError: (error: unknown, doing: string) => void;
}

/** Those who wait for what WhatsApp says of their message, on whichever node it is sent. */
export class DirectSends {
  readonly #options: DirectOptions;
  /** By message: a call that repeats another one waits for the same answer. */
  readonly #waiting = new Map<string, Set<(outcome: DirectOutcome | 'late') => void>>();
  #stopping = false;
  #listening: { stop: () => Promise<void> } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(options: DirectOptions) {
    this.#options = options;
  }

  /** Listens for answers that other nodes got. */
  start(): void {
    const { store, alone } = this.#options;
    if (alone) return;
    this.#listening = store.listen(CHANNEL, id => {
      if (this.#waiting.has(id)) void this.#look();
    });
  }

  /** Waits for nobody any more: what has not left is cancelled now. */
  drain(): void {
    this.#stopping = true;
    for (const id of this.#waiting.keys()) this.#answer(id, 'late');
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#listening?.stop();
  }

  /**
   * Waits for the answer. At the deadline a message that has not left is cancelled; the claim and the cancelling are
   * guarded by the same status, so one of both wins.
   *
   * @param deadlineMs from now
   */
  async wait(
    message: { readonly id: string; readonly sender: string },
    deadlineMs: number,
  ): Promise<DirectOutcome> {
    const { id } = message;
    let timer: NodeJS.Timeout | undefined;
    const { promise: answered, resolve: answer } = Promise.withResolvers<DirectOutcome | 'late'>();
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting.add(answer));
    const late = new Promise<'late'>(resolve => {
      timer = setTimeout(resolve, this.#stopping ? 0 : deadlineMs, 'late');
    });
    this.#timer ??= setInterval(() => void this.#look(), POLL_MS);
    try {
      const outcome = await Promise.race([answered, late]);
      if (outcome !== 'late') return outcome;
      clearTimeout(timer);
      const patience = new Promise<DirectOutcome>(resolve => {
        timer = setTimeout(resolve, LAST_LOOK_MS, { kind: 'unknown' });
      });
      return await Promise.race([this.#cancel(message), patience]);
    } finally {
      clearTimeout(timer);
      waiting.delete(answer);
      if (waiting.size === 0) this.#waiting.delete(id);
      if (this.#waiting.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
    }
  }

  async #cancel({ id, sender }: { readonly id: string; readonly sender: string }): Promise<DirectOutcome> {
    const { settle, store, onError } = this.#options;
    try {
      await settle.end({ id, sender, attempt: 0 }, STATUS.canceled, CANCELED);
      const [state] = await store.run(LOOK, [[id]]);
      return state === undefined ? { kind: 'unanswered' } : outcomeOf(state);
    } catch (error) {
      onError(error, 'cancel a message that somebody waits for');
      return { kind: 'unknown' };
    }
  }

  /** A message of this kind was settled here. */
  settled(id: string): void {
    const { store, alone, onError } = this.#options;
    if (this.#waiting.has(id)) void this.#look();
    else if (!alone) store.run(TELL, [[id]]).catch(error => onError(error, 'tell who waits for an answer'));
  }

  #answer(id: string, outcome: DirectOutcome | 'late'): void {
    for (const answer of this.#waiting.get(id) ?? []) answer(outcome);
  }

  async #look(): Promise<void> {
    // One look at a time: the next poll sees what this one missed.
    if (this.#looking || this.#waiting.size === 0) return;
    this.#looking = true;
    try {
      for (const state of await this.#options.store.run(LOOK, [[...this.#waiting.keys()]]))
        this.#answer(state.id, outcomeOf(state));
    } catch (error) {
      this.#options.onError(error, 'look for the answers that somebody waits for');
    } finally {
      this.#looking = false;
    }
  }
}

function outcomeOf({ status, wamid, failure }: State): DirectOutcome {
  if (status === STATUS.canceled || status === STATUS.expired) return { kind: 'unsent' };
  // A failure that came by webhook a moment after WhatsApp took it is told by its report.
  if (wamid !== null) return { kind: 'accepted', wamid };
  if (failure !== null && status >= STATUS.failed)
    return { kind: 'refused', failure: JSON.parse(failure) as StoredFailure };
  return { kind: 'unanswered' };
}
