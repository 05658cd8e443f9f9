import pg from 'pg';
import { expect, test } from 'vitest';
import { freshDatabase } from './database.ts';

test('two fresh databases share nothing, and a dropped one is gone while somebody is in it', async () => {
  const [first, second] = await Promise.all([freshDatabase(), freshDatabase()]);
  const inside = new pg.Client({ connectionString: first.url });
  inside.on('error', () => {});
  await inside.connect();
  await inside.query('create table mark (n int)');

  const beside = new pg.Client({ connectionString: second.url });
  await beside.connect();
  const { rows } = await beside.query(`select to_regclass('mark') as mark`);
  expect(rows).toEqual([{ mark: null }]);

  await first.drop();
  const { rowCount } = await beside.query('select from pg_database where datname = $1', [
    new URL(first.url).pathname.slice(1),
  ]);
  expect(rowCount).toBe(0);
  await beside.end();
  await second.drop();
});
