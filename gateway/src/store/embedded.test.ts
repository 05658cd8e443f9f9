import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  ask,
  embedded,
  endedChild,
  gatewayProcess,
  preparedFolder,
  QUICK,
  serversIn,
  temporaryFolder,
} from '../../../tests/embedded-folder.ts';
import { lockDataDirectory } from './data-lock.ts';
import { connectOrStart, startEmbedded } from './embedded.ts';

test('a first start gives an empty database of UTF-8 text that no network reaches', async () => {
  const dataDir = join(temporaryFolder(), 'not', 'there', 'yet');
  const { url, adopted } = await embedded({ dataDir });
  expect(adopted).toBe(false);
  expect(new URL(url).pathname).toBe('/wirebird');
  const settings = `select current_setting('listen_addresses') as addresses, current_setting('data_checksums') as checksums,
    pg_encoding_to_char(encoding) as encoding, datlocale as locale from pg_database where datname = 'wirebird'`;
  expect(await ask(url, settings)).toEqual({
    addresses: '',
    checksums: 'on',
    encoding: 'UTF8',
    locale: 'C.UTF-8',
  });
});

test('a commit is on the disk when it is answered, unless somebody asks for less', async () => {
  const dataDir = await preparedFolder();
  const { url } = await embedded({ dataDir, settings: {} });
  const settings = `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
    current_setting('full_page_writes') as pages`;
  expect(await ask(url, settings)).toEqual({ fsync: 'on', commit: 'on', pages: 'on' });
});

test('who does not know the password is refused', async () => {
  const { url } = await embedded({ dataDir: await preparedFolder() });
  const guessed = new URL(url);
  guessed.password = 'guessed';
  await expect(ask(guessed.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
});

test('the log of the server quotes neither statements nor rows', async () => {
  const dataDir = await preparedFolder();
  const { url } = await embedded({ dataDir });
  await ask(url, 'create table said (words text primary key)');
  await ask(url, `insert into said values ('a secret')`);
  await expect(ask(url, `insert into said values ('a secret')`)).rejects.toMatchObject({ code: '23505' });
  const log = readFileSync(join(dataDir, 'postgres.log'), 'utf8');
  expect(log).toContain('said_pkey');
  expect(log).not.toContain('a secret');
});

test('stopping and starting again keeps the data and the address', async () => {
  const dataDir = await preparedFolder();
  const first = await embedded({ dataDir });
  await ask(first.url, 'create table kept as select 42 as n');
  await first.stop();
  expect(serversIn(dataDir)).toEqual([]);
  const second = await embedded({ dataDir });
  expect(second).toMatchObject({ adopted: false, url: first.url, place: first.place });
  expect(await ask(second.url, 'select n from kept')).toEqual({ n: 42 });
});

test('servers of several data directories run side by side', async () => {
  const [one, two] = await Promise.all(
    [preparedFolder(), preparedFolder()].map(async dataDir => embedded({ dataDir: await dataDir })),
  );
  await ask(one!.url, 'create table mark ()');
  expect(await ask(two!.url, `select to_regclass('mark') as mark`)).toEqual({ mark: null });
});

test('a killed server is started again with what it had committed, under the same address', async () => {
  const dataDir = await preparedFolder();
  const { url, onExit, lines } = await embedded({ dataDir });
  const exits = vi.fn();
  onExit(exits);
  await ask(url, 'create table kept as select 42 as n');
  for (const round of [1, 2]) {
    process.kill(serversIn(dataDir)[0]!, 'SIGKILL');
    await vi.waitFor(
      () => expect(lines.filter(line => line.includes('runs again'))).toHaveLength(round),
      10_000,
    );
    expect(await ask(url, 'select n from kept')).toEqual({ n: 42 });
    expect(exits).toHaveBeenCalledTimes(round);
  }
});

test('a gateway killed in the middle of its work leaves its server to the next one, who watches over it', async () => {
  const dataDir = await preparedFolder();
  const killed = await gatewayProcess(dataDir);
  await ask(killed.url, 'create table kept as select 42 as n');
  const [server] = serversIn(dataDir);
  await endedChild(killed.child, 'SIGKILL');

  const next = await embedded({ dataDir });
  expect(next).toMatchObject({ adopted: true, url: killed.url });
  expect(serversIn(dataDir)).toEqual([server]);
  process.kill(server!, 'SIGKILL');
  await vi.waitFor(() => expect(next.lines.at(-1)).toContain('runs again'), 10_000);
  expect(await ask(next.url, 'select n from kept')).toEqual({ n: 42 });
  await next.stop();
  expect(serversIn(dataDir)).toEqual([]);
});

test('a start finds the data whole when gateway and server were killed together', async () => {
  const dataDir = await preparedFolder();
  const killed = await gatewayProcess(dataDir);
  const session = new pg.Client({ connectionString: killed.url });
  session.on('error', () => {});
  await session.connect();
  await session.query('create table kept as select 42 as n');
  // A session that waits sees the end of its server at once; one that computes, not before it has done.
  const computing = session
    .query(`do $$ begin while clock_timestamp() < now() + interval '1.5 s' loop end loop; end $$`)
    .catch(() => {});
  await vi.waitFor(async () =>
    expect(
      await ask(
        killed.url,
        `select count(*)::int as n from pg_stat_activity where query like 'do %' and state = 'active'`,
      ),
    ).toEqual({ n: 1 }),
  );
  process.kill(serversIn(dataDir)[0]!, 'SIGKILL');
  await endedChild(killed.child, 'SIGKILL');
  const next = await embedded({ dataDir });
  expect(next.adopted).toBe(false);
  expect(await ask(next.url, 'select n from kept')).toEqual({ n: 42 });
  await computing;
});

test('Ctrl-C in the terminal does not reach the server', async () => {
  const dataDir = await preparedFolder();
  const { child, url } = await gatewayProcess(dataDir);
  const exit = once(child, 'exit');
  process.kill(-child.pid!, 'SIGINT');
  await exit;
  expect(await ask(url, 'select 1 as one')).toEqual({ one: 1 });
});

test('a pid file whose pid has come round to another process stops nobody', async () => {
  const dataDir = await preparedFolder();
  const { stop, place } = await embedded({ dataDir });
  await stop();
  const cluster = join(place, 'data');
  // As after the restart of a container: another process has the pid of the server that was.
  const other = spawn('sleep', ['60']);
  onTestFinished(() => void other.kill('SIGKILL'));
  const lines = [other.pid, cluster, 1_700_000_000, 5432, join(place, 'socket'), '', '', 'ready'];
  writeFileSync(join(cluster, 'postmaster.pid'), `${lines.join('\n')}\n`);
  writeFileSync(join(place, 'socket', '.s.PGSQL.5432.lock'), `${lines.slice(0, 5).join('\n')}\n`);
  const next = await embedded({ dataDir });
  expect(next.adopted).toBe(false);
  expect(await ask(next.url, 'select 1 as one')).toEqual({ one: 1 });
});

test('a path too long for a socket puts the socket elsewhere, for a restart and an adoption too', async () => {
  const dataDir = join(temporaryFolder(), 'long'.repeat(30), 'data');
  cpSync(await preparedFolder(), dataDir, { recursive: true });
  const killed = await gatewayProcess(dataDir);
  await endedChild(killed.child, 'SIGKILL');
  const next = await embedded({ dataDir });
  expect(next).toMatchObject({ adopted: true, url: killed.url });
  process.kill(serversIn(dataDir)[0]!, 'SIGKILL');
  await vi.waitFor(() => expect(next.lines.at(-1)).toContain('runs again'), 10_000);
  expect(await ask(next.url, 'select 1 as one')).toEqual({ one: 1 });
});

test('a first start that was cut short is begun again', async () => {
  const dataDir = temporaryFolder();
  mkdirSync(join(dataDir, 'postgres', 'data.draft', 'base'), { recursive: true });
  writeFileSync(join(dataDir, 'postgres', 'password.draft'), 'old', { mode: 0o400 });
  const { url } = await embedded({ dataDir });
  expect(await ask(url, 'select 1 as one')).toEqual({ one: 1 });
});

test('data whose password was lost get a new one', async () => {
  const dataDir = await preparedFolder();
  const first = await embedded({ dataDir });
  await ask(first.url, 'create table kept as select 42 as n');
  await first.stop();
  rmSync(join(dataDir, 'database.json'));
  const second = await embedded({ dataDir });
  expect(second.url).not.toBe(first.url);
  expect(await ask(second.url, 'select n from kept')).toEqual({ n: 42 });
});

test('data of another major version are refused with what to do', async () => {
  const dataDir = await preparedFolder();
  const { stop, place } = await embedded({ dataDir });
  await stop();
  writeFileSync(join(place, 'data', 'PG_VERSION'), '16\n');
  await expect(startEmbedded({ dataDir, log: () => {} })).rejects.toThrow(
    /made by PostgreSQL 16.*--database-url/,
  );
});

test('a server that cannot start says why in its own words', async () => {
  const dataDir = await preparedFolder();
  const settings = { ...QUICK, shared_buffers: 'much' };
  await expect(startEmbedded({ dataDir, settings, log: () => {} })).rejects.toThrow(
    /did not start.*shared_buffers.*much/,
  );
  expect(serversIn(dataDir)).toEqual([]);
});

test('a command beside the gateway uses the server that runs, and leaves it running', async () => {
  const dataDir = await preparedFolder();
  const gateway = await embedded({ dataDir });
  const command = await connectOrStart({ dataDir, settings: QUICK, log: () => {} });
  expect(command.url).toBe(gateway.url);
  await command.stop();
  expect(await ask(gateway.url, 'select 1 as one')).toEqual({ one: 1 });
});

test('a command without a gateway has a server for its own time, shared with a command beside it', async () => {
  const dataDir = await preparedFolder();
  const options = { dataDir, settings: QUICK, log: () => {} };
  const [one, two] = await Promise.all([connectOrStart(options), connectOrStart(options)]);
  expect(one.url).toBe(two.url);
  expect(serversIn(dataDir)).toHaveLength(1);
  await Promise.all([one.stop(), two.stop()]);
  expect(serversIn(dataDir)).toEqual([]);
});

test('a command that ends before another one waits for nobody and cuts nobody', async () => {
  const dataDir = await preparedFolder();
  const command = await connectOrStart({ dataDir, settings: QUICK, log: () => {} });
  const other = new pg.Client({ connectionString: command.url });
  await other.connect();
  await command.stop();
  expect((await other.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await other.end();
  await vi.waitFor(() => expect(serversIn(dataDir)).toEqual([]), 10_000);
});

test('a command leaves the server that it started to a gateway that came in the meantime', async () => {
  const dataDir = await preparedFolder();
  const command = await connectOrStart({ dataDir, settings: QUICK, log: () => {} });
  const lock = await lockDataDirectory(dataDir);
  const gateway = await embedded({ dataDir });
  expect(gateway.adopted).toBe(true);
  await command.stop();
  expect(await ask(gateway.url, 'select 1 as one')).toEqual({ one: 1 });
  // Where PostgreSQL had to move is said again; that it was started is not.
  expect(gateway.lines.filter(line => !line.includes('PostgreSQL cannot run from'))).toEqual([]);
  await lock.release();
});
