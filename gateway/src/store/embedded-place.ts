import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Binaries, copyBinaries, linkLibraries, noBinariesFor } from './postgres-binaries.ts';
import { canEnter, outputAs, SELF, type ServerUser, serverUsers } from './server-user.ts';

/** Where the server of a data directory lies, and how it can be started. */
export interface Place {
  /** Owned by the server's user, mode 0700; holds the data and the socket. */
  directory: string;
  user: ServerUser;
  binaries: Binaries;
  /** The major version of the binaries. */
  major: number;
}

export interface PlaceOptions {
  dataDir: string;
  binaries: Binaries;
  /** Where an earlier start put the data. */
  earlier: string | undefined;
  /** A place that survives reboots, for what the server's user could not reach otherwise. */
  apart: string;
  users?: readonly ServerUser[] | undefined;
  log: (line: string) => void;
}

/** For what the server's user cannot reach where it is: this survives reboots, unlike /tmp and /run. */
export const APART = '/var/lib/wirebird';

const run = promisify(execFile);

/**
 * Finds the least that must be moved: first nothing, then the binaries, then the data too.
 *
 * @throws Error, one sentence, when there is no way
 */
export async function findPlace(options: PlaceOptions): Promise<Place> {
  const { dataDir, earlier, apart, log } = options;
  // On musl, for one, npm installs programs that cannot run, in nobody's name.
  const linked = await linkLibraries(options.binaries);
  if (linked && !(await versionOf(SELF, options.binaries))) throw new Error(noBinariesFor());
  const users = await usable(options.users ?? serverUsers());
  if (users.length === 0) {
    throw new Error(noWay(options, 'neither a user namespace nor the user nobody is allowed here'));
  }
  const home = join(dataDir, 'postgres');
  const alone = users.every(user => user.way === 'self');
  const elsewhere = join(apart, nameApart(dataDir));
  const directories = earlier ? [earlier] : alone ? [home] : [home, elsewhere];

  for (const directory of directories) {
    if (directory === elsewhere && !(await openApart(apart))) continue;
    const entering = await those(users, user => canBeHome(user, directory));
    if (entering.length === 0) continue;
    const ordered = await ownerFirst(entering, directory);
    const installed = await runnable(ordered, options.binaries);
    const found = installed ?? (await runnable(ordered, await copyFor(options, alone)));
    if (!found) continue;
    await settle(directory, found.user);
    const moved = [
      ...(directory === home ? [] : [`its data are in ${directory}`]),
      ...(found.binaries === options.binaries ? [] : [`its programs in ${dirname(found.binaries.root)}`]),
    ];
    if (moved.length > 0) log(`PostgreSQL cannot run from where Wirebird is: ${moved.join(', ')}`);
    return { directory, ...found };
  }
  if (alone) throw new Error(noBinariesFor());
  throw new Error(noWay(options, `neither can reach ${directories.join(' or ')} and run its programs`));
}

function noWay(options: PlaceOptions, why: string): string {
  return `PostgreSQL does not run as root, and ${why}, so start Wirebird as an ordinary user, choose another --data directory than ${options.dataDir}, or give a --database-url.`;
}

/** The same for the same data directory, and told apart from its namesakes. */
/** A new name each time: a data directory that was deleted and made again must not meet the database of before. */
function nameApart(dataDir: string): string {
  return `${basename(dirname(dataDir))}-${randomBytes(6).toString('hex')}`.replaceAll(/[^\w.-]/g, '_');
}

async function usable(users: readonly ServerUser[]): Promise<ServerUser[]> {
  return those(users, user => canEnter(user, '/'));
}

async function those(
  users: readonly ServerUser[],
  test: (user: ServerUser) => Promise<boolean>,
): Promise<ServerUser[]> {
  const kept: ServerUser[] = [];
  for (const user of users) if (await test(user)) kept.push(user);
  return kept;
}

/** The directory is made over to its user later; what counts is that its user gets there. */
async function canBeHome(user: ServerUser, directory: string): Promise<boolean> {
  return canEnter(user, dirname(directory));
}

/** Who owns the data already need not be given them. */
async function ownerFirst(users: readonly ServerUser[], directory: string): Promise<ServerUser[]> {
  const owner = await stat(directory).then(
    found => found.uid,
    () => undefined,
  );
  if (owner === undefined) return [...users];
  const known = [...users, ...serverUsers()].some(user => user.owner.uid === owner);
  if (!known) {
    throw new Error(
      `The database in ${directory} belongs to the user ${owner}: start Wirebird as that user, or give it another --data directory.`,
    );
  }
  return users.toSorted((a, b) => Number(b.owner.uid === owner) - Number(a.owner.uid === owner));
}

async function copyFor(options: PlaceOptions, alone: boolean): Promise<Binaries | undefined> {
  // An ordinary user needs a copy only for links that cannot be made; programs that do not run would not run there either.
  if (alone && (await linkLibraries(options.binaries))) return undefined;
  if (alone) return copyBinaries(options.binaries, options.dataDir);
  return (await openApart(options.apart)) ? copyBinaries(options.binaries, options.apart) : undefined;
}

/** Made such that everybody may pass through, whatever the umask; false where it cannot be made. */
async function openApart(apart: string): Promise<boolean> {
  try {
    await mkdir(apart, { recursive: true });
    await chmod(apart, 0o755);
    return true;
  } catch {
    return false;
  }
}

async function runnable(
  users: readonly ServerUser[],
  binaries: Binaries | undefined,
): Promise<{ user: ServerUser; binaries: Binaries; major: number } | undefined> {
  if (!binaries || !(await linkLibraries(binaries))) return undefined;
  for (const user of users) {
    const major = await versionOf(user, binaries);
    if (major !== undefined) return { user, binaries, major };
  }
  return undefined;
}

/** The major version of programs that this user can run. */
async function versionOf(user: ServerUser, binaries: Binaries): Promise<number | undefined> {
  const version = await outputAs(user, binaries.postgres, ['--version']);
  const major = version?.match(/\(PostgreSQL\) (\d+)/)?.[1];
  return major === undefined ? undefined : Number(major);
}

async function settle(directory: string, user: ServerUser): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { uid } = await stat(directory);
  const owner = `${user.owner.uid}:${user.owner.gid}`;
  if (uid !== user.owner.uid) await run('chown', ['-R', '-h', owner, directory]);
  await chmod(directory, 0o700);
}
