import type { Kysely } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import * as first from './migrations/0001-first.ts';
import * as recipients from './migrations/0002-recipients.ts';
import * as templates from './migrations/0003-templates.ts';
import * as media from './migrations/0004-media.ts';
import * as telnyx from './migrations/0005-telnyx.ts';
import * as outbox from './migrations/0006-outbox.ts';
import * as repeats from './migrations/0007-repeats.ts';
import * as consent from './migrations/0008-consent.ts';
import * as reports from './migrations/0009-reports.ts';
import * as events from './migrations/0010-events.ts';
import * as portfolios from './migrations/0011-portfolios.ts';
import { ensurePartitions } from './partitions.ts';
import type { Tables } from './tables.ts';

/** Listed by hand: reading a folder would also pick up what an editor leaves there. */
const MIGRATIONS: Record<string, Migration> = {
  '0001-first': first,
  '0002-recipients': recipients,
  '0003-templates': templates,
  '0004-media': media,
  '0005-telnyx': telnyx,
  '0006-outbox': outbox,
  '0007-repeats': repeats,
  '0008-consent': consent,
  '0009-reports': reports,
  '0010-events': events,
  '0011-portfolios': portfolios,
};

const provider: MigrationProvider = { getMigrations: async () => MIGRATIONS };

/**
 * Brings the database to this version of the code and makes the partitions of the days around now. Safe to run from
 * several nodes at once: the migrator holds a lock.
 *
 * @param now database time
 * @throws when a migration fails, with the migration's name
 */
export async function migrate(db: Kysely<Tables>, now: Date): Promise<void> {
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) {
    const failed = results?.find(result => result.status === 'Error')?.migrationName ?? 'start';
    throw new Error(`database migration failed at ${failed}`, { cause: error });
  }
  await ensurePartitions(db, now);
}
