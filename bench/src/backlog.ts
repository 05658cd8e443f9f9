import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Measured } from './accept.ts';
import { call } from './call.ts';
import { postmasterOf } from './database.ts';
import { Ledger } from './ledger.ts';
import { describeMachine } from './machine.ts';
import { countCores } from './processor.ts';
import { queueBehindTheDoor } from './queued.ts';
import { rowOf } from './row.ts';
import { startWorld, type World } from './world.ts';

export interface BacklogOptions {
  /** Messages that wait. */
  readonly messages: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}

const SENDERS = 4;
/** What most numbers have. */
const RATE = 80;
const NEVER = { sentMs: 86_400_000, deliveredMs: 86_400_000, readMs: 86_400_000 };

/** Messages of the short queue: enough for a minute and a half. */
const SHORT = 30_000;

/** Messages that are sent at once, one after the other, past all that wait. */
const REPLIES = 20;

/** What a long queue costs: the rate, the memory, and whoever needs an answer now. */
export async function measureBacklog(
  stack: AsyncDisposableStack,
  options: BacklogOptions,
): Promise<Measured> {
  const { messages, seconds, say } = options;
  const name = `backlog of ${messages.toLocaleString('en-US')}`;
  const world = await startWorld(stack, { senders: SENDERS, times: NEVER, rate: RATE });
  const { gateway, network, folder } = world;
  const machine = await describeMachine(folder, gateway.dataDir);
  await sleep(3_000);
  const idle = residentMb(gateway.pid());
  // What a gateway needs that sends as fast as it may: garbage is collected when it is worth it.
  say(`${name}: a short queue first`);
  await queueBehindTheDoor(gateway.dataDir, SHORT);
  const short = await mostMb(gateway.pid(), seconds);
  say(`${name}: filling the queue`);
  await queueBehindTheDoor(gateway.dataDir, messages, SHORT);
  await sleep(3_000);
  say(`${name}: ${seconds} s`);
  const stop = countCores({
    programs: { load: 0, gateway: gateway.pid(), network: network.program.pid },
    postmaster: await postmasterOf(gateway.dataDir),
  });
  const from = Date.now();
  const most = await mostMb(gateway.pid(), seconds);
  const to = Date.now();
  const cores = stop();
  say(`${name}: ${REPLIES} replies`);
  const waits: number[] = [];
  for (let n = 0; n < REPLIES; n++) waits.push(await replyMs(world, n));
  waits.sort((a, b) => a - b);
  const ledger = new Ledger(network.url);
  await ledger.read();
  await Promise.all([gateway.end(), network.program.end()]);
  const sent = [...ledger.byMessage.values()].filter(([row]) => {
    const at = Date.parse(row!.at);
    return at >= from && at < to;
  }).length;
  const perSecond = sent / ((to - from) / 1_000);
  const refused = [...ledger.refused].map(([outcome, count]) => `${outcome} ${count}×`).join(', ');
  return {
    rows: [rowOf(name, [{ perSecond, cores }])],
    machine,
    note:
      `${name}: ${SENDERS} numbers of ${RATE}/s, ${((perSecond / (SENDERS * RATE)) * 100).toFixed(1)} % of their limit; gateway ${Math.round(idle)} MB idle, ` +
      `${Math.round(short)} MB at most with a short queue, ${Math.round(most)} MB with this one; ${REPLIES} replies left after ${Math.round(waits[REPLIES / 2]!)} ms (median), ${Math.round(waits.at(-1)!)} ms (longest); refused by the network: ${refused || 'nothing'}`,
  };
}

/** The most that a process has in memory within so many seconds. */
async function mostMb(pid: number, seconds: number): Promise<number> {
  let most = 0;
  for (const until = performance.now() + seconds * 1_000; performance.now() < until; await sleep(250))
    most = Math.max(most, residentMb(pid));
  return most;
}

/** From the request to the network, ms. */
async function replyMs({ gateway, network, senders }: World, n: number): Promise<number> {
  const began = performance.now();
  const { data } = await call<{ data: { id: string } }>('POST', `${gateway.url}/v2/messages/whatsapp`, {
    key: gateway.key,
    headers: { 'wirebird-priority': 'reply' },
    body: {
      from: senders[n % senders.length],
      to: `+1418${String(n).padStart(7, '0')}`,
      whatsapp_message: { type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } },
    },
  });
  for (;;) {
    const callback = encodeURIComponent(`wb:${data.id}:1`);
    const found = await call<{ data: unknown[] }>(
      'GET',
      `${network.url}/sandbox/ledger?callback=${callback}`,
    );
    if (found.data.length > 0) return performance.now() - began;
    if (performance.now() - began > 60_000) throw new Error('a reply was not sent in a minute');
    await sleep(5);
  }
}

/** What a process has in memory, in MB; 0 elsewhere than on Linux. */
function residentMb(pid: number): number {
  if (process.platform !== 'linux') return 0;
  const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb ?? 0) / 1_024;
}
