import { EVENT } from '../message/event.ts';
import { derivedId } from '../message/id.ts';
import type { ClaimedReport } from './report-sql.ts';

/** What another node has under way, or tries again soon, is asked about after so long. */
const ELSEWHERE_MS = 500;

/** No lease is as long as this: what is due later waits for its next attempt. */
const LEASE_MAX_MS = 60_000;

/** How long the end of a report is remembered, at least: what comes next in a message's life comes within seconds. */
const REMEMBER_MS = 10_000;

/** Reports that are not over, with when they are due, Unix ms. */
export type Open = ReadonlyMap<string, number>;

/**
 * The ids of the reports that go before this one: `sent` before `delivered` and `failed`, `delivered` before `read`, when
 * they were asked for too.
 *
 * @param since what happened before does not hold it any more, Unix ms
 */
export function before(report: ClaimedReport, since: number): string[] {
  const { message, kind, occurred_at: occurredAt } = report;
  if (message === null) return [];
  const mask = report.mask ?? (message.report_mask as number);
  const ids: string[] = [];
  for (const [earlier, time] of BEFORE.get(kind) ?? []) {
    // `read` without `delivered` tells of a delivery whose time is not known.
    const at = Date.parse((message[time] as string | null) ?? occurredAt);
    if ((mask & earlier) !== 0 && at >= since)
      ids.push(derivedId(message.id as string, `report:${earlier}:${report.endpoint_id ?? 'own'}`));
  }
  return ids;
}

const SENT = [EVENT.sent, 'sent_at'] as const;
const BEFORE = new Map<number, readonly (readonly [kind: number, time: 'sent_at' | 'delivered_at'])[]>([
  [EVENT.delivered, [SENT]],
  [EVENT.read, [SENT, [EVENT.delivered, 'delivered_at']]],
  [EVENT.failed, [SENT]],
  [EVENT.unreceipted, [SENT]],
]);

interface Entry {
  readonly over: Promise<void>;
  isOver: boolean;
  /** Until when what comes after it waits, Unix ms; undefined when it need not. */
  until: number | undefined;
}

/**
 * The reports that this node has under way, so that events of one message reach a receiver in their order: `sent` before
 * `delivered`, as far as attempts allow.
 */
export class UnderWay {
  readonly #now: () => number;
  readonly #open = new Map<string, Entry>();
  /** Those that were over lately, with their `until`, in two portions. */
  #ended = new Map<string, number | undefined>();
  #endedBefore = new Map<string, number | undefined>();
  #turnAt = 0;

  /** @param now Unix ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns is to be called when it is over; only the first call counts */
  add(id: string): (until?: number) => void {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const entry: Entry = { over, isOver: false, until: undefined };
    this.#open.set(id, entry);
    return until => {
      if (entry.isOver) return;
      entry.isOver = true;
      entry.until = until;
      resolve();
    };
  }

  /** Its end is stored. */
  end(id: string): void {
    const until = this.#open.get(id)?.until;
    const now = this.#now();
    if (now >= this.#turnAt) {
      this.#endedBefore = this.#ended;
      this.#ended = new Map();
      this.#turnAt = now + REMEMBER_MS;
    }
    this.#ended.set(id, until);
    this.#open.delete(id);
  }

  /** Whether the database need not be asked. */
  knows(id: string): boolean {
    if (this.#open.has(id)) return true;
    const ended = this.#endOf(id);
    // What was to be tried again by now may be another node's.
    return ended !== undefined && (ended.until === undefined || ended.until > this.#now());
  }

  /**
   * Waits for what goes before, where it is under way here; the time to wait for otherwise, Unix ms.
   *
   * @param open those that are not known here
   */
  async blockedUntil(ids: readonly string[], open: Promise<Open>, now: number): Promise<number | undefined> {
    let until: number | undefined;
    for (const id of ids) {
      const at = await this.#heldBy(id, open, now);
      if (at !== undefined && (until === undefined || at > until)) until = at;
    }
    return until;
  }

  async #heldBy(id: string, open: Promise<Open>, now: number): Promise<number | undefined> {
    const underWay = this.#open.get(id);
    if (underWay !== undefined) {
      await underWay.over;
      return underWay.until;
    }
    const ended = this.#endOf(id);
    if (ended !== undefined && (ended.until === undefined || ended.until > now)) return ended.until;
    const runAt = (await open).get(id);
    return runAt === undefined ? undefined : elsewhere(runAt, now);
  }

  #endOf(id: string): { until: number | undefined } | undefined {
    for (const ended of [this.#ended, this.#endedBefore]) if (ended.has(id)) return { until: ended.get(id) };
    return undefined;
  }
}

/** Nobody tells us whether another node has it under way or it waits for its next attempt. */
function elsewhere(runAt: number, now: number): number {
  return runAt > now + LEASE_MAX_MS ? runAt + 1 : now + ELSEWHERE_MS;
}
