import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { senderNumbers } from './campaign.ts';
import { removeData } from './database.ts';
import { type Gateway, gatewayOn } from './gateway.ts';
import { addSenders, type Network, startNetwork, type Times } from './network.ts';
import { type Receiver, startReceiver } from './receiver.ts';

/** Gateway, network and receiver, each in a process of its own; the receiver is in this one. */
export interface World {
  readonly folder: string;
  readonly gateway: Gateway;
  readonly network: Network;
  readonly receiver: Receiver;
  /** Phone numbers that the gateway sends from. */
  readonly senders: readonly string[];
}

export interface WorldOptions {
  readonly senders: number;
  readonly times: Times;
  /** Messages per second of each sender; as many as Meta allows when not given. */
  readonly rate?: number;
  /** Settings of the gateway. */
  readonly env?: Record<string, string>;
}

/** Starts a world on empty data. What it left is undone with `stack`, in whatever state it is by then. */
export async function startWorld(stack: AsyncDisposableStack, options: WorldOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'wirebird-bench-'));
  // The server's own user must be able to enter it.
  await chmod(folder, 0o755);
  const dataDir = join(folder, 'data');
  stack.defer(async () => {
    await removeData(dataDir);
    await rm(folder, { recursive: true, force: true });
  });
  const gateway = await gatewayOn(dataDir, join(folder, 'gateway.log'), options.env);
  stack.defer(() => gateway.end());
  const [receiver, network] = await Promise.all([
    startReceiver(),
    startNetwork(options.times, join(folder, 'network.log')),
    gateway.start(),
  ]);
  stack.defer(() => receiver.stop());
  stack.defer(() => network.program.end());
  const senders = senderNumbers(options.senders);
  await addSenders(network, gateway, senders, { rate: options.rate });
  return { folder, gateway, network, receiver, senders };
}
