import type { ClaimedReport, Take } from '../reports/report-sql.ts';
import type { Clock } from '../store/clock.ts';
import type { JournalRow } from '../store/journal-row.ts';
import { isPassing, type Store } from '../store/store.ts';
import { APPLY, type Applied, type Fact, type InboundRow } from './apply-statement.ts';
import { mergeFacts } from './merge-facts.ts';

/** What is stored together. */
export interface Work {
  readonly facts: readonly Fact[];
  readonly inbound?: readonly InboundRow[];
  /** Journal entries that are read with it. */
  readonly read?: readonly string[];
  /** Webhooks that are stored as read with it. */
  readonly webhooks?: readonly JournalRow[];
}

/** Whoever delivers reports on this node. */
export interface Taker {
  /** What it may take at once of those that are written next; each is answered by `took`. */
  readonly offer: () => Take | undefined;
  readonly took: (reports: readonly ClaimedReport[]) => void;
}

export interface ApplyOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  readonly taker: Taker;
  /** Reports were written, or events happened. */
  readonly onApplied: (applied: Applied) => void;
}

/** The parameters of `APPLY`. */
export function parametersOf(works: readonly Work[], now: Date, take?: Take): unknown[] {
  return [
    mergeFacts(works.flatMap(work => work.facts)),
    works.flatMap(work => work.inbound ?? []),
    works.flatMap(work => work.read ?? []),
    now.toISOString(),
    works.flatMap(work => work.webhooks ?? []),
    take ?? null,
  ];
}

interface Waiting {
  readonly work: Work;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Facts that one statement takes of several askers; each may ask for more by itself. */
const TOGETHER_MAX = 500;

/**
 * Stores what is known of messages, one statement at a time: what is asked for meanwhile goes together into the next one.
 * An answer of WhatsApp and its statuses are about the same rows, and two statements would wait for each other there.
 */
export class Apply {
  readonly #options: ApplyOptions;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(options: ApplyOptions) {
    this.#options = options;
  }

  /**
   * Resolves when it is stored.
   *
   * @throws the database's error when this work is at fault, or when it passes: then it may be stored all the same
   */
  run(work: Work): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      if (!this.#running) void this.#pump();
    });
  }

  async #pump(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const together = this.#next();
      try {
        await this.#store(together.map(({ work }) => work));
        for (const { resolve } of together) resolve();
      } catch (error) {
        await this.#apart(together, error);
      }
    }
    this.#running = false;
  }

  #next(): Waiting[] {
    let facts = 0;
    const count = this.#waiting.findIndex(({ work }, index) => {
      facts += work.facts.length;
      return index > 0 && facts > TOGETHER_MAX;
    });
    return this.#waiting.splice(0, count === -1 ? this.#waiting.length : count);
  }

  /** Nobody is refused for what somebody else has asked. */
  async #apart(together: readonly Waiting[], error: unknown): Promise<void> {
    if (together.length === 1 || isPassing(error)) {
      for (const { reject } of together) reject(error);
      return;
    }
    for (const { work, resolve, reject } of together) await this.#store([work]).then(resolve, reject);
  }

  async #store(works: readonly Work[]): Promise<void> {
    const { store, clock, taker, onApplied } = this.#options;
    const take = taker.offer();
    let taken: readonly ClaimedReport[] = [];
    try {
      const applied = await store.run(APPLY, parametersOf(works, clock.now(), take));
      taken = applied.taken;
      onApplied(applied);
    } finally {
      if (take !== undefined) taker.took(taken);
    }
  }
}
