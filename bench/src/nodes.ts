import { setTimeout as sleep } from 'node:timers/promises';
import { complainAboutOthers, type Measured } from './accept.ts';
import { campaign } from './campaign.ts';
import { startCluster } from './chaos/cluster.ts';
import { postmasterOf } from './database.ts';
import { Ledger } from './ledger.ts';
import { percentile, sendCampaign } from './load.ts';
import { describeMachine } from './machine.ts';
import { NUMBER_RATE } from './network.ts';
import { countCores } from './processor.ts';
import { compareReports, REPORTS_PER_MESSAGE } from './receiver.ts';
import { rowOf } from './row.ts';

export interface NodesOptions {
  readonly nodes: number;
  /** Of the run; a tenth of it before, to warm up. */
  readonly messages: number;
  readonly senders: number;
  readonly say: (line: string) => void;
}

const QUIET_MS = 20_000;

/** The whole way, through several gateways on one database: each takes its part of the requests and of the webhooks. */
export async function measureNodes(stack: AsyncDisposableStack, options: NodesOptions): Promise<Measured> {
  const { messages, say } = options;
  const name = `pipeline, ${options.nodes} nodes`;
  const cluster = await startCluster(stack, {
    ...options,
    rate: NUMBER_RATE,
    times: { sentMs: 0, deliveredMs: 0, readMs: 0 },
    direct: true,
  });
  const { nodes, key, network, receiver, senders } = cluster;
  const machine = await describeMachine(cluster.folder, cluster.dataDir);
  const people = nodes.map((_, n) => campaign(senders, receiver.url, `+14${20 + n}`));
  const ids: string[] = [];
  const go = async (count: number) => {
    const wanted = receiver.different() + count * REPORTS_PER_MESSAGE;
    const began = performance.now();
    const results = await Promise.all(
      nodes.map(({ port }, n) =>
        sendCampaign(`http://127.0.0.1:${port}`, key, people[n]!, { messages: count / nodes.length }),
      ),
    );
    for (const result of results) {
      complainAboutOthers(result);
      for (const id of result.accepted) ids.push(id);
    }
    while (
      receiver.different() < wanted &&
      performance.now() - Math.max(began, receiver.newestAt()) < QUIET_MS
    )
      await sleep(5);
    const latencies = Float64Array.from(results.flatMap(result => [...result.latencies])).sort();
    return {
      perSecond: count / ((receiver.newestAt() - began) / 1_000),
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
    };
  };
  say(`${name}: warming up`);
  await go(Math.ceil(messages / 10));
  say(`${name}: ${messages} messages`);
  const programs = Object.fromEntries(nodes.map((node, n) => [`gateway ${n + 1}`, node.pid()]));
  const stop = countCores({
    programs: { load: 0, network: network.program.pid, ...programs },
    postmaster: await postmasterOf(cluster.dataDir),
  });
  const run = await go(messages);
  const cores = stop();
  const gateway = Object.keys(programs).reduce((sum, each) => sum + (cores[each] ?? 0), 0);
  const ledger = new Ledger(network.url);
  await ledger.read();
  const reports = compareReports(ids, receiver);
  const row = rowOf(name, [{ ...run, cores: { ...cores, gateway } }], {
    lost: ids.filter(id => ledger.sends(id) === 0).length,
    twice: [...ledger.byRecipient.values()].filter(sends => sends.length > 1).length,
    reportsMissing: reports.missing,
    reportsRepeated: reports.repeated,
  });
  return {
    rows: [row],
    machine,
    note: `${name}: ${senders.length} senders (1,000/s each) on one database; "gateway" is all nodes together`,
  };
}
