import type { Store } from '../store/store.ts';

/** What Meta said of a number or an account when it was last asked, in its own words. */
export interface MetaFacts {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly readAt: Date;
}

/** What is known, by Meta's id; nothing for what was never asked about. */
export async function readFacts(
  store: Store,
  workspaceId: string,
  metaIds: readonly string[],
): Promise<ReadonlyMap<string, MetaFacts>> {
  if (metaIds.length === 0) return new Map();
  const rows = await store.db
    .selectFrom('meta_facts')
    .select(['meta_id', 'facts', 'read_at'])
    .where('workspace_id', '=', workspaceId)
    .where('meta_id', 'in', metaIds)
    .execute();
  return new Map(
    rows.map(row => [
      row.meta_id,
      { facts: JSON.parse(row.facts) as Record<string, unknown>, readAt: row.read_at },
    ]),
  );
}

export async function keepFacts(
  store: Store,
  workspaceId: string,
  metaId: string,
  { facts, readAt }: MetaFacts,
): Promise<void> {
  const set = { facts: JSON.stringify(facts), read_at: readAt };
  await store.db
    .insertInto('meta_facts')
    .values({ workspace_id: workspaceId, meta_id: metaId, ...set })
    .onConflict(on => on.columns(['workspace_id', 'meta_id']).doUpdateSet(set))
    .execute();
}
