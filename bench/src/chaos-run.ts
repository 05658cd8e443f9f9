import { setTimeout as sleep } from 'node:timers/promises';
import { call } from './call.ts';
import { campaign } from './campaign.ts';
import { sendThrough } from './client.ts';
import { carryOut, type Kill } from './kills.ts';
import { Ledger } from './ledger.ts';
import { compareReports, type Receiver } from './receiver.ts';
import { untilSettled } from './settled.ts';
import { judge, type Verdict } from './verdict.ts';
import { startWorld } from './world.ts';

export interface ChaosOptions {
  readonly messages: number;
  /** In the order in which they come. */
  readonly kills: readonly Kill[];
  readonly perSecond: number;
  readonly say: (line: string) => void;
}

export interface ChaosResult extends Verdict {
  readonly senders: number;
  readonly recipients: number;
  /** Whether nothing waited any more when the ledger was read for the last time. */
  readonly settled: boolean;
  readonly reportsMissing: number;
  readonly reportsRepeated: number;
  readonly refusedByNetwork: ReadonlyMap<string, number>;
  readonly seconds: number;
}

/** Two numbers carry the pace with room; a kill must not find the only lane there is. */
const SENDERS = 4;

/** Statuses come a moment after the send, as from phones; a kill then finds some messages at every step. */
const TIMES = { sentMs: 20, deliveredMs: 60, readMs: 150 };

/** Seconds. Statuses settle what is unconfirmed long before; this is for sends that never left. */
const UNCONFIRMED_DEADLINE = 10;

/** Seconds; with the 15 s that a lease adds, how long a send may be unsettled after the database's end. */
const SEND_TIMEOUT = 3;

const SETTLE_PATIENCE_MS = 120_000;
/** A report whose delivery a kill cut waits for the end of its lease (17 s), then for its turn. */
const REPORT_PATIENCE_MS = 30_000;

/** Accepts messages over HTTP while gateway or database are killed again and again, then compares both ends. */
export async function runChaos(stack: AsyncDisposableStack, options: ChaosOptions): Promise<ChaosResult> {
  const began = performance.now();
  const { messages, kills, perSecond, say } = options;
  const { gateway, network, receiver, senders } = await startWorld(stack, {
    senders: SENDERS,
    times: TIMES,
    env: {
      WIREBIRD_UNCONFIRMED_DEADLINE: String(UNCONFIRMED_DEADLINE),
      WIREBIRD_SEND_TIMEOUT: String(SEND_TIMEOUT),
    },
  });
  // Webhooks that found nobody come again soon, as the run is short.
  await call('PATCH', `${network.url}/sandbox/settings`, { body: { retry_first_ms: 200 } });
  const people = campaign(senders, receiver.url);

  let acceptedSoFar = 0;
  let over = false;
  let failed = false;
  const killing = (async () => {
    for (const [index, kill] of kills.entries()) {
      while (acceptedSoFar < kill.afterAccepted && !over) await sleep(1);
      if (failed) return;
      say(`kill ${index + 1} of ${kills.length}: ${kill.victim}, ${acceptedSoFar} accepted`);
      await carryOut(kill, gateway);
    }
  })();
  const sending = sendThrough(gateway.url, gateway.key, people, {
    messages,
    perSecond,
    onAccepted: count => {
      acceptedSoFar = count;
    },
  });
  const [known] = await Promise.all([
    sending
      .catch(error => {
        failed = true;
        throw error;
      })
      .finally(() => {
        over = true;
      }),
    killing,
  ]);
  say(`${known.accepted.size} accepted; waiting until everything is settled`);

  const settled = await untilSettled(gateway, SETTLE_PATIENCE_MS);
  const ledger = new Ledger(network.url);
  await ledger.read();
  const verdict = await judge(known, ledger, gateway);
  const ids = [...known.accepted.keys()];
  await untilReported(ids, receiver);
  const reports = compareReports(ids, receiver);
  return {
    ...verdict,
    senders: senders.length,
    recipients: people.recipients(),
    settled,
    reportsMissing: reports.missing,
    reportsRepeated: reports.repeated,
    refusedByNetwork: ledger.refused,
    seconds: (performance.now() - began) / 1000,
  };
}

/** Waits for the reports of these messages for as long as more of them come. */
async function untilReported(ids: readonly string[], receiver: Receiver): Promise<void> {
  const since = performance.now();
  while (compareReports(ids, receiver).missing > 0) {
    if (performance.now() - Math.max(since, receiver.newestAt()) > REPORT_PATIENCE_MS) return;
    await sleep(250);
  }
}
