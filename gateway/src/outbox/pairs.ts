import { STATUS } from '../message/status.ts';
import { KEY_IS } from '../store/key-is.ts';
import type { Statement } from '../store/store.ts';

/**
 * Meta's limit on one sender and one recipient: one message per 6 s, with up to 45 at once (meta-cloud-api §8.1). As GCRA
 * it is one timestamp: a message may leave while `tat ≤ now + 44 × 6 s`, then `tat = max(tat, now) + 6 s`.
 */
export const PAIR_EVERY_S = 6;
export const PAIR_AHEAD_S = 264;

/** Messages behind one whose outcome is unknown wait this long for a word of it. */
const DOUBT_S = 15;

/** Messages behind one that is tried again later than this do not wait for it. */
export const RETRY_S = 60;

/**
 * SQL: whether the message `h`, the last of its pair to leave, still holds those behind it. One whose template is paused
 * does not, or that waits for a place in its portfolio; nor does one that is waiting in line itself, which is only so for a moment.
 *
 * @param h the alias of the head's row
 * @param now the parameter with the time
 */
export const BEHIND = (h: string, now: string): string => `(
  ${h}.status = ${STATUS.sending}
  or (${h}.status = ${STATUS.unconfirmed} and ${h}.sending_at > ${now}::timestamptz - interval '${DOUBT_S} s')
  or (${h}.status = ${STATUS.queued} and (${h}.parked is null
    or (${h}.parked in ('retry', 'pair') and ${h}.run_at <= ${now}::timestamptz + interval '${RETRY_S} s'))))`;

/**
 * SQL: the next message in line behind the head of pair `p`, as a row with its `id`; `but` is one more condition on it.
 * While somebody else has it there is none, and a later one must not go in its place.
 */
const NEXT_IN_LINE = (but = ''): string => `
  select l.id from (
    select o.id from messages o
    where o.status = ${STATUS.queued} and o.parked = 'order' and o.sender_id = p.sender_id
      and coalesce(o.person, o.recipient) = p.recipient and o.priority = p.priority ${but}
    order by o.seq limit 1
  ) c join messages l on ${KEY_IS('l.id', 'c.id')} and l.status + 0 = ${STATUS.queued} and coalesce(l.parked, '') = 'order'
  for update of l skip locked`;

/**
 * SQL, as members of a `with`: behind each head of a pair that holds nobody any more the next in line goes back into the
 * queue. `next` has a row with the `sender_id` of each.
 *
 * @param heads a query of `id, sender_id, person, priority`
 * @param input the statement's own rows, by `id`: a row is updated once in a statement
 */
export const FREE_NEXT = (heads: string, input: string): string => `
    next as materialized (
      select p.*, f.id from (${heads}) d
      cross join lateral (
        select sender_id, recipient, priority from pairs
        where sender_id = d.sender_id and recipient = d.person and priority = d.priority and followed::integer = 1 and head = d.id limit 1
      ) p
      cross join lateral (${NEXT_IN_LINE(`and not exists (select from ${input} i where i.id = o.id)`)}) f
    ), freed as (
      update messages m set parked = null from next n where ${KEY_IS('m.id', 'n.id')}
    ), led as (
      update pairs p set head = n.id from next n
      where ${KEY_IS('p.sender_id', 'n.sender_id')} and p.recipient = n.recipient and p.priority = n.priority
    )`;

/**
 * Once a second: where the head of a pair holds nobody any more and nobody was told (its outcome stayed unknown, its node
 * died, two commits crossed), the next in line goes back into the queue. The lanes that have work now come back.
 *
 * Parameters: now.
 */
export const FREE_FOLLOWERS: Statement<string[]> = {
  name: 'free_followers',
  text: `
    with stuck as materialized (
      select p.sender_id, p.recipient, p.priority, p.head from pairs p
      left join lateral (select status, parked, run_at, sending_at from messages where id = p.head limit 1) h on true
      where p.followed and ${BEHIND('h', '$1')} is not true
      limit 5000
    ), next as materialized (
      select p.*, f.id from stuck p cross join lateral (${NEXT_IN_LINE()}) f
    ), freed as (
      update messages m set parked = null from next n where ${KEY_IS('m.id', 'n.id')} returning m.sender_id
    ), led as (
      update pairs p set head = n.id from next n
      where ${KEY_IS('p.sender_id', 'n.sender_id')} and p.recipient = n.recipient and p.priority = n.priority
        and p.head is not distinct from n.head
    )
    select coalesce(json_agg(distinct sender_id), '[]') as out from freed`,
};

/**
 * Once a minute: messages in line whose pair does not say that anybody waits. Two commits that cross can leave one.
 */
export const FIND_FOLLOWERS: Statement<number> = {
  name: 'find_followers',
  text: `
    with lost as (
      select distinct sender_id, coalesce(person, recipient) as recipient, priority from messages
      where status = ${STATUS.queued} and parked = 'order'
    ), found as (
      update pairs p set followed = true from lost l
      where ${KEY_IS('p.sender_id', 'l.sender_id')} and p.recipient = l.recipient and p.priority = l.priority and not p.followed
      returning 1
    )
    select count(*)::int as out from found`,
};

/** The key of a pair's row, at which a walk goes on. */
export interface PairKey {
  readonly sender: string;
  readonly recipient: string;
  readonly priority: number;
}

export interface Walked {
  readonly deleted: number;
  /** Undefined at the end of the table. */
  readonly last: PairKey | null;
}

/**
 * Deletes the rows that say no more than none would, among the next `$5` in the order of the key: no index has to be
 * kept for it.
 *
 * Parameters: now; the key to go on after (sender, recipient, priority); how many to look at.
 */
export const FORGET_PAIRS: Statement<Walked> = {
  name: 'forget_pairs',
  text: `
    with looked as materialized (
      select sender_id, recipient, priority, tat < $1::timestamptz - interval '1 hour' and not followed as over
      from pairs where (sender_id, recipient, priority) > ($2::uuid, $3::text, $4::smallint)
      order by sender_id, recipient, priority limit $5::int
    ), gone as (
      delete from pairs p using looked l
      where l.over and ${KEY_IS('p.sender_id', 'l.sender_id')} and p.recipient = l.recipient and p.priority = l.priority
        and p.tat < $1::timestamptz and not p.followed
      returning 1
    )
    select json_build_object('deleted', (select count(*) from gone),
      'last', (select json_build_object('sender', sender_id, 'recipient', recipient, 'priority', priority)
        from looked order by sender_id desc, recipient desc, priority desc offset 0 limit (
          select case when count(*) < $5::int then 0 else 1 end from looked))) as out`,
};
