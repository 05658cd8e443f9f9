import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from '../ledger.ts';
import { seeded } from '../random.ts';
import { compareReports, type Receiver } from '../receiver.ts';
import { untilSettled } from '../settled.ts';
import { check, type Verdict } from './check.ts';
import { writeToPeople } from './client.ts';
import { startCluster } from './cluster.ts';
import { makeTrouble, type Trouble } from './trouble.ts';

export interface ChaosOptions {
  readonly nodes: number;
  readonly senders: number;
  /** Messages per second of each sender: its limit. */
  readonly senderRate: number;
  /** Messages per second that the customer sends. */
  readonly perSecond: number;
  readonly seconds: number;
  readonly troubles: readonly Trouble[];
  readonly seed: number;
  /** Settings of the gateways. */
  readonly env?: Record<string, string>;
  /** How long to wait until everything has left, and for the next report. */
  readonly settlePatienceMs?: number;
  readonly reportPatienceMs?: number;
  readonly say: (line: string) => void;
}

export interface ChaosResult extends Verdict {
  readonly people: number;
  readonly made: ReadonlyMap<Trouble, number>;
  /** Whether nothing waited any more when the ledger was read for the last time. */
  readonly settled: boolean;
  readonly reportsMissing: number;
  readonly reportsRepeated: number;
  /** What the network did not take, by outcome. */
  readonly refused: ReadonlyMap<string, number>;
  readonly seconds: number;
}

const SETTLE_PATIENCE_MS = 300_000;
/** A report whose delivery a kill cut waits for the end of its lease (17 s), then for its turn. */
const REPORT_PATIENCE_MS = 40_000;

/** Lets a customer write to people while everything goes wrong that can, then compares both ends. */
export async function runChaos(stack: AsyncDisposableStack, options: ChaosOptions): Promise<ChaosResult> {
  const { perSecond, seconds, troubles, seed, say } = options;
  const began = performance.now();
  const cluster = await startCluster(stack, { ...options, rate: options.senderRate });
  const { nodes, key, network, receiver, senders } = cluster;
  const stop = new AbortController();
  say(`${seconds} s of trouble begin`);
  const trouble = makeTrouble(cluster, { troubles, random: seeded(seed), say }, stop.signal);
  // It is waited for below; until then a failure must not end the process, which would leave everything running.
  trouble.catch(() => {});
  let people: Awaited<ReturnType<typeof writeToPeople>>;
  try {
    people = await writeToPeople({
      nodes,
      key,
      senders,
      webhookUrl: receiver.url,
      perSecond,
      ms: seconds * 1_000,
      random: seeded(seed + 1),
    });
  } finally {
    stop.abort();
  }
  const made = await trouble;
  const ids = people.flatMap(person => person.accepted);
  say(`${ids.length} accepted; waiting until everything is settled`);
  const settled = await untilSettled(
    { url: `http://127.0.0.1:${nodes[0]!.port}`, key },
    options.settlePatienceMs ?? SETTLE_PATIENCE_MS,
  );
  const ledger = new Ledger(network.url);
  await ledger.read();
  await untilReported(ids, receiver, options.reportPatienceMs ?? REPORT_PATIENCE_MS);
  const reports = compareReports(ids, receiver);
  return {
    ...(await check(cluster, people, ledger)),
    people: people.length,
    made,
    settled,
    reportsMissing: reports.missing,
    reportsRepeated: reports.repeated,
    refused: ledger.refused,
    seconds: (performance.now() - began) / 1000,
  };
}

/** Waits for the reports of these messages for as long as more of them come. */
async function untilReported(ids: readonly string[], receiver: Receiver, patienceMs: number): Promise<void> {
  const since = performance.now();
  while (compareReports(ids, receiver).missing > 0) {
    if (performance.now() - Math.max(since, receiver.newestAt()) > patienceMs) return;
    await sleep(250);
  }
}
