import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Lines, readLines, rewriteLines } from './store.ts';

/** One request to send, and what became of it. */
export interface LedgerRow {
  /** strictly increasing */
  seq: number;
  /** ISO 8601 */
  at: string;
  wamid: string | null;
  to: string | null;
  /** biz_opaque_callback_data */
  callback: string | null;
  /** accepted, timeout, reset (accepted, the answer withheld), dropped, http_500, http_503, refused:<code> */
  outcome: string;
}

/** Rows of one file, and of one step of forgetting. */
const CHUNK_ROWS = 50_000;
/** At least the newest million rows are kept. */
const CHUNKS_MAX = 21;

/** Columns, not objects: a million rows have to fit into a laptop. */
interface Chunk {
  first: number;
  at: number[];
  wamid: (string | null)[];
  to: (string | null)[];
  callback: (string | null)[];
  outcome: string[];
  file: Lines | undefined;
  path: string | undefined;
}

/** Every request to send that the network has seen, so that a test can count what was sent once, twice or never. */
export class Ledger {
  readonly #dir: string | undefined;
  readonly #chunks: Chunk[] = [];
  /** callback data → its one row, or its rows in order */
  readonly #byCallback = new Map<string, number | number[]>();
  #next = 1;

  constructor(dataDir: string | undefined) {
    this.#dir = dataDir && join(dataDir, 'ledger');
    if (this.#dir === undefined) return;
    mkdirSync(this.#dir, { recursive: true });
    const names = readdirSync(this.#dir).filter(name => name.endsWith('.jsonl'));
    for (const name of names.sort()) this.#load(join(this.#dir, name), Number.parseInt(name, 10));
    const last = this.#chunks.at(-1);
    if (last?.path === undefined) return;
    // Written anew, since a crash may have cut its last line short.
    rewriteLines(last.path, rowsOf(last));
    last.file = new Lines(last.path);
  }

  record(
    at: number,
    wamid: string | null,
    to: string | null,
    callback: string | null,
    outcome: string,
  ): void {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.outcome.length >= CHUNK_ROWS) chunk = this.#startChunk();
    const seq = this.#put(chunk, at, wamid, to, callback, outcome);
    chunk.file?.add([seq, at, wamid, to, callback, outcome]);
  }

  /** Rows after a seq, oldest first; `next` is where to go on, null at the end. */
  read(after: number, limit: number, callback?: string): { data: LedgerRow[]; next: number | null } {
    const data: LedgerRow[] = [];
    for (const seq of callback === undefined ? this.#seqsAfter(after) : this.#seqsOf(callback)) {
      if (seq <= after) continue;
      const row = this.#row(seq);
      if (row === undefined) continue;
      if (data.length === limit) return { data, next: data.at(-1)!.seq };
      data.push(row);
    }
    return { data, next: null };
  }

  close(): void {
    for (const chunk of this.#chunks) chunk.file?.close();
  }

  #put(
    chunk: Chunk,
    at: number,
    wamid: string | null,
    to: string | null,
    callback: string | null,
    outcome: string,
  ): number {
    const seq = this.#next++;
    chunk.at.push(at);
    chunk.wamid.push(wamid);
    chunk.to.push(to);
    chunk.callback.push(callback);
    chunk.outcome.push(outcome);
    if (callback !== null) {
      const known = this.#byCallback.get(callback);
      if (known === undefined) this.#byCallback.set(callback, seq);
      else if (typeof known === 'number') this.#byCallback.set(callback, [known, seq]);
      else known.push(seq);
    }
    return seq;
  }

  #startChunk(path?: string): Chunk {
    const full = this.#chunks.at(-1);
    full?.file?.close();
    if (full !== undefined) full.file = undefined;
    const first = this.#next;
    // Twelve digits keep the order of names and of numbers the same.
    const own = path ?? (this.#dir && join(this.#dir, `${String(first).padStart(12, '0')}.jsonl`));
    const chunk: Chunk = {
      first,
      at: [],
      wamid: [],
      to: [],
      callback: [],
      outcome: [],
      file: path === undefined && own !== undefined ? new Lines(own) : undefined,
      path: own,
    };
    this.#chunks.push(chunk);
    if (this.#chunks.length > CHUNKS_MAX) this.#forget(this.#chunks.shift()!);
    return chunk;
  }

  #forget(chunk: Chunk): void {
    const end = chunk.first + chunk.outcome.length;
    for (const callback of chunk.callback) {
      if (callback === null) continue;
      const known = this.#byCallback.get(callback);
      const left = typeof known === 'number' ? [known] : (known ?? []);
      const kept = left.filter(seq => seq >= end);
      if (kept.length === 0) this.#byCallback.delete(callback);
      else this.#byCallback.set(callback, kept);
    }
    if (chunk.path !== undefined) rmSync(chunk.path, { force: true });
  }

  #load(path: string, first: number): void {
    this.#next = Math.max(this.#next, first);
    const chunk = this.#startChunk(path);
    for (const row of readLines(path)) {
      const [, at, wamid, to, callback, outcome] = row as [number, number, string, string, string, string];
      this.#put(chunk, at, wamid, to, callback, outcome);
    }
  }

  *#seqsAfter(after: number): Generator<number> {
    const oldest = this.#chunks[0]?.first ?? this.#next;
    for (let seq = Math.max(after + 1, oldest); seq < this.#next; seq++) yield seq;
  }

  #seqsOf(callback: string): number[] {
    const known = this.#byCallback.get(callback);
    return typeof known === 'number' ? [known] : (known ?? []);
  }

  #row(seq: number): LedgerRow | undefined {
    const chunk = this.#chunks.findLast(candidate => candidate.first <= seq);
    if (chunk === undefined) return undefined;
    const i = seq - chunk.first;
    const outcome = chunk.outcome[i];
    if (outcome === undefined) return undefined;
    return {
      seq,
      at: new Date(chunk.at[i]!).toISOString(),
      wamid: chunk.wamid[i]!,
      to: chunk.to[i]!,
      callback: chunk.callback[i]!,
      outcome,
    };
  }
}

function* rowsOf(chunk: Chunk): Generator<unknown[]> {
  for (let i = 0; i < chunk.outcome.length; i++) {
    yield [chunk.first + i, chunk.at[i], chunk.wamid[i], chunk.to[i], chunk.callback[i], chunk.outcome[i]];
  }
}
