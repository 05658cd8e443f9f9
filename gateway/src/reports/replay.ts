import { sql } from 'kysely';
import { firstIdAt } from '../message/id.ts';
import type { Store } from '../store/store.ts';
import { eventIdOf } from './encoder.ts';
import { LANE_OF, REPORT } from './report-sql.ts';

/** Which reports have ended how; `all` of both. */
export const REPLAYED = ['failed', 'delivered', 'all'] as const;
export type Replayed = (typeof REPLAYED)[number];

/** Which reports are to be delivered again; what is absent does not matter. */
export interface ReplayFilter {
  readonly workspaceId: string;
  readonly state: Replayed;
  readonly reportId?: string | undefined;
  /** Of one event, to every URL that was told of it. */
  readonly eventId?: string | undefined;
  readonly messageId?: string | undefined;
  readonly endpointId?: string | undefined;
  /** When it happened. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export interface Replay {
  /** Reports that are in line now. */
  readonly scheduled: number;
  /** Reports that fit and stay as they are: their endpoint is disabled or deleted. */
  readonly skipped: number;
}

/** Reports that are looked at in one transaction. */
const PORTION = 5_000;

/** What happens to a message happens within WhatsApp's 30 days; ids tell when it was made. */
const LIFE_MS = 31 * 86_400_000;

/** Ids are made by a node's clock. */
const CLOCKS_MS = 60_000;

/**
 * Puts reports that have ended in line to be delivered again, under the same event id and from the first attempt on. They
 * stand in the order in which things happened, before what happened later and waits there already. Those that are still
 * to be delivered are left alone, so none is delivered twice for it.
 *
 * Safe beside running gateways, which find them within half a second.
 */
export async function replayReports(store: Store, filter: ReplayFilter): Promise<Replay> {
  const ids = filter.eventId === undefined ? undefined : await reportsOfEvent(store, filter);
  if (ids?.length === 0) return { scheduled: 0, skipped: 0 };
  let [scheduled, skipped] = [0, 0];
  for (let after = lowest(filter); ; ) {
    const portion = await replayPortion(store, filter, ids, after);
    scheduled += portion.scheduled;
    skipped += portion.fitting - portion.scheduled;
    if (portion.looked < PORTION || portion.last === null) return { scheduled, skipped };
    after = portion.last;
  }
}

interface Portion {
  readonly looked: number;
  readonly fitting: number;
  readonly scheduled: number;
  readonly last: string | null;
}

async function replayPortion(
  store: Store,
  filter: ReplayFilter,
  ids: readonly string[] | undefined,
  after: string,
): Promise<Portion> {
  const { workspaceId, state, reportId, messageId, endpointId, from, to } = filter;
  const ended = state === 'all' ? [REPORT.delivered, REPORT.failed] : [REPORT[state]];
  const { rows } = await sql<Portion>`
    with looked as materialized (
      select id, endpoint_id, message_id, occurred_at from reports
      where workspace_id = ${workspaceId} and ${sql.raw(`state in (${ended.join(', ')})`)}
        and id > ${after}::uuid and id < ${highest(filter)}::uuid
        and (${ids ?? null}::uuid[] is null or id = any(${ids ?? null}::uuid[]))
      order by id limit ${PORTION}
    ), fitting as materialized (
      select l.id, l.endpoint_id is null or coalesce(e.enabled and e.stopped_at is null, false) as open
      from looked l left join webhook_endpoints e on e.id = l.endpoint_id
      where (${reportId ?? null}::uuid is null or l.id = ${reportId ?? null}::uuid)
        and (${messageId ?? null}::uuid is null or l.message_id = ${messageId ?? null}::uuid)
        and (${endpointId ?? null}::uuid is null or l.endpoint_id = ${endpointId ?? null}::uuid)
        and (${from ?? null}::timestamptz is null or l.occurred_at >= ${from ?? null})
        and (${to ?? null}::timestamptz is null or l.occurred_at <= ${to ?? null})
    ), revived as (
      update reports r set state = ${sql.lit(REPORT.waiting)}, base = r.attempt, lane = null, finished_at = null
      from fitting f where f.open and r.id = f.id and ${sql.raw(`r.state in (${ended.join(', ')})`)}
      returning r.id, r.kind, r.occurred_at, ${sql.raw(LANE_OF('r'))} as lane
    ), stood as (
      -- What Meta says comes in whole seconds: of one second the kinds are in the order of a message's life.
      insert into waiting_reports (lane, due_at, report_id)
      select lane, occurred_at + kind * interval '1 microsecond', id from revived
      on conflict do nothing
    )
    select (select count(*)::int from looked) as looked, (select count(*)::int from fitting) as fitting,
      (select count(*)::int from revived) as scheduled, (select id from looked order by id desc limit 1) as last
  `.execute(store.db);
  return rows[0]!;
}

/** The ids of what a filter names lie side by side: a report's begins with the time of what it is about. */
function named({ reportId, messageId, eventId }: ReplayFilter): string | undefined {
  return (reportId ?? messageId ?? eventId)?.toLowerCase().slice(0, 14);
}

function lowest(filter: ReplayFilter): string {
  const time = named(filter);
  if (time !== undefined) return `${time}0000-0000-000000000000`;
  // Failed ones have an index of their own and are few.
  return firstIdAt(
    filter.state === 'failed' || filter.from === undefined ? 0 : filter.from.getTime() - LIFE_MS,
  );
}

function highest(filter: ReplayFilter): string {
  const time = named(filter);
  if (time !== undefined) return `${time}ffff-ffff-ffffffffffff`;
  return firstIdAt(
    filter.state === 'failed' || filter.to === undefined ? MAX_MS : filter.to.getTime() + CLOCKS_MS,
  );
}

/** Later than any id. */
const MAX_MS = 2 ** 48 - 1;

/** The reports of an event; its id is derived, and nothing stores it. */
async function reportsOfEvent(store: Store, filter: ReplayFilter): Promise<string[]> {
  const rows = await store.db
    .selectFrom('reports')
    .select(['id', 'message_id', 'notice_id', 'kind'])
    .where('workspace_id', '=', filter.workspaceId)
    .where('id', '>', lowest(filter))
    .where('id', '<', highest(filter))
    .execute();
  const wanted = filter.eventId?.toLowerCase();
  return rows
    .filter(row => eventIdOf(row.message_id ?? row.notice_id ?? '', row.kind) === wanted)
    .map(row => row.id);
}
