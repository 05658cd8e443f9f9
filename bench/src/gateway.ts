import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from './call.ts';
import { restartablePort } from './port.ts';
import { isRunning, type Program, startProgram } from './program.ts';

const LAUNCHER = join(import.meta.dirname, '../../gateway/bin/wirebird.js');

/** Recovery after a kill replays what was written since the last checkpoint. */
const READY_MS = 60_000;

/** A gateway on a data directory, run by its command; it can be killed and started again at the same address. */
export interface Gateway {
  readonly url: string;
  readonly key: string;
  readonly dataDir: string;
  readonly pid: () => number;
  /** Starts it, and waits until `/readyz` answers 200. */
  readonly start: () => Promise<void>;
  /** kill -9 of the gateway itself; the database it started goes on. */
  readonly kill: () => Promise<void>;
  /** A clean stop, the database included. */
  readonly end: () => Promise<void>;
  /** Every line that it logged so far. */
  readonly log: () => string;
}

/**
 * Describes a gateway; nothing is started yet.
 *
 * @param dataDir its database and keys
 * @param logFile what it prints
 * @param env further settings
 */
export async function gatewayOn(
  dataDir: string,
  logFile: string,
  env: Record<string, string> = {},
): Promise<Gateway> {
  const port = await restartablePort();
  const url = `http://127.0.0.1:${port}`;
  const key = `wb_${randomBytes(24).toString('hex')}`;
  let program: Program | undefined;

  return {
    url,
    key,
    dataDir,
    pid: () => program?.pid ?? 0,
    start: async () => {
      const started = startProgram(
        LAUNCHER,
        ['serve', '--port', String(port), '--data', dataDir],
        {
          WIREBIRD_ADMIN_KEY: key,
          // Network and receiver are on this machine.
          WIREBIRD_ALLOW_PRIVATE_WEBHOOKS: 'true',
          WIREBIRD_LOG_LEVEL: 'warn',
          ...env,
        },
        logFile,
      );
      program = started;
      const deadline = performance.now() + READY_MS;
      while (!(await answers(`${url}/readyz`))) {
        if (!isRunning(started.child) || performance.now() > deadline) {
          await started.end();
          throw new Error(`the gateway did not become ready:\n${started.words()}`);
        }
        await sleep(20);
      }
    },
    kill: async () => {
      program?.child.kill('SIGKILL');
      await program?.ended;
    },
    end: async () => program?.end(),
    log: () => readFileSync(logFile, 'utf8'),
  };
}
