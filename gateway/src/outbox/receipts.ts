import { STATUS } from '../message/status.ts';
import type { Clock } from '../store/clock.ts';
import { KEY_IS } from '../store/key-is.ts';
import type { Statement, Store } from '../store/store.ts';
import type { Waiting } from './claim.ts';
import type { Settle } from './settle.ts';

/** Messages that one look takes. */
const LOOK_MAX = 1_000;

/** SQL: when WhatsApp took message `m`, as far as we know; the answer may have been lost, and a status told. */
export const TAKEN_AT = (m: string): string => `coalesce(${m}.accepted_at, ${m}.sent_at)`;

/**
 * WhatsApp tries for some time only (meta-cloud-api §3.4): 30 days, or as a template says. What it took and never told a
 * delivery of is over then. Messages with a life of their own have a row in `receipts_due`; the others get one only when
 * they left so late that the walk met them before their 30 days were over (`silent-walk.ts`).
 *
 * A life counts from the moment in which WhatsApp took the message; one that still waits is looked at later again.
 *
 * Parameters: now. Comes back with what is over, which is deleted once that is written down.
 */
export const LOOK: Statement<(Waiting & { readonly over: boolean })[]> = {
  name: 'receipts_due',
  text: `
    with due as materialized (
      select message_id, ttl_s from receipts_due where due_at <= $1::timestamptz
      order by due_at limit ${LOOK_MAX} for update skip locked
    ), looked as materialized (
      select d.message_id, d.ttl_s, m.sender_id, m.attempt, ${TAKEN_AT('m')} as taken_at,
        coalesce(m.status < ${STATUS.accepted} or (m.status < ${STATUS.failed}
          and ${TAKEN_AT('m')} + d.ttl_s * interval '1 s' > $1::timestamptz), false) as early,
        coalesce(m.status in (${STATUS.accepted}, ${STATUS.sent}), false) as silent
      from due d left join messages m on ${KEY_IS('m.id', 'd.message_id')}
    ), later as (
      update receipts_due r set due_at = coalesce(l.taken_at, $1::timestamptz) + l.ttl_s * interval '1 s'
      from looked l where l.early and ${KEY_IS('r.message_id', 'l.message_id')}
    )
    select coalesce(json_agg(json_build_object('id', message_id, 'sender', sender_id, 'attempt', attempt, 'over', silent)), '[]') as out
    from looked where not early`,
};

export const FORGET: Statement<number> = {
  name: 'receipts_known',
  text: `
    with gone as (
      delete from receipts_due r using json_array_elements_text($1::json) as i(id)
      where ${KEY_IS('r.message_id', 'i.id::uuid')} returning 1
    )
    select count(*)::int as out from gone`,
};

/**
 * Ends the reports of messages that WhatsApp has given up on.
 *
 * @returns how many
 */
export async function endSilent(
  store: Store,
  clock: Pick<Clock, 'now'>,
  settle: Pick<Settle, 'silent'>,
): Promise<number> {
  const looked = await store.run(LOOK, [clock.now().toISOString()]);
  if (looked.length === 0) return 0;
  const over = looked.filter(message => message.over);
  await Promise.all(over.map(message => settle.silent(message)));
  await store.run(FORGET, [looked.map(message => message.id)]);
  return over.length;
}
