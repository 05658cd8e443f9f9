import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Ground, ground, putMessage } from '../../test/rows.ts';
import { firstIdAt, newId } from '../message/id.ts';
import { STATUS } from '../message/status.ts';
import { DAY_MS, dayOf, ensurePartitions, PARTITIONED, partitionsOf } from './partitions.ts';
import { dropOldDays } from './retention.ts';

let g: Ground;
beforeEach(async () => {
  g = await ground();
});
afterEach(() => g.close());

const TODAY = Math.floor(Date.now() / DAY_MS);
const NAME = new Date(TODAY * DAY_MS).toISOString().slice(0, 10);
/** So many days from now, with the tables of that time. */
async function later(days: number): Promise<Date> {
  const now = new Date(Date.now() + days * DAY_MS);
  await ensurePartitions(g.store.db, now);
  return now;
}
const kept = async (): Promise<number[]> => {
  const counts: number[] = [];
  for (const [table] of PARTITIONED)
    counts.push((await partitionsOf(g.store.db, table)).filter(name => dayOf(name) === TODAY).length);
  return counts;
};

test('a day goes after thirty, with everything in it, and not before', async () => {
  const id = await putMessage(g, { status: STATUS.read });
  await sql`insert into timeline (message_id, at, step, attempt) values (${id}, now(), 'retry', 1)`.execute(
    g.store.db,
  );
  expect(await dropOldDays(g.store.db, await later(30), 30)).toEqual({ dropped: [], open: [], busy: [] });
  expect(await kept()).toEqual([1, 1, 1, 1, 1]);
  expect((await dropOldDays(g.store.db, await later(31), 30)).dropped).toContain(NAME);
  expect(await kept()).toEqual([0, 0, 0, 0, 0]);
  expect(await g.store.db.selectFrom('messages').select('id').where('id', '=', id).execute()).toEqual([]);
});

test.each<[string, () => Promise<() => Promise<unknown>>]>([
  [
    'a message that waits',
    async () => {
      const id = await putMessage(g, { status: STATUS.queued });
      return () =>
        g.store.db.updateTable('messages').set({ status: STATUS.expired }).where('id', '=', id).execute();
    },
  ],
  [
    'a send that nobody knows the outcome of',
    async () => {
      const id = await putMessage(g, { status: STATUS.unconfirmed });
      return () =>
        g.store.db.updateTable('messages').set({ status: STATUS.failed }).where('id', '=', id).execute();
    },
  ],
  [
    'a report that is due',
    async () => {
      const id = newId();
      await sql`insert into reports (id, workspace_id, dialect, kind, occurred_at, url, run_at)
        values (${id}, ${g.workspace}, 'telnyx', 1, now(), 'x', now())`.execute(g.store.db);
      return () => g.store.db.updateTable('reports').set({ state: 2 }).where('id', '=', id).execute();
    },
  ],
  [
    'a report that stands in line',
    async () => {
      const id = newId();
      await sql`insert into reports (id, workspace_id, dialect, kind, occurred_at, url, run_at, state)
        values (${id}, ${g.workspace}, 'telnyx', 1, now(), 'x', now(), 3)`.execute(g.store.db);
      return () => g.store.db.updateTable('reports').set({ state: 1 }).where('id', '=', id).execute();
    },
  ],
  [
    'a webhook that is unread',
    async () => {
      const id = newId();
      await sql`insert into journal (id, received_at, body, sender_ids) values (${id}, now(), '', '{}')`.execute(
        g.store.db,
      );
      return () => g.store.db.updateTable('journal').set({ state: 1 }).where('id', '=', id).execute();
    },
  ],
])('a day with %s stays whole until that is over', async (_, open) => {
  const end = await open();
  const now = await later(40);
  expect((await dropOldDays(g.store.db, now, 30)).open).toEqual([NAME]);
  expect(await kept()).toEqual([1, 1, 1, 1, 1]);
  await end();
  expect((await dropOldDays(g.store.db, now, 30)).dropped).toEqual([NAME]);
});

test('an inbound message keeps nothing open', async () => {
  await putMessage(g, { direction: 1, status: STATUS.received });
  expect((await dropOldDays(g.store.db, await later(31), 30)).dropped).toContain(NAME);
});

test('a day that somebody reads is dropped later, and nobody waits behind the drop for long', async () => {
  const reader = new pg.Client({ connectionString: g.url });
  await reader.connect();
  const now = await later(31);
  await reader.query('begin; select count(*) from messages');
  expect((await dropOldDays(g.store.db, now, 30)).busy).toContain(NAME);
  expect(await kept()).toEqual([1, 1, 1, 1, 1]);
  await reader.query('commit');
  expect((await dropOldDays(g.store.db, now, 30)).dropped).toContain(NAME);
  await reader.end();
});

test('two nodes at once drop a day once', async () => {
  const now = await later(31);
  const outcomes = await Promise.all([dropOldDays(g.store.db, now, 30), dropOldDays(g.store.db, now, 30)]);
  const dropped = outcomes.flatMap(one => one.dropped);
  expect(new Set(dropped).size).toBe(dropped.length);
  expect(await kept()).toEqual([0, 0, 0, 0, 0]);
});

test('failures of webhooks, notices and windows go with their time', async () => {
  const { db } = g.store;
  const old = new Date();
  await db
    .insertInto('inbox_failures')
    .values({ journal_id: newId(), item: 0, tries: 3, error: 'x', set_aside: true, next_at: old })
    .execute();
  await sql`insert into notices (id, workspace_id, waba_id, kind, field, value, at, received_at)
    values (${newId()}, ${g.workspace}, '1', 512, 'x', '{}', now(), now())`.execute(db);
  await db.insertInto('windows').values({ sender_id: g.sender, recipient: '+1', opened_at: old }).execute();
  const counts = async () => {
    const { rows } = await sql<Record<string, number>>`
      select (select count(*)::int from inbox_failures) as failures, (select count(*)::int from notices) as notices,
        (select count(*)::int from windows) as windows`.execute(db);
    return rows[0];
  };
  await dropOldDays(db, await later(29), 30);
  expect(await counts()).toEqual({ failures: 1, notices: 1, windows: 1 });
  await dropOldDays(db, await later(32), 30);
  expect(await counts()).toEqual({ failures: 0, notices: 0, windows: 0 });
});

test('messages are stored and found on the days after a drop', async () => {
  const now = await later(31);
  await dropOldDays(g.store.db, now, 30);
  await ensurePartitions(g.store.db, now);
  const id = firstIdAt(now.getTime()).replace(/0$/, '1');
  await putMessage(g, { id });
  expect(await g.store.db.selectFrom('messages').select('id').where('id', '=', id).execute()).toHaveLength(1);
});
