import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from './embedded-place.ts';
import { commandOf, isAlive, type ProcessIdentity, startOf } from './process-identity.ts';
import type { ServerSettings } from './server-settings.ts';
import { commandAs } from './server-user.ts';

/** One running server. A child of this process is seen to end at once, another's is looked for. */
export interface ServerProcess extends ProcessIdentity {
  child?: ChildProcess | undefined;
}

export const SUPERUSER = 'wirebird';

/** Log files above this are set aside at a start, in bytes. */
const LOG_MAX = 10 * 2 ** 20;

/** A pid that no system gives: PostgreSQL reads it as a server that is gone. */
const NOBODYS_PID = 2 ** 31 - 1;

const POLL_MS = 20;

export function clusterOf(place: Pick<Place, 'directory'>): string {
  return join(place.directory, 'data');
}

/** The major version that the data were made by; undefined when there are none. */
export async function clusterVersion(place: Place): Promise<number | undefined> {
  try {
    return Number((await readFile(join(clusterOf(place), 'PG_VERSION'), 'utf8')).trim());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes an empty cluster, whole or not at all. */
export async function makeCluster(place: Place, password: string, durable: boolean): Promise<void> {
  const draft = join(place.directory, 'data.draft');
  const passwordFile = join(place.directory, 'password.draft');
  await Promise.all([draft, passwordFile].map(path => rm(path, { recursive: true, force: true })));
  await writeFile(passwordFile, password, { flag: 'wx', mode: 0o600 });
  await giveTo(place, passwordFile);
  try {
    await runAs(place, place.binaries.initdb, [
      `--pgdata=${draft}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Before 17 there is none; the text is UTF-8 and sorted by its bytes all the same.
      ...(place.major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
      '--locale=C',
      '--data-checksums',
      '--no-instructions',
      ...(durable ? [] : ['--no-sync']),
    ]);
    await rename(draft, clusterOf(place));
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Gives the superuser a new password while no server runs: the old one was lost with its record. */
export async function resetPassword(place: Place, password: string): Promise<void> {
  const statement = `alter role ${SUPERUSER} password '${password}'\n`;
  await runAs(place, place.binaries.postgres, ['--single', '-D', clusterOf(place), 'postgres'], statement);
}

/** What `postmaster.pid` says: a server that runs, or one that was killed. */
export async function readPidFile(place: Place): Promise<{ pid: number; ready: boolean } | undefined> {
  const text = await readFile(join(clusterOf(place), 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  // The eighth line is the state: starting, stopping, ready, standby.
  return { pid, ready: lines[7]?.trim() === 'ready' };
}

/** The server that runs on these data, also one that is starting or stopping. */
export async function findServer(place: Place): Promise<ServerProcess | undefined> {
  const file = await readPidFile(place);
  const started = file && startOf(file.pid);
  if (!file || started === undefined) return undefined;
  // The pid may have come round to another process.
  if (!commandOf(file.pid)?.includes(clusterOf(place))) return undefined;
  return { pid: file.pid, started };
}

/**
 * Makes sure that a pid file left by a dead server does not stop the next: after a restart of a container its pid
 * often belongs to another process, which PostgreSQL takes for the server. The file itself stays, since PostgreSQL
 * reads in it which shared memory the dead server's last processes may still use.
 */
export async function disarmPidFile(place: Place): Promise<void> {
  const path = join(clusterOf(place), 'postmaster.pid');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  await writeFile(path, text.replace(/^\d+/, String(NOBODYS_PID)));
}

/**
 * Starts the server in a session of its own, so that Ctrl-C in the terminal does not take it before the drain, and
 * with its log in a file, so that it outlives this process.
 *
 * @returns when it takes connections
 */
export async function startServer(
  place: Place,
  socket: string,
  settings: ServerSettings,
  logFile: string,
): Promise<ServerProcess> {
  await setLogAside(logFile);
  const all: ServerSettings = { ...settings, unix_socket_directories: socket };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = commandAs(place.user, place.binaries.postgres, ['-D', clusterOf(place), ...args]);
  const log = await open(logFile, 'a', 0o600);
  const logStart = (await log.stat()).size;
  let child: ChildProcess;
  try {
    child = spawn(command.file, command.args, {
      ...command.options,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  } finally {
    await log.close();
  }
  child.unref();
  const pid = child.pid!;
  while (child.exitCode === null && child.signalCode === null) {
    const file = await readPidFile(place);
    if (file?.pid === pid && file.ready) return { pid, started: startOf(pid) ?? '', child };
    await sleep(POLL_MS);
  }
  throw new Error(`PostgreSQL did not start (${logFile}): ${await lastWords(logFile, logStart)}`);
}

/** Waits until the process has ended; false when it still runs after the time. */
export async function ended(server: ServerProcess, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isRunning(server)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

export function isRunning(server: ServerProcess): boolean {
  if (server.child) return server.child.exitCode === null && server.child.signalCode === null;
  return isAlive(server);
}

/** Ends the server: sessions are cut and a checkpoint is written; who hangs is cut without one. */
export async function stopServer(server: ServerProcess): Promise<void> {
  const ways = [
    { signal: 'SIGINT', patienceMs: 10_000 },
    { signal: 'SIGQUIT', patienceMs: 5_000 },
    { signal: 'SIGKILL', patienceMs: 5_000 },
  ] as const;
  for (const { signal, patienceMs } of ways) {
    if (!isRunning(server)) return;
    send(server, signal);
    if (await ended(server, patienceMs)) return;
  }
  throw new Error(`PostgreSQL (process ${server.pid}) does not end.`);
}

export function send(server: ServerProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(server.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A folder for the server's socket that only its user may enter. */
export async function makeSocketFolder(place: Place, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  await giveTo(place, folder);
}

async function giveTo(place: Place, path: string): Promise<void> {
  const { uid, gid } = place.user.owner;
  if ((await stat(path)).uid !== uid) await chown(path, uid, gid);
}

async function runAs(place: Place, program: string, args: string[], input = ''): Promise<void> {
  const command = commandAs(place.user, program, args);
  await new Promise<void>((resolve, reject) => {
    const child = execFile(command.file, command.args, command.options, (error, _stdout, stderr) => {
      if (error)
        reject(
          new Error(
            `PostgreSQL could not make its data in ${place.directory}: ${stderr.trim() || error.message}`,
          ),
        );
      else resolve();
    });
    child.stdin?.end(input);
  });
}

async function setLogAside(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    file => file.size,
    () => 0,
  );
  if (size > LOG_MAX) await rename(logFile, `${logFile}.1`);
}

async function lastWords(logFile: string, from: number): Promise<string> {
  const said = (await readFile(logFile)).subarray(from).toString('utf8').trim();
  return said.split('\n').slice(-5).join(' / ') || 'it said nothing';
}
