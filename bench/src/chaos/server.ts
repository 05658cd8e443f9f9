import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionOf, postmasterOf, query } from '../database.ts';
import { gatewayOn } from '../gateway.ts';

/** A PostgreSQL of its own that several gateways share, and that can be killed and started again. */
export interface OwnServer {
  /** The file of its local socket. */
  readonly socket: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly kill: () => Promise<void>;
  /** Resolves when it takes connections. */
  readonly start: () => Promise<void>;
}

const START_MS = 30_000;

/**
 * A gateway brings a database, and leaves it running when it is killed: that one is taken over.
 *
 * @param masterKey of the gateways that will use it
 * @param dataDir is removed by `removeData`, with the server on it
 */
export async function ownServer(dataDir: string, logFile: string, masterKey: string): Promise<OwnServer> {
  const gateway = await gatewayOn(dataDir, logFile, { WIREBIRD_MASTER_KEY: masterKey });
  await gateway.start();
  await gateway.kill();
  const connection = await connectionOf(dataDir);
  const command = commandOf(await readFile(join(connection.data, 'postmaster.opts'), 'utf8'));
  const owner = await stat(connection.data);
  return {
    ...connection,
    kill: async () => {
      const pid = await postmasterOf(dataDir);
      if (pid === undefined) return;
      process.kill(pid, 'SIGKILL');
      while ((await postmasterOf(dataDir)) === pid) await sleep(5);
    },
    start: async () => {
      const [file, ...args] = inNameOf(owner, command);
      const deadline = performance.now() + START_MS;
      let server: ChildProcess | undefined;
      while (!(await takesConnections(dataDir))) {
        if (performance.now() > deadline) throw new Error('the database did not come up again');
        // Processes of the killed one may be about to notice; until then a new one gives up at once.
        if (server === undefined || server.exitCode !== null) {
          server = spawn(file!, args, {
            detached: true,
            stdio: 'ignore',
            cwd: '/',
            ...(process.getuid?.() === 0 ? { uid: owner.uid, gid: owner.gid } : {}),
          });
          server.once('error', () => {});
          server.unref();
        }
        await sleep(100);
      }
    },
  };
}

/**
 * PostgreSQL refuses to run as root. A gateway that root has started runs it as the user who owns its data, or, where
 * that is root, under another name in a user namespace of its own: so does this.
 */
function inNameOf(owner: { readonly uid: number }, command: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0 || owner.uid !== 0) return command;
  return ['unshare', '--user', '--map-user=65534', '--map-group=65534', '--', ...command];
}

function takesConnections(dataDir: string): Promise<boolean> {
  return query(dataDir, 'select 1').then(
    () => true,
    () => false,
  );
}

/** `postmaster.opts`: the command that has started the server, each argument in quotes. */
function commandOf(text: string): string[] {
  const [, file, rest] = /^(\S+)((?: "[^"]*")*)/.exec(text.trim()) ?? [];
  if (file === undefined)
    throw new Error(`the database was started in a way that is not understood: ${text}`);
  return [file, ...[...(rest ?? '').matchAll(/"([^"]*)"/g)].map(match => match[1]!)];
}
