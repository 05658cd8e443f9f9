import type { Store } from '../store/store.ts';
import type { MediaRecord } from './record.ts';
import { toRecord } from './rows.ts';

export interface ShelfFilter {
  /** Types without parameters, in small letters. */
  readonly mimeTypes?: readonly string[] | undefined;
}

/** One page of a workspace's uploads that still have time, newest first, and how many there are. */
export async function shelfOf(
  store: Store,
  workspaceId: string,
  { mimeTypes }: ShelfFilter,
  slice: { readonly limit: number; readonly offset: number },
  now: Date,
): Promise<{ readonly rows: readonly MediaRecord[]; readonly total: number }> {
  const kept = store.db
    .selectFrom('media')
    .where('workspace_id', '=', workspaceId)
    .where('origin', '=', 'upload')
    .where(eb => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .$if(mimeTypes !== undefined, query => query.where('mime_type', 'in', [...mimeTypes!]));
  const [rows, { total }] = await Promise.all([
    kept.selectAll().orderBy('id', 'desc').limit(slice.limit).offset(slice.offset).execute(),
    kept.select(eb => eb.fn.countAll<string>().as('total')).executeTakeFirstOrThrow(),
  ]);
  return { rows: rows.map(toRecord), total: Number(total) };
}

/** Keeps an upload until another time. Undefined when it is gone. */
export async function keepUntil(
  store: Store,
  id: string,
  expiresAt: Date,
  now: Date,
): Promise<MediaRecord | undefined> {
  const row = await store.db
    .updateTable('media')
    .set({ expires_at: expiresAt, updated_at: now })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? undefined : toRecord(row);
}
