import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitForLock } from './data-lock.ts';
import { type DatabaseRecord, readRecord, writeRecord } from './database-record.ts';
import { dataDirectoryBehind, makeDatabase, urlOf } from './embedded-connection.ts';
import { APART, findPlace, type Place } from './embedded-place.ts';
import {
  clusterOf,
  clusterVersion,
  disarmPidFile,
  findServer,
  makeCluster,
  makeSocketFolder,
  resetPassword,
  type ServerProcess,
  startServer,
} from './embedded-process.ts';
import { type Binaries, installedBinaries } from './postgres-binaries.ts';
import { type ServerSettings, serverSettings } from './server-settings.ts';
import type { ServerUser } from './server-user.ts';

export interface EmbeddedOptions {
  dataDir: string;
  log: (line: string) => void;
  /** Over those of `server-settings.ts`. */
  settings?: ServerSettings;
  /** Instead of those that npm brought. */
  binaries?: Binaries;
  /** Instead of `/var/lib/wirebird`, for what the server's user cannot reach in the data directory. */
  apart?: string;
  /** Instead of every way that this process has to run a server. */
  users?: readonly ServerUser[];
}

export interface RunningServer {
  place: Place;
  server: ServerProcess;
  socket: string;
  password: string;
  url: string;
  /** Found running: an earlier process started it. */
  adopted: boolean;
}

/** Held while a server is started, adopted or stopped. */
const LOCK = 'database.lock';

/** Longest wait for another process that starts or stops the server, in ms. */
const LOCK_PATIENCE_MS = 120_000;

/** Longest wait for a server that was found starting or stopping, in ms. */
const FOUND_PATIENCE_MS = 120_000;

/** The last processes of a killed server see its end within moments, in ms. */
const ORPHANS_MS = 10_000;

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the closing NUL included. */
const SOCKET_PATH_MAX = 100;

/** Adopts the server of a data directory, or starts one, with a cluster and a database when there are none. */
export async function ensureServer(options: EmbeddedOptions): Promise<RunningServer> {
  return whileStartingOrStopping(options.dataDir, async dataDir => {
    const { record, known } = await readRecord(dataDir);
    const place = await findPlace({
      dataDir,
      binaries: options.binaries ?? installedBinaries(),
      earlier: record.directory,
      apart: options.apart ?? APART,
      users: options.users,
      log: options.log,
    });
    const adopted = await adopt(place, record);
    if (adopted) return adopted;
    return start(options, dataDir, place, record, known);
  });
}

/** Runs `work` while no other process starts or stops the server of this data directory. */
export async function whileStartingOrStopping<T>(
  dataDir: string,
  work: (dataDir: string) => Promise<T>,
): Promise<T> {
  try {
    await mkdir(dataDir, { recursive: true });
    const real = await realpath(dataDir);
    const lock = await waitForLock(real, LOCK, LOCK_PATIENCE_MS);
    try {
      return await work(real);
    } finally {
      await lock.release();
    }
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error;
    throw new Error(
      `The data directory ${dataDir} cannot be used by this user (${code} at ${path}): start Wirebird as its owner, or give another with --data.`,
      { cause: error },
    );
  }
}

/** The folder of a socket outside the data; it goes with the server. */
export async function clearSocket(running: RunningServer): Promise<void> {
  if (running.socket !== socketInside(running.place))
    await rm(running.socket, { recursive: true, force: true });
}

async function adopt(place: Place, record: DatabaseRecord): Promise<RunningServer | undefined> {
  const { socket, password } = record;
  const isOurs = async () =>
    socket !== undefined && (await dataDirectoryBehind(socket, password)) === clusterOf(place);
  const deadline = performance.now() + FOUND_PATIENCE_MS;
  for (;;) {
    const server = await findServer(place);
    if (!server) break;
    if (await isOurs()) return running(place, server, socket!, password, true);
    if (performance.now() > deadline) {
      throw new Error(
        `PostgreSQL (process ${server.pid}) runs on ${place.directory} but takes no connection: stop it with kill -INT ${server.pid} and start again.`,
      );
    }
    await sleep(50);
  }
  if (await isOurs()) {
    throw new Error(
      `A PostgreSQL server that this process cannot see, perhaps in another container, runs on ${place.directory}: stop that one first.`,
    );
  }
  return undefined;
}

async function start(
  options: EmbeddedOptions,
  dataDir: string,
  place: Place,
  record: DatabaseRecord,
  known: boolean,
): Promise<RunningServer> {
  const settings = { ...serverSettings(), ...options.settings };
  const version = await clusterVersion(place);
  if (version === undefined) {
    // The record first: a cluster whose password nobody knows is worth nothing.
    await writeRecord(dataDir, { ...record, directory: place.directory });
    await makeCluster(place, record.password, settings.fsync !== 'off');
  } else if (version !== place.major) {
    throw new Error(
      `The data in ${place.directory} were made by PostgreSQL ${version}, and this Wirebird brings ${place.major}: start the Wirebird that made them, or move them to a server of your own and give its --database-url.`,
    );
  } else {
    // PostgreSQL refuses what a backup has put back with other rights.
    await chmod(clusterOf(place), 0o700);
    await disarmPidFile(place);
    if (!known) await resetPassword(place, record.password);
  }
  const socket = await openSocket(place, record.socket);
  await writeRecord(dataDir, { password: record.password, directory: place.directory, socket });
  const server = await startPatiently(place, socket, settings, join(dataDir, 'postgres.log'));
  await makeDatabase(socket, record.password);
  return running(place, server, socket, record.password, false);
}

function running(
  place: Place,
  server: ServerProcess,
  socket: string,
  password: string,
  adopted: boolean,
): RunningServer {
  return { place, server, socket, password, url: urlOf(socket, password), adopted };
}

/** The sessions of a server that was killed outlive it for moments, and keep its memory. */
async function startPatiently(
  place: Place,
  socket: string,
  settings: ServerSettings,
  logFile: string,
): Promise<ServerProcess> {
  const deadline = performance.now() + ORPHANS_MS;
  for (;;) {
    try {
      return await startServer(place, socket, settings, logFile);
    } catch (error) {
      const memoryInUse = /shared memory block .* is still in use/.test((error as Error).message);
      if (!memoryInUse || performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

function socketInside(place: Place): string {
  return join(place.directory, 'socket');
}

/**
 * The folder for the socket: beside the data, where everybody who can use the data finds it, or, when that path is too
 * long for a socket, in the folder for temporary files. A restart takes the one that is known already.
 */
async function openSocket(place: Place, earlier: string | undefined): Promise<string> {
  const inside = socketInside(place);
  if (fits(inside)) {
    await makeSocketFolder(place, inside);
    return inside;
  }
  const prefix = `wirebird-${createHash('sha256').update(place.directory).digest('hex').slice(0, 12)}-`;
  const again =
    earlier !== undefined && basename(earlier).startsWith(prefix) && (await isFreeOrOurs(earlier, place));
  const folder = again ? earlier : await newFolder(prefix);
  await makeSocketFolder(place, folder);
  return folder;
}

async function newFolder(prefix: string): Promise<string> {
  const base = await realpath(tmpdir());
  return mkdtemp(join(fits(join(base, `${prefix}XXXXXX`)) ? base : '/tmp', prefix));
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, '.s.PGSQL.5432')) <= SOCKET_PATH_MAX;
}

async function isFreeOrOurs(folder: string, place: Place): Promise<boolean> {
  try {
    const found = await lstat(folder);
    return found.isDirectory() && found.uid === place.user.owner.uid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
