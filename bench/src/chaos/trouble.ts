import { setTimeout as sleep } from 'node:timers/promises';
import { call } from '../call.ts';
import type { Cluster, Node } from './cluster.ts';

/** What can be made to go wrong; each once, in any order, then again. */
export const TROUBLES = [
  'kill-node',
  'restart-node',
  'kill-database',
  'cut',
  'slow',
  'misbehave',
  'webhooks',
  'clock',
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** How requests to send are answered, by the simulated network's names. */
const MISBEHAVIOURS = [
  { kind: 'timeout' },
  { kind: 'reset' },
  { kind: 'drop' },
  { kind: 'http_500' },
  { kind: 'http_503' },
  { kind: 'refuse', code: 130429 },
] as const;
const WEBHOOKS = ['duplicated', 'reordered', 'late', 'read_without_delivered'] as const;

/** Between two troubles, ms. */
const PAUSE_MS = [700, 2_500] as const;

export interface TroubleOptions {
  readonly troubles: readonly Trouble[];
  readonly random: () => number;
  readonly say: (line: string) => void;
}

/** Makes trouble until it is told to stop; then everything is as it was. */
export async function makeTrouble(
  cluster: Cluster,
  options: TroubleOptions,
  signal: AbortSignal,
): Promise<Map<Trouble, number>> {
  const { troubles, random, say } = options;
  const counts = new Map<Trouble, number>();
  const began = performance.now();
  const after: Promise<void>[] = [];
  let bag: Trouble[] = [];
  while (!signal.aborted && troubles.length > 0) {
    await sleep(PAUSE_MS[0] + random() * (PAUSE_MS[1] - PAUSE_MS[0]), undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    if (bag.length === 0) bag = [...troubles];
    const [trouble] = bag.splice(Math.floor(random() * bag.length), 1);
    counts.set(trouble!, (counts.get(trouble!) ?? 0) + 1);
    const { words, done } = await once(cluster, trouble!, random);
    say(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${words}`);
    // It is waited for at the end; until then a failure must not end the process.
    done.catch(() => {});
    after.push(done);
  }
  await Promise.all(after);
  await calm(cluster);
  return counts;
}

interface Made {
  readonly words: string;
  /** When it is over. */
  readonly done: Promise<void>;
}

async function once(cluster: Cluster, trouble: Trouble, random: () => number): Promise<Made> {
  const between = (least: number, most: number): number => Math.round(least + random() * (most - least));
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  switch (trouble) {
    case 'kill-node': {
      const up = cluster.nodes.filter(node => node.isUp());
      // Somebody must be there to take what comes.
      if (up.length < 2) return { words: 'no node is killed: too few are up', done: Promise.resolve() };
      const node = one(up);
      const away = between(100, 3_000);
      await node.kill();
      return { words: `${node.name} is killed for ${away} ms`, done: sleep(away).then(node.start) };
    }
    case 'restart-node': {
      const up = cluster.nodes.filter(node => node.isUp());
      if (up.length < 2) return { words: 'no node is restarted: too few are up', done: Promise.resolve() };
      const node = one(up);
      return { words: `${node.name} is stopped and started`, done: node.end().then(node.start) };
    }
    case 'kill-database': {
      const away = between(100, 1_500);
      await cluster.server.kill();
      return { words: `the database is killed for ${away} ms`, done: sleep(away).then(cluster.server.start) };
    }
    case 'cut': {
      const ms = between(200, 2_000);
      const [name, wire] = one(wires(cluster));
      wire.cut(ms);
      return { words: `${name} is cut for ${ms} ms`, done: sleep(ms) };
    }
    case 'slow': {
      const [ms, delay] = [between(500, 3_000), between(20, 250)];
      const [name, wire] = one(wires(cluster));
      wire.slow(delay);
      return {
        words: `${name} is ${delay} ms slower for ${ms} ms`,
        done: sleep(ms).then(() => wire.slow(0)),
      };
    }
    case 'misbehave': {
      const how = one(MISBEHAVIOURS);
      const times = between(1, 20);
      await call('POST', `${cluster.network.url}/sandbox/faults`, { body: { ...how, times } });
      return { words: `the network answers ${times} sends with ${how.kind}`, done: Promise.resolve() };
    }
    case 'webhooks': {
      const kind = one(WEBHOOKS);
      const times = between(5, 100);
      await call('POST', `${cluster.network.url}/sandbox/faults`, { body: { kind, times } });
      return { words: `statuses of ${times} messages are ${kind}`, done: Promise.resolve() };
    }
    case 'clock': {
      const node: Node = one(cluster.nodes);
      const ms = between(-7_200_000, 7_200_000);
      await node.jump(ms);
      return {
        words: `the clock of ${node.name} jumps by ${Math.round(ms / 1000)} s`,
        done: Promise.resolve(),
      };
    }
  }
}

function wires(cluster: Cluster) {
  return [
    ['the way to the network', cluster.toNetwork],
    ['the way from the network', cluster.fromNetwork],
    ...cluster.nodes.map(node => [`the way of ${node.name} to the database`, node.toDatabase] as const),
  ] as const;
}

async function calm(cluster: Cluster): Promise<void> {
  for (const [, wire] of wires(cluster)) wire.slow(0);
  for (const node of cluster.nodes) await node.jump(0);
  const response = await fetch(`${cluster.network.url}/sandbox/faults`, { method: 'DELETE' });
  if (!response.ok) throw new Error(`the network did not forget its faults: ${response.status}`);
}
