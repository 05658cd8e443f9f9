import type { Kysely, Selectable } from 'kysely';
import { CONSENT_POLICY, type ConsentPolicy } from '../message/consent.ts';
import { type WordFinder, type WordSettings, wordFinder } from '../message/stop-words.ts';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';

/** What a workspace makes of opt-outs, and by which words people say them. */
export interface ConsentSettings extends ConsentPolicy {
  readonly words: WordSettings;
}

export interface OpenedConsentSettings {
  readonly consentPolicy: ConsentPolicy;
  readonly words: WordFinder;
}

const USUAL: OpenedConsentSettings = { consentPolicy: CONSENT_POLICY, words: wordFinder({}) };

export async function readConsentSettings(store: Store, workspaceId: string): Promise<ConsentSettings> {
  const row = await store.db
    .selectFrom('consent_settings')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
  return row === undefined ? { ...CONSENT_POLICY, words: {} } : toSettings(row);
}

export async function writeConsentSettings(
  store: Store,
  workspaceId: string,
  { optOuts, blockList, words }: ConsentSettings,
  now: Date,
): Promise<void> {
  const set = {
    opt_outs: optOuts,
    block_list: blockList,
    words: JSON.stringify(words),
    updated_at: now,
  };
  await store.db
    .insertInto('consent_settings')
    .values({ workspace_id: workspaceId, ...set })
    .onConflict(on => on.column('workspace_id').doUpdateSet(set))
    .execute();
}

/** Of all workspaces that have decided anything; ready for use. */
export async function openConsentSettings(
  db: Kysely<Tables>,
): Promise<(workspaceId: string) => OpenedConsentSettings> {
  const rows = await db.selectFrom('consent_settings').selectAll().execute();
  const opened = new Map(
    rows.map(row => {
      const { words, optOuts, blockList } = toSettings(row);
      return [row.workspace_id, { consentPolicy: { optOuts, blockList }, words: wordFinder(words) }];
    }),
  );
  return workspaceId => opened.get(workspaceId) ?? USUAL;
}

function toSettings(row: Selectable<Tables['consent_settings']>): ConsentSettings {
  return {
    optOuts: row.opt_outs,
    blockList: row.block_list,
    words: JSON.parse(row.words) as WordSettings,
  };
}
