import { STATUS } from '../message/status.ts';
import { KEY_IS } from '../store/key-is.ts';
import type { Statement } from '../store/store.ts';
import type { Waiting } from './claim.ts';
import { PLACE_IN_LINE, WAITS } from './places.ts';

/** What a sweep did. */
export interface Swept {
  /** Lanes that have work now. */
  readonly woken: string[];
  readonly unconfirmed: number;
  readonly resent: number;
  /** Unconfirmed past their deadline, and not to be sent again. */
  readonly given_up: Waiting[];
}

/**
 * An unknown outcome is sent again at most so often. Each deadline is twice the one before: when neither answers nor
 * statuses come back, somebody may be getting every copy.
 */
const RESENDS_MAX = 3;

/** When the outcome of an unconfirmed message `m` must be known. */
const DEADLINE = `(greatest(m.sending_at, $2::timestamptz)
  + make_interval(secs => coalesce(m.unconfirmed_ms, $3::float8) / 1000 * 2 ^ m.resends))`;

/**
 * Once a second: what waited long enough goes back into the queue, a lease that ran out becomes `unconfirmed` with its
 * deadline, and an unconfirmed message past its deadline is sent again or given up, by its own policy or its workspace's.
 *
 * A deadline is doubled once while nothing was heard from Meta about that sender since the send: then its webhooks are
 * late, and not the message. Nothing is sent again after its validity.
 *
 * Parameters: now; when this gateway started; the first deadline in ms.
 */
export const SWEEP: Statement<Swept> = {
  name: 'sweep',
  text: `
    with expired as materialized (
      select id from messages where status = 20 and lease_until < $1::timestamptz
      order by lease_until limit 5000 for update skip locked
    ), doubtful as (
      update messages m set status = 30, lease_until = null, run_at = ${DEADLINE} from expired e where ${KEY_IS('m.id', 'e.id')}
      returning m.id, m.attempt
    ), due as materialized (
      select m.id, m.status, m.resends, coalesce(m.unconfirmed_policy, (
          select w.unconfirmed_policy from workspaces w where w.id = m.workspace_id)) as policy,
        m.valid_until <= $1::timestamptz as late,
        ${DEADLINE} + (${DEADLINE} - greatest(m.sending_at, $2::timestamptz)) as last_call,
        m.status = 30 and not exists (select from sender_webhooks h where h.sender_id = m.sender_id and h.last_at > m.sending_at) as silent
      from messages m
      where m.run_at <= $1::timestamptz and ((m.status = 30 and m.parked is null) or (m.status = 10 and m.parked is not null))
      order by m.run_at limit 5000 for update skip locked
    ), patient as (
      update messages m set run_at = d.last_call from due d where ${KEY_IS('m.id', 'd.id')} and d.silent and d.last_call > $1::timestamptz
      returning m.id, m.attempt
    ), ripe as (
      select * from due where not (silent and last_call > $1::timestamptz)
    ), resend as (
      update messages m set status = 10, parked = null, run_at = null,
        resends = m.resends + case when d.status = 30 then 1 else 0 end
      from ripe d
      where ${KEY_IS('m.id', 'd.id')} and (d.status = 10 or (d.policy = 'resend' and d.resends < ${RESENDS_MAX} and d.late is not true))
      returning m.id, m.sender_id, m.attempt, d.status as was
    ), noted as (
      insert into timeline (message_id, at, step, attempt, detail)
      select id, $1::timestamptz, 'unconfirmed', attempt, 'the lease ran out before the outcome was known' from doubtful
      union all
      select id, $1::timestamptz, 'unconfirmed', attempt, 'nothing was heard from WhatsApp about this sender since: the deadline is doubled' from patient
      union all
      select id, $1::timestamptz, 'resend', attempt, 'no status came before the deadline' from resend where was = 30
    )
    select json_build_object(
      'woken', (select coalesce(json_agg(distinct sender_id), '[]') from resend),
      'unconfirmed', (select count(*) from doubtful),
      'resent', (select count(*) from resend where was = 30),
      'given_up', (select coalesce(json_agg(json_build_object('id', m.id, 'attempt', m.attempt, 'sender', m.sender_id)), '[]')
        from ripe d join messages m on ${KEY_IS('m.id', 'd.id')}
        where d.status = 30 and (d.policy = 'fail' or d.resends >= ${RESENDS_MAX} or d.late))
    ) as out`,
};

/** How far into a lane's queue a sweep looks for messages that are past their validity; a claim meets the others. */
const LATE_LOOK = 500;

/**
 * Once a second: messages past their validity, where no claim meets them since their lane is held or its node is gone, and
 * those that wait for a template or for a place in their portfolio. The oldest of a lane lie at its front.
 *
 * Parameters: now.
 */
export const LATE: Statement<Waiting[]> = {
  name: 'late',
  text: `
    with overdue as materialized (
      select w.workspace_id, w.waba_id, w.priority, w.seq, m.id, m.sender_id, m.attempt from (
        select * from portfolio_waiting where valid_until <= $1::timestamptz order by valid_until limit ${LATE_LOOK}
      ) w
      left join lateral (
        select id, sender_id, attempt from messages
        where ${KEY_IS('id', 'w.message_id')} and ${WAITS} limit 1
      ) m on true
    ), over as (
      delete from portfolio_waiting w using overdue o where o.id is null and ${PLACE_IN_LINE('w', 'o')}
    ), late as (
      select m.id, m.sender_id, m.attempt from lanes l cross join lateral (
        select id, sender_id, attempt, valid_until from (
          select id, sender_id, attempt, valid_until from messages
          where sender_id = l.sender_id and status = ${STATUS.queued} and parked is null
          order by priority, seq limit ${LATE_LOOK}
        ) front where valid_until <= $1::timestamptz
      ) m
      union all
      (select id, sender_id, attempt from messages
      where run_at is null and parked = 'template' and status = ${STATUS.queued} and valid_until <= $1::timestamptz
      limit ${LATE_LOOK})
      union all
      select id, sender_id, attempt from overdue where id is not null
    )
    select coalesce(json_agg(json_build_object('id', id, 'sender', sender_id, 'attempt', attempt)), '[]') as out from late`,
};

/**
 * Messages that wait for a sender that was deleted while another node still accepted for it. Walks from sender to
 * sender through the ready index, so that a million waiting messages of one sender are one step.
 */
export const ORPHANS: Statement<Waiting[]> = {
  name: 'orphans',
  text: `
    with recursive waiting as (
      (select sender_id from messages where status = 10 and parked is null order by sender_id limit 1)
      union all
      select (select m.sender_id from messages m
        where m.status = 10 and m.parked is null and m.sender_id > w.sender_id order by m.sender_id limit 1)
      from waiting w where w.sender_id is not null
    ), gone as (
      select sender_id from waiting w
      where sender_id is not null and not exists (select from senders s where s.id = w.sender_id)
    )
    select coalesce(json_agg(json_build_object('id', o.id, 'attempt', o.attempt, 'sender', o.sender_id)), '[]') as out
    from gone g cross join lateral (
      select id, attempt, sender_id from messages
      where sender_id = g.sender_id and status = 10 and parked is null limit 1000
    ) o`,
};

/** At the start on the embedded database: the directory lock proves that whoever held these leases is gone. */
export const VOID_LEASES: Statement<number> = {
  name: 'void_leases',
  text: `
    with voided as (
      update messages set lease_until = '-infinity' where status = 20 and lease_until > $1::timestamptz returning 1
    )
    select count(*)::int as out from voided`,
};
