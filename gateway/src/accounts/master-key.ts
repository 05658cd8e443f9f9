import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The master key of an installation that was given none: made once and kept in `master.key` of the data directory,
 * readable by its owner alone. Whoever backs up the data directory has it too.
 *
 * @throws Error with a sentence for the operator when the file is there but holds nothing
 */
export async function loadOrMakeMasterKey(dataDir: string): Promise<string> {
  const path = join(dataDir, 'master.key');
  const known = await read(path);
  if (known !== undefined) return known;
  await mkdir(dataDir, { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(`${randomBytes(32).toString('base64')}\n`);
    await file.sync();
    // A link never replaces: of two processes that start at once, one makes the key and the other reads it.
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
  const made = await read(path);
  if (made === undefined) throw new Error(`${path} vanished while it was made.`);
  return made;
}

async function read(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (text === '')
    throw new Error(`${path} is empty: put back the master key of this installation, or delete the file.`);
  return text;
}
