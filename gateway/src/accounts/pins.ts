import { randomInt } from 'node:crypto';
import { sql } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Secrets } from './secrets.ts';

/** A PIN of Meta's two-step verification: six digits. */
const PIN_END = 1_000_000;

/** The PIN that a number is registered with at Meta: always the same one, made when it is first asked for. */
export async function pinOf(store: Store, secrets: Secrets, senderId: string): Promise<string | undefined> {
  const made = secrets.seal(String(randomInt(PIN_END)).padStart(6, '0'));
  const row = await store.db
    .updateTable('senders')
    .set({ two_step_pin: sql<Buffer>`coalesce(two_step_pin, ${made})` })
    .where('id', '=', senderId)
    .returning('two_step_pin')
    .executeTakeFirst();
  return row?.two_step_pin === undefined || row.two_step_pin === null
    ? undefined
    : secrets.open(row.two_step_pin);
}
