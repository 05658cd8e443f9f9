import { type Campaign, campaign } from './campaign.ts';
import { startCeiling } from './ceiling.ts';
import { postmasterOf, query } from './database.ts';
import { type LoadResult, percentile, posterOf, sendCampaign } from './load.ts';
import { describeMachine, type Machine } from './machine.ts';
import { countCores, type Parts } from './processor.ts';
import { type Row, type Run, rowOf } from './row.ts';
import { sampleAccept } from './sample.ts';
import { startWorld, type World } from './world.ts';

export interface AcceptOptions {
  readonly dispatch: boolean;
  readonly runs: number;
  /** Of each run; a third of it before, to warm up. */
  readonly ms: number;
  readonly senders: number;
  readonly say: (line: string) => void;
}

export interface Measured {
  readonly rows: readonly Row[];
  readonly machine: Machine;
  readonly note: string;
}

/** Accepted messages per second, and how long each waits for its answer; then the same without a gateway behind it. */
export async function measureAccept(stack: AsyncDisposableStack, options: AcceptOptions): Promise<Measured> {
  const { dispatch, runs, ms, say } = options;
  const name = `accept, dispatch ${dispatch ? 'on' : 'off'}`;
  const world = await startWorld(stack, {
    senders: options.senders,
    times: { sentMs: 0, deliveredMs: 0, readMs: 0 },
    env: { WIREBIRD_DISPATCH: dispatch ? 'on' : 'off' },
  });
  const { gateway, network, receiver, senders } = world;
  const machine = await describeMachine(world.folder, gateway.dataDir);
  const sample = await sampleAccept(stack, world);
  const people = campaign(senders, receiver.url);
  const parts: Parts = {
    programs: { load: 0, gateway: gateway.pid(), ...(dispatch ? { network: network.program.pid } : {}) },
    postmaster: await postmasterOf(gateway.dataDir),
  };

  say(`${name}: warming up`);
  const ids: string[] = [];
  const keep = (result: LoadResult): LoadResult => {
    // One by one: hundreds of thousands of arguments are too many for one call.
    for (const id of result.accepted) ids.push(id);
    return result;
  };
  const poster = posterOf(stack, gateway.url);
  keep(await sendCampaign(gateway.url, gateway.key, people, { ms: ms / 3 }, poster));
  const measured: Run[] = [];
  for (let run = 1; run <= runs; run++) {
    say(`${name}: run ${run} of ${runs}`);
    measured.push(
      await timed(parts, async () => keep(await sendCampaign(gateway.url, gateway.key, people, { ms }))),
    );
  }
  const lost = ids.length - (await stored(world, ids));
  await Promise.all([gateway.end(), network.program.end()]);

  say(`${name}: the bare ceiling`);
  const ceiling = await startCeiling(stack, sample, false);
  const strangers = campaign(senders, receiver.url);
  const bareParts: Parts = { programs: { load: 0, gateway: ceiling.gateway.pid } };
  const barePoster = posterOf(stack, ceiling.url);
  await sendCampaign(ceiling.url, 'bare', strangers, { ms: ms / 3 }, barePoster);
  const bare: Run[] = [];
  for (let run = 1; run <= runs; run++) {
    bare.push(await timed(bareParts, () => sendCampaign(ceiling.url, 'bare', strangers, { ms }, barePoster)));
  }
  await ceiling.gateway.end();

  const bareRow = rowOf('  bare', bare);
  const row = rowOf(name, measured, { lost });
  return {
    rows: [{ ...row, ofCeiling: row.perSecond / bareRow.perSecond }, bareRow],
    machine,
    note: `${name}: ${describe(senders, people)}, ${ids.length} messages accepted`,
  };
}

/** How many numbers and people took part. */
export function describe(senders: readonly string[], people: Campaign): string {
  return `${senders.length} senders (1,000/s each), ${people.recipients().toLocaleString('en-US')} recipients, each written to once`;
}

/** Anything but an accepted message makes the figures worth nothing, so it is said loudly. */
export function complainAboutOthers({ others }: LoadResult): void {
  if (others.size === 0) return;
  const list = [...others].slice(0, 5).map(([answer, times]) => `${times}× ${answer}`);
  throw new Error(`not everything was accepted: ${list.join('; ')}`);
}

async function timed(parts: Parts, work: () => Promise<LoadResult>): Promise<Run> {
  const stop = countCores(parts);
  const result = await work();
  const cores = stop();
  complainAboutOthers(result);
  const { accepted, ms, latencies } = result;
  return {
    perSecond: accepted.length / (ms / 1000),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    cores,
  };
}

const IDS_PER_QUERY = 50_000;

/** How many of these messages are in the database. */
async function stored(world: World, ids: readonly string[]): Promise<number> {
  let count = 0;
  for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
    const [row] = await query<{ count: number }>(
      world.gateway.dataDir,
      'select count(*)::int as count from messages where id = any($1::uuid[])',
      [ids.slice(start, start + IDS_PER_QUERY)],
    );
    count += row?.count ?? 0;
  }
  return count;
}
