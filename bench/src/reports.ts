import { setTimeout as sleep } from 'node:timers/promises';
import { complainAboutOthers, type Measured } from './accept.ts';
import { call } from './call.ts';
import type { Campaign } from './campaign.ts';
import { postmasterOf } from './database.ts';
import type { Gateway } from './gateway.ts';
import { type Hooks, startHooks } from './hooks.ts';
import { percentile, sendCampaign } from './load.ts';
import { describeMachine } from './machine.ts';
import { sendPaced } from './paced.ts';
import { countCores } from './processor.ts';
import { rowOf } from './row.ts';
import { startWorld, type World } from './world.ts';

const ENDPOINTS = 50;
const HANGING = 10;
const FAILING = 10;

/** Longer than the first pauses of the schedule, and than a long queue takes. */
const PATIENCE_MS = 300_000;

/** One more attempt, so that what fails has failed when the healthy endpoints have everything. */
const SCHEDULE = '1';

/** Statuses come at once, so that what is measured is the way from the event to the endpoint. */
const AT_ONCE = { sentMs: 0, deliveredMs: 0, readMs: 0 };

export interface StuckOptions {
  /** Messages, each of which is one event for each endpoint. */
  readonly messages: number;
  /** Messages per second; undefined: as fast as they are accepted. */
  readonly perSecond: number | undefined;
  readonly say: (line: string) => void;
}

/**
 * What endpoints that hang and fail do to the others: from the accept of a message to each healthy endpoint, and what
 * comes to the broken ones when they are mended and what they missed is replayed.
 */
export async function measureStuck(stack: AsyncDisposableStack, options: StuckOptions): Promise<Measured> {
  const { messages, perSecond, say } = options;
  const name = `${ENDPOINTS} endpoints, ${HANGING} hang, ${FAILING} fail, ${
    perSecond === undefined ? 'all at once' : `${perSecond * ENDPOINTS} events/s`
  }`;
  const world = await startWorld(stack, {
    senders: 4,
    times: AT_ONCE,
    env: { WIREBIRD_REPORT_SCHEDULE: SCHEDULE },
  });
  const { gateway, network, folder, senders } = world;
  const hooks = await startHooks();
  stack.defer(() => hooks.stop());
  const machine = await describeMachine(folder, gateway.dataDir);
  const broken = new Map<string, string>();
  const healthy: string[] = [];
  for (let n = 0; n < ENDPOINTS; n++) {
    const endpoint = `endpoint-${n}`;
    const id = await addEndpoint(gateway, hooks.url(endpoint), ['message.sent']);
    if (n >= HANGING + FAILING) healthy.push(endpoint);
    else broken.set(endpoint, id);
    if (n < HANGING) hooks.behaviours.set(endpoint, () => {});
    else if (n < HANGING + FAILING)
      hooks.behaviours.set(endpoint, response => void response.writeHead(500).end());
  }

  say(`${name}: ${messages} messages`);
  const stop = countCores(partsOf(world, await postmasterOf(gateway.dataDir)));
  const began = performance.now();
  const paced = await sendPaced(gateway, plain(senders), messages, perSecond);
  const arrived = () => healthy.reduce((sum, one) => sum + (hooks.taken.get(one)?.size ?? 0), 0);
  await until(() => arrived() >= healthy.length * messages, 'the healthy endpoints get everything');
  const seconds = (performance.now() - began) / 1_000;
  const cores = stop();
  const late = Float64Array.from(
    healthy.flatMap(one =>
      [...hooks.taken.get(one)!.values()].map(({ message, at }) => at - paced.get(message)!.acceptedAt),
    ),
  ).sort();

  say(`${name}: mending the broken ones`);
  // What still waits for them ends as failed when they are disabled.
  for (const id of broken.values()) await enable(gateway, id, false);
  await until(async () => (await pendingOf(gateway, [...broken.values()])) === 0, 'nothing waits any more');
  hooks.behaviours.clear();
  const before = hooks.repeated();
  for (const id of broken.values()) await enable(gateway, id, true);
  const missing = ENDPOINTS * messages - arrivedAt(hooks);
  const { scheduled } = await call<{ scheduled: number }>('POST', `${gateway.url}/api/reports/replay`, {
    key: gateway.key,
    body: {},
  });
  await until(() => arrivedAt(hooks) >= ENDPOINTS * messages, 'what was replayed comes');
  // What came twice would come now.
  await sleep(2_000);
  const lost = ENDPOINTS * messages - arrivedAt(hooks);
  await Promise.all([gateway.end(), network.program.end()]);
  return {
    rows: [
      rowOf(
        name,
        [
          {
            perSecond: (healthy.length * messages) / seconds,
            p50: percentile(late, 0.5),
            p99: percentile(late, 0.99),
            cores,
          },
        ],
        { reportsMissing: lost, reportsRepeated: hooks.repeated() - before },
      ),
    ],
    machine,
    note:
      `${name}: ${messages} messages, one event each; events/s and times are those of the ${healthy.length} healthy endpoints, from the accept of the ` +
      `message on; longest ${Math.round(late.at(-1)!)} ms. Then ${missing} were missing, ${scheduled} replayed, ${lost} lost`,
  };
}

/** A receiver that is restarted while its reports come. */
export async function measureRestart(
  stack: AsyncDisposableStack,
  options: { readonly messages: number; readonly say: (line: string) => void },
): Promise<Measured> {
  const { messages, say } = options;
  const events = ['message.sent', 'message.delivered', 'message.read'];
  const total = messages * events.length;
  const name = `receiver restarted in ${total.toLocaleString('en-US')} reports`;
  const world = await startWorld(stack, { senders: 16, times: AT_ONCE });
  const { gateway, network, folder, senders } = world;
  const hooks = await startHooks();
  stack.defer(() => hooks.stop());
  const machine = await describeMachine(folder, gateway.dataDir);
  await addEndpoint(gateway, hooks.url('a'), events);
  say(`${name}: ${messages} messages`);
  const stop = countCores(partsOf(world, await postmasterOf(gateway.dataDir)));
  const began = performance.now();
  const sending = sendCampaign(gateway.url, gateway.key, plain(senders), { messages });
  const came = () => hooks.taken.get('a')?.size ?? 0;
  await until(() => came() >= total / 2, 'half of the reports come');
  say(`${name}: the receiver is away for 3 s`);
  await hooks.restart(3_000);
  const result = await sending;
  complainAboutOthers(result);
  await until(() => came() >= total, 'the rest of the reports comes');
  const seconds = (performance.now() - began) / 1_000;
  const cores = stop();
  // What came twice would come now.
  await sleep(2_000);
  const known = new Set(result.accepted);
  const strangers = [...hooks.taken.get('a')!.values()].filter(({ message }) => !known.has(message)).length;
  await Promise.all([gateway.end(), network.program.end()]);
  return {
    rows: [
      rowOf(name, [{ perSecond: messages / seconds, cores }], {
        reportsMissing: total - came(),
        reportsRepeated: hooks.repeated(),
      }),
    ],
    machine,
    note: `${name}: ${came()} different event ids, ${strangers} of messages that nobody sent`,
  };
}

function arrivedAt(hooks: Hooks): number {
  let sum = 0;
  for (const events of hooks.taken.values()) sum += events.size;
  return sum;
}

function partsOf({ gateway, network }: World, postmaster: number | undefined) {
  return { programs: { load: 0, gateway: gateway.pid(), network: network.program.pid }, postmaster };
}

/** Messages without a URL of their own, each to another person. */
function plain(senders: readonly string[]): Campaign {
  let count = 0;
  return {
    senders,
    recipients: () => count,
    next: () => {
      const to = `+1415${String(count).padStart(7, '0')}`;
      const from = senders[count++ % senders.length];
      const template = { name: 'hello_world', language: { code: 'en_US' } };
      return {
        to,
        body: JSON.stringify({ from, to, whatsapp_message: { type: 'template', template } }),
      };
    },
  };
}

async function addEndpoint(gateway: Gateway, url: string, events: readonly string[]): Promise<string> {
  const made = await call<{ id: string }>('POST', `${gateway.url}/api/webhook-endpoints`, {
    key: gateway.key,
    body: { url, dialect: 'wirebird', events },
  });
  return made.id;
}

async function enable(gateway: Gateway, id: string, enabled: boolean): Promise<void> {
  await call('PATCH', `${gateway.url}/api/webhook-endpoints/${id}`, { key: gateway.key, body: { enabled } });
}

async function pendingOf(gateway: Gateway, endpoints: readonly string[]): Promise<number> {
  for (const id of endpoints) {
    const { data } = await call<{ data: unknown[] }>(
      'GET',
      `${gateway.url}/api/reports?endpoint=${id}&state=pending&limit=1`,
      { key: gateway.key },
    );
    if (data.length > 0) return data.length;
  }
  return 0;
}

async function until(reached: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await reached())) {
    if (performance.now() > deadline) throw new Error(`it took too long until ${what}`);
    await sleep(50);
  }
}
