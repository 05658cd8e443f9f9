import type { ConsentReason } from '../message/consent.ts';
import type { Store } from '../store/store.ts';
import { type ConsentSource, reasonOf } from './consents.ts';
import { knownAs } from './known-as.ts';

/** One line of the ledger. */
export interface Entry {
  readonly id: string;
  /** As it was given. */
  readonly customer: string;
  readonly channel: string;
  readonly reason: ConsentReason;
  readonly active: boolean;
  readonly source: ConsentSource;
  readonly note: string | undefined;
  readonly at: Date;
}

export interface EntryFilter {
  /** A mask of reasons. */
  readonly reasons?: number;
  readonly recipient?: string | undefined;
}

interface Page {
  readonly limit: number;
  readonly after: string | undefined;
}

const COLUMNS = ['id', 'customer', 'channel', 'reason', 'active', 'source', 'note', 'at'] as const;

/** What stands, newest first. */
export async function entriesOf(
  store: Store,
  workspaceId: string,
  { reasons, recipient }: EntryFilter,
  { limit, after }: Page,
): Promise<Entry[]> {
  const rows = await store.db
    .selectFrom('consents')
    .select(COLUMNS)
    .where('workspace_id', '=', workspaceId)
    .where('active', '=', true)
    .$if(reasons !== undefined, query => query.where(eb => eb(eb('reason', '&', reasons!), '<>', 0)))
    .$if(recipient !== undefined, query => query.where('recipient', '=', knownAs(workspaceId, recipient!)))
    .$if(after !== undefined, query => query.where('id', '<', after!))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(toEntry);
}

/** Everything that was ever said about somebody, newest first. */
export async function historyOf(
  store: Store,
  workspaceId: string,
  recipient: string,
  { limit, after }: Page,
): Promise<Entry[]> {
  const rows = await store.db
    .selectFrom('consent_changes')
    .select(COLUMNS)
    .where('workspace_id', '=', workspaceId)
    .where('recipient', '=', knownAs(workspaceId, recipient))
    .$if(after !== undefined, query => query.where('id', '<', after!))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(toEntry);
}

function toEntry(row: {
  id: string;
  customer: string;
  channel: string;
  reason: number;
  active: boolean;
  source: string;
  note: string | null;
  at: Date;
}): Entry {
  return {
    ...row,
    reason: reasonOf(row.reason),
    source: row.source as ConsentSource,
    note: row.note ?? undefined,
  };
}
