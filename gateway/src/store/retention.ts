import { type Kysely, sql } from 'kysely';
import { firstIdAt } from '../message/id.ts';
import { STATUS } from '../message/status.ts';
import { DAY_MS, dayOf, PARTITIONED, partitionsOf } from './partitions.ts';
import type { Tables } from './tables.ts';

/** A drop waits for whoever uses the table; meanwhile everybody else would wait behind it. */
const LOCK_MS = 500;

/** `lock_timeout` has struck. */
const LOCK_NOT_AVAILABLE = '55P03';

/** How long a window stays known after it was opened: it is open for a day, and told of for a while. */
const WINDOW_MS = 30 * DAY_MS;

export interface Retained {
  /** Days that were dropped, as `2026-11-27`. */
  readonly dropped: readonly string[];
  /** Days that are past their time and have something open in them. */
  readonly open: readonly string[];
  /** Days whose tables were in use. */
  readonly busy: readonly string[];
}

/**
 * Drops the days that are past their time: messages, timeline, reports, attempts and journal together, and only when
 * nothing in them is open, that is no message waits or is without a word of its delivery and not ended yet, no report is
 * due and no webhook is unread. What else is as old goes as well: failures of the inbox, notices, windows that closed long
 * ago.
 *
 * Safe on several nodes at once.
 *
 * @param now database time
 * @param keepDays whole days before today that stay
 */
export async function dropOldDays(db: Kysely<Tables>, now: Date, keepDays: number): Promise<Retained> {
  const today = Math.floor(now.getTime() / DAY_MS);
  const first = today - keepDays;
  const days = new Set<number>();
  for (const [table] of PARTITIONED)
    for (const name of await partitionsOf(db, table)) {
      const day = dayOf(name);
      if (day !== undefined && day < first) days.add(day);
    }
  const outcomes = { dropped: [] as string[], open: [] as string[], busy: [] as string[] };
  for (const day of [...days].sort((a, b) => a - b)) {
    const outcome = await dropDay(db, day);
    if (outcome !== 'gone') outcomes[outcome].push(new Date(day * DAY_MS).toISOString().slice(0, 10));
  }
  const before = new Date(first * DAY_MS);
  await db.deleteFrom('inbox_failures').where('journal_id', '<', firstIdAt(before.getTime())).execute();
  await db.deleteFrom('notices').where('id', '<', firstIdAt(before.getTime())).execute();
  await db
    .deleteFrom('windows')
    .where('opened_at', '<', new Date(now.getTime() - WINDOW_MS))
    .execute();
  return outcomes;
}

async function dropDay(db: Kysely<Tables>, day: number): Promise<'dropped' | 'open' | 'busy' | 'gone'> {
  const [from, to] = [firstIdAt(day * DAY_MS), firstIdAt((day + 1) * DAY_MS)];
  try {
    return await db.transaction().execute(async tx => {
      await sql`select pg_advisory_xact_lock(hashtext('wirebird_partitions'))`.execute(tx);
      await sql`set local lock_timeout = ${sql.lit(LOCK_MS)}`.execute(tx);
      const { rows } = await sql<{ open: boolean }>`
        select exists (select from messages where id >= ${from} and id < ${to} and direction = 0
            and status <= ${STATUS.sent} and (status < ${STATUS.accepted} or ended_at is null))
          or exists (select from reports where id >= ${from} and id < ${to} and state in (0, 3))
          or exists (select from journal where id >= ${from} and id < ${to} and state = 0) as open
      `.execute(tx);
      if (rows[0]?.open !== false) return 'open' as const;
      const names: string[] = [];
      for (const [table] of PARTITIONED)
        names.push(...(await partitionsOf(tx, table)).filter(name => dayOf(name) === day));
      for (const name of names) await sql`drop table ${sql.table(name)}`.execute(tx);
      // Another node may have been here.
      return names.length > 0 ? ('dropped' as const) : ('gone' as const);
    });
  } catch (error) {
    if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) return 'busy';
    throw error;
  }
}
