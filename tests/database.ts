import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface FreshDatabase {
  url: string;
  /** Ends all sessions and deletes the database. */
  drop(): Promise<void>;
}

/**
 * A database of a test's own, on the server of the run.
 *
 * @param template empty when not given: from template0, which nobody is ever connected to; template1 may be busy
 */
export async function freshDatabase(template = 'template0'): Promise<FreshDatabase> {
  const admin = inject('databaseUrl');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await statement(admin, `create database ${name} template ${template}`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => statement(admin, `drop database if exists ${name} with (force)`) };
}

/** Of the advisory lock under which the template is made: test files run side by side. */
const TEMPLATE_LOCK = 1_907_215;

/**
 * A database whose content is made once for all tests of the run and copied: a copy takes a tenth of the time.
 *
 * @param fill makes the content; its connections are closed when it resolves
 */
export async function copiedDatabase(
  template: string,
  fill: (url: string) => Promise<void>,
): Promise<FreshDatabase> {
  const client = new pg.Client({ connectionString: inject('databaseUrl') });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const known = await client.query('select 1 from pg_database where datname = $1', [template]);
    if (known.rowCount === 0) {
      const making = await freshDatabase();
      await fill(making.url);
      const name = new URL(making.url).pathname.slice(1);
      await client.query(`alter database ${name} rename to ${template}`);
    }
  } finally {
    // The lock goes with the connection.
    await client.end();
  }
  return freshDatabase(template);
}

async function statement(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
