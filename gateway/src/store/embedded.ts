import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { gatewayOf } from './data-lock.ts';
import { hasOtherSessions } from './embedded-connection.ts';
import { isRunning, type ServerProcess, send, stopServer } from './embedded-process.ts';
import {
  clearSocket,
  type EmbeddedOptions,
  ensureServer,
  type RunningServer,
  whileStartingOrStopping,
} from './embedded-start.ts';

export type { EmbeddedOptions } from './embedded-start.ts';

/** A PostgreSQL server of our own, kept running until it is stopped. */
export interface EmbeddedDatabase {
  /** For `pg` and `psql`; stays the same when the server is started again. */
  url: string;
  /** Where the data lie. */
  place: string;
  /** Whether the server was found running, left by a gateway that was killed. */
  adopted: boolean;
  /** Cuts all sessions, writes a checkpoint and ends the server. */
  stop(): Promise<void>;
  /** Calls when the server has ended without `stop`, before it is started again. */
  onExit(listener: () => void): void;
}

/** How often a server that is not our child is looked for, in ms. */
const LOOK_EVERY_MS = 1_000;

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;

/** A server that has run this long, in ms, is started again without delay. */
const HEALTHY_AFTER_MS = 60_000;

/**
 * Starts the server of a data directory, or adopts the one that runs there, and starts it again when it dies.
 * The caller holds the lock of the data directory.
 *
 * @throws Error, one sentence for the operator, where no server can run
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const listeners = new Set<() => void>();
  const stopped = new AbortController();
  let current = await ensureServer(options);
  const first = current;

  const supervision = (async () => {
    let since = performance.now();
    let delay = 0;
    for (;;) {
      await gone(current.server, stopped.signal);
      if (stopped.signal.aborted) return;
      options.log(`PostgreSQL (process ${current.server.pid}) has ended; starting it again`);
      for (const listener of listeners) listener();
      if (performance.now() - since > HEALTHY_AFTER_MS) delay = 0;
      for (;;) {
        await pause(delay, stopped.signal);
        if (stopped.signal.aborted) return;
        delay = Math.min(BACKOFF_MAX_MS, delay === 0 ? BACKOFF_FIRST_MS : delay * 2);
        try {
          current = await ensureServer(options);
          break;
        } catch (error) {
          options.log(`${(error as Error).message} (next try in ${delay} ms)`);
        }
      }
      since = performance.now();
      options.log(`PostgreSQL runs again (process ${current.server.pid})`);
    }
  })();

  let stopping: Promise<void> | undefined;
  const stop = async () => {
    stopped.abort();
    await supervision;
    await whileStartingOrStopping(options.dataDir, async () => {
      await stopServer(current.server);
      await clearSocket(current);
    });
  };
  return {
    url: first.url,
    place: first.place.directory,
    adopted: first.adopted,
    stop: () => (stopping ??= stop()),
    onExit: listener => void listeners.add(listener),
  };
}

/**
 * For a command beside the gateway: connects to the server that runs on a data directory, or starts it for the
 * command's own time.
 */
export async function connectOrStart(
  options: EmbeddedOptions,
): Promise<{ url: string; stop(): Promise<void> }> {
  const running = await ensureServer(options);
  return {
    url: running.url,
    stop: () => (running.adopted ? Promise.resolve() : leave(options.dataDir, running)),
  };
}

/** Stops a server that only this command needed; who came in the meantime keeps it, or is waited for by the server. */
async function leave(dataDir: string, running: RunningServer): Promise<void> {
  await whileStartingOrStopping(dataDir, async real => {
    if (!isRunning(running.server) || (await gatewayOf(real))) return;
    if (await hasOtherSessions(running.socket, running.password)) {
      // PostgreSQL's smart shutdown: no new sessions, and the end with the last one.
      send(running.server, 'SIGTERM');
      return;
    }
    await stopServer(running.server);
    await clearSocket(running);
  });
}

/** Resolves when the server has ended or `signal` is aborted; holds no process alive. */
async function gone(server: ServerProcess, signal: AbortSignal): Promise<void> {
  if (server.child && isRunning(server)) {
    await once(server.child, 'exit', { signal }).catch(() => {});
    return;
  }
  while (!signal.aborted && isRunning(server)) await pause(LOOK_EVERY_MS, signal);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
}
