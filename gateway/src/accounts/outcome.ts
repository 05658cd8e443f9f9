/** A change that another row stands against, in a sentence for the caller. */
export interface Conflict {
  readonly kind: 'conflict';
  readonly detail: string;
}

export const conflict = (detail: string): Conflict => ({ kind: 'conflict', detail });

/** The name of the unique constraint that an insert or update ran into; undefined for any other error. */
export function brokenUniqueness(error: unknown): string | undefined {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === '23505' ? (constraint ?? '') : undefined;
}

/** One page of a list, newest first. */
export interface Page {
  /** At most so many rows. */
  readonly limit: number;
  /** Only what is older than this id. */
  readonly after: string | undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** An id from outside that is none names nothing, and the database must not be asked for it. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** A part of a list by position, for callers that count pages. */
export interface Slice {
  readonly limit: number;
  readonly offset: number;
}

export interface Sliced<Row> {
  readonly rows: readonly Row[];
  /** Rows of the whole list. */
  readonly total: number;
}
