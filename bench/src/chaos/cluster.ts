import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers, call } from '../call.ts';
import { senderNumbers } from '../campaign.ts';
import { removeData } from '../database.ts';
import { type Network, startNetwork, type Times } from '../network.ts';
import { restartablePort } from '../port.ts';
import { isRunning, type Program, startProgram } from '../program.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { type OwnServer, ownServer } from './server.ts';
import { Stamps } from './stamps.ts';
import { type Wire, wire } from './wire.ts';

const LAUNCHER = join(import.meta.dirname, '../../../gateway/bin/wirebird.js');
const READY_MS = 90_000;

/** One gateway of several on one database. */
export interface Node {
  readonly name: string;
  readonly port: number;
  readonly pid: () => number;
  /** Between it and the database. */
  readonly toDatabase: Wire;
  readonly isUp: () => boolean;
  readonly start: () => Promise<void>;
  readonly kill: () => Promise<void>;
  /** A clean stop: what is under way is finished. */
  readonly end: () => Promise<void>;
  /** Sets its machine's clock ahead of the time, or behind. */
  readonly jump: (ms: number) => Promise<void>;
}

/** Several gateways, their database, the network and a receiver, with wires between them. */
export interface Cluster {
  readonly nodes: readonly Node[];
  readonly key: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly server: OwnServer;
  readonly network: Network;
  /** Between all nodes and the network. */
  readonly toNetwork: Wire;
  /** Between the network and the nodes, each in turn. */
  readonly fromNetwork: Wire;
  readonly stamps: Stamps;
  readonly receiver: Receiver;
  readonly senders: readonly string[];
}

export interface ClusterOptions {
  readonly nodes: number;
  readonly senders: number;
  /** Messages per second of each. */
  readonly rate: number;
  /** Settings of the gateways. */
  readonly env?: Record<string, string> | undefined;
  /** From accepting a message to each of its statuses; as from phones when not given. */
  readonly times?: Times | undefined;
  /** Nothing goes through the wires: they cost time. */
  readonly direct?: boolean | undefined;
  readonly say: (line: string) => void;
}

/** Statuses come a moment after the send, as from phones. */
const TIMES = { sentMs: 30, deliveredMs: 100, readMs: 300 };

export async function startCluster(stack: AsyncDisposableStack, options: ClusterOptions): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'wirebird-chaos-'));
  // The server's own user must be able to enter it.
  await chmod(folder, 0o755);
  const dataDir = join(folder, 'data');
  stack.defer(async () => {
    await removeData(dataDir);
    await rm(folder, { recursive: true, force: true });
  });
  options.say('starting the database');
  const key = `wb_${randomBytes(24).toString('hex')}`;
  const masterKey = randomBytes(32).toString('base64');
  const server = await ownServer(dataDir, join(folder, 'database.log'), masterKey);

  const [network, receiver] = await Promise.all([
    startNetwork(options.times ?? TIMES, join(folder, 'network.log')),
    startReceiver(),
  ]);
  stack.defer(() => network.program.end());
  stack.defer(() => receiver.stop());
  const stamps = new Stamps();
  const networkPort = Number(new URL(network.url).port);
  const toNetwork = await wire(
    () => networkPort,
    (connection, data) => stamps.take(connection, data),
  );
  stack.defer(() => toNetwork.close());

  const nodes: Node[] = [];
  for (let n = 1; n <= options.nodes; n++) {
    options.say(`starting node ${n} of ${options.nodes}`);
    const node = await startNode(stack, {
      name: `node ${n}`,
      folder,
      server,
      key,
      masterKey,
      env: options.env,
      direct: options.direct ?? false,
    });
    nodes.push(node);
  }
  let turn = 0;
  const fromNetwork = await wire(() => {
    const up = nodes.filter(node => node.isUp());
    return up.length === 0 ? undefined : up[turn++ % up.length]!.port;
  });
  stack.defer(() => fromNetwork.close());

  const senders = senderNumbers(options.senders);
  for (const [index, phone_number] of senders.entries()) {
    const webhooks = options.direct ? nodes[index % nodes.length]!.port : fromNetwork.port;
    const sender = await call<Record<string, unknown>>('POST', `${network.url}/sandbox/senders`, {
      body: {
        phone_number,
        throughput: options.rate,
        webhook_url: `http://127.0.0.1:${webhooks}/webhooks/whatsapp`,
      },
    });
    await call('POST', `http://127.0.0.1:${nodes[0]!.port}/api/senders`, {
      key,
      body: { ...sender, ...(options.direct ? {} : { graph_url: `http://127.0.0.1:${toNetwork.port}` }) },
    });
  }
  // Webhooks that found nobody come again soon, as the run is short.
  await call('PATCH', `${network.url}/sandbox/settings`, { body: { retry_first_ms: 200 } });
  return { nodes, key, folder, dataDir, server, network, toNetwork, fromNetwork, stamps, receiver, senders };
}

interface NodeOptions {
  readonly name: string;
  readonly folder: string;
  readonly server: OwnServer;
  readonly key: string;
  readonly masterKey: string;
  readonly env: Record<string, string> | undefined;
  readonly direct: boolean;
}

async function startNode(stack: AsyncDisposableStack, options: NodeOptions): Promise<Node> {
  const { name, folder, server, key, masterKey } = options;
  const toDatabase = await wire(() => server.socket);
  stack.defer(() => toDatabase.close());
  const port = await restartablePort();
  const own = join(folder, name.replace(' ', '-'));
  const jumps = `${own}.clock`;
  await writeFile(jumps, '0');
  const logFile = `${own}.log`;
  const { user, password, database } = server;
  const databaseUrl = options.direct
    ? `postgres://${user}:${password}@localhost:5432/${database}?host=${encodeURIComponent(dirname(server.socket))}`
    : `postgres://${user}:${password}@127.0.0.1:${toDatabase.port}/${database}`;
  let program: Program | undefined;
  let up = false;
  const node: Node = {
    name,
    port,
    pid: () => program?.pid ?? 0,
    toDatabase,
    isUp: () => up,
    start: async () => {
      const deadline = performance.now() + READY_MS;
      const run = (): Program =>
        startProgram(
          LAUNCHER,
          ['serve', '--port', String(port), '--data', own],
          {
            WIREBIRD_DATABASE_URL: databaseUrl,
            WIREBIRD_MASTER_KEY: masterKey,
            WIREBIRD_ADMIN_KEY: key,
            // Network and receiver are on this machine.
            WIREBIRD_ALLOW_PRIVATE_WEBHOOKS: 'true',
            WIREBIRD_LOG_LEVEL: 'warn',
            WIREBIRD_UNCONFIRMED_DEADLINE: '20',
            WIREBIRD_SEND_TIMEOUT: '3',
            WIREBIRD_CLOCK_JUMPS: jumps,
            ...options.env,
          },
          logFile,
        );
      let started = run();
      program = started;
      while (!(await answers(`http://127.0.0.1:${port}/healthz`))) {
        if (performance.now() > deadline)
          throw new Error(`${name} did not become ready:\n${started.words()}`);
        await sleep(50);
        // The database may be away just now: then it is started again, as a supervisor does.
        if (!isRunning(started.child)) {
          await sleep(500);
          started = run();
          program = started;
        }
      }
      up = true;
    },
    kill: async () => {
      up = false;
      program?.child.kill('SIGKILL');
      await program?.ended;
    },
    end: async () => {
      up = false;
      await program?.end();
    },
    jump: ms => writeFile(jumps, String(ms)),
  };
  stack.defer(async () => program?.end());
  await node.start();
  return node;
}
