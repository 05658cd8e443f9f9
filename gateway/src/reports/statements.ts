import { KEY_IS } from '../store/key-is.ts';
import type { Statement } from '../store/store.ts';
import { type ClaimedReport, LANE_OF, LEASE_OF, REPORT, REPORT_JSON } from './report-sql.ts';

/** How much of a receiver's answer is kept, characters. */
export const ANSWER_MAX = 2_048;

/**
 * What comes later in a message's life does not go to a receiver while what came before it is under way or waits for one
 * of so many attempts; then it goes.
 */
export const ORDERED_ATTEMPTS = 2;

/** What `claimed`, the updated rows of `reports`, has to return. */
const CLAIMED = `r.id, ${LANE_OF('r')} as lane, r.message_id, r.notice_id, r.kind, r.occurred_at, r.workspace_id, r.endpoint_id,
        r.dialect, r.url, r.failover_url, r.attempt, r.base`;

/** The claimed rows as JSON. */
const REPORTS = `
    select coalesce(json_agg(${REPORT_JSON({
      id: 'r.id',
      lane: 'r.lane',
      kind: 'r.kind',
      occurred_at: 'r.occurred_at',
      workspace_id: 'r.workspace_id',
      endpoint_id: 'r.endpoint_id',
      dialect: 'r.dialect',
      url: 'coalesce(e.url, r.url)',
      failover_url: 'case when e.id is null then r.failover_url else e.failover_url end',
      attempt: 'r.attempt',
      base: 'r.base',
      message: 'row_to_json(m)',
      notice: 'row_to_json(n)',
      name: `case when m.direction = 1 then (select p.name from recipients p
        where p.workspace_id = m.workspace_id and p.recipient = coalesce(m.person, m.recipient)) end`,
      subscribed: 'e.events',
      properties: 'e.properties',
      shut: `case when r.endpoint_id is null then null when e.id is null then 'deleted'
        when not e.enabled then 'disabled' else e.stopped_reason end`,
      mask: 'e.mask',
    })}), '[]')
    from claimed r left join messages m on ${KEY_IS('m.id', 'r.message_id')}
    left join notices n on ${KEY_IS('n.id', 'r.notice_id')}
    left join webhook_endpoints e on e.id = r.endpoint_id`;

export interface Claim {
  readonly reports: ClaimedReport[];
  /** Lanes in which some were put in line. */
  readonly waiting: readonly string[];
  /** Others may be due. */
  readonly left: boolean;
}

/**
 * Takes the reports that are due. `run_at` moves ahead as a lease: a node that dies leaves them to be delivered again,
 * under the same event id.
 *
 * What is due is looked at once: a report whose lane has no room now, or in which others wait already, is put in line
 * outside the index of due ones. So it costs nothing later, however many stand there: with 50,000 of stuck receivers in
 * front, passing them over by a list of lanes took longer with each of them. Only a sound lane will have room in a moment:
 * its reports stay, as long as they leave half of the claim to others.
 *
 * Parameters: now; how many; the end of a lease by dialect; lanes that differ from a new one, as `{lane: [room, whether it is sound]}`; the
 * room of a new lane; the room of all lanes together that are not sound.
 */
export const CLAIM_REPORTS: Statement<Claim> = {
  name: 'claim_reports',
  text: `
    with known as materialized (select $4::jsonb as lanes, $3::jsonb as leases), picked as materialized (
      select r.id, ${LANE_OF('r')} as lane, r.run_at, r.kind from reports r
      where r.state = ${REPORT.pending} and r.run_at <= $1::timestamptz
      order by r.run_at limit $2::integer
      for update skip locked
    ), looked as (
      select p.*, row_number() over (partition by p.lane order by p.run_at, p.kind) as place,
        coalesce((k.lanes -> p.lane ->> 0)::integer, $5::integer) as room,
        coalesce((k.lanes -> p.lane ->> 1)::boolean, false) as sound,
        exists (select from waiting_reports w where ${KEY_IS('w.lane', 'p.lane')})
          or exists (select from report_lanes l where l.lane = p.lane and l.paused_until > $1::timestamptz) as shut
      from picked p cross join known k
    ), chosen as (
      select id, lane, run_at, sound and not shut as soon, place <= room and not shut and (sound
        or count(*) filter (where not sound and place <= room and not shut) over (order by run_at, id) <= $6::integer) as goes
      from looked
    ), judged as materialized (
      select id, lane, run_at, goes, not goes and (not soon
        or count(*) over () = $2::integer and 2 * count(*) filter (where goes) over () < $2::integer) as stands
      from chosen
    ), stood as (
      insert into waiting_reports (lane, due_at, report_id)
      select lane, run_at, id from judged where stands
      on conflict do nothing
    ), moved as (
      update reports r set
        state = case when j.goes then ${REPORT.pending} else ${REPORT.waiting} end,
        attempt = case when j.goes then r.attempt + 1 else r.attempt end,
        run_at = case when j.goes then (select ${LEASE_OF('r', 'leases')} from known) else r.run_at end
      from judged j where ${KEY_IS('r.id', 'j.id')} and (j.goes or j.stands)
      returning j.goes, ${CLAIMED}
    ), claimed as (select * from moved where goes)
    select json_build_object('reports', (${REPORTS}),
      'waiting', (select coalesce(json_agg(distinct lane), '[]') from judged where stands),
      'left', (select count(*) from judged) = $2::integer or exists (select from judged where not goes and not stands)) as out`,
};

/**
 * Takes reports that wait in line, the first of each lane. One that is asked for and gives fewer than it could has no more,
 * or is paused.
 *
 * Parameters: now; the end of a lease by dialect; lanes with how many of each.
 */
export const TAKE_REPORTS: Statement<ClaimedReport[]> = {
  name: 'take_reports',
  text: `
    with known as materialized (select $2::jsonb as leases), wanted as materialized (
      select w.lane, w.room from json_to_recordset($3::json) as w(lane text, room integer)
      where not exists (select from report_lanes l where l.lane = w.lane and l.paused_until > $1::timestamptz)
    ), picked as materialized (
      select q.* from wanted w cross join lateral (
        select lane, due_at, report_id from waiting_reports
        where lane = w.lane order by due_at, report_id limit w.room
        for update skip locked
      ) q
    ), gone as (
      delete from waiting_reports d using picked p
      where ${KEY_IS('d.lane', 'p.lane')} and d.due_at = p.due_at and d.report_id = p.report_id
    ), claimed as (
      update reports r set state = ${REPORT.pending}, attempt = r.attempt + 1, run_at = (select ${LEASE_OF('r', 'leases')} from known)
      from picked p where ${KEY_IS('r.id', 'p.report_id')} and r.state + 0 = ${REPORT.waiting}
      returning ${CLAIMED}
    )
    select (${REPORTS}) as out`,
};

/**
 * Which of these reports are not over and hold those after them. Apart from the claim, since most often this node knows:
 * inside it, it cost as much as all the rest.
 *
 * Parameters: ids.
 */
export const OPEN_REPORTS: Statement<{ readonly id: string; readonly run_at: string }[]> = {
  name: 'open_reports',
  text: `
    select coalesce(json_agg(json_build_object('id', r.id, 'run_at', r.run_at)), '[]') as out
    from json_array_elements_text($1::json) as i(id) join reports r on ${KEY_IS('r.id', 'i.id::uuid')}
    where r.state in (${REPORT.pending}, ${REPORT.waiting}) and r.attempt - r.base <= ${ORDERED_ATTEMPTS}`,
};

/** Lanes that are asked about at a time. */
const LANES_MAX = 10_000;

/** The lanes in which reports wait and may go. Parameters: now. */
export const WAITING_LANES: Statement<string[]> = {
  name: 'waiting_lanes',
  text: `
    with recursive each as (
      (select lane, 1 as n from waiting_reports order by lane limit 1)
      union all
      select (select w.lane from waiting_reports w where w.lane > e.lane order by w.lane limit 1), e.n + 1
      from each e where e.lane is not null and e.n < ${LANES_MAX}
    )
    select coalesce(json_agg(e.lane), '[]') as out from each e
    where e.lane is not null
      and not exists (select from report_lanes l where l.lane = e.lane and l.paused_until > $1::timestamptz)`,
};

/** How one attempt ended. */
export interface Attempt {
  readonly id: string;
  readonly attempt: number;
  readonly state: number;
  /** When to try again; now for a report that has ended. */
  readonly run_at: string;
  /** Null when nothing was sent: then no attempt is kept. */
  readonly at: string | null;
  /** It was claimed and not tried: the attempt does not count. */
  readonly back: boolean;
  readonly ms: number;
  readonly url: string;
  readonly status: number | null;
  readonly error: string | null;
  /** The beginning of what was answered. */
  readonly answer: string | null;
  /** The receiver that was asked; null when nothing was sent. */
  readonly asked: string | null;
  readonly endpoint: string | null;
  /** Which receiver is next, when it is another one. */
  readonly lane: string | null;
  /** Until when the receiver wants nothing. */
  readonly pause: string | null;
}

/** A receiver that was not asked for so long begins anew: pauses between attempts are shorter. */
export const SILENCE_MS = 86_400_000;

/**
 * Notes attempts, and what they say of the receivers: since when each fails, and until when it wants nothing.
 *
 * `state + 0` keeps the planner off the index of pending reports: it would read all of them for each row, 93 ms for a
 * batch of 50 beside 50,000 waiting, instead of 2.
 *
 * Parameters: attempts; now.
 */
export const SETTLE_REPORTS: Statement<number> = {
  name: 'settle_reports',
  text: `
    with input as materialized (
      select * from json_to_recordset($1::json) as i(id uuid, attempt integer, state smallint, run_at timestamptz,
        at timestamptz, back boolean, ms integer, url text, status smallint, error text, answer text, asked text,
        endpoint text, lane text, pause timestamptz)
    ), locked as materialized (
      select i.* from input i join reports r on ${KEY_IS('r.id', 'i.id')} order by i.id for update of r
    ), settled as (
      update reports r
      set state = i.state, run_at = i.run_at, attempt = case when i.back then r.attempt - 1 else r.attempt end,
        lane = coalesce(i.lane, r.lane),
        finished_at = case when i.state <> ${REPORT.pending} then $2::timestamptz end
      from locked i
      where ${KEY_IS('r.id', 'i.id')} and r.attempt = i.attempt and r.state + 0 = ${REPORT.pending}
    ), noted as (
      insert into report_attempts (report_id, attempt, at, duration_ms, url, http_status, error, answer)
      select id, attempt, at, ms, url, status, error, answer from input where at is not null
      on conflict (report_id, attempt) do nothing
    ), asked as materialized (
      select asked as lane, max(endpoint) as endpoint, bool_or(error is null) as well,
        min(at) filter (where error is not null) as first_at, max(at) filter (where error is not null) as last_at,
        count(*) filter (where error is not null)::integer as failures, max(pause) as pause
      from input where asked is not null group by asked
    ), failing as (
      insert into report_lanes as l (lane, endpoint_id, failing_since, last_failed_at, failures, paused_until)
      select lane, case when lane = endpoint then endpoint::uuid end, first_at, last_at, failures, pause
      from asked where first_at is not null and not well order by lane
      on conflict (lane) do update set
        failing_since = case when l.last_failed_at < excluded.last_failed_at - interval '${SILENCE_MS} milliseconds'
          then excluded.failing_since else l.failing_since end,
        last_failed_at = greatest(l.last_failed_at, excluded.last_failed_at),
        failures = l.failures + excluded.failures,
        paused_until = greatest(l.paused_until, excluded.paused_until)
    ), healed as (
      delete from report_lanes l using asked a
      where a.well and (l.lane = a.lane
        or l.lane = a.endpoint and coalesce(l.paused_until, '-infinity') <= $2::timestamptz)
    )
    select count(*)::int as out from input`,
};
