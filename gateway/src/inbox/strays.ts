import type { Fact } from '../outbox/apply.ts';
import type { Clock } from '../store/clock.ts';
import type { Statement, Store } from '../store/store.ts';

/**
 * A status without our callback data: a message of another app on the same number (every app subscribed to a number
 * gets all its statuses), or of ours whose wamid is not stored yet. It waits for its message, then it is dropped.
 */
export interface ParkedStatus {
  readonly sender: string;
  readonly wamid: string;
  readonly status: string;
  readonly times: Pick<Fact, 'sent' | 'delivered' | 'read' | 'failed' | 'failure' | 'pricing'>;
}

const PARKED_MS = 10 * 60_000;

const BY_WAMID: Statement<{ id: string; wamid: string; sender: string; attempt: number }[]> = {
  name: 'by_wamid',
  text: `
    select coalesce(json_agg(json_build_object('id', id, 'wamid', wamid, 'sender', sender_id, 'attempt', attempt)), '[]') as out
    from messages
    where wamid in (select json_array_elements_text($1::json)) and direction = 0`,
};

const DUE: Statement<{
  facts: { sender: string; wamid: string; status: string; fact: string; id: string; attempt: number }[];
  dropped: number;
}> = {
  name: 'parked_statuses',
  text: `
    with found as materialized (
      select p.sender_id, p.wamid, p.status, p.fact, m.id, m.attempt
      from parked_statuses p join messages m on m.wamid = p.wamid and m.sender_id = p.sender_id and m.direction = 0
    ), dropped as (
      delete from parked_statuses where until < $1::timestamptz returning 1
    )
    select json_build_object(
      'facts', (select coalesce(json_agg(json_build_object('sender', sender_id, 'wamid', wamid, 'status', status,
        'fact', fact, 'id', id, 'attempt', attempt)), '[]') from found),
      'dropped', (select count(*) from dropped)) as out`,
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

export async function parkStatuses(
  store: Store,
  clock: Clock,
  statuses: readonly ParkedStatus[],
): Promise<void> {
  const until = new Date(clock.now().getTime() + PARKED_MS);
  await store.db
    .insertInto('parked_statuses')
    .values(
      statuses.map(one => ({
        sender_id: one.sender,
        wamid: one.wamid,
        status: one.status,
        fact: JSON.stringify(one.times),
        until,
      })),
    )
    .onConflict(conflict => conflict.columns(['wamid', 'status']).doNothing())
    .execute();
}

/**
 * Statuses whose message has come meanwhile, and how many were dropped because none came. Applying them again does no
 * harm, so they are deleted only after that.
 */
export async function parkedDue(
  store: Store,
  now: Date,
): Promise<{ facts: Fact[]; dropped: number; done: () => Promise<void> }> {
  const due = await store.run(DUE, [now.toISOString()]);
  return {
    facts: due.facts.map(row => ({
      id: row.id,
      sender: row.sender,
      attempt: row.attempt,
      wamid: row.wamid,
      ...(JSON.parse(row.fact) as ParkedStatus['times']),
    })),
    dropped: due.dropped,
    done: async () => {
      for (const row of due.facts) {
        await store.db
          .deleteFrom('parked_statuses')
          .where('wamid', '=', row.wamid)
          .where('status', '=', row.status)
          .execute();
      }
    },
  };
}
