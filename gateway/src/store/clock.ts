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
}

/** Reads the database's time once, allowing for half of the round trip. */
export async function databaseClock(db: Kysely<Tables>): Promise<Clock> {
  const before = performance.now();
  const { rows } = await sql<{
    now: number;
  }>`select extract(epoch from clock_timestamp())::float8 * 1000 as now`.execute(db);
  const after = performance.now();
  const origin = rows[0]!.now - (before + after) / 2;
  return {
    now: () => new Date(origin + performance.now()),
    monotonic: () => performance.now(),
  };
}
