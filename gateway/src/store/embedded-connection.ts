import pg from 'pg';
import { SUPERUSER } from './embedded-process.ts';
import { SOCKET_PORT } from './server-settings.ts';

const DATABASE = 'wirebird';

/** Enough for a server that is busy recovering; a socket that nobody serves answers at once. */
const CONNECT_MS = 5_000;

/** For `pg` and for `psql`: the socket's folder stands in the query. */
export function urlOf(socket: string, password: string, database = DATABASE): string {
  return `postgres://${SUPERUSER}:${password}@localhost:${SOCKET_PORT}/${database}?host=${encodeURIComponent(socket)}`;
}

/** The folder of data that the server behind a socket works on; undefined when it takes no connection (yet). */
export async function dataDirectoryBehind(socket: string, password: string): Promise<string | undefined> {
  return withClient(urlOf(socket, password, 'postgres'), async client => {
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    return rows[0]?.data_directory;
  }).catch((error: NodeJS.ErrnoException) => {
    // invalid_password: a server runs, but not on our data.
    if (error.code === '28P01') throw error;
    return undefined;
  });
}

export async function makeDatabase(socket: string, password: string): Promise<void> {
  await withClient(urlOf(socket, password, 'postgres'), async client => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  });
}

/** Whether anybody else works in the database now. */
export async function hasOtherSessions(socket: string, password: string): Promise<boolean> {
  return withClient(urlOf(socket, password, 'postgres'), async client => {
    const { rowCount } = await client.query(
      `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1`,
    );
    return rowCount !== 0;
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  // A connection that is cut fails the query that waits on it; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
