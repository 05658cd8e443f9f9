import { setTimeout as sleep } from 'node:timers/promises';
import { complainAboutOthers, describe, type Measured } from './accept.ts';
import { campaign } from './campaign.ts';
import { startCeiling } from './ceiling.ts';
import { postmasterOf } from './database.ts';
import { Ledger } from './ledger.ts';
import { percentile, posterOf, sendCampaign } from './load.ts';
import { describeMachine } from './machine.ts';
import { NUMBER_RATE } from './network.ts';
import type { Poster } from './post.ts';
import { countCores, type Parts } from './processor.ts';
import { compareReports, REPORTS_PER_MESSAGE, type Receiver } from './receiver.ts';
import { type Run, rowOf } from './row.ts';
import { sampleExchanges } from './sample.ts';
import { steadyRow } from './steady.ts';
import { startWorld } from './world.ts';

export interface PipelineOptions {
  readonly runs: number;
  /** Of each run; a tenth of it before, to warm up. */
  readonly messages: number;
  /** How long at half of the rate that was found. */
  readonly seconds: number;
  readonly senders: number;
  readonly say: (line: string) => void;
}

/** A report that was not taken is tried again after 1 s and 5 s; later than this none comes. */
const QUIET_MS = 20_000;

/** How much of Meta's number rate may be used for it not to be the limit that is measured. */
const USED_MAX = 0.8;

/** Whole messages per second: accepted, sent, three statuses, three reports received. */
export async function measurePipeline(
  stack: AsyncDisposableStack,
  options: PipelineOptions,
): Promise<Measured> {
  const { runs, messages, seconds, say } = options;
  const world = await startWorld(stack, {
    senders: options.senders,
    times: { sentMs: 0, deliveredMs: 0, readMs: 0 },
  });
  const { gateway, network, receiver, senders } = world;
  const machine = await describeMachine(world.folder, gateway.dataDir);
  const sample = await sampleExchanges(stack, world);
  const people = campaign(senders, receiver.url);
  const parts: Parts = {
    programs: { load: 0, gateway: gateway.pid(), network: network.program.pid },
    postmaster: await postmasterOf(gateway.dataDir),
  };

  say('pipeline: warming up');
  const ids: string[] = [];
  const poster = posterOf(stack, gateway.url);
  const go = async (count: number): Promise<Run> => {
    const at = { url: gateway.url, key: gateway.key, poster };
    const { run, accepted } = await sendAndReceive(at, people, receiver, count, parts);
    for (const id of accepted) ids.push(id);
    return run;
  };
  await go(Math.ceil(messages / 10));
  const measured: Run[] = [];
  for (let run = 1; run <= runs; run++) {
    say(`pipeline: run ${run} of ${runs}, ${messages} messages`);
    measured.push(await go(messages));
  }
  const usual = rowOf('pipeline', measured).perSecond;
  say(`pipeline: ${seconds} s at half of that`);
  const steady = await steadyRow(world, people, usual / 2, seconds, parts);
  for (const id of steady.ids) ids.push(id);
  const ledger = new Ledger(network.url);
  await ledger.read();
  const reports = compareReports(ids, receiver);
  await Promise.all([gateway.end(), network.program.end()]);

  say('pipeline: the bare ceiling');
  const ceiling = await startCeiling(stack, sample, true);
  const strangers = campaign(senders, ceiling.receiver.url);
  const bareParts: Parts = {
    programs: { load: 0, gateway: ceiling.gateway.pid, network: ceiling.network!.pid },
  };
  const bareAt = { url: ceiling.url, key: 'bare', poster: posterOf(stack, ceiling.url) };
  const goBare = async (count: number): Promise<Run> =>
    (await sendAndReceive(bareAt, strangers, ceiling.receiver, count, bareParts)).run;
  await goBare(Math.ceil(messages / 10));
  const bare: Run[] = [];
  for (let run = 1; run <= runs; run++) bare.push(await goBare(messages));
  await Promise.all([ceiling.gateway.end(), ceiling.network!.end()]);

  const bareRow = rowOf('  bare', bare);
  const row = rowOf('pipeline', measured, {
    lost: ids.filter(id => ledger.sends(id) === 0).length,
    twice: [...ledger.byRecipient.values()].filter(sends => sends.length > 1).length,
    reportsMissing: reports.missing,
    reportsRepeated: reports.repeated,
  });
  const used = row.range[1] / (senders.length * NUMBER_RATE);
  const tooMuch = used > USED_MAX ? ': too much, give more --senders' : '';
  const refused = [...ledger.refused].map(([outcome, times]) => `, ${outcome} ${times}×`).join('');
  return {
    rows: [{ ...row, ofCeiling: row.perSecond / bareRow.perSecond }, bareRow, steady.row(ledger)],
    machine,
    note: `pipeline: ${describe(senders, people)}, ${Math.round(used * 100)} % of the numbers' rate used${tooMuch}${refused}`,
  };
}

/** From the first send to the last report. */
async function sendAndReceive(
  at: { readonly url: string; readonly key: string; readonly poster: Poster },
  people: ReturnType<typeof campaign>,
  receiver: Receiver,
  messages: number,
  parts: Parts,
): Promise<{ run: Run; accepted: string[] }> {
  const wanted = receiver.different() + messages * REPORTS_PER_MESSAGE;
  const began = performance.now();
  const stop = countCores(parts);
  const result = await sendCampaign(at.url, at.key, people, { messages }, at.poster);
  complainAboutOthers(result);
  while (receiver.different() < wanted) {
    const newest = Math.max(receiver.newestAt(), began + result.ms);
    if (performance.now() - newest > QUIET_MS) break;
    await sleep(5);
  }
  const seconds = (receiver.newestAt() - began) / 1000;
  return {
    run: {
      perSecond: messages / seconds,
      p50: percentile(result.latencies, 0.5),
      p99: percentile(result.latencies, 0.99),
      cores: stop(),
    },
    accepted: result.accepted,
  };
}
