import pg from 'pg';
import { expect, inject, test } from 'vitest';

test('this project runs on PostgreSQL 15', async () => {
  const client = new pg.Client({ connectionString: inject('databaseUrl') });
  await client.connect();
  const { rows } = await client.query('show server_version_num');
  await client.end();
  expect(rows).toEqual([{ server_version_num: expect.stringMatching(/^15\d{4}$/) }]);
});
