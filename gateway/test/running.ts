import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshDatabase } from '../../tests/database.ts';

const LAUNCHER = join(import.meta.dirname, '../bin/wirebird.js');

/** A gateway with its sandbox, started by its command as a person starts it. */
export interface Running {
  readonly url: string;
  readonly sandboxUrl: string;
  readonly key: string;
  readonly sender: string;
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly child: ChildProcess;
  /** What it said on standard error so far. */
  readonly said: () => string;
  /** What it logged on standard output so far. */
  readonly logged: () => string;
  /** Ends it by a signal and resolves to its exit code. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
  /** Ends it cleanly and deletes its data. */
  readonly stop: () => Promise<void>;
}

export interface RunningOptions {
  readonly env?: Record<string, string>;
  readonly dataDir?: string;
  /** `embedded` starts a database of its own; the default is a fresh one on the server of the run. */
  readonly database?: 'embedded' | { readonly url: string };
  readonly args?: readonly string[];
}

/** A folder that the server's own user may enter, so that nothing has to move elsewhere. */
export async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wirebird-test-'));
  await chmod(folder, 0o755);
  return folder;
}

/** Longest start, on a machine that is busy with other tests. */
const READY_MS = 60_000;

export async function startRunning(options: RunningOptions = {}): Promise<Running> {
  const dataDir = options.dataDir ?? (await dataFolder());
  const database = options.database === undefined ? await freshDatabase() : undefined;
  const databaseUrl =
    database?.url ?? (typeof options.database === 'object' ? options.database.url : undefined);
  const child = spawn(
    process.execPath,
    [
      LAUNCHER,
      'serve',
      '--sandbox',
      '--port',
      '0',
      '--sandbox-port',
      '0',
      '--data',
      dataDir,
      ...(options.args ?? []),
    ],
    {
      env: {
        ...process.env,
        ...(databaseUrl === undefined ? {} : { WIREBIRD_DATABASE_URL: databaseUrl }),
        WIREBIRD_MASTER_KEY: 'a master key for tests only',
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  let logged = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    logged += text;
  });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    return child.exitCode;
  };
  const began = performance.now();
  while (!said.includes('Wirebird is ready')) {
    if (child.exitCode !== null || performance.now() - began > READY_MS) {
      await end('SIGKILL');
      throw new Error(`the gateway did not start:\n${said}\n${logged}`);
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return {
    url: word(said, 'gateway'),
    sandboxUrl: word(said, 'phones'),
    key: word(said, 'API key'),
    sender: word(said, 'sender'),
    dataDir,
    databaseUrl,
    child,
    said: () => said,
    logged: () => logged,
    end,
    stop: async () => {
      await end('SIGTERM');
      await database?.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function word(said: string, label: string): string {
  const found = new RegExp(`^  ${label} +(\\S+)`, 'm').exec(said)?.[1];
  if (found === undefined) throw new Error(`the start did not say its ${label}:\n${said}`);
  return found;
}

/** A customer's webhook receiver on a real socket, keeping the raw bytes. */
export interface Receiver {
  readonly url: string;
  readonly got: { readonly headers: IncomingHttpHeaders; readonly body: string; readonly path: string }[];
  /** What it answers from now on: a status, or a status for each request by its number from 1. */
  answer: number | ((count: number) => number);
  readonly stop: () => Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const got: Receiver['got'] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      got.push({
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        path: request.url ?? '',
      });
      response.statusCode =
        typeof receiver.answer === 'number' ? receiver.answer : receiver.answer(got.length);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    answer: 200,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

/** Calls Wirebird's own API or the sandbox with JSON. */
export async function call<T>(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: T; headers: Headers }> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, body: (json ? JSON.parse(text) : text) as T, headers: response.headers };
}
