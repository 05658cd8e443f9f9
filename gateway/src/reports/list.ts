import { type RawBuilder, sql } from 'kysely';
import { type EventName, eventName } from '../message/event.ts';
import type { Store } from '../store/store.ts';
import type { DeliveryAttempt } from './deliveries.ts';
import { eventIdOf } from './encoder.ts';
import { REPORT } from './report-sql.ts';

/** `pending`: to be delivered, now or later. */
export const REPORT_STATES = ['pending', 'delivered', 'failed'] as const;
export type ReportState = (typeof REPORT_STATES)[number];

/** One event to one URL, with what became of it. */
export interface ListedReport {
  readonly id: string;
  readonly eventId: string;
  readonly event: EventName;
  readonly state: ReportState;
  readonly endpointId: string | undefined;
  readonly messageId: string | undefined;
  readonly noticeId: string | undefined;
  readonly dialect: string;
  readonly url: string;
  readonly occurredAt: Date;
  /** When it is tried next; undefined when it has ended. */
  readonly dueAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly attempts: readonly DeliveryAttempt[];
}

export interface ListFilter {
  readonly state?: ReportState | undefined;
  readonly endpointId?: string | undefined;
  readonly messageId?: string | undefined;
}

/**
 * How far back one page looks, in messages or notices: reports have no index by workspace, since every event would pay for
 * it. Failed ones have, and those of one message lie side by side.
 */
const REACH = 5_000;

const STATES: Readonly<Record<ReportState, readonly number[]>> = {
  pending: [REPORT.pending, REPORT.waiting],
  delivered: [REPORT.delivered],
  failed: [REPORT.failed],
};

/** The reports of a workspace, newest first by what they are about. */
export async function listReports(
  store: Store,
  workspaceId: string,
  filter: ListFilter,
  page: { readonly limit: number; readonly after: string | undefined },
): Promise<ListedReport[]> {
  const { rows } = await sql<{ id: string }>`
    select r.id from (${candidates(workspaceId, filter, page.after)}) r
    where ${stateIn(filter.state)}
      and (${page.after ?? null}::uuid is null or r.id < ${page.after ?? null}::uuid)
      and (${filter.endpointId ?? null}::uuid is null or r.endpoint_id = ${filter.endpointId ?? null}::uuid)
    order by r.id desc limit ${page.limit}
  `.execute(store.db);
  return read(
    store,
    rows.map(row => row.id),
  );
}

/** A report of the workspace. */
export async function getReport(
  store: Store,
  workspaceId: string,
  id: string,
): Promise<ListedReport | undefined> {
  const row = await store.db
    .selectFrom('reports')
    .select('id')
    .where('id', '=', id)
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
  return row === undefined ? undefined : (await read(store, [row.id]))[0];
}

function stateIn(state: ReportState | undefined): RawBuilder<unknown> {
  return state === undefined ? sql`true` : sql.raw(`r.state in (${STATES[state].join(', ')})`);
}

function candidates(workspaceId: string, filter: ListFilter, after: string | undefined): RawBuilder<unknown> {
  const { state, messageId } = filter;
  if (messageId !== undefined) {
    const time = messageId.toLowerCase().slice(0, 14);
    return sql`
      select id, state, endpoint_id from reports
      where id between ${`${time}0000-0000-000000000000`}::uuid and ${`${time}ffff-ffff-ffffffffffff`}::uuid
        and message_id = ${messageId}::uuid and workspace_id = ${workspaceId}`;
  }
  if (state === 'failed') {
    return sql`
      select id, state, endpoint_id from reports
      where workspace_id = ${workspaceId} and state = ${sql.lit(REPORT.failed)}`;
  }
  const upTo = after === undefined ? undefined : `${after.toLowerCase().slice(0, 14)}ffff-ffff-ffffffffffff`;
  return sql`
    ${newest('messages', 'message_id', workspaceId, upTo)} union all ${newest('notices', 'notice_id', workspaceId, upTo)}`;
}

/** A report's id begins with the same millisecond as that of what it is about: a range of the primary key. */
function newest(
  table: 'messages' | 'notices',
  column: 'message_id' | 'notice_id',
  workspaceId: string,
  upTo: string | undefined,
): RawBuilder<unknown> {
  return sql`
    select r.* from (
      select id, substr(id::text, 1, 14) as time from ${sql.table(table)}
      where workspace_id = ${workspaceId} and (${upTo ?? null}::uuid is null or id <= ${upTo ?? null}::uuid)
      order by id desc limit ${REACH}
    ) about cross join lateral (
      select id, state, endpoint_id from reports
      where id between (about.time || '0000-0000-000000000000')::uuid and (about.time || 'ffff-ffff-ffffffffffff')::uuid
        and ${sql.ref(column)} = about.id
    ) r`;
}

async function read(store: Store, ids: readonly string[]): Promise<ListedReport[]> {
  if (ids.length === 0) return [];
  const [reports, attempts] = await Promise.all([
    store.db.selectFrom('reports').selectAll().where('id', 'in', ids).orderBy('id', 'desc').execute(),
    store.db
      .selectFrom('report_attempts')
      .selectAll()
      .where('report_id', 'in', ids)
      .orderBy('attempt')
      .execute(),
  ]);
  const attemptsOf = Map.groupBy(attempts, row => row.report_id);
  return reports.map(row => {
    const state = REPORT_STATES.find(name => STATES[name].includes(row.state)) ?? 'pending';
    return {
      id: row.id,
      eventId: eventIdOf(row.message_id ?? row.notice_id ?? '', row.kind),
      event: eventName(row.kind),
      state,
      endpointId: row.endpoint_id ?? undefined,
      messageId: row.message_id ?? undefined,
      noticeId: row.notice_id ?? undefined,
      dialect: row.dialect,
      url: row.url,
      occurredAt: row.occurred_at,
      dueAt: state === 'pending' ? row.run_at : undefined,
      finishedAt: row.finished_at ?? undefined,
      attempts: (attemptsOf.get(row.id) ?? []).map(one => ({
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
