import { EVENT } from '../message/event.ts';
import { STATUS } from '../message/status.ts';
import type { Statement } from '../store/store.ts';

/**
 * Everything that became known about one message in one batch: from the answer to its send, from Meta's statuses, or
 * from an end of our own. Times are ISO 8601, absent ones undefined.
 */
export interface Fact {
  readonly id: string;
  /** Only a message of this sender is touched. */
  readonly sender: string;
  /** The attempt that the fact is about. */
  readonly attempt: number;
  readonly accepted?: string | undefined;
  readonly sent?: string | undefined;
  readonly delivered?: string | undefined;
  readonly read?: string | undefined;
  readonly failed?: string | undefined;
  readonly failure?: string | undefined;
  readonly wamid?: string | undefined;
  readonly pricing?: string | undefined;
}

/** An inbound message, ready to be stored. */
export interface InboundRow {
  readonly id: string;
  readonly workspace: string;
  readonly sender: string;
  readonly recipient: string;
  readonly name: string | undefined;
  readonly kind: string;
  readonly content: string;
  readonly wamid: string;
  /** When the person wrote, ISO 8601. */
  readonly at: string;
}

export interface Applied {
  /** Reports that wait now. */
  readonly reports: number;
  /** What changed, for the live event stream and the counters. */
  readonly events: { readonly id: string; readonly workspace: string; readonly kind: number }[];
  /** New inbound messages by sender; repeats are not among them. */
  readonly inbound: readonly { readonly sender: string; readonly count: number }[];
}

/**
 * Stores facts and inbound messages, writes their reports, and flags the journal entries they came from: one
 * transaction, so that an effect and its flag are never apart.
 *
 * Status moves by rank and never back; each status's own time is kept once it is known; `failed` counts only for the
 * last attempt and not after a delivery; ends of our own stay. An event is written when its time was not known before;
 * its id is derived, so a repeat meets its own primary key. `read` without `delivered` reports the delivery first.
 *
 * Rows are locked in the order of their ids: two batches that share messages must not wait for each other.
 *
 * Parameters: facts, one for each message; inbound rows; journal ids; now.
 */
export const APPLY: Statement<Applied> = {
  name: 'apply',
  text: `
    with input as materialized (
      select * from json_to_recordset($1::json) as i(id uuid, sender uuid, attempt integer, accepted timestamptz,
        sent timestamptz, delivered timestamptz, read timestamptz, failed timestamptz, failure text, wamid text, pricing text)
    ), locked as materialized (
      select m.id, m.workspace_id, m.status, m.attempt, m.report_mask, m.dialect, m.webhook_url, m.webhook_failover_url,
        m.sent_at, m.delivered_at, m.read_at,
        i.accepted, i.sent, i.delivered, i.read, i.failure, i.wamid, i.pricing,
        case when i.attempt = m.attempt and m.status < ${STATUS.failed} then i.failed end as failed
      from messages m join input i on i.id = m.id and i.sender = m.sender_id
      where m.direction = 0
      order by m.id for update of m
    ), changed as (
      update messages m set
        status = case when m.status >= ${STATUS.suppressed} then m.status else greatest(m.status,
          case when l.read is not null then ${STATUS.read} when l.delivered is not null then ${STATUS.delivered}
            when l.failed is not null then ${STATUS.failed} when l.sent is not null then ${STATUS.sent}
            when l.accepted is not null then ${STATUS.accepted} else 0 end) end,
        parked = case when coalesce(l.accepted, l.sent, l.delivered, l.read, l.failed) is null then m.parked end,
        run_at = case when coalesce(l.accepted, l.sent, l.delivered, l.read, l.failed) is null then m.run_at end,
        accepted_at = coalesce(m.accepted_at, l.accepted),
        sent_at = coalesce(m.sent_at, l.sent),
        delivered_at = coalesce(m.delivered_at, l.delivered),
        read_at = coalesce(m.read_at, l.read),
        ended_at = coalesce(m.ended_at, l.failed),
        failure = case when l.failed is not null then l.failure else m.failure end,
        wamid = coalesce(m.wamid, l.wamid),
        pricing = coalesce(m.pricing, l.pricing)
      from locked l where m.id = l.id
    ), happened as (
      select l.id, l.workspace_id, l.dialect, l.report_mask, l.webhook_url, l.webhook_failover_url, e.kind, e.at
      from locked l cross join lateral (values
        (${EVENT.sent}, case when l.sent_at is null then l.sent end),
        (${EVENT.delivered}, case when l.delivered_at is null and l.read_at is null then coalesce(l.delivered, l.read) end),
        (${EVENT.read}, case when l.read_at is null then l.read end),
        (${EVENT.failed}, l.failed)
      ) as e(kind, at)
      where e.at is not null and l.status < ${STATUS.suppressed}
    ), arrived as (
      select * from json_to_recordset($2::json) as i(id uuid, workspace uuid, sender uuid, recipient text, name text,
        kind text, content text, wamid text, at timestamptz)
    ), stored as (
      insert into messages (id, workspace_id, sender_id, direction, recipient, kind, content, status, wamid,
        created_at, accepted_at)
      select id, workspace, sender, 1, recipient, kind, content, ${STATUS.received}, wamid, at, $4::timestamptz from arrived
      on conflict (id) do nothing
      returning id, workspace_id, sender_id, created_at
    ), opened as (
      insert into windows (sender_id, recipient, opened_at, last_message_at)
      select sender, recipient, max(at), max(at) from arrived group by sender, recipient order by sender, recipient
      on conflict (sender_id, recipient) do update
      set opened_at = greatest(windows.opened_at, excluded.opened_at),
        last_message_at = greatest(windows.last_message_at, excluded.last_message_at)
    ), known as (
      insert into recipients (workspace_id, recipient, name, updated_at)
      select distinct on (workspace, recipient) workspace, recipient, name, at from arrived
      order by workspace, recipient, at desc
      on conflict (workspace_id, recipient) do update set name = coalesce(excluded.name, recipients.name), updated_at = excluded.updated_at
      where recipients.updated_at < excluded.updated_at
    ), told as (
      select id, workspace_id, kind, at from happened
      union all
      select id, workspace_id, ${EVENT.inbound}, created_at from stored
    ), destined as (
      select id, workspace_id, kind, at, null::uuid as endpoint_id, dialect, webhook_url as url, webhook_failover_url as failover_url
      from happened where report_mask & kind <> 0
      union all
      select t.id, t.workspace_id, t.kind, t.at, e.id, e.dialect, e.url, e.failover_url
      from told t join webhook_endpoints e on e.workspace_id = t.workspace_id and e.enabled and e.mask & t.kind <> 0
    ), reported as (
      insert into reports (id, message_id, workspace_id, endpoint_id, dialect, kind, occurred_at, url, failover_url, run_at)
      select derived_id(id, 'report:' || kind || ':' || coalesce(endpoint_id::text, 'own')),
        id, workspace_id, endpoint_id, dialect, kind, at, url, failover_url, $4::timestamptz
      from destined
      on conflict (id) do nothing
      returning 1
    ), flagged as (
      update journal set state = 1 where id in (select value::uuid from json_array_elements_text($3::json))
    )
    select json_build_object(
      'reports', (select count(*) from reported),
      'events', (select coalesce(json_agg(json_build_object('id', id, 'workspace', workspace_id, 'kind', kind)), '[]') from told),
      'inbound', (select coalesce(json_agg(json_build_object('sender', sender_id, 'count', n)), '[]')
        from (select sender_id, count(*) as n from stored group by sender_id) s)
    ) as out`,
};

/**
 * Joins facts about the same message: a batch may hold several, and an update takes only one row for each target.
 * The earliest time of each status wins.
 */
export function mergeFacts(facts: readonly Fact[]): Fact[] {
  const merged = new Map<string, Fact>();
  for (const fact of facts) {
    const key = `${fact.id}:${fact.sender}`;
    const other = merged.get(key);
    merged.set(key, other === undefined ? fact : joined(other, fact));
  }
  return merged.size === facts.length ? (facts as Fact[]) : [...merged.values()];
}

function joined(a: Fact, b: Fact): Fact {
  const last = b.attempt >= a.attempt ? b : a;
  const first = last === b ? a : b;
  // Only the last attempt may fail a message: the failure of an earlier one is dropped beside a later one.
  const failing = last.failed !== undefined || first.attempt !== last.attempt ? last : first;
  return {
    id: a.id,
    sender: a.sender,
    attempt: last.attempt,
    accepted: earliest(a.accepted, b.accepted),
    sent: earliest(a.sent, b.sent),
    delivered: earliest(a.delivered, b.delivered),
    read: earliest(a.read, b.read),
    failed: failing.failed,
    failure: failing.failure,
    wamid: last.wamid ?? first.wamid,
    pricing: a.pricing ?? b.pricing,
  };
}

function earliest(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a <= b ? a : b;
}
