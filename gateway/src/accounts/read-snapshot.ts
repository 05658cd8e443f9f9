import type { Kysely } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import type { Secrets } from './secrets.ts';
import type { Snapshot } from './snapshot.ts';
import {
  type OnBroken,
  readEndpointSecrets,
  readPrincipals,
  readProfiles,
  readSenders,
  readWabaWebhooks,
  readWorkspaces,
} from './snapshot-rows.ts';

/** A number that moves with every change to the tables of accounts. */
export async function accountsVersion(db: Kysely<Tables>): Promise<string> {
  const row = await db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', 'accounts_version')
    .executeTakeFirstOrThrow();
  return row.value;
}

/**
 * Reads the accounts as they stand at one moment, a page at a time. A row whose secrets cannot be opened is left out
 * and reported: one broken sender must not keep the others from being found.
 */
export async function readSnapshot(
  store: Store,
  secrets: Secrets,
  before: Snapshot | undefined,
  onBroken: OnBroken,
): Promise<Snapshot> {
  const opened = new Map<string, string>();
  const open = (sealed: Buffer): string => {
    const key = sealed.toString('latin1');
    const text = opened.get(key) ?? before?.opened.get(key) ?? secrets.open(sealed);
    opened.set(key, text);
    return text;
  };

  return store.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async tx => {
      const version = await accountsVersion(tx);

      return {
        version,
        principals: await readPrincipals(tx),
        workspaces: await readWorkspaces(tx, secrets),
        ...(await readSenders(tx, open, onBroken)),
        profiles: await readProfiles(tx),
        wabaWebhooks: await readWabaWebhooks(tx),
        endpointSecrets: await readEndpointSecrets(tx, open, onBroken),
        opened,
      };
    });
}
