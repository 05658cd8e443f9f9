import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';

/** What a later start must know of the embedded server, kept in the data directory, mode 0600. */
export interface DatabaseRecord {
  password: string;
  /** The place of the data; undefined before the first start. */
  directory?: string | undefined;
  /** The folder of the socket. */
  socket?: string | undefined;
}

const FILE = 'database.json';

/** @returns the record and whether it was there; a new one has a new password */
export async function readRecord(dataDir: string): Promise<{ record: DatabaseRecord; known: boolean }> {
  let text: string;
  try {
    text = await readFile(join(dataDir, FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { record: { password: randomBytes(24).toString('base64url') }, known: false };
  }
  const stored = JSON.parse(text) as DatabaseRecord;
  return {
    record: { ...stored, directory: stored.directory && resolve(dataDir, stored.directory) },
    known: true,
  };
}

/** Replaces the record as a whole; it is on the disk when this returns. */
export async function writeRecord(dataDir: string, record: DatabaseRecord): Promise<void> {
  const draft = join(dataDir, `${FILE}.draft`);
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(
      `${JSON.stringify({ ...record, directory: portable(dataDir, record.directory) })}\n`,
    );
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(dataDir, FILE));
}

/** A place inside the data directory moves with it. */
function portable(dataDir: string, directory: string | undefined): string | undefined {
  if (directory === undefined) return undefined;
  const inside = relative(dataDir, directory);
  return inside.startsWith('..') || isAbsolute(inside) ? directory : inside;
}
