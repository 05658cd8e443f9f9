import { execFile, type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/*
 * PostgreSQL refuses to run as root. A gateway that root started has two ways to start it all the same, neither of
 * which makes a user:
 *
 *   namespace   in a user namespace of its own, where root's files are owned by a user named nobody; to the rest of
 *               the machine the server is root without any of root's powers, so that it enters root's own folders.
 *               Containers and chroots often refuse it
 *   nobody      as the unprivileged user nobody, who must be let into each folder on the way
 */

/** In whose name a program of PostgreSQL runs, and who owns its files as this process sees them. */
export interface ServerUser {
  way: 'self' | 'namespace' | 'nobody';
  owner: Owner;
}

export interface Owner {
  uid: number;
  gid: number;
}

export interface Command {
  file: string;
  args: string[];
  options: Pick<SpawnOptions, 'uid' | 'gid' | 'cwd' | 'env'>;
}

/** Where /etc/passwd does not say. */
const NOBODY: Owner = { uid: 65534, gid: 65534 };

/** The user of this process. */
export const SELF: ServerUser = {
  way: 'self',
  owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
};

const run = promisify(execFile);

/** The ways to try, best first. */
export function serverUsers(): ServerUser[] {
  if (SELF.owner.uid !== 0) return [SELF];
  const nobody: ServerUser = { way: 'nobody', owner: nobodyOf(readPasswd()) };
  return process.platform === 'linux' ? [{ way: 'namespace', owner: SELF.owner }, nobody] : [nobody];
}

/** How a program is started in a user's name, with nothing of our own environment that PostgreSQL would obey. */
export function commandAs(user: ServerUser, program: string, args: readonly string[]): Command {
  const options = { cwd: '/', env: cleanEnvironment() };
  switch (user.way) {
    case 'self':
      return { file: program, args: [...args], options };
    case 'namespace': {
      // Inside, only the name matters: initdb asks for it, and nobody is known to every system.
      const { uid, gid } = nobodyOf(readPasswd());
      const map = ['--user', `--map-user=${uid}`, `--map-group=${gid}`];
      return { file: 'unshare', args: [...map, '--', program, ...args], options };
    }
    case 'nobody':
      // Node takes signed numbers here: macOS has nobody at -2.
      return {
        file: program,
        args: [...args],
        options: { ...options, uid: user.owner.uid | 0, gid: user.owner.gid | 0 },
      };
  }
}

/** What a program printed; undefined when it cannot be run in this user's name or fails. */
export async function outputAs(
  user: ServerUser,
  program: string,
  args: readonly string[],
): Promise<string | undefined> {
  const { file, args: all, options } = commandAs(user, program, args);
  try {
    return (await run(file, all, options)).stdout;
  } catch {
    return undefined;
  }
}

export async function canEnter(user: ServerUser, directory: string): Promise<boolean> {
  return (await outputAs(user, '/bin/sh', ['-c', 'cd "$1"', 'sh', directory])) !== undefined;
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}

function nobodyOf(passwd: string): Owner {
  const fields = passwd
    .split('\n')
    .find(line => line.startsWith('nobody:'))
    ?.split(':');
  if (!fields) return NOBODY;
  return { uid: Number(fields[2]) >>> 0, gid: Number(fields[3]) >>> 0 };
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const path = [process.env.PATH, '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'].filter(Boolean).join(':');
  // LC_ALL: without it macOS makes the postmaster multithreaded, and it refuses to start. TZ comes from a setting.
  return { PATH: path, LC_ALL: 'C' };
}
