import { sql } from 'kysely';
import pg from 'pg';
import { expect, test } from 'vitest';
import { type Ground, ground } from '../../test/rows.ts';
import { firstIdAt } from '../message/id.ts';
import { ensurePartitions } from './partitions.ts';
import { isPassing } from './store.ts';

async function onGround(work: (g: Ground) => Promise<void>): Promise<void> {
  const g = await ground();
  try {
    await work(g);
  } finally {
    await g.close();
  }
}

/** Ends every other session of the database, as a server that goes away does. */
async function cut(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await client.end();
}

test('a database that goes away while queries run fails the queries and nothing else', () =>
  onGround(async g => {
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    process.on('uncaughtException', onUnhandled);
    try {
      const slow = sql`select pg_sleep(20)`.execute(g.store.db);
      const inTransaction = g.store.db.transaction().execute(tx => sql`select pg_sleep(20)`.execute(tx));
      const hot = g.store.run({ name: 'slow', text: 'select pg_sleep(20)::text as out' }, []);
      const outcomes = Promise.allSettled([slow, inTransaction, hot]);
      await new Promise(resolve => setTimeout(resolve, 200));
      await cut(g.url);
      for (const outcome of await outcomes) {
        expect(outcome.status).toBe('rejected');
        if (outcome.status === 'rejected') expect(isPassing(outcome.reason)).toBe(true);
      }
      const again = async (): Promise<unknown> => (await sql`select 1 as n`.execute(g.store.db)).rows[0];
      await expect.poll(again).toEqual({ n: 1 });
      expect(unhandled).toEqual([]);
    } finally {
      process.off('uncaughtException', onUnhandled);
    }
  }));

test.each([
  ['a deadlock', { code: '40P01' }, true],
  ['too many connections', { code: '53300' }, true],
  ['a cancelled statement', { code: '57014' }, true],
  ['a refused connection', { code: 'ECONNREFUSED' }, true],
  ['a value out of range', { code: '22003' }, false],
  ['a broken constraint', { code: '23505' }, false],
  ['a missing partition', { code: '23514' }, false],
])('%s is passing: %o → %s', (_, more, passing) => {
  expect(isPassing(Object.assign(new Error('x'), more))).toBe(passing);
});

test('after a long stop there is a place for what Meta repeats of the last week', () =>
  onGround(async g => {
    const day = 86_400_000;
    const later = Date.now() + 20 * day;
    await ensurePartitions(g.store.db, new Date(later));
    for (const back of [7, 3, 0, -7]) {
      const id = firstIdAt(later - back * day + 1).replace(/0$/, '1');
      await sql`insert into journal (id, received_at, body, sender_ids) values (${id}, now(), '', '{}')`.execute(
        g.store.db,
      );
    }
  }));

test('making partitions again changes nothing', () =>
  onGround(async g => {
    const count = async (): Promise<unknown> =>
      (await sql`select count(*) from pg_inherits`.execute(g.store.db)).rows[0];
    const before = await count();
    await ensurePartitions(g.store.db, new Date());
    expect(await count()).toEqual(before);
  }));
