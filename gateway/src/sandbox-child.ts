import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The sandbox, running as a child process by its command: the gateway meets it over HTTP only. */
export interface Sandbox {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** It answers within seconds, or something is wrong. */
const READY_MS = 20_000;

/**
 * Starts the sandbox in a process group of its own, so that Ctrl-C does not take it away from a gateway that drains.
 * It ends with this process, also by kill -9: its IPC channel closes then.
 *
 * @throws Error with a sentence when it does not come up (its port is taken, it is not installed)
 */
export async function startSandbox(options: {
  readonly port: number;
  readonly dataDir: string;
  readonly onExit: (code: number | null) => void;
}): Promise<Sandbox> {
  const command = sandboxCommand();
  const child = spawn(
    process.execPath,
    [command, '--port', String(options.port), '--data', join(options.dataDir, 'sandbox')],
    { env: withoutSecrets(process.env), detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  const port = await ready(child);
  let stopping = false;
  child.once('exit', code => {
    if (!stopping) options.onExit(code);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function sandboxCommand(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('@wirebird/sandbox/package.json');
    return join(dirname(manifest), 'bin', 'wirebird-sandbox.js');
  } catch {
    throw new Error(
      'The sandbox is not installed here: npm install @wirebird/sandbox, or leave --sandbox out.',
    );
  }
}

function ready(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error('The sandbox did not start within 20 seconds.'));
    }, READY_MS);
    child.once('message', message => {
      clearTimeout(timer);
      resolve((message as { port: number }).port);
    });
    child.once('error', error => {
      clearTimeout(timer);
      reject(new Error('The sandbox could not be started.', { cause: error }));
    });
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new Error('The sandbox ended while it started; its own words stand above.'));
    });
  });
}

/** The simulated network needs nothing of the gateway's settings. */
function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('WIREBIRD_')));
}
