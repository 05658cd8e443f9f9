import { STATUS } from '../message/status.ts';
import { KEY_IS } from '../store/key-is.ts';
import type { Statement } from '../store/store.ts';
import { FREE_NEXT, PAIR_AHEAD_S, PAIR_EVERY_S, RETRY_S } from './pairs.ts';

/** A guarded move of a message within the queue; nothing happens when it is not in `from` at `attempt` any more. */
export interface Move {
  readonly id: string;
  /** The attempt that the mover knows; -1 moves whichever it is. */
  readonly attempt: number;
  readonly from: number;
  readonly to: number;
  /** Why it waits outside the ready index; null puts it back into it. */
  readonly parked: string | null;
  readonly run_at: string | null;
  /** Attempts to take back: 1 for a claim that never left this process. */
  readonly undo: 0 | 1;
  /** Retries to count: 1 for a failure that may happen only so often. */
  readonly tried: 0 | 1;
  /** For the timeline; null writes none. */
  readonly step: string | null;
  readonly detail: string | null;
}

export interface Moved {
  /** Lanes in which a message that waited for one of these may leave. */
  readonly woken: readonly string[];
  /** Messages that wait to be sent again, by sender. */
  readonly back: readonly { readonly sender: string; readonly count: number }[];
}

/**
 * Moves messages within the queue. One that never left gives its place in the pair's limit back; one that Meta found over
 * that limit takes the pair's other messages along. Lanes come back in which one that waited behind another may leave.
 *
 * Parameters: moves; now.
 */
export const MOVE: Statement<Moved> = {
  name: 'move',
  text: `
    with input as (
      select * from json_to_recordset($1::json) as i(id uuid, attempt integer, "from" smallint, "to" smallint,
        parked text, run_at timestamptz, undo integer, tried integer, step text, detail text)
    ), locked as materialized (
      select i.* from input i join messages m on ${KEY_IS('m.id', 'i.id')} order by i.id for update of m
    ), moved as (
      update messages m
      set status = i."to", parked = i.parked, run_at = i.run_at, lease_until = null, attempt = m.attempt - i.undo,
        tries = m.tries + i.tried
      from locked i
      where ${KEY_IS('m.id', 'i.id')} and m.status = i."from" and (m.attempt = i.attempt or i.attempt = -1)
      returning m.id, m.attempt, m.sender_id, coalesce(m.person, m.recipient) as person, m.priority, m.status, m.parked,
        m.run_at, i.undo, i.step, i.detail
    ), noted as (
      insert into timeline (message_id, at, step, attempt, detail)
      select id, $2::timestamptz, step, attempt, detail from moved where step is not null
    ), ${FREE_NEXT(
      `select id, sender_id, person, priority from moved
        where parked = 'template' or (parked = 'retry' and run_at > $2::timestamptz + interval '${RETRY_S} s')`,
      'input',
    )}, paced as (
      update pairs p set tat = case when m.parked = 'pair'
        then greatest(p.tat, m.run_at + interval '${PAIR_AHEAD_S} s') else p.tat - interval '${PAIR_EVERY_S} s' end
      from moved m
      where (m.parked = 'pair' or m.undo = 1)
        and ${KEY_IS('p.sender_id', 'm.sender_id')} and p.recipient = m.person and p.priority = m.priority
    )
    select json_build_object(
      'woken', (select coalesce(json_agg(distinct sender_id), '[]') from next),
      'back', (select coalesce(json_agg(json_build_object('sender', sender_id, 'count', n)), '[]')
        from (select sender_id, count(*) as n from moved where status = ${STATUS.queued} group by sender_id) q)
    ) as out`,
};
