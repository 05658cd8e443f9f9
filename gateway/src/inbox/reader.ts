import type { Apply } from '../outbox/apply.ts';
import type { Applied, InboundRow } from '../outbox/apply-statement.ts';
import type { Aliases } from '../recipients/aliases.ts';
import type { ConsentChange } from '../recipients/consents.ts';
import { openWindows } from '../recipients/windows.ts';
import { Batch } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import { isPassing, type Store } from '../store/store.ts';
import { type Item, itemsOf, parseBody } from './items.ts';
import { type NoticeRow, storeNotices } from './notices.ts';
import {
  type Effects,
  type Failing,
  type InboxCount,
  type Piece,
  pieceOf,
  piecesOf,
  portions,
  type SenderNames,
} from './pieces.ts';
import { noteFailures, reasonOf, type SetAside, setEntryAside, TRIES } from './set-aside.ts';
import { parkStatuses, resolveByWamid } from './strays.ts';
import { READ_BACK_BYTES, READ_BACK_ENTRIES, UNREAD } from './unread.ts';

/** A journal entry whose items are to be read. */
export interface Entry {
  readonly id: string;
  readonly parsed: unknown;
  /** Of the body that it was parsed from. */
  readonly bytes: number;
  readonly senderIds: readonly string[];
}

/** An entry this old that is still unread was left by a process that died. */
const LEFT_MS = 10_000;

/** Held in memory between their 200 and their reading; what is more is read back from the journal. */
const MEMORY_ENTRIES = 10_000;
const MEMORY_BYTES = 32 * 1024 * 1024;

const NOTHING: Omit<Effects, 'journalId'> = {
  facts: [],
  inbound: [],
  aliases: [],
  openings: [],
  notices: [],
  preferences: [],
};

export interface ReaderOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly directory: SenderNames;
  readonly aliases: Aliases;
  /** Somebody has set in WhatsApp what is wanted. Doing it again changes nothing. */
  readonly onPreferences?: ((changes: readonly ConsentChange[]) => Promise<void>) | undefined;
  /** Before messages are stored: their media is to be fetched, their wishes heard. Doing it again changes nothing. What it returns is done when they are stored. */
  readonly onInbound?: ((rows: readonly InboundRow[]) => Promise<(() => void) | undefined>) | undefined;
  /** What Meta said, and which of it was not known before. */
  readonly onNotices?: ((rows: readonly NoticeRow[], fresh: ReadonlySet<NoticeRow>) => void) | undefined;
  readonly apply: Apply;
  /** Reports of notices were written. */
  readonly onApplied: (applied: Applied) => void;
  readonly onCount: (what: InboxCount, count: number) => void;
  readonly onSetAside: (aside: SetAside) => void;
  readonly onError: (error: unknown, doing: string) => void;
}

/**
 * Takes every entry, change, status and message of a webhook, each alone. The effects of a batch and the flags of its
 * journal entries are one transaction; an item that the database refuses is found by halving and set aside.
 *
 *     unread (0) --> read (1), its failed items in `inbox_failures`
 *          \-------> set aside (2), when it failed as a whole three times
 *
 * A fault of the database that passes counts for nothing: the entry stays unread for a later look.
 */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #batch: Batch<Effects, undefined>;
  /** The bytes of each entry that is being read. */
  readonly #held = new Map<string, number>();
  #heldBytes = 0;
  /** How often an entry failed as a whole. */
  readonly #tries = new Map<string, number>();
  /** More came than memory holds; the rest is in the journal alone. */
  #overflowed = false;
  #catchingUp = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#batch = new Batch<Effects, undefined>({
      maxWaiting: Number.POSITIVE_INFINITY,
      maxWaitingBytes: Number.POSITIVE_INFINITY,
      timeoutMs: Number.POSITIVE_INFINITY,
      commit: async effects => {
        await this.#apply(effects);
        return [];
      },
    });
  }

  /** Reads an entry that was just journalled; without waiting. */
  push(entry: Entry): void {
    if (this.#held.size >= MEMORY_ENTRIES || this.#heldBytes >= MEMORY_BYTES) this.#overflowed = true;
    if (this.#overflowed || this.#held.has(entry.id)) return;
    void this.#read(entry).then(() => this.#catchUp());
  }

  /** When memory is nearly empty again, what went past it is fetched at once and not at the next look. */
  async #catchUp(): Promise<void> {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    while (
      this.#overflowed &&
      this.#held.size <= READ_BACK_ENTRIES / 2 &&
      this.#heldBytes <= READ_BACK_BYTES / 2
    ) {
      // What arrives from here on is held again; what arrived before is on disk.
      this.#overflowed = false;
      await this.sweep(true).catch(error => {
        this.#overflowed = true;
        this.#options.onError(error, 'read the journal back');
        return new Promise(resolve => setTimeout(resolve, 1_000));
      });
    }
    this.#catchingUp = false;
  }

  /**
   * Reads what a process that died, or a full memory, left unread, to the end of it. Found by a flag and never by a
   * cursor over ids: ids commit out of order. An entry that cannot be read keeps no other waiting.
   *
   * @param all also what is fresh; else only what is so old that nobody can be at it
   * @returns how many entries were read
   * @throws the database's error when the journal cannot be looked at
   */
  async sweep(all: boolean): Promise<number> {
    const { store, clock } = this.#options;
    const before = new Date(clock.now().getTime() + (all ? 1_000 : -LEFT_MS)).toISOString();
    const failed: string[] = [];
    let taken = 0;
    for (;;) {
      const left = await store.run(UNREAD, [before, [...this.#held.keys(), ...failed]]);
      const unread = left.filter(row => !this.#held.has(row.id));
      if (unread.length === 0) return taken;
      await Promise.all(
        unread.map(async row => {
          const body = Buffer.from(row.body, 'base64');
          const entry = {
            id: row.id,
            parsed: parseBody(body),
            bytes: body.byteLength,
            senderIds: row.senders,
          };
          if (await this.#read(entry)) taken++;
          else failed.push(row.id);
        }),
      );
    }
  }

  /** One item that waits for another try; throws what stops it. */
  async readItem(item: Item, senderIds: readonly string[]): Promise<void> {
    const piece = pieceOf(item, 0, senderIds, this.#options.directory);
    if (typeof piece === 'string') this.#options.onCount(piece, 1);
    else await this.#apply([await this.#effects([piece], undefined)]);
  }

  /** Resolves when everything taken is applied. */
  idle(): Promise<void> {
    return this.#batch.idle();
  }

  /** Never throws. @returns false when the entry is not read, or was given up */
  async #read(entry: Entry): Promise<boolean> {
    this.#held.set(entry.id, entry.bytes);
    this.#heldBytes += entry.bytes;
    try {
      await this.#readItems(entry);
      this.#tries.delete(entry.id);
      return true;
    } catch (error) {
      this.#options.onError(error, 'read a webhook');
      if (!isPassing(error)) await this.#failedWhole(entry.id, error);
      return false;
    } finally {
      this.#held.delete(entry.id);
      this.#heldBytes -= entry.bytes;
    }
  }

  async #failedWhole(id: string, error: unknown): Promise<void> {
    const { store, clock, onSetAside, onError } = this.#options;
    const tries = (this.#tries.get(id) ?? 0) + 1;
    this.#tries.set(id, tries);
    if (tries < TRIES) return;
    try {
      const given = await setEntryAside(store, clock, id, error);
      this.#tries.delete(id);
      if (given) onSetAside({ journalId: id, items: undefined, reason: reasonOf(error) });
    } catch (fault) {
      onError(fault, 'set a webhook aside');
    }
  }

  async #readItems(entry: Entry): Promise<void> {
    const { directory, onCount, onError } = this.#options;
    const { pieces, failing } = piecesOf(itemsOf(entry.parsed), entry.senderIds, directory, what =>
      onCount(what, 1),
    );
    await this.#note(entry.id, failing);
    try {
      await this.#batch.add(await this.#effects(pieces, entry.id));
    } catch (error) {
      if (isPassing(error)) throw error;
      // This entry stands alone now.
      onError(error, 'apply a webhook');
      await this.#note(entry.id, await this.#applyHalved(pieces));
      await this.#apply([{ ...NOTHING, journalId: entry.id }]);
    }
  }

  /** @returns the items that the database refuses, each found alone */
  async #applyHalved(pieces: readonly Piece[]): Promise<Failing[]> {
    if (pieces.length === 0) return [];
    try {
      await this.#apply([await this.#effects(pieces, undefined)]);
      return [];
    } catch (error) {
      if (isPassing(error)) throw error;
      if (pieces.length === 1) return [{ index: pieces[0]!.index, error }];
      const middle = pieces.length >> 1;
      return [
        ...(await this.#applyHalved(pieces.slice(0, middle))),
        ...(await this.#applyHalved(pieces.slice(middle))),
      ];
    }
  }

  /** Statuses whose message is not known yet are parked. */
  async #effects(pieces: readonly Piece[], journalId: string | undefined): Promise<Effects> {
    const { store, clock, onCount } = this.#options;
    const facts = pieces.flatMap(piece => (piece.kind === 'fact' ? [piece.fact] : []));
    const inbound = pieces.flatMap(piece => (piece.kind === 'inbound' ? [piece.row] : []));
    const strays = pieces.flatMap(piece => (piece.kind === 'stray' ? [piece.stray] : []));
    if (strays.length > 0) {
      const resolved = await resolveByWamid(store, strays);
      facts.push(...resolved.facts);
      if (resolved.unknown.length > 0) onCount('parked', await parkStatuses(store, clock, resolved.unknown));
    }
    return {
      facts,
      inbound,
      aliases: pieces.flatMap(piece => piece.aliases ?? []),
      openings: pieces.flatMap(piece => (piece.kind === 'call' ? [piece.opening] : [])),
      notices: pieces.flatMap(piece => (piece.kind === 'notice' ? piece.rows : [])),
      preferences: pieces.flatMap(piece => (piece.wish === undefined ? [] : [piece.wish])),
      journalId,
    };
  }

  async #note(journalId: string, failing: readonly Failing[]): Promise<void> {
    if (failing.length === 0) return;
    const { store, clock, onCount, onError } = this.#options;
    onCount('failed', await noteFailures(store, clock, journalId, failing));
    const { index, error } = failing[0]!;
    // One line for all: a body can hold thousands.
    const what = `${failing.length} items of webhook ${journalId}, the first at ${index}: ${reasonOf(error)}`;
    onError(new Error(what), 'read an item of a webhook');
  }

  async #apply(effects: readonly Effects[]): Promise<void> {
    const { store, clock, aliases, apply, onApplied, onInbound, onNotices, onPreferences } = this.#options;
    // Each of these may be done again, so they come before the flag that says that all is done.
    await aliases.learn(effects.flatMap(one => one.aliases));
    const openings = effects.flatMap(one => one.openings);
    await openWindows(store, openings);
    const preferences = effects.flatMap(one => one.preferences);
    if (preferences.length > 0) await onPreferences?.(preferences);
    const notices = effects.flatMap(one => one.notices);
    if (notices.length > 0) {
      const { fresh, reports, events } = await storeNotices(store, clock, notices);
      onApplied({ reports, taken: [], events, inbound: [], woken: [], left: [], duplicates: 0 });
      onNotices?.(notices, new Set(fresh));
    }
    const arrived = effects.flatMap(one => one.inbound);
    await aliases.unlearn(
      arrived.filter(isFromNumber).map(row => ({ workspace: row.workspace, alias: row.key, at: row.at })),
    );
    const after = arrived.length > 0 ? await onInbound?.(arrived) : undefined;
    for (const { facts, inbound, journalIds } of portions(effects))
      await apply.run({ facts, inbound, read: journalIds });
    after?.();
  }
}

/** Somebody writes from the number; the notice of a change of number does not count. */
function isFromNumber(row: InboundRow): boolean {
  return row.direction === 1 && row.key.startsWith('+') && row.kind !== 'system';
}
