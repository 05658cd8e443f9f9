import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** The launchers stay in their own process from this Node on, so that the pid here is that of the program. */
const NODE_MIN = 24;

/** Longest wait for a program that was asked to end; the gateway itself drains for 10 s at most. */
const END_MS = 30_000;

export interface Program {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>;
  /** Asks it to end, and kills it when it does not. */
  readonly end: () => Promise<void>;
  /** The end of what it printed. */
  readonly words: () => string;
}

/**
 * Starts a Node program in a process group of its own, so that Ctrl-C reaches only us; it ends with this process even by
 * kill -9, since its IPC channel closes then.
 *
 * @param logFile gets what it prints
 */
export function startProgram(
  script: string,
  args: readonly string[],
  env: Record<string, string>,
  logFile: string,
): Program {
  if (Number.parseInt(process.versions.node, 10) < NODE_MIN) {
    throw new Error(`This needs Node ${NODE_MIN} or newer; this is ${process.version}. npm run has it.`);
  }
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, [script, ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...plainEnvironment(), ...env },
  });
  closeSync(log);
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    pid: child.pid ?? 0,
    child,
    ended,
    end: async () => {
      if (!isRunning(child)) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await ended;
      clearTimeout(timer);
    },
    words: () => readFileSync(logFile, 'utf8').slice(-4_000),
  };
}

/** The first message over its IPC channel: programs say so that they are ready, and on which port. */
export async function readyPort(program: Program, name: string): Promise<number> {
  const message = await Promise.race([
    once(program.child, 'message').then(([first]) => first as { port: number }),
    program.ended,
  ]);
  if (message === undefined) throw new Error(`${name} ended while it started:\n${program.words()}`);
  return message.port;
}

export function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Settings of the person who runs this must not change what is measured. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WIREBIRD_')));
}
