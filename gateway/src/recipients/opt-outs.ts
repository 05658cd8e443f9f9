import { sql } from 'kysely';
import { CONSENT } from '../message/consent.ts';
import type { Store } from '../store/store.ts';
import { knownAs } from './known-as.ts';

/** Somebody who wants nothing more by a channel: told so by the API or by hand, or by a STOP word. */
export interface OptOut {
  readonly id: string;
  /** As it was given. */
  readonly customer: string;
  readonly channel: string;
  readonly createdAt: Date;
}

export interface OptOutFilter {
  readonly customer?: string | undefined;
  readonly channel?: string | undefined;
  readonly regionCodes?: readonly string[] | undefined;
  readonly countriesOf: (phone: string) => readonly string[];
}

export interface OptOutPage {
  readonly limit: number;
  readonly offset: number;
  /** The `next` of an earlier page. */
  readonly after: string | undefined;
  /** Whether all are counted. */
  readonly counted: boolean;
}

const REASONS = [CONSENT.unsubscribed, CONSENT.stopped];

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A filter by region reads so many entries for one page: numbers say their country only here. */
const SCANNED_MAX = 20_000;

/** All channels that somebody opted out of. */
export async function optOutsOf(store: Store, workspaceId: string, customer: string): Promise<OptOut[]> {
  const rows = await distinct(store, workspaceId)
    .where('recipient', '=', knownAs(workspaceId, customer))
    .execute();
  return rows.map(toOptOut);
}

export async function optOutOf(
  store: Store,
  workspaceId: string,
  customer: string,
  channel: string,
): Promise<OptOut | undefined> {
  return (await optOutsOf(store, workspaceId, customer)).find(one => one.channel === channel);
}

/** Newest first. */
export async function pageOfOptOuts(
  store: Store,
  workspaceId: string,
  { customer, channel, regionCodes, countriesOf }: OptOutFilter,
  { limit, offset, after, counted }: OptOutPage,
): Promise<{ readonly rows: OptOut[]; readonly next: string | undefined; readonly total: number }> {
  const all = store.db
    .selectFrom(
      distinct(store, workspaceId)
        .$if(channel !== undefined, query => query.where('channel', '=', channel!))
        .$if(customer !== undefined, query => query.where('recipient', '=', knownAs(workspaceId, customer!)))
        .as('c'),
    )
    .selectAll();
  const isWanted = (one: OptOut): boolean =>
    regionCodes === undefined || countriesOf(one.customer).some(region => regionCodes.includes(region));
  if (regionCodes !== undefined) {
    const rows = (await all.orderBy('id', 'desc').limit(SCANNED_MAX).execute())
      .map(toOptOut)
      .filter(isWanted);
    const from = after === undefined ? offset : rows.findIndex(row => row.id < after);
    const page = from < 0 ? [] : rows.slice(from, from + limit);
    return { rows: page, next: nextOf(page, rows.length > from + limit), total: rows.length };
  }
  const cursor = after !== undefined && UUID.test(after) ? after : undefined;
  const [rows, count] = await Promise.all([
    all
      .$if(cursor !== undefined, query => query.where('id', '<', cursor!))
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .offset(offset)
      .execute(),
    counted
      ? store.db.selectFrom(all.as('c')).select(sql<string>`count(*)`.as('total')).executeTakeFirstOrThrow()
      : undefined,
  ]);
  const page = rows.slice(0, limit).map(toOptOut);
  return { rows: page, next: nextOf(page, rows.length > limit), total: Number(count?.total ?? 0) };
}

function nextOf(page: readonly OptOut[], more: boolean): string | undefined {
  return more ? page.at(-1)?.id : undefined;
}

/** One for each person and channel, whichever of both reasons came first. */
const distinct = (store: Store, workspaceId: string) =>
  store.db
    .selectFrom('consents')
    .distinctOn(['recipient', 'channel'])
    .select(['id', 'recipient', 'channel', 'customer', 'at'])
    .where('workspace_id', '=', workspaceId)
    .where('active', '=', true)
    .where('reason', 'in', REASONS)
    .orderBy('recipient')
    .orderBy('channel')
    .orderBy('reason');

function toOptOut(row: { id: string; customer: string; channel: string; at: Date }): OptOut {
  return { id: row.id, customer: row.customer, channel: row.channel, createdAt: row.at };
}
