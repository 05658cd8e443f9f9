import type { Selectable } from 'kysely';
import { newId } from '../message/id.ts';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { arrangeEndpoints } from './arranged-endpoints.ts';
import { type Conflict, conflict, isUuid, type Slice, type Sliced } from './outcome.ts';

/**
 * What a number sends with, as Telnyx has it: where its events go when a message names no URL, and whether it may send
 * at all. The default profile of a workspace has the workspace's id; a number that is in no other is in that one.
 */
export interface MessagingProfile {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly webhookUrl: string | undefined;
  readonly webhookFailoverUrl: string | undefined;
  /** ISO 3166-1 alpha-2, or `*` for all. */
  readonly whitelistedDestinations: readonly string[];
  /** Kept and given back, without an effect here: Telnyx's settings for SMS. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface ProfileChange {
  readonly name?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly webhookUrl?: string | null | undefined;
  readonly webhookFailoverUrl?: string | null | undefined;
  readonly whitelistedDestinations?: readonly string[] | undefined;
  /** Put over those that there are, one by one. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

export interface NewProfile extends ProfileChange {
  readonly name: string;
  readonly whitelistedDestinations: readonly string[];
}

export interface ProfileFilter {
  readonly name?: string | undefined;
  readonly nameContains?: string | undefined;
}

export async function createProfile(
  store: Store,
  workspaceId: string,
  input: NewProfile,
  now: Date,
): Promise<MessagingProfile> {
  const row = await store.db
    .insertInto('messaging_profiles')
    .values({
      id: newId(),
      workspace_id: workspaceId,
      name: input.name,
      enabled: input.enabled ?? true,
      webhook_url: input.webhookUrl ?? null,
      webhook_failover_url: input.webhookFailoverUrl ?? null,
      whitelisted_destinations: [...input.whitelistedDestinations],
      settings: JSON.stringify(input.settings ?? {}),
      created_at: now,
      updated_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toProfile(row);
}

/** Oldest first, so that the default profile leads. */
export async function listProfiles(
  store: Store,
  workspaceId: string,
  filter: ProfileFilter,
  slice: Slice,
): Promise<Sliced<MessagingProfile>> {
  const { name, nameContains } = filter;
  const matching = store.db
    .selectFrom('messaging_profiles')
    .where('workspace_id', '=', workspaceId)
    .$if(name !== undefined, query => query.where('name', '=', name!))
    .$if(nameContains !== undefined, query =>
      query.where(({ eb, fn, val }) =>
        eb(fn<number>('strpos', [fn('lower', ['name']), fn('lower', [val(nameContains!)])]), '>', 0),
      ),
    );
  const [rows, { count }] = await Promise.all([
    matching.selectAll().orderBy('id').limit(slice.limit).offset(slice.offset).execute(),
    matching.select(({ fn }) => fn.countAll<string>().as('count')).executeTakeFirstOrThrow(),
  ]);
  return { rows: rows.map(toProfile), total: Number(count) };
}

export async function getProfile(
  store: Store,
  workspaceId: string,
  id: string,
): Promise<MessagingProfile | undefined> {
  if (!isUuid(id)) return undefined;
  const row = await store.db
    .selectFrom('messaging_profiles')
    .selectAll()
    .where('id', '=', id)
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
  return row === undefined ? undefined : toProfile(row);
}

export async function changeProfile(
  store: Store,
  workspaceId: string,
  id: string,
  change: ProfileChange,
  now: Date,
): Promise<MessagingProfile | undefined> {
  if (!isUuid(id)) return undefined;
  return store.db.transaction().execute(async tx => {
    const known = await tx
      .selectFrom('messaging_profiles')
      .select('settings')
      .where('id', '=', id)
      .where('workspace_id', '=', workspaceId)
      .forUpdate()
      .executeTakeFirst();
    if (known === undefined) return undefined;
    const { settings, whitelistedDestinations } = change;
    const row = await tx
      .updateTable('messaging_profiles')
      .set({
        name: change.name,
        enabled: change.enabled,
        webhook_url: change.webhookUrl,
        webhook_failover_url: change.webhookFailoverUrl,
        whitelisted_destinations:
          whitelistedDestinations === undefined ? undefined : [...whitelistedDestinations],
        settings:
          settings === undefined
            ? undefined
            : JSON.stringify({ ...(JSON.parse(known.settings) as object), ...settings }),
        updated_at: now,
      })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await arrangeEndpoints(tx, workspaceId, now);
    return toProfile(row);
  });
}

/** Deletes a profile; its numbers go back to the default one, which always stays. Gives what it was. */
export async function deleteProfile(
  store: Store,
  workspaceId: string,
  id: string,
  now: Date,
): Promise<MessagingProfile | Conflict | undefined> {
  if (!isUuid(id)) return undefined;
  if (id.toLowerCase() === workspaceId)
    return conflict('The default profile of a workspace cannot be deleted; its settings can be changed.');
  return store.db.transaction().execute(async tx => {
    const row = await tx
      .deleteFrom('messaging_profiles')
      .where('id', '=', id)
      .where('workspace_id', '=', workspaceId)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    await arrangeEndpoints(tx, workspaceId, now);
    return toProfile(row);
  });
}

/**
 * Puts a number into a profile of its own workspace.
 *
 * @param profileId undefined for the default one
 */
export async function assignProfile(
  store: Store,
  workspaceId: string,
  senderId: string,
  profileId: string | undefined,
  now: Date,
): Promise<'assigned' | 'no such profile' | 'no such sender'> {
  if (!isUuid(senderId)) return 'no such sender';
  if (profileId !== undefined && !isUuid(profileId)) return 'no such profile';
  return store.db.transaction().execute(async tx => {
    if (profileId !== undefined) {
      const profile = await tx
        .selectFrom('messaging_profiles')
        .select('id')
        .where('id', '=', profileId)
        .where('workspace_id', '=', workspaceId)
        // It stays until the number is in it.
        .forKeyShare()
        .executeTakeFirst();
      if (profile === undefined) return 'no such profile';
    }
    const result = await tx
      .updateTable('senders')
      .set({ profile_id: profileId ?? null, updated_at: now })
      .where('id', '=', senderId)
      .where('workspace_id', '=', workspaceId)
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) return 'no such sender';
    await arrangeEndpoints(tx, workspaceId, now);
    return 'assigned';
  });
}

function toProfile(row: Selectable<Tables['messaging_profiles']>): MessagingProfile {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    enabled: row.enabled,
    webhookUrl: row.webhook_url ?? undefined,
    webhookFailoverUrl: row.webhook_failover_url ?? undefined,
    whitelistedDestinations: row.whitelisted_destinations,
    settings: JSON.parse(row.settings) as Record<string, unknown>,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
