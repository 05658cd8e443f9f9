import type { Selectable } from 'kysely';
import { newId } from '../message/id.ts';
import type { DialectName } from '../message/message.ts';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { type Conflict, conflict, isUuid, type Page } from './outcome.ts';
import type { Secrets } from './secrets.ts';

/** Where every event of a workspace goes that it asked for. */
export interface Endpoint {
  readonly id: string;
  readonly workspaceId: string;
  readonly url: string;
  readonly failoverUrl: string | undefined;
  readonly dialect: DialectName;
  /** In the dialect's own names. */
  readonly events: readonly string[];
  readonly hasSecret: boolean;
  readonly enabled: boolean;
  /** Where it follows from, `waba:<id>` or `profile:<id>`; undefined for one that somebody made. */
  readonly origin: string | undefined;
  readonly createdAt: Date;
}

export interface NewEndpoint {
  readonly workspaceId: string;
  readonly url: string;
  readonly failoverUrl?: string | undefined;
  readonly dialect: DialectName;
  readonly events: readonly string[];
  /** For dialects that sign with a secret of the endpoint. */
  readonly secret?: string | undefined;
}

/**
 * @param maskOf the mask of events that the dialect's names stand for; only a dialect knows
 */
export async function createEndpoint(
  store: Store,
  secrets: Secrets,
  input: NewEndpoint,
  maskOf: (dialect: DialectName, events: readonly string[]) => number,
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
      secret: input.secret === undefined ? null : secrets.seal(input.secret),
      created_at: now,
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
  return standing && conflict(`This endpoint follows from ${standing.origin}: take the URL away there.`);
}

function toEndpoint(row: Selectable<Tables['webhook_endpoints']>): Endpoint {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    url: row.url,
    failoverUrl: row.failover_url ?? undefined,
    dialect: row.dialect as DialectName,
    events: row.events,
    hasSecret: row.secret !== null,
    enabled: row.enabled,
    origin: row.origin ?? undefined,
    createdAt: row.created_at,
  };
}
