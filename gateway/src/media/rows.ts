import type { Insertable, Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { MediaTable, Tables } from '../store/tables.ts';
import type { MediaFilter, MediaPage, MediaRecord } from './record.ts';

/**
 * Notes a file's key before it is written, so that a crash leaves nothing behind that nobody knows of.
 */
export async function noteUnowned(db: Kysely<Tables>, key: string, now: Date): Promise<void> {
  await db.insertInto('unowned_files').values({ storage_key: key, since: now }).execute();
}

/**
 * Gives a written file to a new row.
 *
 * @returns undefined when an upload of the workspace has the name already
 */
export async function insertUpload(
  db: Kysely<Tables>,
  row: Insertable<MediaTable> & { readonly storage_key: string },
): Promise<MediaRecord | undefined> {
  return db.transaction().execute(async tx => {
    const made = await tx
      .insertInto('media')
      .values(row)
      .onConflict(on => on.columns(['workspace_id', 'name']).where('origin', '=', 'upload').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (made === undefined) return undefined;
    await tx.deleteFrom('unowned_files').where('storage_key', '=', row.storage_key).execute();
    return toRecord(made);
  });
}

/** Gives a row another file; the one that it had is nobody's then. */
export async function changeFile(
  db: Kysely<Tables>,
  id: string,
  change: Partial<Insertable<MediaTable>> & { readonly storage_key: string },
  now: Date,
): Promise<MediaRecord | undefined> {
  return db.transaction().execute(async tx => {
    const before = await tx
      .selectFrom('media')
      .select('storage_key')
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined) return undefined;
    if (before.storage_key !== null) await noteUnowned(tx, before.storage_key, now);
    await tx.deleteFrom('unowned_files').where('storage_key', '=', change.storage_key).execute();
    await tx.deleteFrom('media_at_meta').where('media_id', '=', id).execute();
    const row = await tx
      .updateTable('media')
      .set({ ...change, updated_at: now })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return toRecord(row);
  });
}

/** Takes rows away; their files are nobody's then. */
export async function deleteMedia(db: Kysely<Tables>, ids: readonly string[], now: Date): Promise<number> {
  if (ids.length === 0) return 0;
  return db.transaction().execute(async tx => {
    const gone = await tx
      .deleteFrom('media')
      .where('id', 'in', [...ids])
      .returning('storage_key')
      .execute();
    for (const { storage_key } of gone) if (storage_key !== null) await noteUnowned(tx, storage_key, now);
    return gone.length;
  });
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** An id from outside that is none names nothing, and the database is not asked for it. */
export async function mediaById(db: Kysely<Tables>, id: string): Promise<Selectable<MediaTable> | undefined> {
  if (!UUID.test(id)) return undefined;
  return db.selectFrom('media').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Newest first. */
export async function pageOfMedia(
  db: Kysely<Tables>,
  workspaceId: string,
  filter: MediaFilter,
  page: MediaPage,
): Promise<MediaRecord[]> {
  const rows = await db
    .selectFrom('media')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .$if(page.after !== undefined && UUID.test(page.after), query => query.where('id', '<', page.after!))
    .$if(filter.origin !== undefined, query => query.where('origin', '=', filter.origin!))
    .$if(filter.state !== undefined, query => query.where('state', '=', filter.state!))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map(toRecord);
}

/** Rows whose time has come, some of them. */
export async function expiredMedia(db: Kysely<Tables>, now: Date, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('media')
    .select('id')
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(limit)
    .execute();
  return rows.map(row => row.id);
}

/** Files that nobody has claimed since then, some of them. */
export async function unownedFiles(db: Kysely<Tables>, since: Date, limit: number): Promise<string[]> {
  const { rows } = await sql<{ storage_key: string }>`
    select storage_key from unowned_files where since <= ${since} order by since limit ${limit}`.execute(db);
  return rows.map(row => row.storage_key);
}

export function toRecord(row: Selectable<MediaTable>): MediaRecord {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    origin: row.origin,
    name: row.name ?? undefined,
    senderId: row.sender_id ?? undefined,
    metaId: row.meta_id ?? undefined,
    mimeType: row.mime_type,
    size: row.size === null ? undefined : Number(row.size),
    sha256: row.sha256?.toString('hex'),
    filename: row.filename ?? undefined,
    state: row.state,
    error: row.error ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    expiresAt: row.expires_at ?? undefined,
  };
}
