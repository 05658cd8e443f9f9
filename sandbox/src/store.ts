import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** What a crash of the sandbox itself may lose. Only the kernel is waited for, not the disk: it is a laptop. */
const WRITE_AFTER_MS = 5;

/** A file of JSON lines that only grows; lines are written a few milliseconds after they are given. */
export class Lines {
  readonly #fd: number;
  #waiting: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** How many characters have been added since it was opened. */
  added = 0;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#fd = openSync(path, 'a');
  }

  add(row: object): void {
    const line = `${JSON.stringify(row)}\n`;
    this.added += line.length;
    this.#waiting.push(line);
    this.#timer ??= setTimeout(() => this.#write(), WRITE_AFTER_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#write();
    closeSync(this.#fd);
  }

  #write(): void {
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
  }
}

/** The rows of a file of JSON lines; none when it is absent. A line that a crash cut short is passed over. */
export function* readLines(path: string): Generator<unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  let from = 0;
  while (from < text.length) {
    const end = text.indexOf('\n', from);
    const line = text.slice(from, end === -1 ? text.length : end);
    from = end === -1 ? text.length : end + 1;
    try {
      yield JSON.parse(line);
    } catch {
      // Half a line: nobody was told that it is kept.
    }
  }
}

/** Replaces a file of JSON lines in one step. */
export function rewriteLines(path: string, rows: Iterable<object>): void {
  mkdirSync(dirname(path), { recursive: true });
  const parts: string[] = [];
  for (const row of rows) parts.push(JSON.stringify(row), '\n');
  writeFileSync(`${path}.new`, parts.join(''));
  renameSync(`${path}.new`, path);
}

/** A file that holds a state: the rows that rebuild it, then what changed since. */
export interface StateFile {
  add(row: object): void;
  close(): void;
}

/** Above this many characters of changes the file is written anew from the state as it is. */
const CHANGES_MAX = 64 * 1024 * 1024;

/**
 * Reads the file through `read`, writes it anew from `rows` and keeps it so. Without a path nothing is kept.
 * `rows` must give what `read` understands.
 */
export function openState(
  path: string | undefined,
  read: (row: unknown) => void,
  rows: () => Iterable<object>,
): StateFile {
  if (path === undefined) return { add() {}, close() {} };
  for (const row of readLines(path)) read(row);
  rewriteLines(path, rows());
  let lines = new Lines(path);
  return {
    add(row) {
      lines.add(row);
      if (lines.added < CHANGES_MAX) return;
      lines.close();
      rewriteLines(path, rows());
      lines = new Lines(path);
    },
    close: () => lines.close(),
  };
}
