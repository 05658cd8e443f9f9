import type { Apply } from '../outbox/apply.ts';
import type { Fact } from '../outbox/apply-statement.ts';
import type { Clock } from '../store/clock.ts';
import { KEY_IS } from '../store/key-is.ts';
import { isPassing, type Statement, type Store } from '../store/store.ts';
import type { StatusTimes } from './facts.ts';

/**
 * A status without our callback data: a message of another app on the same number (every app subscribed to a number
 * gets all its statuses), or of ours whose wamid is not stored yet. It waits for its message, then it is dropped.
 */
export interface ParkedStatus {
  readonly sender: string;
  readonly wamid: string;
  readonly status: string;
  readonly times: StatusTimes;
}

const PARKED_MS = 10 * 60_000;

/**
 * The ages at which a parked status is looked up again. A wamid is stored within seconds of its send or not at all, and
 * a look probes every partition of the messages: on a number shared with a busy app 144,000 statuses are parked.
 */
const AGES_MS = [1_000, 3_000, 8_000, 20_000, 60_000, 180_000, 420_000, 595_000];

/** Statuses that one statement applies. */
const APPLY_MAX = 2_000;

/** `offset 0`: see below, at `LOOK`. */
export const BY_WAMID: Statement<{ id: string; wamid: string; sender: string; attempt: number }[]> = {
  name: 'by_wamid',
  text: `
    select coalesce(json_agg(json_build_object('id', m.id, 'wamid', w.value, 'sender', m.sender_id, 'attempt', m.attempt)), '[]') as out
    from json_array_elements_text($1::json) w cross join lateral (
      select id, sender_id, attempt from messages where wamid = w.value and direction = 0 offset 0
    ) m`,
};

/** Finds the messages of statuses by their wamid; a status touches only messages of its own number. */
export async function resolveByWamid(
  store: Store,
  statuses: readonly ParkedStatus[],
): Promise<{ facts: Fact[]; unknown: ParkedStatus[] }> {
  const found = await store.run(BY_WAMID, [[...new Set(statuses.map(status => status.wamid))]]);
  const byKey = new Map(found.map(row => [`${row.sender}:${row.wamid}`, row]));
  const facts: Fact[] = [];
  const unknown: ParkedStatus[] = [];
  for (const status of statuses) {
    const row = byKey.get(`${status.sender}:${status.wamid}`);
    if (row === undefined) unknown.push(status);
    else
      facts.push({
        id: row.id,
        attempt: row.attempt,
        sender: status.sender,
        wamid: status.wamid,
        ...status.times,
      });
  }
  return { facts, unknown };
}

const PARK: Statement<number> = {
  name: 'park_statuses',
  text: `
    with parked as (
      insert into parked_statuses (sender_id, wamid, status, fact, parked_at)
      select sender, wamid, status, times::text, $2::timestamptz
      from json_to_recordset($1::json) as i(sender uuid, wamid text, status text, times json)
      order by sender, wamid, status
      on conflict (sender_id, wamid, status) do nothing
      returning 1
    )
    select count(*)::int as out from parked`,
};

/** @returns how many were not parked before */
export function parkStatuses(store: Store, clock: Clock, statuses: readonly ParkedStatus[]): Promise<number> {
  return store.run(PARK, [statuses, clock.now().toISOString()]);
}

interface Found {
  readonly sender: string;
  readonly wamid: string;
  readonly status: string;
  readonly fact: string;
  readonly id: string;
  readonly attempt: number;
}

/**
 * Each `offset 0` holds the planner to the written order: left to itself it was seen to walk all parked statuses, or all
 * messages, and to look at the ranges last.
 *
 * Parameters: the ranges of `parked_at` to look at, apart from each other; what was parked before is dropped.
 */
export const LOOK: Statement<{ found: Found[]; dropped: number }> = {
  name: 'look_at_parked',
  text: `
    with found as materialized (
      select p.sender_id as sender, p.wamid, p.status, p.fact, m.id, m.attempt
      from json_to_recordset($1::json) as r(after timestamptz, upto timestamptz) cross join lateral (
        select sender_id, wamid, status, fact from parked_statuses
        where parked_at > r.after and parked_at <= r.upto offset 0
      ) p cross join lateral (
        select id, attempt from messages
        where wamid = p.wamid and sender_id = p.sender_id and direction = 0 offset 0
      ) m
    ), dropped as (
      delete from parked_statuses where parked_at < $2::timestamptz
      and (sender_id, wamid, status) not in (select sender, wamid, status from found)
      returning 1
    )
    select json_build_object(
      'found', (select coalesce(json_agg(found), '[]') from found),
      'dropped', (select count(*) from dropped)) as out`,
};

export const UNPARK: Statement<number> = {
  name: 'unpark_statuses',
  text: `
    with gone as (
      delete from parked_statuses p
      using json_to_recordset($1::json) as i(sender uuid, wamid text, status text)
      where ${KEY_IS('p.sender_id', 'i.sender')} and p.wamid = i.wamid and p.status = i.status
      returning 1
    )
    select count(*)::int as out from gone`,
};

export interface ParkedOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly apply: Apply;
  readonly onError: (error: unknown, doing: string) => void;
}

/** Looks after the parked statuses, every few seconds. */
export class ParkedLook {
  readonly #options: ParkedOptions;
  /** Until when looks were taken; undefined: what an earlier process parked was not looked at yet. */
  #lastMs: number | undefined;

  constructor(options: ParkedOptions) {
    this.#options = options;
  }

  /**
   * Applies the statuses whose message has come meanwhile. Applying them again does no harm, so they are deleted only
   * after that.
   *
   * @returns how many were dropped because none came
   */
  async look(): Promise<number> {
    const { store, clock } = this.#options;
    const nowMs = clock.now().getTime();
    const ranges = rangesToLookAt(this.#lastMs, nowMs).map(range => ({
      after: Number.isFinite(range.after) ? new Date(range.after).toISOString() : '-infinity',
      upto: new Date(range.upto).toISOString(),
    }));
    const { found, dropped } = await store.run(LOOK, [ranges, new Date(nowMs - PARKED_MS).toISOString()]);
    const applied = await this.#apply(found);
    if (applied.length > 0) await store.run(UNPARK, [applied.map(({ fact: _, ...key }) => key)]);
    this.#lastMs = nowMs;
    return dropped;
  }

  /** @returns what was applied; one that the database refuses stays parked until it is dropped */
  async #apply(found: readonly Found[]): Promise<readonly Found[]> {
    if (found.length === 0) return [];
    const { apply, onError } = this.#options;
    if (found.length <= APPLY_MAX) {
      try {
        await apply.run({ facts: found.map(factOf) });
        return found;
      } catch (error) {
        if (isPassing(error)) throw error;
        if (found.length === 1) {
          onError(error, 'apply a parked status');
          return [];
        }
      }
    }
    const middle = found.length >> 1;
    return [...(await this.#apply(found.slice(0, middle))), ...(await this.#apply(found.slice(middle)))];
  }
}

function factOf(row: Found): Fact {
  return {
    id: row.id,
    sender: row.sender,
    attempt: row.attempt,
    wamid: row.wamid,
    ...(JSON.parse(row.fact) as ParkedStatus['times']),
  };
}

/**
 * When statuses were parked that come to one of their ages between two looks, oldest first, apart from each other.
 * Unix ms, `after` exclusive.
 */
export function rangesToLookAt(
  lastMs: number | undefined,
  nowMs: number,
): { readonly after: number; readonly upto: number }[] {
  if (lastMs === undefined) return [{ after: Number.NEGATIVE_INFINITY, upto: nowMs }];
  const ranges: { after: number; upto: number }[] = [];
  for (const age of AGES_MS.toReversed()) {
    const range = { after: lastMs - age, upto: nowMs - age };
    const before = ranges.at(-1);
    // A look that was late has ages run into each other.
    if (before !== undefined && range.after <= before.upto) before.upto = range.upto;
    else if (range.after < range.upto) ranges.push(range);
  }
  return ranges;
}
