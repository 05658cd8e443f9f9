import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';

const run = promisify(execFile);

/** What the gateway keeps about its embedded database, for whoever comes after it. */
interface DatabaseRecord {
  readonly password: string;
  readonly directory?: string;
  readonly socket?: string;
}

/** A fast shutdown writes a checkpoint; with this much data it takes a second. */
const SHUTDOWN_MS = 30_000;

/** The process id of the PostgreSQL postmaster of a data directory; undefined when none runs. */
export async function postmasterOf(dataDir: string): Promise<number | undefined> {
  const directory = (await recordOf(dataDir))?.directory;
  if (directory === undefined) return undefined;
  const text = await readFile(join(directory, 'data', 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  // A killed server leaves its file, and its number may be somebody else's by now.
  return Number.isInteger(pid) && (await commandOf(pid)).includes(join(directory, 'data')) ? pid : undefined;
}

async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text.replaceAll('\0', ' ');
  }
  return run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  );
}

/** Where the embedded database of a data directory is reached, and where its data lies. */
export async function connectionOf(dataDir: string): Promise<{
  readonly socket: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly data: string;
}> {
  const record = await recordOf(dataDir);
  if (record?.socket === undefined || record.directory === undefined)
    throw new Error(`no database runs on ${dataDir}`);
  return {
    socket: join(record.socket, '.s.PGSQL.5432'),
    user: 'wirebird',
    password: record.password,
    database: 'wirebird',
    data: join(record.directory, 'data'),
  };
}

/** Asks the database something; its connection is closed again. */
export async function query<Row extends object>(
  dataDir: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const record = await recordOf(dataDir);
  if (record?.socket === undefined) throw new Error(`no database runs on ${dataDir}`);
  const client = new Client({
    host: record.socket,
    port: 5432,
    user: 'wirebird',
    password: record.password,
    database: 'wirebird',
  });
  // A server that is killed meanwhile says so beside the query, which fails too.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Ends a database that outlived its gateway and deletes all that lies in and beside the data directory. */
export async function removeData(dataDir: string): Promise<void> {
  const record = await recordOf(dataDir);
  const pid = await postmasterOf(dataDir);
  if (pid !== undefined) {
    process.kill(pid, 'SIGINT');
    const deadline = performance.now() + SHUTDOWN_MS;
    while ((await postmasterOf(dataDir)) === pid && performance.now() < deadline) await sleep(20);
    if ((await postmasterOf(dataDir)) === pid) process.kill(pid, 'SIGKILL');
  }
  for (const path of [record?.directory, record?.socket]) {
    if (path !== undefined && isOutside(dataDir, path)) await rm(path, { recursive: true, force: true });
  }
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
}

async function recordOf(dataDir: string): Promise<DatabaseRecord | undefined> {
  const text = await readFile(join(dataDir, 'database.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as DatabaseRecord;
  return record.directory === undefined
    ? record
    : { ...record, directory: resolve(dataDir, record.directory) };
}

function isOutside(dataDir: string, path: string): boolean {
  const inside = relative(dataDir, path);
  return inside.startsWith('..') || isAbsolute(inside);
}
