import type { Apply } from '../outbox/apply.ts';
import type { Fact } from '../outbox/apply-statement.ts';
import type { Alias, Aliases } from '../recipients/aliases.ts';
import { Batch, Overloaded } from '../store/batch.ts';
import type { JournalRow } from '../store/journal-row.ts';
import { itemsOf } from './items.ts';
import { type Journal, STUCK_MS } from './journal.ts';
import { piecesOf, type SenderNames } from './pieces.ts';
import type { Entry, Reader } from './reader.ts';

/** A webhook with more statuses than this is read in portions. */
const FACTS_MAX = 20;

/** A webhook that tells of our messages' statuses and of nothing else. */
interface Statuses {
  readonly row: JournalRow;
  readonly facts: readonly Fact[];
  readonly aliases: readonly Alias[];
}

export interface ArrivalsOptions {
  readonly journal: Journal;
  readonly reader: Pick<Reader, 'push'>;
  readonly apply: Apply;
  readonly aliases: Pick<Aliases, 'learn'>;
  readonly directory: SenderNames;
  /** The database is not waited for any longer. */
  readonly timeoutMs?: number;
}

/**
 * Puts webhooks on disk, before Meta gets its 200.
 *
 * One that tells of statuses alone, as nearly all do, is stored as read in one statement with its effects: its journal
 * entry is written once, and a batch costs one commit and not two. Every other is stored raw and then handed to the
 * reader, and so is one whose effects the database refuses.
 */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #batch: Batch<Statuses, undefined>;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
    this.#batch = new Batch<Statuses, undefined>({
      timeoutMs: options.timeoutMs ?? 2 * STUCK_MS,
      maxItems: 100,
      size: ({ row }) => row.body.length,
      commit: async all => {
        // Names may be learnt again, so they come before the entry that says that all is read.
        await options.aliases.learn(all.flatMap(one => one.aliases));
        await options.apply.run({
          facts: all.flatMap(one => one.facts),
          webhooks: all.map(one => one.row),
        });
        return [];
      },
    });
  }

  /** Something has waited for the database longer than it ever should. */
  get isStuck(): boolean {
    return this.#batch.oldestMs > STUCK_MS || this.#options.journal.isStuck;
  }

  /**
   * Resolves when the webhook is in the database.
   *
   * @throws Overloaded when too much waits or the database does not answer: it may be stored all the same
   */
  async write(row: JournalRow, entry: Entry): Promise<void> {
    const statuses = this.#statusesOf(row, entry);
    if (statuses !== undefined) {
      try {
        return await this.#batch.add(statuses);
      } catch (error) {
        if (error instanceof Overloaded) throw error;
        // The reader finds out what is wrong with it, and says so.
      }
    }
    await this.#options.journal.write(row);
    this.#options.reader.push(entry);
  }

  async idle(): Promise<void> {
    await Promise.all([this.#batch.idle(), this.#options.journal.idle()]);
  }

  #statusesOf(row: JournalRow, entry: Entry): Statuses | undefined {
    const items = itemsOf(entry.parsed);
    if (items.length === 0 || items.length > FACTS_MAX || items.some(item => item.kind !== 'status'))
      return undefined;
    const { pieces } = piecesOf(items, entry.senderIds, this.#options.directory, () => {});
    const facts = pieces.flatMap(piece =>
      piece.kind === 'fact' && piece.wish === undefined ? [piece.fact] : [],
    );
    // One that is ignored, cannot be read or belongs to another app is the reader's.
    if (facts.length < items.length) return undefined;
    return { row, facts, aliases: pieces.flatMap(piece => piece.aliases ?? []) };
  }
}
