import { randomBytes } from 'node:crypto';
import type { Selectable, Updateable } from 'kysely';
import { newId } from '../message/id.ts';
import type { DialectName } from '../message/message.ts';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { type Conflict, conflict, isUuid, type Page, type Slice, type Sliced } from './outcome.ts';
import type { Secrets } from './secrets.ts';

/** What an endpoint may be told in: a vendor's form, or Wirebird's own. */
export type EndpointDialect = DialectName | 'wirebird';

/** Names of properties by the dialect's name of the event. */
export type EventProperties = Readonly<Record<string, readonly string[]>>;

/** `disabled`: by somebody. `pending`: by us, since its receiver failed; what it misses is kept as failed. */
export type EndpointStatus = 'active' | 'disabled' | 'pending';

/** Where every event of a workspace goes that it asked for. */
export interface Endpoint {
  readonly id: string;
  readonly workspaceId: string;
  readonly url: string;
  readonly failoverUrl: string | undefined;
  readonly dialect: EndpointDialect;
  /** In the dialect's own names. */
  readonly events: readonly string[];
  readonly description: string | undefined;
  /** Of these events it hears only when one of the properties changed. */
  readonly properties: EventProperties | undefined;
  readonly hasSecret: boolean;
  /** Until when the secret before the last one holds too. */
  readonly previousSecretUntil: Date | undefined;
  readonly enabled: boolean;
  readonly status: EndpointStatus;
  /** Why we stopped it, and when. */
  readonly stopped: { readonly at: Date; readonly reason: string } | undefined;
  /** Where it follows from, `waba:<id>` or `profile:<id>`; undefined for one that somebody made. */
  readonly origin: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NewEndpoint {
  readonly workspaceId: string;
  readonly url: string;
  readonly failoverUrl?: string | undefined;
  readonly dialect: EndpointDialect;
  readonly events: readonly string[];
  readonly description?: string | undefined;
  readonly properties?: EventProperties | undefined;
  readonly enabled?: boolean | undefined;
  /** For dialects that sign with a secret of the endpoint. */
  readonly secret?: string | undefined;
}

/** What is to be another; absent fields stay. */
export interface EndpointChange {
  readonly url?: string | undefined;
  readonly failoverUrl?: string | null | undefined;
  /** In the dialect's own names, with the mask of events that they stand for. */
  readonly events?: { readonly names: readonly string[]; readonly mask: number } | undefined;
  readonly description?: string | null | undefined;
  readonly properties?: EventProperties | undefined;
  /** True also takes an endpoint up again that we stopped. */
  readonly enabled?: boolean | undefined;
}

/** Standard Webhooks: 24 to 64 bytes. */
const SECRET_BYTES = 32;

/** A secret in the form of Standard Webhooks, which others take as a plain text. */
export function newEndpointSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/**
 * @param maskOf the mask of events that the dialect's names stand for; only a dialect knows
 */
export async function createEndpoint(
  store: Store,
  secrets: Secrets,
  input: NewEndpoint,
  maskOf: (dialect: EndpointDialect, events: readonly string[]) => number,
  now: Date,
): Promise<Endpoint> {
  const row = await store.db
    .insertInto('webhook_endpoints')
    .values({
      id: newId(),
      workspace_id: input.workspaceId,
      url: input.url,
      failover_url: input.failoverUrl ?? null,
      dialect: input.dialect,
      events: [...input.events],
      mask: maskOf(input.dialect, input.events),
      description: input.description ?? null,
      properties: input.properties === undefined ? null : JSON.stringify(input.properties),
      enabled: input.enabled ?? true,
      secret: input.secret === undefined ? null : secrets.seal(input.secret),
      created_at: now,
      updated_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toEndpoint(row);
}

export async function listEndpoints(store: Store, workspaceId: string, page: Page): Promise<Endpoint[]> {
  const rows = await store.db
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .$if(page.after !== undefined, query => query.where('id', '<', page.after!))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map(toEndpoint);
}

/** The endpoints that somebody made in one dialect, newest first. */
export async function sliceEndpoints(
  store: Store,
  workspaceId: string,
  dialect: EndpointDialect,
  slice: Slice,
): Promise<Sliced<Endpoint>> {
  const those = store.db
    .selectFrom('webhook_endpoints')
    .where('workspace_id', '=', workspaceId)
    .where('dialect', '=', dialect)
    .where('origin', 'is', null);
  const [rows, counted] = await Promise.all([
    those.selectAll().orderBy('id', 'desc').limit(slice.limit).offset(slice.offset).execute(),
    those.select(({ fn }) => fn.countAll<string>().as('total')).executeTakeFirstOrThrow(),
  ]);
  return { rows: rows.map(toEndpoint), total: Number(counted.total) };
}

export async function getEndpoint(
  store: Store,
  workspaceId: string,
  id: string,
): Promise<Endpoint | undefined> {
  if (!isUuid(id)) return undefined;
  const row = await store.db
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('id', '=', id)
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
  return row === undefined ? undefined : toEndpoint(row);
}

/** Changes an endpoint; of one that follows from other settings only whether it is enabled. */
export async function changeEndpoint(
  store: Store,
  workspaceId: string,
  id: string,
  change: EndpointChange,
  now: Date,
): Promise<Endpoint | Conflict | undefined> {
  const standing = await getEndpoint(store, workspaceId, id);
  if (standing === undefined) return undefined;
  const { enabled, ...others } = change;
  if (standing.origin !== undefined && Object.values(others).some(value => value !== undefined))
    return follows(standing.origin);
  const set: Updateable<Tables['webhook_endpoints']> = { updated_at: now };
  if (change.url !== undefined) set.url = change.url;
  if (change.failoverUrl !== undefined) set.failover_url = change.failoverUrl;
  if (change.description !== undefined) set.description = change.description;
  if (change.properties !== undefined) set.properties = JSON.stringify(change.properties);
  if (change.events !== undefined) {
    set.events = [...change.events.names];
    set.mask = change.events.mask;
  }
  if (enabled !== undefined) set.enabled = enabled;
  // Whoever enables it, or says that it is elsewhere now, wants it to be tried again.
  if (enabled === true || (change.url !== undefined && change.url !== standing.url)) {
    set.stopped_at = null;
    set.stopped_reason = null;
  }
  const row = await store.db
    .updateTable('webhook_endpoints')
    .set(set)
    .where('id', '=', id)
    .where('workspace_id', '=', workspaceId)
    .returningAll()
    .executeTakeFirst();
  return row && toEndpoint(row);
}

/**
 * Gives an endpoint another secret; the one before holds beside it for a while, in dialects whose form has room for two
 * signatures.
 */
export async function rotateSecret(
  store: Store,
  secrets: Secrets,
  workspaceId: string,
  id: string,
  secret: string,
  overlapMs: number,
  now: Date,
): Promise<Endpoint | undefined> {
  if (!isUuid(id)) return undefined;
  const row = await store.db
    .updateTable('webhook_endpoints')
    .set(({ ref }) => ({
      previous_secret: overlapMs > 0 ? ref('secret') : null,
      previous_secret_until: overlapMs > 0 ? new Date(now.getTime() + overlapMs) : null,
      secret: secrets.seal(secret),
      updated_at: now,
    }))
    .where('id', '=', id)
    .where('workspace_id', '=', workspaceId)
    .returningAll()
    .executeTakeFirst();
  return row && toEndpoint(row);
}

/**
 * Stops an endpoint whose receiver is gone or has failed for too long. Events go on being noted for it, as failed reports
 * that a replay sends.
 *
 * @returns undefined when it is stopped already, or gone
 */
export async function stopEndpoint(
  store: Store,
  id: string,
  reason: string,
  now: Date,
): Promise<{ readonly workspaceId: string } | undefined> {
  return store.db.transaction().execute(async tx => {
    const row = await tx
      .updateTable('webhook_endpoints')
      .set({ stopped_at: now, stopped_reason: reason, updated_at: now })
      .where('id', '=', id)
      .where('stopped_at', 'is', null)
      .returning('workspace_id')
      .executeTakeFirst();
    // When it is taken up again, it begins anew.
    await tx.deleteFrom('report_lanes').where('lane', '=', id).execute();
    return row && { workspaceId: row.workspace_id };
  });
}

/** Deletes an endpoint that somebody made; one that follows from other settings goes with them. */
export async function deleteEndpoint(
  store: Store,
  workspaceId: string,
  id: string,
): Promise<'deleted' | Conflict | undefined> {
  if (!isUuid(id)) return undefined;
  const result = await store.db
    .deleteFrom('webhook_endpoints')
    .where('id', '=', id)
    .where('workspace_id', '=', workspaceId)
    .where('origin', 'is', null)
    .executeTakeFirst();
  if (result.numDeletedRows > 0n) return 'deleted';
  const standing = await getEndpoint(store, workspaceId, id);
  return standing && follows(standing.origin);
}

function follows(origin: string | undefined): Conflict {
  return conflict(`This endpoint follows from ${origin}: change the URL there.`);
}

function toEndpoint(row: Selectable<Tables['webhook_endpoints']>): Endpoint {
  const stopped =
    row.stopped_at === null ? undefined : { at: row.stopped_at, reason: row.stopped_reason ?? '' };
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    url: row.url,
    failoverUrl: row.failover_url ?? undefined,
    dialect: row.dialect as EndpointDialect,
    events: row.events,
    description: row.description ?? undefined,
    properties: row.properties === null ? undefined : (JSON.parse(row.properties) as EventProperties),
    hasSecret: row.secret !== null,
    previousSecretUntil: row.previous_secret_until ?? undefined,
    enabled: row.enabled,
    status: !row.enabled ? 'disabled' : stopped === undefined ? 'active' : 'pending',
    stopped,
    origin: row.origin ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at ?? row.created_at,
  };
}
