import type { Store } from '../store/store.ts';
import { SILENCE_MS } from './statements.ts';

/** An endpoint that has done nothing but fail for so long is disabled. */
export const FAILING_DAYS = 5;

const DAY_MS = 86_400_000;

/**
 * Endpoints that nothing but failures came from for five days, the last one after these five days: an endpoint that was
 * asked for the first time in a long while is given its five days.
 */
export async function failingEndpoints(
  store: Store,
  now: Date,
): Promise<{ readonly endpointId: string; readonly reason: string }[]> {
  const rows = await store.db
    .selectFrom('report_lanes')
    .select(['endpoint_id', 'failing_since', 'last_failed_at', 'failures'])
    .where('endpoint_id', 'is not', null)
    .where('failing_since', '<=', new Date(now.getTime() - FAILING_DAYS * DAY_MS))
    .execute();
  return rows
    .filter(row => row.last_failed_at.getTime() - row.failing_since.getTime() >= FAILING_DAYS * DAY_MS)
    .map(row => ({
      endpointId: row.endpoint_id!,
      reason: `all ${row.failures} attempts since ${row.failing_since.toISOString()} failed`,
    }));
}

/** Forgets receivers that were not asked any more, such as URLs of single messages. */
export async function forgetSilent(store: Store, now: Date): Promise<void> {
  await store.db
    .deleteFrom('report_lanes')
    .where('last_failed_at', '<', new Date(now.getTime() - SILENCE_MS))
    .where(({ eb, or }) => or([eb('paused_until', 'is', null), eb('paused_until', '<', now)]))
    .execute();
}
