import { type Kysely, type Selectable, sql } from 'kysely';
import { newId } from '../message/id.ts';
import type { Tables } from '../store/tables.ts';
import type { RemoteTemplate, Template } from './template.ts';

/** Wakes the other nodes; the payload is the workspace and the account. */
export const TEMPLATES_CHANNEL = 'wirebird_templates';

export interface Account {
  readonly workspaceId: string;
  readonly wabaId: string;
}

/** All templates, or those of one account, also the ones that are gone. */
export async function readTemplates(db: Kysely<Tables>, account?: Account): Promise<Template[]> {
  const rows = await db
    .selectFrom('templates')
    .selectAll()
    .$if(account !== undefined, query =>
      query.where('workspace_id', '=', account!.workspaceId).where('waba_id', '=', account!.wabaId),
    )
    .orderBy('id')
    .execute();
  return rows.map(toTemplate);
}

/**
 * Writes what Meta has. `updated_at` is as of when a row's content stands: when Meta was asked for it, or told of it. An
 * older answer changes nothing: it must not bring back what was deleted meanwhile, nor take away what was made. Each
 * change moves it on by a millisecond at least, since the cache knows changes by it.
 *
 * @param askedAt when Meta was asked
 * @param whole the list is all that Meta has: what is not in it is gone
 * @returns Meta's ids of those that were changed after Meta was asked, and are to be read again
 */
export async function writeTemplates(
  db: Kysely<Tables>,
  { workspaceId, wabaId }: Account,
  templates: readonly RemoteTemplate[],
  whole: boolean,
  askedAt: Date,
  now: Date,
): Promise<string[]> {
  const rows = templates.map(one => ({
    id: newId(),
    meta_id: one.metaId,
    name: one.name,
    language: one.language,
    category: one.category,
    status: one.status,
    quality: one.quality ?? null,
    named: one.named,
    components: one.components,
    ttl_seconds: one.ttlSeconds ?? null,
    rejected_reason: one.rejectedReason ?? null,
  }));
  return db.transaction().execute(async tx => {
    await sql`
      insert into templates as t (id, workspace_id, waba_id, meta_id, name, language, category, status, quality, named,
        components, ttl_seconds, rejected_reason, created_at, updated_at)
      select id, ${workspaceId}, ${wabaId}, meta_id, name, language, category, status, quality, named, components,
        ttl_seconds, rejected_reason, ${now}, ${askedAt}
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as i(id uuid, meta_id text, name text, language text,
        category text, status text, quality text, named boolean, components jsonb, ttl_seconds integer,
        rejected_reason text)
      order by meta_id
      on conflict (workspace_id, waba_id, meta_id) do update set name = excluded.name, language = excluded.language,
        category = excluded.category, status = excluded.status, quality = excluded.quality, named = excluded.named,
        components = excluded.components, ttl_seconds = excluded.ttl_seconds,
        rejected_reason = excluded.rejected_reason, updated_at = greatest(excluded.updated_at, t.updated_at + interval '1 ms'),
        gone_at = null
      where (t.name, t.language, t.category, t.status, t.quality, t.named, t.components, t.ttl_seconds,
          t.rejected_reason, t.gone_at)
        is distinct from (excluded.name, excluded.language, excluded.category, excluded.status, excluded.quality,
          excluded.named, excluded.components, excluded.ttl_seconds, excluded.rejected_reason, null)
        and t.updated_at <= ${askedAt} and (t.gone_at is null or t.gone_at < ${askedAt})`.execute(tx);
    // The statement above has locked them all, also those that it left as they were.
    const { rows: newer } = await sql<{ meta_id: string }>`
      select meta_id from templates
      where workspace_id = ${workspaceId} and waba_id = ${wabaId} and gone_at is null and updated_at > ${askedAt}
        and meta_id = any(${templates.map(one => one.metaId)}::text[])
      order by meta_id`.execute(tx);
    if (whole) {
      await sql`
        update templates set gone_at = ${now}, updated_at = ${askedAt}
        where workspace_id = ${workspaceId} and waba_id = ${wabaId} and gone_at is null
          and updated_at < ${askedAt}
          and meta_id <> all(${templates.map(one => one.metaId)}::text[])`.execute(tx);
    }
    await sql`select pg_notify(${TEMPLATES_CHANNEL}, ${`${workspaceId} ${wabaId}`})`.execute(tx);
    return newer.map(row => row.meta_id);
  });
}

/** Changes the columns of one template of every workspace that has its account. */
export async function patchTemplate(
  db: Kysely<Tables>,
  wabaId: string,
  metaId: string,
  change: {
    status?: string;
    quality?: string;
    category?: string;
    rejected_reason?: string | null;
    gone_at?: Date;
  },
  now: Date,
): Promise<Account[]> {
  const rows = await db
    .updateTable('templates')
    .set({ ...change, updated_at: sql<Date>`greatest(${now}, updated_at + interval '1 ms')` })
    .where('waba_id', '=', wabaId)
    .where('meta_id', '=', metaId)
    .returning(['workspace_id'])
    .execute();
  for (const { workspace_id } of rows)
    await sql`select pg_notify(${TEMPLATES_CHANNEL}, ${`${workspace_id} ${wabaId}`})`.execute(db);
  return rows.map(row => ({ workspaceId: row.workspace_id, wabaId }));
}

/**
 * Takes the turn of reading an account at Meta, for one node of all.
 *
 * @returns false when it was tried since `notSince`
 */
export async function takeTurn(
  db: Kysely<Tables>,
  { workspaceId, wabaId }: Account,
  notSince: Date,
  now: Date,
): Promise<boolean> {
  const { rows } = await sql`
    insert into template_accounts as a (workspace_id, waba_id, tried_at) values (${workspaceId}, ${wabaId}, ${now})
    on conflict (workspace_id, waba_id) do update set tried_at = excluded.tried_at where a.tried_at <= ${notSince}
    returning 1`.execute(db);
  return rows.length > 0;
}

export async function noteSync(
  db: Kysely<Tables>,
  { workspaceId, wabaId }: Account,
  outcome: { readonly syncedAt: Date } | { readonly error: string },
): Promise<void> {
  await db
    .updateTable('template_accounts')
    .set('syncedAt' in outcome ? { synced_at: outcome.syncedAt, error: null } : { error: outcome.error })
    .where('workspace_id', '=', workspaceId)
    .where('waba_id', '=', wabaId)
    .execute();
}

/** When each account was last read whole. */
export async function readSyncs(db: Kysely<Tables>): Promise<(Account & { syncedAt: Date | undefined })[]> {
  const rows = await db.selectFrom('template_accounts').selectAll().execute();
  return rows.map(row => ({
    workspaceId: row.workspace_id,
    wabaId: row.waba_id,
    syncedAt: row.synced_at ?? undefined,
  }));
}

function toTemplate(row: Selectable<Tables['templates']>): Template {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    wabaId: row.waba_id,
    metaId: row.meta_id,
    name: row.name,
    language: row.language,
    category: row.category,
    status: row.status,
    quality: row.quality ?? undefined,
    named: row.named,
    components: row.components,
    ttlSeconds: row.ttl_seconds ?? undefined,
    rejectedReason: row.rejected_reason ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    goneAt: row.gone_at ?? undefined,
  };
}
