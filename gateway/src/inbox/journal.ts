import { Batch } from '../store/batch.ts';
import { INTO_JOURNAL, JOURNALLED, type JournalRow } from '../store/journal-row.ts';
import type { Statement, Store } from '../store/store.ts';

export const JOURNAL: Statement<number> = {
  name: 'journal',
  text: `
    with ${INTO_JOURNAL('$1', JOURNALLED.unread)}
    select count(*)::int as out from journalled`,
};

/** The database is taken to be away when a webhook has waited so long for it. */
export const STUCK_MS = 500;

/** What one statement stores, of webhooks that are not waited for. */
const PORTION = { rows: 500, bytes: 4 * 1024 * 1024 };

/** Stores webhooks raw, before Meta gets its 200: what happens to them later can be done again. */
export class Journal {
  readonly #batch: Batch<JournalRow, undefined>;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.#batch = new Batch<JournalRow, undefined>({
      inFlight: 2,
      timeoutMs: 2 * STUCK_MS,
      size: row => row.body.length,
      commit: async rows => {
        await store.run(JOURNAL, [rows]);
        return [];
      },
    });
  }

  /** Something has waited for the database longer than it ever should. */
  get isStuck(): boolean {
    return this.#batch.oldestMs > STUCK_MS;
  }

  /**
   * Resolves when the webhook is in the database.
   *
   * @throws Overloaded when too much waits or the database does not answer: it may be stored all the same
   */
  async write(row: JournalRow): Promise<void> {
    await this.#batch.add(row);
  }

  /** Stores webhooks that were kept elsewhere; those that are here already are passed over. */
  async writeAll(rows: readonly JournalRow[]): Promise<void> {
    let portion: JournalRow[] = [];
    let bytes = 0;
    for (const row of rows) {
      if (portion.length > 0 && (portion.length >= PORTION.rows || bytes + row.body.length > PORTION.bytes)) {
        await this.#store.run(JOURNAL, [portion]);
        portion = [];
        bytes = 0;
      }
      portion.push(row);
      bytes += row.body.length;
    }
    await this.#store.run(JOURNAL, [portion]);
  }

  idle(): Promise<void> {
    return this.#batch.idle();
  }
}
