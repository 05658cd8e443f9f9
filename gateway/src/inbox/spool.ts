import { type FileHandle, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Batch, Overloaded } from '../store/batch.ts';
import type { JournalRow } from '../store/journal-row.ts';

/** A file is closed when it has grown to this, so that what is emptied needs no more memory. */
const FILE_BYTES = 8 * 1024 * 1024;

/** Meta repeats what gets no 200 for seven days (meta-cloud-api §5.1): beyond this it may. */
const SPOOL_BYTES_MAX = 1024 * 1024 * 1024;

const ENDING = '.spool';

interface OpenFile {
  readonly handle: FileHandle;
  readonly name: string;
  bytes: number;
}

/** The disk takes no more. */
class SpoolFault extends Error {}

export interface SpoolOptions {
  /** A folder of this gateway alone. */
  readonly folder: string;
  readonly maxBytes?: number;
  /** Puts webhooks into the journal; one that stands there already is passed over. */
  readonly journal: (rows: readonly JournalRow[]) => Promise<void>;
  /** A file cannot be read; it is set aside. */
  readonly onBroken: (name: string) => void;
}

/**
 * Webhooks that came while the database was away: verified, then on the disk before their 200, in files of lines. Emptied
 * into the journal in their order when the database is back; a file is deleted after all of it is there, so a crash in
 * between does it again under the same ids.
 */
export class Spool {
  readonly #options: Required<SpoolOptions>;
  readonly #batch: Batch<string, undefined>;
  #file: OpenFile | undefined;
  /** Of what happens to the open file. */
  #last: Promise<unknown> = Promise.resolve();
  /** Closed files, oldest first, with their sizes. */
  readonly #files = new Map<string, number>();
  #bytes = 0;
  #made = 0;
  #emptying: Promise<number> | undefined;

  private constructor(options: SpoolOptions) {
    this.#options = { maxBytes: SPOOL_BYTES_MAX, ...options };
    this.#batch = new Batch<string, undefined>({
      size: line => line.length,
      timeoutMs: Number.POSITIVE_INFINITY,
      commit: async lines => {
        await this.#alone(() => this.#append(lines.join('')));
        return [];
      },
    });
  }

  /** Opens the spool with what an earlier process has left in it. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    for (const name of (await readdir(options.folder)).filter(one => one.endsWith(ENDING)).sort()) {
      const { size } = await stat(join(options.folder, name));
      spool.#files.set(name, size);
      spool.#bytes += size;
    }
    return spool;
  }

  /** Of webhooks on the disk and not in the journal yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Resolves when the webhook is on the disk; those that come together share a sync.
   *
   * @throws Overloaded when the spool is full
   */
  async write(row: JournalRow): Promise<void> {
    const line = `${JSON.stringify(row)}\n`;
    if (this.#bytes + line.length > this.#options.maxBytes)
      throw new Overloaded('the spool of webhooks is full', 60);
    this.#bytes += line.length;
    try {
      await this.#batch.add(line);
    } catch (error) {
      this.#bytes -= line.length;
      if (error instanceof SpoolFault) throw new Overloaded(`webhooks cannot be kept: ${error.message}`, 60);
      throw error;
    }
  }

  /**
   * Moves everything into the journal.
   *
   * @returns how many webhooks
   * @throws the database's error; what is not moved stays
   */
  empty(): Promise<number> {
    this.#emptying ??= this.#empty().finally(() => {
      this.#emptying = undefined;
    });
    return this.#emptying;
  }

  async close(): Promise<void> {
    await this.#batch.idle();
    await this.#alone(() => this.#seal());
  }

  /** One thing at a time happens to the open file. */
  #alone<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#last.then(job);
    this.#last = done.catch(() => {});
    return done;
  }

  async #append(text: string): Promise<void> {
    try {
      this.#file ??= await this.#create();
      await this.#file.handle.appendFile(text);
      await this.#file.handle.datasync();
      this.#file.bytes += text.length;
      if (this.#file.bytes >= FILE_BYTES) await this.#seal();
    } catch (error) {
      // Its last line may be half a one: nothing may follow that.
      await this.#seal().catch(() => {});
      throw new SpoolFault(error instanceof Error ? error.message : String(error));
    }
  }

  async #create(): Promise<OpenFile> {
    const { folder } = this.#options;
    // Names sort by age, across restarts too.
    const name = `${String(Date.now()).padStart(15, '0')}-${String(this.#made++).padStart(6, '0')}${ENDING}`;
    const handle = await open(join(folder, name), 'wx', 0o600);
    const directory = await open(folder, 'r');
    await directory.sync();
    await directory.close();
    return { handle, name, bytes: 0 };
  }

  async #seal(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    this.#files.set(file.name, file.bytes);
    await file.handle.close();
  }

  async #empty(): Promise<number> {
    const { folder, journal, onBroken } = this.#options;
    let count = 0;
    // What is written meanwhile goes into the next file.
    await this.#alone(() => this.#seal());
    for (const [name, bytes] of this.#files) {
      const path = join(folder, name);
      const rows = rowsOf(await readFile(path, 'utf8'));
      if (rows === undefined) {
        onBroken(name);
        await rename(path, `${path}.broken`);
      } else {
        if (rows.length > 0) await journal(rows);
        await unlink(path);
        count += rows.length;
      }
      this.#files.delete(name);
      this.#bytes -= bytes;
    }
    return count;
  }
}

/**
 * A line without an end was being written when the process died: its webhook got no 200, and Meta repeats it.
 *
 * @returns undefined for a file that nobody here has written so
 */
function rowsOf(text: string): JournalRow[] | undefined {
  const lines = text.split('\n');
  lines.pop();
  try {
    return lines.map(line => JSON.parse(line) as JournalRow);
  } catch {
    return undefined;
  }
}
