import type { Readable } from 'node:stream';

/** Bytes from the first to the last, both counted in. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Where files lie. Keys are ours: letters, digits, `-` and `/`. */
export interface Storage {
  /** Resolves when the file is where it outlives a crash. Writing it again replaces it. */
  readonly put: (key: string, bytes: Uint8Array, mimeType: string) => Promise<void>;
  /** Undefined when there is none. */
  readonly get: (key: string, range?: ByteRange) => Promise<Readable | undefined>;
  /** Removing what is not there is no error. */
  readonly remove: (key: string) => Promise<void>;
  readonly close: () => void;
}
