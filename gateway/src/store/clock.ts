import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * Time as the outbox, inbox and reports know it. `now` is the database's time (an offset read from it plus our
 * monotonic clock), so that nodes whose clocks differ agree on leases; `monotonic` never steps and serves pace, leases
 * and time-outs. A test passes its own and runs a day in a millisecond.
 */
export interface Clock {
  readonly now: () => Date;
  /** Milliseconds from an arbitrary start. */
  readonly monotonic: () => number;
  /** The machine's own time in Unix ms. Only its difference from `monotonic` is looked at, which shows a sleep. */
  readonly wall: () => number;
}

/** A clock whose offset follows the database's. */
export interface DatabaseClock extends Clock {
  /** Reads the database's time again: our monotonic clock stands still while the machine sleeps. */
  readonly sync: () => Promise<void>;
}

/**
 * Reads the database's time, allowing for half of the round trip.
 *
 * @param wall the machine's own time
 */
export async function databaseClock(
  db: Kysely<Tables>,
  wall: () => number = Date.now,
): Promise<DatabaseClock> {
  let origin = 0;
  const sync = async (): Promise<void> => {
    const before = performance.now();
    const { rows } = await sql.raw<{ now: number }>(DATABASE_MS).execute(db);
    const after = performance.now();
    origin = rows[0]!.now - (before + after) / 2;
  };
  await sync();
  return {
    now: () => new Date(origin + performance.now()),
    monotonic: () => performance.now(),
    wall,
    sync,
  };
}

const DATABASE_MS = 'select extract(epoch from clock_timestamp())::float8 * 1000 as now';
