import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { Directory } from './accounts/directory.ts';
import { loadOrMakeMasterKey } from './accounts/master-key.ts';
import { checkMasterKey, openSecrets, type Secrets } from './accounts/secrets.ts';
import { ensureDefaultWorkspace } from './accounts/workspaces.ts';
import { apiRoutes, refuseApi } from './api/routes.ts';
import { CONNECT_MS, WhatsApp } from './carriers/whatsapp/client.ts';
import type { Config } from './config.ts';
import { type Database, openDatabase } from './database.ts';
import type { Below } from './dialects/dialect.ts';
import { DIALECTS, dialectRefuser } from './dialects.ts';
import { guardedConnector } from './fetch/connector.ts';
import { createGuardedClient } from './fetch/guarded.ts';
import { createServer } from './http.ts';
import { Journal } from './inbox/journal.ts';
import { Reader } from './inbox/reader.ts';
import { webhookRoutes } from './inbox/routes.ts';
import { retryFailures, type SetAside } from './inbox/set-aside.ts';
import { ParkedLook } from './inbox/strays.ts';
import { eventMask, eventName } from './message/event.ts';
import { createMetrics } from './metrics.ts';
import { Accept } from './outbox/accept.ts';
import type { Applied } from './outbox/apply.ts';
import { VOID_LEASES } from './outbox/claim.ts';
import { Dispatch } from './outbox/dispatch.ts';
import { Settle } from './outbox/settle.ts';
import { Deliver } from './reports/deliver.ts';
import { databaseClock } from './store/clock.ts';
import { findMessage } from './store/message-row.ts';
import { migrate } from './store/migrate.ts';
import { ensurePartitions } from './store/partitions.ts';
import { Store } from './store/store.ts';
import { upkeep } from './upkeep.ts';
import { VERSION } from './version.ts';

/** A clean stop takes at most this long; what is not sent by then stays in the queue. */
const DRAIN_MS = 10_000;

const DAY_PART_MS = 3_600_000;

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
 * The composition root: the only file that knows every room.
 *
 * @throws Error with a sentence for the operator when it cannot start; nothing is left running then
 */
export async function startGateway(config: Config, log: Logger): Promise<Gateway> {
  const database = await openDatabase(config, line => log.info(line));
  const store = new Store(database.url, {
    hotConnections: 8,
    onError: error => log.warn({ err: error }, 'a database connection broke'),
  });
  try {
    return await compose(config, log, database, store);
  } catch (error) {
    await store.close().catch(() => {});
    await database.stop();
    throw error;
  }
}

async function compose(config: Config, log: Logger, database: Database, store: Store): Promise<Gateway> {
  const onError = (error: unknown, doing: string): void => {
    metrics.errors.inc({ doing });
    log.error({ err: error }, `could not ${doing}`);
  };
  const metrics = createMetrics({ sends: () => dispatch.inFlight, reports: () => deliver.inFlight });
  const clock = await databaseClock(store.db);
  const startedAt = clock.now();
  await migrate(store.db, startedAt);

  const secrets = openSecrets(config.masterKey ?? (await loadOrMakeMasterKey(config.dataDir)));
  await checkMasterKey(store, secrets);
  const defaultWorkspace = await ensureDefaultWorkspace(store, secrets, startedAt);
  const directory = await Directory.open(store, secrets, {
    adminKey: config.adminKey,
    sandboxKey: config.sandboxKey,
    onChange: () => void (config.dispatch && dispatch.renew()),
    log: (message, error) => log.error({ err: error }, message),
  });

  const whatsapp = new WhatsApp({
    graphUrl: config.graphUrl,
    graphVersion: config.graphVersion,
    timeoutMs: config.sendTimeoutMs,
    connections: config.sendConnections,
    guardedConnect: guardedConnector({ privateTargets: config.privateTargets, timeoutMs: CONNECT_MS }),
  });
  const client = createGuardedClient({
    privateTargets: config.privateTargets,
    timeoutMs: config.reportTimeoutMs,
    maxResponseBytes: 10_000,
    connectionsPerOrigin: 64,
  });

  const encoders = Object.fromEntries(DIALECTS.map(dialect => [dialect.name, dialect.encode]));
  const deliver = new Deliver({
    store,
    clock,
    client,
    encoders,
    keysOf: (workspaceId, endpointId) => {
      const workspace = directory.workspace(workspaceId);
      if (workspace === undefined) return undefined;
      return {
        ed25519: bytes => workspace.sign(bytes),
        secret: endpointId === undefined ? undefined : directory.endpointSecret(endpointId),
      };
    },
    phoneOf: senderId => directory.senderById(senderId)?.phoneNumber,
    scheduleMs: config.reportScheduleMs,
    timeoutMs: config.reportTimeoutMs,
    concurrency: config.reportConcurrency,
    onDelivered: ok => metrics.reports.inc({ outcome: ok ? 'delivered' : 'failed' }),
    onError,
  });

  const onApplied = (applied: Applied): void => {
    if (applied.reports > 0) deliver.wake();
    for (const event of applied.events) metrics.events.inc({ event: eventName(event.kind) });
    // Meta counts in and out together.
    for (const { sender, count } of applied.inbound) dispatch.lane(sender)?.draw(count, clock.monotonic());
  };

  const settle = new Settle({
    store,
    clock,
    startedAt,
    unconfirmedDeadlineMs: config.unconfirmedDeadlineMs,
    hold: (senderId, ms) => dispatch.hold(senderId, ms),
    wake: senderIds => dispatch.wake(senderIds),
    random: Math.random,
    onApplied,
    onAlert: (senderId, failure) => {
      metrics.holds.inc({ code: failure.code });
      log.warn(
        { sender: senderId, code: failure.code, title: failure.title, remedy: failure.remedy },
        'a sender must wait',
      );
    },
  });
  const dispatch = new Dispatch({
    store,
    clock,
    nodeId: randomUUID(),
    alone: database.alone,
    settle,
    rateOf: senderId => directory.senderById(senderId)?.throughput,
    send: async (senderId, send) => {
      const sender = directory.senderById(senderId);
      if (sender === undefined) throw new Error(`sender ${senderId} is gone`);
      return whatsapp.send(sender, send);
    },
    sendTimeoutMs: config.sendTimeoutMs,
    inFlightMax: config.sendConnections,
    onError,
  });
  const masks = new Map(DIALECTS.map(dialect => [dialect.name, eventMask(dialect.events)]));
  const accept = new Accept({
    store,
    clock,
    maskOf: dialect => masks.get(dialect) ?? 0,
    wake: senderIds => dispatch.wake(senderIds),
  });
  const below: Below = {
    directory,
    accept: async messages => {
      const accepted = await accept.accept(messages);
      metrics.accepted.inc({ dialect: messages[0]?.dialect ?? 'none' }, messages.length);
      return accepted;
    },
    findMessage: (workspaceId, id) => findMessage(store, workspaceId, id),
    checkUrl: url => client.check(url),
  };

  const journal = new Journal(store, clock);
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
    onApplied,
    onCount: (why, count) => metrics.inbox.inc({ why }, count),
    onSetAside,
    onError,
  });
  const parked = new ParkedLook({ store, clock, onApplied, onError });

  const sendersChanged = async (): Promise<void> => {
    if (config.dispatch) await dispatch.renew();
  };

  // A crash may have left sends without an outcome; on the embedded database their leases end now.
  if (database.alone) await store.run(VOID_LEASES, [startedAt.toISOString()]);

  const app = createServer(dialectRefuser(refuseApi), log);
  webhookRoutes(app, {
    directory,
    journal,
    reader,
    verifyToken: config.verifyToken,
    onWebhook: outcome => metrics.webhooks.inc({ outcome }),
  });
  for (const dialect of DIALECTS) app.register(async scope => dialect.routes(scope, below));
  apiRoutes(app, {
    version: VERSION,
    store,
    clock,
    secrets,
    directory,
    registry: metrics.registry,
    dialects: DIALECTS,
    checkUrl: url => client.check(url),
    verifyNumber: input => whatsapp.verifyNumber(input),
    sendersChanged,
  });
  await app.listen({ port: config.port, host: config.host });
  const port = (app.server.address() as AddressInfo).port;

  if (config.dispatch) await dispatch.start();
  deliver.start();
  await reader.sweep(true).catch(error => onError(error, 'read the journal back'));
  const jobs = [
    upkeep(
      1_000,
      () => countSweep(),
      error => onError(error, 'sweep the queue'),
    ),
    upkeep(
      5_000,
      () => reader.sweep(false),
      error => onError(error, 'sweep the journal'),
    ),
    upkeep(
      2_000,
      () => lookAtParked(),
      error => onError(error, 'look for parked statuses'),
    ),
    upkeep(
      2_000,
      () => retryFailures(store, clock, (item, senderIds) => reader.readItem(item, senderIds), onSetAside),
      error => onError(error, 'retry failed items'),
    ),
    upkeep(10_000, clock.sync, error => onError(error, 'read the database time')),
    upkeep(
      60_000,
      () => settle.endOrphans(),
      error => onError(error, 'end messages of deleted senders'),
    ),
    upkeep(
      DAY_PART_MS,
      () => ensurePartitions(store.db, clock.now()),
      error => onError(error, 'make partitions'),
    ),
  ];

  async function countSweep(): Promise<void> {
    const swept = await settle.sweep();
    if (swept.unconfirmed > 0) metrics.unconfirmed.inc(swept.unconfirmed);
    if (swept.resent > 0) metrics.resent.inc(swept.resent);
  }

  async function lookAtParked(): Promise<void> {
    const dropped = await parked.look();
    if (dropped > 0) metrics.inbox.inc({ why: 'dropped' }, dropped);
  }

  async function drain(say: (line: string) => void): Promise<void> {
    const waiting = setInterval(() => {
      say(
        `still waiting: ${counted(dispatch.inFlight, 'send')}, ${counted(deliver.inFlight, 'report')} under way`,
      );
    }, 1_000);
    try {
      await Promise.all([closed(app), dispatch.stop()]);
      await Promise.all(jobs.map(job => job.stop()));
      await Promise.all([accept.idle(), journal.idle(), settle.idle(), reader.idle(), deliver.stop()]);
      await dispatch.release();
    } finally {
      clearInterval(waiting);
    }
  }

  let stopping: Promise<void> | undefined;
  const stop = async (say: (line: string) => void): Promise<void> => {
    const timeout = new Promise<'late'>(resolve => setTimeout(resolve, DRAIN_MS, 'late').unref());
    const outcome = await Promise.race([
      drain(say).then(
        () => 'drained' as const,
        // A database that is away must not keep the rest from being closed.
        error => onError(error, 'finish what was under way'),
      ),
      timeout,
    ]);
    if (outcome === 'late') say('not everything ended within 10 seconds; it is settled at the next start');
    await whatsapp.close();
    await client.close();
    await directory.close();
    await store.close().catch(error => onError(error, 'close the database connections'));
    await database.stop();
  };

  return {
    url: config.publicUrl ?? `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
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

/** Fastify waits for the requests under way and closes idle connections. */
async function closed(app: FastifyInstance): Promise<void> {
  await app.close();
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
