import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/*
 * A lock that a kill -9 cannot leave behind, out of files alone.
 *
 *   <name>.1  →  <name>.2  →  <name>.3        the highest number is the holder
 *   (dead)       (emptied)    pid, start
 *
 * A file is born complete (written aside, then linked) and a number can be born only once. Who finds the highest one
 * dead or emptied makes the next. The highest file is never deleted, so that a process that read the folder long ago
 * and now makes a number that was cleared away sees a higher one and steps back.
 */

export interface DataLock {
  release(): Promise<void>;
}

export class DataDirectoryInUse extends Error {
  readonly pid: number;

  constructor(dataDir: string, pid: number) {
    super(
      `The data directory ${dataDir} is in use by process ${pid}: stop that one first, or give this one a --data directory of its own.`,
    );
    this.name = 'DataDirectoryInUse';
    this.pid = pid;
  }
}

const GATEWAY = 'gateway.lock';

/**
 * One gateway per data directory.
 *
 * @throws DataDirectoryInUse when a living process holds it
 */
export async function lockDataDirectory(dataDir: string): Promise<DataLock> {
  const taken = await take(dataDir, GATEWAY);
  if ('pid' in taken) throw new DataDirectoryInUse(dataDir, taken.pid);
  return taken;
}

/** The process that serves from this data directory now. */
export async function gatewayOf(dataDir: string): Promise<ProcessIdentity | undefined> {
  const highest = await highestNumber(dataDir, GATEWAY);
  return highest === undefined ? undefined : livingHolder(dataDir, GATEWAY, highest);
}

/** Waits for a lock that is held for moments only. */
export async function waitForLock(dataDir: string, name: string, patienceMs: number): Promise<DataLock> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const taken = await take(dataDir, name);
    if (!('pid' in taken)) return taken;
    if (performance.now() > deadline) throw new DataDirectoryInUse(dataDir, taken.pid);
    await sleep(25);
  }
}

async function take(directory: string, name: string): Promise<DataLock | ProcessIdentity> {
  await mkdir(directory, { recursive: true });
  const draft = join(directory, `${name}-${randomUUID()}`);
  await writeFile(draft, JSON.stringify(ownIdentity()), { flag: 'wx', mode: 0o644 });
  try {
    for (;;) {
      const highest = (await highestNumber(directory, name)) ?? 0;
      const holder = highest === 0 ? undefined : await livingHolder(directory, name, highest);
      if (holder) return holder;
      const mine = highest + 1;
      if (!(await born(draft, numbered(directory, name, mine)))) continue;
      if ((await highestNumber(directory, name)) !== mine) {
        await rm(numbered(directory, name, mine), { force: true });
        continue;
      }
      await clearBelow(directory, name, mine);
      return { release: () => release(numbered(directory, name, mine)) };
    }
  } finally {
    await rm(draft, { force: true });
  }
}

function numbered(directory: string, name: string, number: number): string {
  return join(directory, `${name}.${number}`);
}

async function numbers(directory: string, name: string): Promise<number[]> {
  const files = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const prefix = `${name}.`;
  return files
    .filter(file => file.startsWith(prefix))
    .map(file => Number(file.slice(prefix.length)))
    .filter(Number.isSafeInteger);
}

async function highestNumber(directory: string, name: string): Promise<number | undefined> {
  return (await numbers(directory, name)).reduce<number | undefined>(
    (highest, number) => (highest === undefined || number > highest ? number : highest),
    undefined,
  );
}

async function livingHolder(
  directory: string,
  name: string,
  number: number,
): Promise<ProcessIdentity | undefined> {
  // Cleared away since the folder was read: a successor stands there, and making this number's next one finds it.
  const text = await readFile(numbered(directory, name, number), 'utf8').catch(() => '');
  if (text === '') return undefined;
  const identity = JSON.parse(text) as ProcessIdentity;
  return isAlive(identity) ? identity : undefined;
}

async function born(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function clearBelow(directory: string, name: string, number: number): Promise<void> {
  const below = (await numbers(directory, name)).filter(other => other < number);
  await Promise.all(below.map(other => rm(numbered(directory, name, other), { force: true })));
}

async function release(path: string): Promise<void> {
  await truncate(path).catch((error: NodeJS.ErrnoException) => {
    // A data directory that was deleted under us holds nobody back.
    if (error.code !== 'ENOENT') throw error;
  });
}
