import { type Kysely, sql } from 'kysely';
import { firstIdAt } from '../message/id.ts';
import type { Tables } from './tables.ts';

export const DAY_MS = 86_400_000;

/**
 * Meta repeats a webhook for seven days, so ids derived from its times reach a week back; one day is for clocks. Days
 * before the installation share one partition: each one costs every statement a little.
 */
const DAYS_BACK = 8;

/** Made ahead, so that a node that cannot reach this code for a week still has somewhere to write. */
export const DAYS_AHEAD = 7;

/** Table, whether its rows are updated (then pages keep room, and vacuum comes early). */
export const PARTITIONED: readonly (readonly [string, boolean])[] = [
  ['messages', true],
  ['timeline', false],
  ['reports', true],
  ['report_attempts', false],
  ['journal', true],
];

/**
 * Makes the missing partitions of each partitioned table: one for everything before the oldest day (times that Meta
 * gives can be old), then one a day up to seven days ahead. Never a default partition: rows in it would block the
 * making of the right one.
 *
 * @param now database time
 */
export async function ensurePartitions(db: Kysely<Tables>, now: Date): Promise<void> {
  const today = Math.floor(now.getTime() / DAY_MS);
  // A transaction for each table: one over several would lock them in an order of its own and meet the hot statements.
  for (const [table, updated] of PARTITIONED)
    await db.transaction().execute(tx => ensure(tx, table, updated, today));
}

async function ensure(tx: Kysely<Tables>, table: string, updated: boolean, today: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('wirebird_partitions'))`.execute(tx);
  const names = new Set(await partitionsOf(tx, table));
  const days = [...names].map(dayOf).filter(day => day !== undefined);
  if (names.size === 0) await create(tx, `${table}_before`, table, updated, 'minvalue', quoted(today));
  // From the past on, but for what the first partition covers: after a long stop Meta repeats what came meanwhile.
  const from = Math.max(today - DAYS_BACK, Math.min(today, ...days));
  for (let day = from; day <= today + DAYS_AHEAD; day++) {
    const name = `${table}_${new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}`;
    if (!names.has(name)) await create(tx, name, table, updated, quoted(day), quoted(day + 1));
  }
}

export async function partitionsOf(db: Kysely<Tables>, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = ${sql.lit(table)}::regclass
  `.execute(db);
  return rows.map(row => row.name.replaceAll('"', ''));
}

/** The day that a partition's name ends with, in days since 1970; undefined for the one before all days. */
export function dayOf(name: string): number | undefined {
  const [, year, month, day] = /_(\d{4})(\d\d)(\d\d)$/.exec(name) ?? [];
  return year === undefined ? undefined : Date.UTC(Number(year), Number(month) - 1, Number(day)) / DAY_MS;
}

function quoted(day: number): string {
  return `'${firstIdAt(day * DAY_MS)}'`;
}

async function create(
  db: Kysely<Tables>,
  name: string,
  parent: string,
  updated: boolean,
  from: string,
  to: string,
): Promise<void> {
  // A queue index full of dead entries slowed a claim to a few hundred rows a second until vacuum came.
  const storage = updated
    ? 'with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0)'
    : '';
  // Made aside, then attached: that takes a weaker lock on the parent than making it in place.
  await sql.raw(`create table ${name} (like ${parent} including defaults) ${storage}`).execute(db);
  await sql
    .raw(`alter table ${parent} attach partition ${name} for values from (${from}) to (${to})`)
    .execute(db);
}
