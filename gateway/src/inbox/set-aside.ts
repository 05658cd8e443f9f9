import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import type { Item } from './items.ts';

/** An item of a webhook that could not be read or applied. */
export interface Failing {
  readonly index: number;
  readonly item: Item;
  readonly senderId: string;
  readonly error: unknown;
}

/** After so many tries an item is set aside: counted, alerted, and kept for a replay. */
export const TRIES = 3;

/** Pauses before the second and the third try. */
const PAUSE_MS = 5_000;

/** Writes down items that failed, before their journal entry is flagged as read. */
export async function noteFailures(
  store: Store,
  clock: Clock,
  journalId: string,
  failing: readonly Failing[],
): Promise<void> {
  const now = clock.now().getTime();
  await store.db
    .insertInto('inbox_failures')
    .values(
      failing.map(one => ({
        journal_id: journalId,
        item: one.index,
        body: JSON.stringify(one.item),
        sender_id: one.senderId,
        tries: 1,
        error: sentence(one.error),
        set_aside: false,
        next_at: new Date(now + PAUSE_MS),
      })),
    )
    .onConflict(conflict => conflict.columns(['journal_id', 'item']).doNothing())
    .execute();
}

/**
 * Tries the failed items that are due once more.
 *
 * @returns how many were set aside now
 */
export async function retryFailures(
  store: Store,
  clock: Clock,
  read: (item: Item, senderId: string) => Promise<void>,
): Promise<number> {
  const due = await store.db
    .selectFrom('inbox_failures')
    .selectAll()
    .where('set_aside', '=', false)
    .where('next_at', '<=', clock.now())
    .limit(100)
    .execute();
  let aside = 0;
  for (const row of due) {
    const { journal_id: journalId, item } = row;
    try {
      await read(JSON.parse(row.body) as Item, row.sender_id);
      await store.db
        .deleteFrom('inbox_failures')
        .where('journal_id', '=', journalId)
        .where('item', '=', item)
        .execute();
    } catch (error) {
      const tries = row.tries + 1;
      if (tries >= TRIES) aside++;
      await store.db
        .updateTable('inbox_failures')
        .set({
          tries,
          error: sentence(error),
          set_aside: tries >= TRIES,
          next_at: new Date(clock.now().getTime() + PAUSE_MS),
        })
        .where('journal_id', '=', journalId)
        .where('item', '=', item)
        .execute();
    }
  }
  return aside;
}

function sentence(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
