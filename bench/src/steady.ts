import { setTimeout as sleep } from 'node:timers/promises';
import type { Campaign } from './campaign.ts';
import type { Ledger } from './ledger.ts';
import { percentile } from './load.ts';
import { sendPaced } from './paced.ts';
import { countCores, type Parts } from './processor.ts';
import { REPORTS_PER_MESSAGE } from './receiver.ts';
import { type Row, rowOf } from './row.ts';
import type { World } from './world.ts';

/** The last reports come within this long, or never. */
const QUIET_MS = 20_000;

/** A steady stream, before the network was asked what it saw of it. */
export interface Steady {
  readonly ids: readonly string[];
  /** From the request at the gateway to the request at the network, by the clock of this machine. */
  readonly row: (ledger: Ledger) => Row;
}

/** Below saturation: how long a message takes from its request to WhatsApp. */
export async function steadyRow(
  { gateway, receiver }: World,
  people: Campaign,
  perSecond: number,
  seconds: number,
  parts: Parts,
): Promise<Steady> {
  const messages = Math.round(perSecond * seconds);
  const wanted = receiver.different() + messages * REPORTS_PER_MESSAGE;
  const wall = Date.now() - performance.now();
  const began = performance.now();
  const stop = countCores(parts);
  const paced = await sendPaced(gateway, people, messages, perSecond);
  const rate = messages / ((performance.now() - began) / 1_000);
  const cores = stop();
  const last = performance.now();
  while (receiver.different() < wanted && performance.now() - Math.max(last, receiver.newestAt()) < QUIET_MS)
    await sleep(20);
  return {
    ids: [...paced.keys()],
    row: ledger => {
      const waits = [...paced].flatMap(([id, { sentAt }]) => {
        const first = ledger.byMessage.get(id)?.[0];
        return first === undefined ? [] : [Date.parse(first.at) - (wall + sentAt)];
      });
      const sorted = Float64Array.from(waits).sort();
      return rowOf('  to the network at half of it', [
        { perSecond: rate, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), cores },
      ]);
    },
  };
}
