import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, onTestFinished } from 'vitest';
import { type EmbeddedDatabase, type EmbeddedOptions, startEmbedded } from '../gateway/src/store/embedded.ts';
import { type Binaries, binariesIn, installedBinaries } from '../gateway/src/store/postgres-binaries.ts';

export const isRoot = process.getuid?.() === 0;

/** For servers of which nothing is measured and no disk is pulled. */
export const QUICK = { fsync: 'off', shared_buffers: '32MB' };

/** A folder that goes with its test, and with it every server that still runs on data inside. */
export function temporaryFolder(mode = 0o755): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'wirebird-embedded-'));
  chmodSync(folder, mode);
  onTestFinished(() => {
    for (const pid of serversIn(folder)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  });
  return folder;
}

/** A data directory that has been started and stopped once, since making one takes a second. */
export async function preparedFolder(): Promise<string> {
  prepared ??= prepare();
  const dataDir = join(temporaryFolder(), 'data');
  cpSync(await prepared, dataDir, { recursive: true });
  return dataDir;
}

let prepared: Promise<string> | undefined;

async function prepare(): Promise<string> {
  const dataDir = mkdtempSync(join(realpathSync(tmpdir()), 'wirebird-prepared-'));
  chmodSync(dataDir, 0o755);
  const database = await startEmbedded({ dataDir, settings: QUICK, log: () => {} });
  await database.stop();
  return dataDir;
}

afterAll(async () => {
  if (prepared) rmSync(await prepared, { recursive: true, force: true });
});

/** The servers whose data lie in a folder. */
export function serversIn(folder: string): number[] {
  return commands()
    .filter(([, command]) => command.includes(`postgres -D ${folder}/`))
    .map(([pid]) => pid);
}

/** All processes with their command lines; a bare Debian has no `ps`. */
function commands(): [pid: number, command: string][] {
  if (process.platform !== 'linux') {
    return execFileSync('ps', ['-ww', '-A', '-o', 'pid=,command='], { encoding: 'utf8' })
      .split('\n')
      .map(line => [Number.parseInt(line, 10), line]);
  }
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => {
      try {
        return [Number(name), readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [Number(name), ''];
      }
    });
}

/** A server of this process, stopped with its test; `lines` is what it told the operator. */
export async function embedded(
  options: Omit<EmbeddedOptions, 'log'>,
): Promise<EmbeddedDatabase & { lines: string[] }> {
  const lines: string[] = [];
  const database = await startEmbedded({ settings: QUICK, ...options, log: line => lines.push(line) });
  onTestFinished(() => database.stop());
  return { ...database, lines };
}

/** A process of its own that starts a server, and stays until it is killed. */
export async function gatewayProcess(
  dataDir: string,
  more: Pick<EmbeddedOptions, 'apart' | 'users' | 'binaries'> = {},
): Promise<{ child: ChildProcess; url: string }> {
  const source = new URL('../gateway/src/store/embedded.ts', import.meta.url).href;
  const options = JSON.stringify({ dataDir, settings: QUICK, ...more });
  const script = `
    const { startEmbedded } = await import(${JSON.stringify(source)});
    const { url } = await startEmbedded({ ...${options}, log: () => {} });
    console.log(url);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [url] = (await Promise.race([
    once(child.stdout!.setEncoding('utf8'), 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('the process ended before its server ran'))),
  ])) as [string];
  return { child, url: url.trim() };
}

export async function endedChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** The first row of an answer. */
export async function ask(url: string, statement: string): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(statement)).rows[0] ?? {};
  } finally {
    await client.end();
  }
}

/** The programs as npm unpacks them where install scripts may not run: without the links between libraries. */
export function unlinkedBinaries(folder: string): Binaries {
  const installed = installedBinaries();
  const native = join(folder, 'package', 'native');
  mkdirSync(dirname(native), { recursive: true });
  cpSync(join(installed.root, '..', 'package.json'), join(folder, 'package', 'package.json'));
  cpSync(installed.root, native, {
    recursive: true,
    verbatimSymlinks: true,
    filter: source => !/\.a$/.test(source) && !lstatSync(source).isSymbolicLink(),
  });
  return binariesIn(native);
}
