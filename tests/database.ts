import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface FreshDatabase {
  url: string;
  /** Ends all sessions and deletes the database. */
  drop(): Promise<void>;
}

/** An empty database of a test's own, on the server of the run. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const admin = inject('databaseUrl');
  const name = `test_${randomBytes(8).toString('hex')}`;
  // From template0, which nobody is ever connected to: template1 may be busy.
  await statement(admin, `create database ${name} template template0`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => statement(admin, `drop database if exists ${name} with (force)`) };
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
