import { sql } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Slice, Sliced } from './outcome.ts';

/** A WhatsApp Business account as a workspace has it: through the numbers that it has of it. */
export interface BusinessAccount {
  /** Meta's id; there is no other. */
  readonly wabaId: string;
  /** As the workspace calls it. */
  readonly name: string | undefined;
  readonly phoneNumbers: number;
  /** When its first number came. */
  readonly createdAt: Date;
}

/**
 * The accounts of a workspace, oldest first.
 *
 * @param only one account
 */
export async function listAccounts(
  store: Store,
  workspaceId: string,
  slice: Slice,
  only?: string,
): Promise<Sliced<BusinessAccount>> {
  const [{ rows }, count] = await Promise.all([
    sql<{ waba_id: string; name: string | null; numbers: number; created_at: Date }>`
      select s.waba_id, w.name, count(*)::integer as numbers, min(s.created_at) as created_at
      from senders s left join waba_settings w on w.workspace_id = s.workspace_id and w.waba_id = s.waba_id
      where s.workspace_id = ${workspaceId} and (${only ?? null}::text is null or s.waba_id = ${only ?? null})
      group by s.waba_id, w.name order by min(s.created_at), s.waba_id
      limit ${slice.limit} offset ${slice.offset}
    `.execute(store.db),
    store.db
      .selectFrom('senders')
      .where('workspace_id', '=', workspaceId)
      .select(({ fn }) => fn.count<string>('waba_id').distinct().as('accounts'))
      .executeTakeFirstOrThrow(),
  ]);
  return {
    rows: rows.map(row => ({
      wabaId: row.waba_id,
      name: row.name ?? undefined,
      phoneNumbers: row.numbers,
      createdAt: row.created_at,
    })),
    total: Number(count.accounts),
  };
}

export async function getAccount(
  store: Store,
  workspaceId: string,
  wabaId: string,
): Promise<BusinessAccount | undefined> {
  const { rows } = await listAccounts(store, workspaceId, { limit: 1, offset: 0 }, wabaId);
  return rows[0];
}
