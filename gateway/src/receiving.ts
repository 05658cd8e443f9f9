import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { Arrivals } from './inbox/arrivals.ts';
import { inboundMedia } from './inbox/inbound-media.ts';
import { Journal } from './inbox/journal.ts';
import { isAboutTemplate } from './inbox/notices.ts';
import { Reader } from './inbox/reader.ts';
import { webhookRoutes } from './inbox/routes.ts';
import { retryFailures, type SetAside } from './inbox/set-aside.ts';
import { Spool } from './inbox/spool.ts';
import { ParkedLook } from './inbox/strays.ts';
import type { Keeping } from './keeping.ts';
import type { Apply } from './outbox/apply.ts';
import type { Applied, InboundRow } from './outbox/apply-statement.ts';
import type { Parts } from './parts.ts';
import { type Upkeep, upkeep } from './upkeep.ts';

const JOURNAL_MS = 5_000;
const SPOOL_MS = 1_000;
const PARKED_MS = 2_000;
const FAILED_ITEMS_MS = 2_000;

export interface ReceivingOptions {
  readonly apply: Apply;
  readonly onApplied: (applied: Applied) => void;
  readonly keeping: Pick<Keeping, 'aliases' | 'consents' | 'health' | 'media' | 'templates'>;
  /** What people write, before it is stored; what it returns is done afterwards. Doing it again changes nothing. */
  readonly onHeard: (rows: readonly InboundRow[]) => Promise<(() => void) | undefined>;
  /** Numbers may have been paused or let go. */
  readonly onNotices: () => void;
}

/** The inbox, put together: from Meta's webhook to what follows from it. */
export interface Receiving {
  readonly routes: (app: FastifyInstance) => void;
  /** Reads what a crash left in the journal, and goes on with the work that comes back by itself. */
  readonly start: () => Promise<Upkeep[]>;
  /** Resolves when everything is on disk. */
  readonly idle: () => Promise<void>;
}

export async function composeReceiving(parts: Parts, options: ReceivingOptions): Promise<Receiving> {
  const { config, log, metrics, store, clock, directory, onError } = parts;
  const { apply, onApplied, onNotices, keeping } = options;
  const { aliases, consents, health, media, templates } = keeping;
  const journal = new Journal(store);
  const spool = await Spool.open({
    folder: join(config.dataDir, 'spool'),
    journal: rows => journal.writeAll(rows),
    onBroken: file => log.error({ file }, 'a file of spooled webhooks cannot be read and is set aside'),
  });
  const unspool = async (): Promise<void> => {
    if (spool.bytes === 0) return;
    const count = await spool.empty();
    log.info({ count }, 'webhooks that came while the database was away are in the journal');
    await reader.sweep(false);
  };
  const onSetAside = ({ journalId, items, reason }: SetAside): void => {
    metrics.inbox.inc({ why: 'set_aside' }, items?.length ?? 1);
    log.warn(
      { webhook: journalId, items: items?.slice(0, 10), count: items?.length, reason },
      items === undefined ? 'a webhook is set aside' : 'items of a webhook are set aside',
    );
  };
  const reader = new Reader({
    store,
    clock,
    directory,
    aliases,
    onInbound: async rows => {
      await media.expect(rows.flatMap(inboundMedia));
      return options.onHeard(rows);
    },
    onPreferences: async changes => {
      await consents.record(changes);
    },
    onNotices: (rows, fresh) => {
      onNotices();
      // The account of several workspaces is told once.
      const told = new Map(
        rows.filter(isAboutTemplate).map(row => [`${row.waba} ${row.field} ${row.value}`, row]),
      );
      for (const row of told.values()) {
        // Meta counts in seconds: what looks like a repeat may be news, so the template is read again.
        const field = fresh.has(row) ? row.field : 'repeated';
        templates
          .applyNotice({ wabaId: row.waba, field, value: JSON.parse(row.value) })
          .catch(error => onError(error, 'take in the notice of a template'));
      }
    },
    apply,
    onApplied,
    onCount: (why, count) => metrics.inbox.inc({ why }, count),
    onSetAside,
    onError,
  });
  const parked = new ParkedLook({ store, clock, apply, onError });
  const arrivals = new Arrivals({ journal, reader, apply, aliases, directory });
  const look = async (): Promise<void> => {
    const dropped = await parked.look();
    if (dropped > 0) metrics.inbox.inc({ why: 'dropped' }, dropped);
  };
  return {
    routes: app =>
      webhookRoutes(app, {
        directory,
        arrivals,
        spool,
        clock,
        verifyToken: config.verifyToken,
        onWebhook: outcome => metrics.webhooks.inc({ outcome }),
        onHeard: senderIds => health.heard(senderIds),
      }),
    start: async () => {
      await unspool().catch(error => onError(error, 'empty the spool of webhooks'));
      await reader.sweep(true).catch(error => onError(error, 'read the journal back'));
      return [
        upkeep(
          JOURNAL_MS,
          () => reader.sweep(false),
          error => onError(error, 'sweep the journal'),
        ),
        upkeep(SPOOL_MS, unspool, error => onError(error, 'empty the spool of webhooks')),
        upkeep(PARKED_MS, look, error => onError(error, 'look for parked statuses')),
        upkeep(
          FAILED_ITEMS_MS,
          () =>
            retryFailures(store, clock, (item, senderIds) => reader.readItem(item, senderIds), onSetAside),
          error => onError(error, 'retry failed items'),
        ),
      ];
    },
    idle: async () => {
      await Promise.all([arrivals.idle(), reader.idle()]);
      await spool.close();
    },
  };
}
