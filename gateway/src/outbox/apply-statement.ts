import { EVENT } from '../message/event.ts';
import { STATUS } from '../message/status.ts';
import { type ClaimedReport, LEASE_OF, RECEIVER_OF, REPORT_JSON } from '../reports/report-sql.ts';
import { DERIVED_ID } from '../store/derived-id.ts';
import { INTO_JOURNAL, JOURNALLED } from '../store/journal-row.ts';
import { KEY_IS } from '../store/key-is.ts';
import { LOG_EVENTS } from '../store/log-events.ts';
import type { Statement } from '../store/store.ts';
import { FREE_NEXT } from './pairs.ts';

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
  /** A voice message was heard. */
  readonly played?: string | undefined;
  /** It was deleted for everybody. */
  readonly deleted?: string | undefined;
  readonly failed?: string | undefined;
  /** WhatsApp does not try to deliver it any more. */
  readonly silent?: string | undefined;
  readonly failure?: string | undefined;
  /** It ends unsent, as `end` says: of a message that is still in the queue. */
  readonly ended?: string | undefined;
  readonly end?: typeof STATUS.suppressed | typeof STATUS.canceled | typeof STATUS.expired | undefined;
  /** A fact about this earlier attempt too: WhatsApp took that one as well. */
  readonly earlier?: number | undefined;
  readonly wamid?: string | undefined;
  readonly pricing?: string | undefined;
}

/** An inbound message, or one that was written in the app on a number of ours, ready to be stored. */
export interface InboundRow {
  readonly id: string;
  readonly workspace: string;
  readonly sender: string;
  readonly direction: 1 | 2;
  /** As Meta wrote it, a phone number with its plus sign. */
  readonly recipient: string;
  /** Under which name windows know the person, unless an alias knows better. */
  readonly key: string;
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
  /** Reports that are this node's to deliver. */
  readonly taken: readonly ClaimedReport[];
  /** What changed, for the live event stream and the counters. */
  readonly events: readonly { readonly id: string; readonly workspace: string; readonly kind: number }[];
  /** New inbound messages by sender; repeats are not among them. */
  readonly inbound: readonly { readonly sender: string; readonly count: number }[];
  /** Lanes in which a message that waited for one of these may leave. */
  readonly woken: readonly string[];
  /** Messages that waited to be sent and do not any more, by sender; what was claimed is not among them. */
  readonly left: readonly { readonly sender: string; readonly count: number }[];
  /** Messages that were sent twice: word came of an attempt before one that WhatsApp took as well. */
  readonly duplicates: number;
}

/**
 * Stores facts and inbound messages, writes their reports, and flags the journal entries they came from, or writes those
 * as read: one transaction, so that an effect and its flag are never apart.
 *
 * Status moves by rank and never back; each status's own time is kept once it is known; `failed` counts only for the
 * last attempt and not after a delivery; ends of our own stay. An event is written when its time was not known before;
 * its id is derived, so a repeat meets its own primary key. `read` without `delivered` reports the delivery first.
 *
 * The next message to the same recipient that waited for one of these goes back into the queue.
 *
 * Rows are locked in the order of their ids: two batches that share messages must not wait for each other.
 *
 * Of the reports on our own messages those are written as claimed that this node may deliver at once (`Take`), and come
 * back whole: a claim would be another statement and another version of each row.
 *
 * Parameters: facts, one for each message; inbound rows; journal ids; now; webhooks that are not in the journal yet; what
 * this node may take.
 */
export const APPLY: Statement<Applied> = {
  name: 'apply',
  text: `
    with input as materialized (
      select * from json_to_recordset($1::json) as i(id uuid, sender uuid, attempt integer, accepted timestamptz,
        sent timestamptz, delivered timestamptz, read timestamptz, played timestamptz, deleted timestamptz,
        failed timestamptz, failure text, silent timestamptz, ended timestamptz, "end" smallint, earlier integer, wamid text, pricing text)
    ), locked as materialized (
      select m.id, m.workspace_id, m.status, m.attempt, m.report_mask, m.dialect, m.webhook_url, m.webhook_failover_url,
        m.sender_id, coalesce(m.person, m.recipient) as person, m.priority, m.accepted_at, m.sent_at, m.delivered_at, m.read_at,
        i.accepted, i.sent, i.delivered, i.read, i.played, i.deleted, i.failure, i.wamid, i.pricing, i."end",
        coalesce(i.accepted, i.sent, i.delivered, i.read) is not null as taken, i.earlier,
        case when m.wamid <> i.wamid and i.attempt = m.attempt then i.attempt - 1 else i.attempt end as told,
        case when m.status in (${STATUS.scheduled}, ${STATUS.queued}) then i.ended end as ended,
        case when i.attempt = m.attempt and m.status < ${STATUS.failed} then i.failed end as failed,
        case when m.status in (${STATUS.accepted}, ${STATUS.sent}) and m.ended_at is null
          and coalesce(i.delivered, i.read, i.failed) is null then i.silent end as silent
      from input i join messages m on ${KEY_IS('m.id', 'i.id')} and m.sender_id = i.sender
      where m.direction = 0
      order by i.id for update of m
    ), changed as (
      update messages m set
        status = case when l.ended is not null then l."end" when m.status >= ${STATUS.suppressed} then m.status else greatest(m.status,
          case when l.read is not null then ${STATUS.read} when l.delivered is not null then ${STATUS.delivered}
            when l.failed is not null then ${STATUS.failed} when l.sent is not null then ${STATUS.sent}
            when l.accepted is not null then ${STATUS.accepted} else 0 end) end,
        parked = case when l.taken or l.failed is not null or l.ended is not null then null else m.parked end,
        run_at = case when l.taken or l.failed is not null or l.ended is not null then null else m.run_at end,
        accepted_at = coalesce(m.accepted_at, l.accepted),
        sent_at = coalesce(m.sent_at, l.sent),
        delivered_at = coalesce(m.delivered_at, l.delivered),
        read_at = coalesce(m.read_at, l.read),
        played_at = coalesce(m.played_at, l.played),
        deleted_at = coalesce(m.deleted_at, l.deleted),
        ended_at = coalesce(m.ended_at, l.failed, l.ended, l.silent),
        failure = case when l.failed is not null or l.ended is not null then l.failure else m.failure end,
        wamid = coalesce(m.wamid, l.wamid),
        pricing = coalesce(m.pricing, l.pricing)
      from locked l where ${KEY_IS('m.id', 'l.id')}
      returning m as row, m.id, m.workspace_id, m.sender_id, m.dialect, m.report_mask, m.webhook_url, m.webhook_failover_url,
        l.status as was, l.sent_at as had_sent, l.delivered_at as had_delivered, l.read_at as had_read,
        l.sent, l.delivered, l.read, l.failed, l.silent, l."end", l.ended
    ), ${FREE_NEXT(
      `select distinct id, sender_id, person, priority from locked
        where status < ${STATUS.accepted} and (taken or failed is not null or ended is not null)`,
      'input',
    )}, doubled as (
      insert into timeline (message_id, at, step, attempt, detail)
      select id, $4::timestamptz, 'duplicate', before, 'WhatsApp took this attempt as well as a later one' from (
        select id, attempt, least(told, earlier) as before from locked
        where taken and (accepted_at is not null or earlier is not null or told < attempt)
      ) l
      where before < attempt and not exists (
        select from timeline t where ${KEY_IS('t.message_id', 'l.id')} and t.step = 'duplicate' and t.attempt = l.before)
      returning 1
    ), happened as (
      select c.row, c.id, c.workspace_id, c.sender_id, c.dialect, c.report_mask, c.webhook_url, c.webhook_failover_url, e.kind, e.at
      from changed c cross join lateral (values
        (${EVENT.sent}, case when c.had_sent is null then c.sent end),
        (${EVENT.delivered}, case when c.had_delivered is null and c.had_read is null then coalesce(c.delivered, c.read) end),
        (${EVENT.read}, case when c.had_read is null then c.read end),
        (${EVENT.failed}, c.failed),
        (${EVENT.unreceipted}, c.silent),
        (case c."end" when ${STATUS.suppressed} then ${EVENT.suppressed} when ${STATUS.canceled} then ${EVENT.canceled}
          else ${EVENT.expired} end, c.ended)
      ) as e(kind, at)
      where e.at is not null and c.was < ${STATUS.suppressed}
    ), arrived as (
      select i.*, coalesce(a.recipient, i.key) as person
      from json_to_recordset($2::json) as i(id uuid, workspace uuid, sender uuid, direction smallint, recipient text,
        key text, name text, kind text, content text, wamid text, at timestamptz)
      left join recipient_aliases a on a.workspace_id = i.workspace and a.alias = i.key
    ), stored as (
      insert into messages (id, workspace_id, sender_id, direction, recipient, kind, content, status, wamid,
        created_at, accepted_at)
      select id, workspace, sender, direction, recipient, kind, content, ${STATUS.received}, wamid, at, $4::timestamptz from arrived
      on conflict (id) do nothing
      returning id, workspace_id, sender_id, direction, created_at
    ), opened as (
      insert into windows (sender_id, recipient, opened_at, last_message_at)
      select sender, person, max(at), max(at) from arrived where direction = 1 group by sender, person order by sender, person
      on conflict (sender_id, recipient) do update
      set opened_at = greatest(windows.opened_at, excluded.opened_at),
        last_message_at = greatest(windows.last_message_at, excluded.last_message_at)
    ), known as (
      insert into recipients (workspace_id, recipient, name, updated_at)
      select distinct on (workspace, person) workspace, person, name, at from arrived
      order by workspace, person, at desc
      on conflict (workspace_id, recipient) do update set name = coalesce(excluded.name, recipients.name), updated_at = excluded.updated_at
      where recipients.updated_at < excluded.updated_at
    ), told as (
      select row, id, workspace_id, sender_id, kind, at from happened
      union all
      select null::messages, id, workspace_id, sender_id, case direction when 1 then ${EVENT.inbound} else ${EVENT.echo} end, created_at
      from stored
    ), destined as (
      select row, id, workspace_id, kind, at, null::uuid as endpoint_id, dialect, webhook_url as url,
        webhook_failover_url as failover_url, null::text[] as events, null::text as properties, null::integer as mask, false as stopped
      from happened where report_mask & kind <> 0
      union all
      select t.row, t.id, t.workspace_id, t.kind, t.at, e.id, e.dialect, e.url, e.failover_url, e.events, e.properties, e.mask,
        e.stopped_reason is not null
      from told t join webhook_endpoints e on e.workspace_id = t.workspace_id and e.enabled and e.mask & t.kind <> 0
        and (e.only_senders is null or t.sender_id = any(e.only_senders))
    ), takable as materialized (
      select d.*, t.take, ${DERIVED_ID('d.id', `'report:' || d.kind || ':' || coalesce(d.endpoint_id::text, 'own')`)} as report_id,
        case when t.take is not null and (d.row).id is not null and not d.stopped then ${RECEIVER_OF('d')} end as lane
      from destined d cross join (select nullif($6::jsonb, 'null') as take) t
    ), placed as materialized (
      select d.*, d.lane is not null
        and row_number() over (partition by d.lane order by d.at, d.kind) <= coalesce((d.take -> 'lanes' -> d.lane)::integer, 0)
        and not exists (select from waiting_reports w where ${KEY_IS('w.lane', 'd.lane')})
        and not exists (select from report_lanes l where l.lane = d.lane and l.paused_until > $4::timestamptz) as taken
      from takable d
    ), reported as (
      insert into reports (id, message_id, workspace_id, endpoint_id, dialect, kind, occurred_at, url, failover_url, attempt, run_at)
      select report_id, id, workspace_id, endpoint_id, dialect, kind, at, url, failover_url, taken::integer,
        case when taken then ${LEASE_OF('p', "(p.take -> 'leases')")} else $4::timestamptz end
      from placed p
      on conflict (id) do nothing
      returning 1
    ), logged as (${LOG_EVENTS('told', '$4')}
    ), flagged as (
      update journal j set state = ${JOURNALLED.read} from json_array_elements_text($3::json) as i(id) where ${KEY_IS('j.id', 'i.id::uuid')}
    ), ${INTO_JOURNAL('$5', JOURNALLED.read)}
    select json_build_object(
      'reports', (select count(*) from placed where not taken),
      'taken', (select coalesce(json_agg(${REPORT_JSON({
        id: 'report_id',
        lane: 'lane',
        kind: 'kind',
        occurred_at: 'at',
        workspace_id: 'workspace_id',
        endpoint_id: 'endpoint_id',
        dialect: 'dialect',
        url: 'url',
        failover_url: 'failover_url',
        attempt: '1',
        base: '0',
        message: 'row_to_json(row)',
        notice: 'null',
        name: 'null',
        subscribed: 'events',
        properties: 'properties',
        shut: 'null',
        mask: 'mask',
      })}), '[]')
        -- One that stands already may be another node's.
        from placed where taken and (select count(*) from reported) = (select count(*) from placed)),
      'events', (select coalesce(json_agg(json_build_object('id', id, 'workspace', workspace_id, 'kind', kind)), '[]') from told),
      'inbound', (select coalesce(json_agg(json_build_object('sender', sender_id, 'count', n)), '[]')
        from (select sender_id, count(*) as n from stored where direction = 1 group by sender_id) s),
      'woken', (select coalesce(json_agg(distinct sender_id), '[]') from next),
      'left', (select coalesce(json_agg(json_build_object('sender', sender_id, 'count', n)), '[]')
        from (select sender_id, count(*) as n from changed c
          where was = ${STATUS.queued} and (c.row).status <> ${STATUS.queued} group by sender_id) q),
      'duplicates', (select count(*) from doubled)
    ) as out`,
};
