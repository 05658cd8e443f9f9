import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { Directory } from './accounts/directory.ts';
import { loadOrMakeMasterKey } from './accounts/master-key.ts';
import { checkMasterKey, openSecrets, type Secrets } from './accounts/secrets.ts';
import { ensureDefaultWorkspace } from './accounts/workspaces.ts';
import { CONNECT_MS, WhatsApp } from './carriers/whatsapp/client.ts';
import type { Config } from './config.ts';
import { type Database, openDatabase } from './database.ts';
import { drain } from './draining.ts';
import { guardedConnector } from './fetch/connector.ts';
import { createDownloads } from './fetch/download.ts';
import { createGuardedClient } from './fetch/guarded.ts';
import { composeFront } from './front.ts';
import { composeHearing } from './hearing.ts';
import { hasMedia } from './inbox/inbound-media.ts';
import { composeKeeping } from './keeping.ts';
import { FETCH_MEDIA } from './media/inbound.ts';
import { eventName } from './message/event.ts';
import type { Message } from './message/message.ts';
import { createMetrics } from './metrics.ts';
import { Apply } from './outbox/apply.ts';
import type { Applied } from './outbox/apply-statement.ts';
import { VOID_LEASES } from './outbox/sweep.ts';
import type { Parts } from './parts.ts';
import { composeReceiving } from './receiving.ts';
import { composeReporting } from './reporting.ts';
import { EventFeed } from './reports/event-feed.ts';
import { composeSending } from './sending.ts';
import { databaseClock } from './store/clock.ts';
import { jumpingWall } from './store/clock-jumps.ts';
import { Jobs } from './store/jobs.ts';
import { migrate } from './store/migrate.ts';
import { ensurePartitions } from './store/partitions.ts';
import { dropOldDays } from './store/retention.ts';
import { Store } from './store/store.ts';
import { type Upkeep, upkeep } from './upkeep.ts';

/** A clean stop takes at most this long; what is not sent by then stays in the queue. */
const DRAIN_MS = 10_000;

const CLOCK_MS = 10_000;

/** A report for which its dialect gives no time of its own. */
const REPORT_MS = 15_000;

/** A file from an address that a caller gives. */
const DOWNLOAD_MS = 30_000;
const DAY_PART_MS = 3_600_000;

const STREAMS_MS = 30_000;

export interface Gateway {
  readonly url: string;
  readonly port: number;
  readonly database: Database;
  readonly store: Store;
  readonly secrets: Secrets;
  readonly directory: Directory;
  readonly defaultWorkspaceId: string;
  /** Takes new senders at once. */
  readonly sendersChanged: () => Promise<void>;
  /** Requests and commits under way are finished, never the queue; the database goes last. */
  readonly stop: (say: (line: string) => void) => Promise<void>;
}

/**
 * The composition root: the only file that knows every part.
 *
 * @throws Error with a sentence for the operator when it cannot start; nothing is left running then
 */
export async function startGateway(config: Config, log: Logger): Promise<Gateway> {
  const database = await openDatabase(config, line => log.info(line));
  const store = new Store(database.url, {
    hotConnections: 8,
    onError: error => log.warn({ err: error }, 'a database connection broke'),
  });
  let jobs: Jobs | undefined;
  try {
    jobs = await Jobs.open({
      url: database.url,
      alone: database.alone,
      onTrouble: (error, doing) => log.warn({ err: error }, `could not ${doing}; it is tried again`),
      onError: (error, doing) => log.error({ err: error }, `could not ${doing}`),
    });
    return await compose(config, log, database, store, jobs);
  } catch (error) {
    await jobs?.stop();
    await store.close().catch(() => {});
    await database.stop();
    throw error;
  }
}

async function compose(
  config: Config,
  log: Logger,
  database: Database,
  store: Store,
  jobs: Jobs,
): Promise<Gateway> {
  const onError = (error: unknown, doing: string): void => {
    metrics.errors.inc({ doing });
    log.error({ err: error }, `could not ${doing}`);
  };
  const metrics = createMetrics({
    sends: () => sending.dispatch.inFlight,
    reports: () => deliver.inFlight,
    streams: () => feed.listeners,
  });
  const wall = config.clockJumps === undefined ? undefined : jumpingWall(config.clockJumps);
  const clock = await databaseClock(store.db, wall);
  const startedAt = clock.now();
  await migrate(store.db, startedAt);

  const secrets = openSecrets(config.masterKey ?? (await loadOrMakeMasterKey(config.dataDir)));
  await checkMasterKey(store, secrets);
  const defaultWorkspace = await ensureDefaultWorkspace(store, secrets, startedAt);
  let composed = false;
  const sendersChanged = async (): Promise<void> => {
    if (config.dispatch) await sending.dispatch.renew();
  };
  const directory = await Directory.open(store, secrets, {
    adminKey: config.adminKey,
    sandboxKey: config.sandboxKey,
    onChange: () => {
      // What is put together later looks by itself when it starts.
      if (!composed) return;
      void sendersChanged();
      // A new number may bring templates that nobody has read yet.
      void keeping.templates.syncDue().catch(error => onError(error, 'read the templates of accounts'));
      // Meta may have raised a limit that messages wait for.
      void sending.portfolios
        .look()
        .catch(error => onError(error, 'look for messages that wait for a place'));
    },
    log: (message, error) => log.error({ err: error }, message),
  });
  const parts: Parts = { config, log, metrics, store, clock, startedAt, directory, onError };

  const whatsapp = new WhatsApp({
    graphUrl: config.graphUrl,
    graphVersion: config.graphVersion,
    timeoutMs: config.sendTimeoutMs,
    connections: config.sendConnections,
    guardedConnect: guardedConnector({ privateTargets: config.privateTargets, timeoutMs: CONNECT_MS }),
  });
  const client = createGuardedClient({
    privateTargets: config.privateTargets,
    timeoutMs: REPORT_MS,
    maxResponseBytes: 10_000,
    // A request that waited for a connection would be given up for its receiver's sake, and delay others on that host.
    connectionsPerOrigin: config.reportConcurrency,
  });

  const onApplied = (applied: Applied): void => {
    if (applied.reports > 0) deliver.wake();
    feed.happened(applied.events);
    if (applied.woken.length > 0) sending.dispatch.wake(applied.woken);
    for (const { sender, count } of applied.left) sending.depth.left(sender, count);
    if (applied.duplicates > 0) metrics.duplicates.inc(applied.duplicates);
    for (const event of applied.events) metrics.events.inc({ event: eventName(event.kind) });
    // Meta counts in and out together.
    for (const { sender, count } of applied.inbound)
      sending.dispatch.lane(sender)?.draw(count, clock.monotonic());
  };
  const downloads = createDownloads({
    privateTargets: config.privateTargets,
    timeoutMs: DOWNLOAD_MS,
  });
  let url = config.publicUrl;
  const keeping = await composeKeeping(parts, {
    secrets,
    whatsapp,
    downloads,
    publicUrl: () => url ?? '',
    onReports: () => deliver.wake(),
    onTemplatesChanged: () => {
      sending.held.look().catch(error => onError(error, 'look for messages of paused templates'));
    },
  });
  const { templates, media, health } = keeping;
  const mediaUrlOf = (message: Message): string | undefined =>
    hasMedia(message.content) ? media.urlOfMessage(message.id) : undefined;
  const feed = new EventFeed({ store, clock, onError });
  const reporting = composeReporting(parts, client, mediaUrlOf);
  const { deliver } = reporting;
  const apply = new Apply({
    store,
    clock,
    taker: { offer: () => deliver.offer(), took: reports => deliver.took(reports) },
    onApplied,
  });
  const sending = composeSending(parts, {
    alone: database.alone,
    whatsapp,
    templates,
    media,
    health,
    aliases: keeping.aliases,
    consents: keeping.consents,
    apply,
  });
  const receiving = await composeReceiving(parts, {
    apply,
    onApplied,
    keeping,
    onNotices: () => void sendersChanged(),
    onHeard: composeHearing(parts, keeping.consents, messages => sending.accept.accept(messages)),
  });

  composed = true;

  // A crash may have left sends without an outcome; on the embedded database their leases end now.
  if (database.alone) await store.run(VOID_LEASES, [startedAt.toISOString()]);

  await sending.repeats.beat();
  const app = composeFront(parts, {
    secrets,
    whatsapp,
    client,
    keeping,
    sending,
    receiving,
    deliver,
    feed,
    mediaUrlOf,
    sendersChanged,
  });
  await app.listen({ port: config.port, host: config.host });
  const port = (app.server.address() as AddressInfo).port;
  url ??= `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;

  sending.direct.start();
  if (config.dispatch) await sending.dispatch.start();
  deliver.start();
  jobs.start({ [FETCH_MEDIA]: media.fetchTask });
  const upkeeps: Upkeep[] = [
    ...(await receiving.start()),
    ...sending.upkeep(),
    ...keeping.upkeep(),
    ...reporting.upkeep(),
    upkeep(
      STREAMS_MS,
      () => feed.keep().then(() => feed.trim()),
      error => onError(error, 'tidy the log of events'),
    ),
    upkeep(CLOCK_MS, clock.sync, error => onError(error, 'read the database time')),
    upkeep(
      DAY_PART_MS,
      () => ensurePartitions(store.db, clock.now()),
      error => onError(error, 'make partitions'),
    ),
    upkeep(DAY_PART_MS, retain, error => onError(error, 'drop old days')),
  ];

  async function retain(): Promise<void> {
    const { dropped, open, busy } = await dropOldDays(store.db, clock.now(), config.keepDays);
    if (dropped.length > 0) log.info({ days: dropped }, 'old days are dropped');
    if (open.length > 0) log.warn({ days: open }, 'old days are kept: something in them is not over');
    if (busy.length > 0) log.info({ days: busy }, 'old days are in use and are dropped later');
  }

  let stopping: Promise<void> | undefined;
  const stop = async (say: (line: string) => void): Promise<void> => {
    const timeout = new Promise<'late'>(resolve => setTimeout(resolve, DRAIN_MS, 'late').unref());
    const outcome = await Promise.race([
      drain({ app, sending, receiving, keeping, deliver, feed, jobs, upkeeps }, say).then(
        () => 'drained' as const,
        // A database that is away must not keep the rest from being closed.
        error => onError(error, 'finish what was under way'),
      ),
      timeout,
    ]);
    if (outcome === 'late') say('not everything ended within 10 seconds; it is settled at the next start');
    // Requests for templates end with it.
    await whatsapp.close();
    await keeping.close();
    await downloads.close();
    await client.close();
    await directory.close();
    await store.close().catch(error => onError(error, 'close the database connections'));
    await database.stop();
  };

  return {
    url,
    port,
    database,
    store,
    secrets,
    directory,
    defaultWorkspaceId: defaultWorkspace.id,
    sendersChanged,
    stop: say => (stopping ??= stop(say)),
  };
}
