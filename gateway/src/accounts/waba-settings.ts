import type { Selectable } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { arrangeEndpoints } from './arranged-endpoints.ts';

/** What a workspace wants of one of its WhatsApp Business accounts; another workspace may want something else of it. */
export interface WabaSettings {
  readonly workspaceId: string;
  readonly wabaId: string;
  readonly name: string | undefined;
  /** IANA. */
  readonly timezone: string | undefined;
  readonly webhookUrl: string | undefined;
  readonly webhookFailoverUrl: string | undefined;
  readonly webhookEnabled: boolean;
  /** The notices that are wanted, in the words they were asked for; none means all. */
  readonly webhookEvents: readonly string[];
  /** Undefined when nothing was ever set. */
  readonly updatedAt: Date | undefined;
}

export interface WabaSettingsChange {
  readonly name?: string | null | undefined;
  readonly timezone?: string | null | undefined;
  readonly webhookUrl?: string | null | undefined;
  readonly webhookFailoverUrl?: string | null | undefined;
  readonly webhookEnabled?: boolean | undefined;
  readonly webhookEvents?: readonly string[] | undefined;
}

export async function getWabaSettings(
  store: Store,
  workspaceId: string,
  wabaId: string,
): Promise<WabaSettings> {
  const row = await store.db
    .selectFrom('waba_settings')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('waba_id', '=', wabaId)
    .executeTakeFirst();
  return row === undefined ? untouched(workspaceId, wabaId) : toSettings(row);
}

export async function changeWabaSettings(
  store: Store,
  workspaceId: string,
  wabaId: string,
  change: WabaSettingsChange,
  now: Date,
): Promise<WabaSettings> {
  const set = {
    name: change.name,
    timezone: change.timezone,
    webhook_url: change.webhookUrl,
    webhook_failover_url: change.webhookFailoverUrl,
    webhook_enabled: change.webhookEnabled,
    webhook_events: change.webhookEvents === undefined ? undefined : [...change.webhookEvents],
    updated_at: now,
  };
  return store.db.transaction().execute(async tx => {
    const row = await tx
      .insertInto('waba_settings')
      .values({ workspace_id: workspaceId, waba_id: wabaId, ...set })
      .onConflict(on => on.columns(['workspace_id', 'waba_id']).doUpdateSet(set))
      .returningAll()
      .executeTakeFirstOrThrow();
    await arrangeEndpoints(tx, workspaceId, now);
    return toSettings(row);
  });
}

function untouched(workspaceId: string, wabaId: string): WabaSettings {
  return {
    workspaceId,
    wabaId,
    name: undefined,
    timezone: undefined,
    webhookUrl: undefined,
    webhookFailoverUrl: undefined,
    webhookEnabled: true,
    webhookEvents: [],
    updatedAt: undefined,
  };
}

function toSettings(row: Selectable<Tables['waba_settings']>): WabaSettings {
  return {
    workspaceId: row.workspace_id,
    wabaId: row.waba_id,
    name: row.name ?? undefined,
    timezone: row.timezone ?? undefined,
    webhookUrl: row.webhook_url ?? undefined,
    webhookFailoverUrl: row.webhook_failover_url ?? undefined,
    webhookEnabled: row.webhook_enabled,
    webhookEvents: row.webhook_events,
    updatedAt: row.updated_at,
  };
}
