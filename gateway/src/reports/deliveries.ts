import { type RawBuilder, sql } from 'kysely';
import { firstIdAt } from '../message/id.ts';
import type { DialectName, Message } from '../message/message.ts';
import { toMessage } from '../store/message-row.ts';
import type { Store } from '../store/store.ts';
import type { Notice } from './encoder.ts';
import { noticeFromJson } from './notice-row.ts';
import { REPORT } from './report-sql.ts';

/** One attempt at a report's URL, as it went. */
export interface DeliveryAttempt {
  /** From 1. */
  readonly attempt: number;
  readonly at: Date;
  readonly durationMs: number;
  readonly url: string;
  readonly httpStatus: number | undefined;
  readonly error: string | undefined;
  /** The beginning of what was answered. */
  readonly answer: string | undefined;
}

/** A report that has ended, with how it was delivered. */
export interface Delivery {
  readonly id: string;
  readonly workspaceId: string;
  readonly endpointId: string | undefined;
  readonly delivered: boolean;
  /** One event bit. */
  readonly kind: number;
  readonly occurredAt: Date;
  /** What it is about: one of both. */
  readonly message: Message | undefined;
  readonly notice: Notice | undefined;
  /** The last one first. */
  readonly attempts: readonly DeliveryAttempt[];
}

export interface DeliveryFilter {
  readonly dialect: DialectName;
  readonly delivered?: boolean | undefined;
  /** A mask of event bits. */
  readonly kinds?: number | undefined;
  readonly startedFrom?: Date | undefined;
  readonly startedTo?: Date | undefined;
  readonly finishedFrom?: Date | undefined;
  readonly finishedTo?: Date | undefined;
}

/**
 * How far back a list reaches: the reports of so many messages, or so many failed reports. Reports have no index by
 * workspace, since every event would pay for it; failed ones have, and are few.
 */
const REACH = 5_000;

/** Ids are made by a node's clock, attempts are timed by the database's. */
const CLOCKS_MS = 60_000;

/**
 * The reports of a workspace that were tried and have ended, newest first; how many there are within reach.
 *
 * @param phoneOf the number of a sender, for what is about a number
 */
export async function listDeliveries(
  store: Store,
  workspaceId: string,
  filter: DeliveryFilter,
  slice: { readonly limit: number; readonly offset: number },
  phoneOf: PhoneOf,
): Promise<{ readonly rows: readonly Delivery[]; readonly total: number }> {
  const { dialect, kinds = null, startedFrom, startedTo, finishedFrom, finishedTo } = filter;
  // What was delivered by then was made by then.
  const upTo = firstIdAt(startedTo === undefined ? MAX_MS : startedTo.getTime() + CLOCKS_MS);
  const { rows } = await sql<{ total: number; ids: string[] }>`
    with candidates as (${filter.delivered === false ? failed(workspaceId, upTo) : ended(workspaceId, upTo)}),
    matching as materialized (
      select r.id from candidates r cross join lateral (
        select min(at) as started_at, max(at + duration_ms * interval '1 ms') as finished_at
        from report_attempts where report_id = r.id
      ) a
      where r.dialect = ${dialect} and a.started_at is not null
        and (${filter.delivered ?? null}::boolean is null or r.state = ${filter.delivered === false ? REPORT.failed : REPORT.delivered})
        and (${kinds}::integer is null or r.kind & ${kinds}::integer <> 0)
        and (${startedFrom ?? null}::timestamptz is null or a.started_at >= ${startedFrom ?? null})
        and (${startedTo ?? null}::timestamptz is null or a.started_at <= ${startedTo ?? null})
        and (${finishedFrom ?? null}::timestamptz is null or a.finished_at >= ${finishedFrom ?? null})
        and (${finishedTo ?? null}::timestamptz is null or a.finished_at <= ${finishedTo ?? null})
    )
    select (select count(*)::integer from matching) as total,
      array(select id::text from matching order by id desc limit ${slice.limit} offset ${slice.offset}) as ids
  `.execute(store.db);
  const { total, ids } = rows[0]!;
  return { rows: await read(store, workspaceId, ids, phoneOf), total };
}

/** A report of the workspace that has ended. */
export async function getDelivery(
  store: Store,
  workspaceId: string,
  dialect: DialectName,
  id: string,
  phoneOf: PhoneOf,
): Promise<Delivery | undefined> {
  const row = await store.db
    .selectFrom('reports')
    .select('id')
    .where('id', '=', id)
    .where('workspace_id', '=', workspaceId)
    .where('dialect', '=', dialect)
    .where('state', 'in', [REPORT.delivered, REPORT.failed])
    .executeTakeFirst();
  return row === undefined ? undefined : (await read(store, workspaceId, [row.id], phoneOf))[0];
}

type PhoneOf = (senderId: string) => string | undefined;

/** Later than any id. */
const MAX_MS = 2 ** 48 - 1;

function failed(workspaceId: string, upTo: string): RawBuilder<unknown> {
  return sql`
    select id, dialect, state, kind from reports
    where workspace_id = ${workspaceId} and state = ${sql.lit(REPORT.failed)} and id < ${upTo}::uuid
    order by id desc limit ${REACH}`;
}

function ended(workspaceId: string, upTo: string): RawBuilder<unknown> {
  return sql`
    ${endedOf('messages', 'message_id', workspaceId, upTo)} union all ${endedOf('notices', 'notice_id', workspaceId, upTo)}`;
}

/** A report's id is derived from that of what it is about and begins with the same millisecond: a range of the primary key. */
function endedOf(
  table: 'messages' | 'notices',
  column: 'message_id' | 'notice_id',
  workspaceId: string,
  upTo: string,
): RawBuilder<unknown> {
  return sql`
    select r.id, r.dialect, r.state, r.kind from (
      select id, substr(id::text, 1, 14) as time from ${sql.table(table)}
      where workspace_id = ${workspaceId} and id < ${upTo}::uuid
      order by id desc limit ${REACH}
    ) about cross join lateral (
      select id, dialect, state, kind from reports
      where id between (about.time || '0000-0000-000000000000')::uuid and (about.time || 'ffff-ffff-ffffffffffff')::uuid
        and ${sql.ref(column)} = about.id and state in (${sql.lit(REPORT.delivered)}, ${sql.lit(REPORT.failed)})
    ) r`;
}

async function read(
  store: Store,
  workspaceId: string,
  ids: readonly string[],
  phoneOf: PhoneOf,
): Promise<Delivery[]> {
  if (ids.length === 0) return [];
  const reports = await store.db.selectFrom('reports').selectAll().where('id', 'in', ids).execute();
  const messageIds = reports.map(report => report.message_id).filter(id => id !== null);
  const noticeIds = reports.map(report => report.notice_id).filter(id => id !== null);
  const [attempts, messages, notices] = await Promise.all([
    store.db
      .selectFrom('report_attempts')
      .selectAll()
      .where('report_id', 'in', ids)
      .orderBy('attempt', 'desc')
      .execute(),
    messageIds.length === 0
      ? []
      : store.db
          .selectFrom('messages')
          .selectAll()
          .where('id', 'in', messageIds)
          .where('workspace_id', '=', workspaceId)
          .execute(),
    noticeIds.length === 0
      ? []
      : store.db
          .selectFrom('notices')
          .selectAll()
          .where('id', 'in', noticeIds)
          .where('workspace_id', '=', workspaceId)
          .execute(),
  ]);
  const messageOf = new Map(messages.map(row => [row.id, toMessage(row)]));
  const noticeOf = new Map(notices.map(row => [row.id, noticeFromJson({ ...row }, phoneOf)]));
  const reportOf = new Map(reports.map(row => [row.id, row]));
  const attemptsOf = Map.groupBy(attempts, row => row.report_id);
  return ids.flatMap(id => {
    const report = reportOf.get(id);
    const message = messageOf.get(report?.message_id ?? '');
    const notice = noticeOf.get(report?.notice_id ?? '');
    if (report === undefined || (message === undefined && notice === undefined)) return [];
    return {
      id,
      workspaceId,
      endpointId: report.endpoint_id ?? undefined,
      delivered: report.state === REPORT.delivered,
      kind: report.kind,
      occurredAt: report.occurred_at,
      message,
      notice,
      attempts: (attemptsOf.get(id) ?? []).map(one => ({
        attempt: one.attempt,
        at: one.at,
        durationMs: one.duration_ms,
        url: one.url,
        httpStatus: one.http_status ?? undefined,
        error: one.error ?? undefined,
        answer: one.answer ?? undefined,
      })),
    };
  });
}
