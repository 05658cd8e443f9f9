import { setTimeout as sleep } from 'node:timers/promises';
import type { Measured } from './accept.ts';
import { postmasterOf } from './database.ts';
import { Ledger } from './ledger.ts';
import { describeMachine } from './machine.ts';
import { countCores } from './processor.ts';
import { queueBehindTheDoor } from './queued.ts';
import { rowOf } from './row.ts';
import { startWorld } from './world.ts';

export interface LimitsOptions {
  /** Messages per second that Meta allows the number. */
  readonly rate: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}

/** The lane has found its pace by then. */
const RUN_UP_MS = 3_000;

/** Longer than a run: what people do with their messages is not what is measured. */
const NEVER = { sentMs: 86_400_000, deliveredMs: 86_400_000, readMs: 86_400_000 };

/** How much of its limit a number whose queue is full uses, and how often Meta says that it is too much. */
export async function measureLimit(stack: AsyncDisposableStack, options: LimitsOptions): Promise<Measured> {
  const { rate, seconds, say } = options;
  const name = `full queue, ${rate}/s`;
  const { gateway, network, folder } = await startWorld(stack, { senders: 1, times: NEVER, rate });
  const machine = await describeMachine(folder, gateway.dataDir);
  say(`${name}: filling the queue`);
  await queueBehindTheDoor(gateway.dataDir, Math.ceil(rate * (seconds + (2 * RUN_UP_MS) / 1_000)));
  await sleep(RUN_UP_MS);
  say(`${name}: ${seconds} s`);
  const stop = countCores({
    programs: { load: 0, gateway: gateway.pid(), network: network.program.pid },
    postmaster: await postmasterOf(gateway.dataDir),
  });
  const from = Date.now();
  await sleep(seconds * 1_000);
  const to = Date.now();
  const cores = stop();
  const ledger = new Ledger(network.url);
  await ledger.read();
  await Promise.all([gateway.end(), network.program.end()]);
  const times = [...ledger.byMessage.values()].map(([row]) => Date.parse(row!.at));
  const sent = times.filter(at => at >= from && at < to).length;
  const perSecond = sent / ((to - from) / 1_000);
  const twice = [...ledger.byMessage.values()].filter(rows => rows.length > 1).length;
  const refused = [...ledger.refused].map(([outcome, count]) => `${outcome} ${count}×`).join(', ');
  return {
    rows: [{ ...rowOf(name, [{ perSecond, cores }], { twice }) }],
    machine,
    note: `${name}: ${((perSecond / rate) * 100).toFixed(1)} % of the limit over ${seconds} s, refused by the network: ${refused || 'nothing'}`,
  };
}
