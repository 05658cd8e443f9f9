import { loadOrMakeMasterKey } from './accounts/master-key.ts';
import { checkMasterKey, openSecrets, type Secrets } from './accounts/secrets.ts';
import { ensureDefaultWorkspace } from './accounts/workspaces.ts';
import { type Config, type Flags, readConfig } from './config.ts';
import { visitDatabase } from './database.ts';
import { migrate } from './store/migrate.ts';
import { Store } from './store/store.ts';

/** What a command beside the gateway works with. */
export interface Visit {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly config: Config;
}

/**
 * Runs a short command on the database: the one of the gateway that runs there, or started for the command's own time.
 *
 * @throws Error with a sentence for the operator
 */
export async function visit(flags: Flags, work: (visit: Visit) => Promise<void>): Promise<void> {
  const config = readConfig(flags, process.env);
  const database = await visitDatabase(config, () => {});
  const store = new Store(database.url, { hotConnections: 1, onError: () => {} });
  try {
    const now = new Date();
    await migrate(store.db, now);
    const secrets = openSecrets(config.masterKey ?? (await loadOrMakeMasterKey(config.dataDir)));
    await checkMasterKey(store, secrets);
    await ensureDefaultWorkspace(store, secrets, now);
    await work({ store, secrets, config });
  } finally {
    await store.close();
    await database.stop();
  }
}

/** @throws Error with a sentence when there is no workspace of this name */
export async function workspaceNamed(store: Store, name: string): Promise<string> {
  const row = await store.db
    .selectFrom('workspaces')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirst();
  if (row === undefined)
    throw new Error(`There is no workspace "${name}". List them with: wirebird workspaces list`);
  return row.id;
}

/** Rows as aligned columns, for a terminal. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map(row => row[index]?.length ?? 0)));
  return rows
    .map(row =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
