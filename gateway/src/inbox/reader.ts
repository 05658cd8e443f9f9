import type { Directory } from '../accounts/directory.ts';
import { APPLY, type Applied, type Fact, type InboundRow, mergeFacts } from '../outbox/apply.ts';
import { Batch } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import type { Statement, Store } from '../store/store.ts';
import { inboundRow, statusFact } from './facts.ts';
import { type Item, itemsOf, parseBody } from './items.ts';
import { type Failing, noteFailures } from './set-aside.ts';
import { type ParkedStatus, parkStatuses, resolveByWamid } from './strays.ts';

/** A journal entry whose items are to be read. */
export interface Entry {
  readonly id: string;
  readonly parsed: unknown;
  readonly senderIds: readonly string[];
}

/** An entry this old that is still unread was left by a process that died. */
const LEFT_MS = 10_000;

/** Entries held in memory between their 200 and their reading; what is more is read back from the journal. */
const MEMORY_MAX = 10_000;

/** What is read back from the journal at once. */
const READ_BACK = 1_000;

const UNREAD: Statement<{ id: string; body: string; senders: string[] }[]> = {
  name: 'unread',
  text: `
    select coalesce(json_agg(json_build_object('id', id, 'body', encode(body, 'base64'), 'senders', sender_ids)), '[]') as out
    from (select * from journal where state = 0 and received_at < $1::timestamptz order by received_at limit ${READ_BACK}) j`,
};

export interface ReaderOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly directory: Pick<Directory, 'sendersByPhoneNumberId' | 'senderById'>;
  readonly onApplied: (applied: Applied) => void;
  /** Inbound messages of a sender draw from its lane. */
  readonly onInbound: (senderId: string, count: number) => void;
  readonly onCount: (what: 'dropped' | 'ignored' | 'failed' | 'parked') => void;
  readonly onError: (error: unknown, doing: string) => void;
}

interface Prepared {
  readonly entry: Entry;
  readonly facts: readonly Fact[];
  readonly inbound: readonly InboundRow[];
}

/**
 * Takes every entry, change, status and message of a webhook, each alone. The effects of a batch and the flags of its
 * journal entries are one transaction; an item that the database refuses is found by halving and set aside.
 */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #batch: Batch<Prepared, undefined>;
  readonly #held = new Set<string>();
  /** More came than memory holds; the rest is in the journal alone. */
  #overflowed = false;
  #catchingUp = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#batch = new Batch<Prepared, undefined>({
      maxWaiting: Number.POSITIVE_INFINITY,
      maxWaitingBytes: Number.POSITIVE_INFINITY,
      timeoutMs: Number.POSITIVE_INFINITY,
      everyMs: 10,
      commit: async prepared => {
        await this.#apply(
          prepared.flatMap(one => one.facts),
          prepared.flatMap(one => one.inbound),
          prepared.map(one => one.entry.id),
        );
        return [];
      },
    });
  }

  /** Reads an entry that was just journalled; without waiting. */
  push(entry: Entry): void {
    if (this.#held.size >= MEMORY_MAX) this.#overflowed = true;
    if (this.#overflowed || this.#held.has(entry.id)) return;
    this.#held.add(entry.id);
    void this.#read(entry)
      .catch(error => this.#options.onError(error, 'read a webhook'))
      .finally(() => this.#release(entry.id));
  }

  #release(id: string): void {
    this.#held.delete(id);
    void this.#catchUp();
  }

  /** When memory is nearly empty again, what went past it is fetched at once and not at the next look. */
  async #catchUp(): Promise<void> {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    while (this.#overflowed && this.#held.size <= READ_BACK / 2) {
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
   * cursor over ids: ids commit out of order.
   *
   * @param all also what is fresh; else only what is so old that nobody can be at it
   * @returns how many entries were taken
   */
  async sweep(all: boolean): Promise<number> {
    const { store, clock } = this.#options;
    const before = new Date(clock.now().getTime() + (all ? 1_000 : -LEFT_MS)).toISOString();
    let taken = 0;
    for (;;) {
      const left = await store.run(UNREAD, [before]);
      const unread = left.filter(row => !this.#held.has(row.id));
      await Promise.all(
        unread.map(async row => {
          this.#held.add(row.id);
          try {
            const parsed = parseBody(Buffer.from(row.body, 'base64'));
            await this.#read({ id: row.id, parsed, senderIds: row.senders });
          } finally {
            this.#held.delete(row.id);
          }
        }),
      );
      taken += unread.length;
      if (left.length < READ_BACK || unread.length === 0) return taken;
    }
  }

  /** One item that was set aside, or waits for another try; throws what stopped it. */
  async readItem(item: Item, senderId: string): Promise<void> {
    const { facts, inbound, strays } = this.#prepare([item], [senderId], error => {
      throw error;
    });
    await this.#apply([...facts, ...(await this.#resolve(strays))], inbound, []);
  }

  /** Resolves when everything taken is applied. */
  idle(): Promise<void> {
    return this.#batch.idle();
  }

  async #read(entry: Entry): Promise<void> {
    const { store, clock } = this.#options;
    const failing: Failing[] = [];
    const items = itemsOf(entry.parsed);
    const { facts, inbound, strays } = this.#prepare(items, entry.senderIds, (error, index, senderId) =>
      failing.push({ index, item: items[index]!, senderId, error }),
    );
    if (strays.length > 0) facts.push(...(await this.#resolve(strays)));
    if (failing.length > 0) await this.#setAside(entry.id, failing);
    try {
      await this.#batch.add({ entry, facts, inbound });
    } catch (error) {
      // This entry stands alone now. Its items are tried one by one; the bad ones are set aside.
      this.#options.onError(error, 'apply a webhook');
      const refused: Failing[] = [];
      for (const [index, item] of items.entries()) {
        if (item.kind === 'other' || failing.some(one => one.index === index)) continue;
        const senderId = this.#senderOf(item, entry.senderIds);
        if (senderId === undefined) continue;
        try {
          await this.readItem(item, senderId);
        } catch (cause) {
          refused.push({ index, item, senderId, error: cause });
        }
      }
      if (refused.length > 0) await this.#setAside(entry.id, refused);
      await store.run(APPLY, [[], [], [entry.id], clock.now().toISOString()]);
    }
  }

  #prepare(
    items: readonly Item[],
    senderIds: readonly string[],
    onFailing: (error: unknown, index: number, senderId: string) => void,
  ): { facts: Fact[]; inbound: InboundRow[]; strays: ParkedStatus[] } {
    const { directory, onCount, onInbound } = this.#options;
    const facts: Fact[] = [];
    const inbound: InboundRow[] = [];
    const strays: ParkedStatus[] = [];
    for (const [index, item] of items.entries()) {
      if (item.kind === 'other') {
        onCount('ignored');
        continue;
      }
      // A number that the signing secret does not belong to: another tenant's, or nobody's.
      const senderId = this.#senderOf(item, senderIds);
      const sender = senderId === undefined ? undefined : directory.senderById(senderId);
      if (sender === undefined) {
        onCount('dropped');
        continue;
      }
      try {
        if (item.kind === 'message') {
          inbound.push(inboundRow(item.value, item.contacts, sender));
          onInbound(sender.id, 1);
          continue;
        }
        const fact = statusFact(item.value);
        if (fact === undefined) onCount('ignored');
        else if (fact.message === undefined)
          strays.push({ sender: sender.id, wamid: fact.wamid, status: fact.status, times: fact.times });
        else facts.push({ ...fact.message, sender: sender.id, wamid: fact.wamid, ...fact.times });
      } catch (error) {
        onFailing(error, index, sender.id);
      }
    }
    return { facts, inbound, strays };
  }

  #senderOf(item: Exclude<Item, { kind: 'other' }>, senderIds: readonly string[]): string | undefined {
    const sender = this.#options.directory.sendersByPhoneNumberId(item.phoneNumberId);
    return sender !== undefined && senderIds.includes(sender.id) ? sender.id : undefined;
  }

  async #resolve(strays: readonly ParkedStatus[]): Promise<Fact[]> {
    if (strays.length === 0) return [];
    const { store, clock, onCount } = this.#options;
    const { facts, unknown } = await resolveByWamid(store, strays);
    if (unknown.length > 0) {
      await parkStatuses(store, clock, unknown);
      for (const _ of unknown) onCount('parked');
    }
    return facts;
  }

  async #setAside(entryId: string, failing: readonly Failing[]): Promise<void> {
    for (const one of failing) {
      this.#options.onCount('failed');
      this.#options.onError(one.error, 'read an item of a webhook');
    }
    await noteFailures(this.#options.store, this.#options.clock, entryId, failing);
  }

  async #apply(
    facts: readonly Fact[],
    inbound: readonly InboundRow[],
    journalIds: readonly string[],
  ): Promise<void> {
    const { store, clock, onApplied } = this.#options;
    onApplied(await store.run(APPLY, [mergeFacts(facts), inbound, journalIds, clock.now().toISOString()]));
  }
}
