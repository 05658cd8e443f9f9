import type { Statement } from '../store/store.ts';

/** States of a report, as stored. */
export const REPORT = { pending: 0, delivered: 1, failed: 2 } as const;

/** How much of a receiver's answer is kept, characters. */
export const ANSWER_MAX = 2_048;

/** A report that this node delivers now, with the row of `messages` or of `notices` that it is about, as JSON. */
export interface ClaimedReport {
  readonly id: string;
  readonly kind: number;
  readonly occurred_at: string;
  readonly workspace_id: string;
  readonly endpoint_id: string | null;
  readonly dialect: string;
  readonly url: string;
  readonly failover_url: string | null;
  readonly attempt: number;
  readonly message: Record<string, unknown> | null;
  readonly notice: Record<string, unknown> | null;
  /** What its endpoint asked for, in the dialect's names; null when the endpoint is gone, or there was none. */
  readonly subscribed: readonly string[] | null;
}

/**
 * Takes the reports that are due. `run_at` moves ahead as a lease: a node that dies leaves them to be delivered again,
 * under the same event id. URLs that already have their share of deliveries under way are passed over, so that one slow
 * receiver does not hold up the others.
 *
 * Parameters: now; how many; lease end; busy URLs.
 */
export const CLAIM_REPORTS: Statement<ClaimedReport[]> = {
  name: 'claim_reports',
  text: `
    with picked as materialized (
      select id from reports
      where state = 0 and run_at <= $1::timestamptz and url not in (select json_array_elements_text($4::json))
      order by run_at limit $2::integer
      for update skip locked
    ), claimed as (
      update reports r set attempt = r.attempt + 1, run_at = $3::timestamptz
      from picked where r.id = picked.id
      returning r.id, r.message_id, r.notice_id, r.kind, r.occurred_at, r.workspace_id, r.endpoint_id, r.dialect, r.url,
        r.failover_url, r.attempt
    )
    select coalesce(json_agg(json_build_object('id', r.id, 'kind', r.kind,
      'occurred_at', r.occurred_at, 'workspace_id', r.workspace_id, 'endpoint_id', r.endpoint_id, 'dialect', r.dialect,
      'url', r.url, 'failover_url', r.failover_url, 'attempt', r.attempt, 'message', row_to_json(m), 'notice', row_to_json(n),
      'subscribed', e.events)), '[]') as out
    from claimed r left join messages m on m.id = r.message_id left join notices n on n.id = r.notice_id
    left join webhook_endpoints e on e.id = r.endpoint_id`,
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
  readonly ms: number;
  readonly url: string;
  readonly status: number | null;
  readonly error: string | null;
  /** The beginning of what was answered. */
  readonly answer: string | null;
}

/**
 * `state + 0` keeps the planner off the index of pending reports: it would read all of them for each row, 93 ms for a
 * batch of 50 beside 50,000 waiting, instead of 2.
 */
export const SETTLE_REPORTS: Statement<number> = {
  name: 'settle_reports',
  text: `
    with input as materialized (
      select * from json_to_recordset($1::json) as i(id uuid, attempt integer, state smallint, run_at timestamptz,
        at timestamptz, ms integer, url text, status smallint, error text, answer text)
    ), locked as materialized (
      select r.id from reports r join input i on i.id = r.id order by r.id for update of r
    ), settled as (
      update reports r
      set state = i.state, run_at = i.run_at, finished_at = case when i.state <> 0 then $2::timestamptz end
      from input i join locked l on l.id = i.id
      where r.id = i.id and r.attempt = i.attempt and r.state + 0 = 0
    ), noted as (
      insert into report_attempts (report_id, attempt, at, duration_ms, url, http_status, error, answer)
      select id, attempt, at, ms, url, status, error, answer from input where at is not null
      on conflict (report_id, attempt) do nothing
    )
    select count(*)::int as out from input`,
};
