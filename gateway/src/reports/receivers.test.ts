import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { answering, hanging, type ReportGround, reportGround } from '../../test/reporting.ts';
import { putMessage } from '../../test/rows.ts';
import { stopEndpoint } from '../accounts/endpoints.ts';
import { EVENT } from '../message/event.ts';
import { derivedId } from '../message/id.ts';
import { failingEndpoints, forgetSilent } from './failing.ts';
import { REPORT } from './report-sql.ts';
import { SCHEDULE_MS } from './schedule.ts';

let g: ReportGround;
beforeAll(async () => {
  g = await reportGround();
});
afterEach(() => g.clear());
afterAll(() => g.close());

const ended = (id: string) => expect.poll(async () => (await g.state(id)).state, { timeout: 10_000 });
const seconds = (n: number) => n * 1_000;

/** Makes the clock reach the next attempt of a report. */
async function passToNext(id: string): Promise<void> {
  const { run_at } = await g.state(id);
  g.pass(Math.max(0, run_at.getTime() - g.clock.now().getTime()) + 1);
}

test('a report that fails is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, then it has failed', async () => {
  g.behaviours.set('own', answering(500));
  g.node({ timingOf: () => ({ scheduleMs: SCHEDULE_MS, timeoutMs: 2_000 }) });
  const id = await g.report();
  for (let n = 1; n <= 8; n++) {
    await expect.poll(async () => (await g.attempts(id)).length, { timeout: 5_000 }).toBe(n);
    if (n < 8) await passToNext(id);
  }
  await ended(id).toBe(REPORT.failed);
  const times = (await g.attempts(id)).map(one => one.at.getTime());
  const pauses = times.slice(1).map((at, n) => Math.round((at - times[n]!) / 10_000) * 10);
  expect(pauses.slice(1)).toEqual([300, 1_800, 7_200, 18_000, 36_000, 36_000]);
});

test('a receiver that says 429 with Retry-After: the others of its lane wait without an attempt', async () => {
  g.node();
  const endpoint = await g.endpoint('busy');
  g.behaviours.set('busy', answering(429, { 'retry-after': '40' }));
  const first = await g.report({ endpoint_id: endpoint });
  await expect.poll(() => g.got.length).toBe(1);
  const others = [];
  for (let n = 0; n < 5; n++) others.push(await g.report({ endpoint_id: endpoint }));
  await expect.poll(() => g.count('waiting')).toBe(5);
  g.behaviours.delete('busy');
  g.pass(seconds(39));
  await new Promise(resolve => setTimeout(resolve, 700));
  expect(g.got).toHaveLength(1);
  g.pass(seconds(1));
  for (const id of others) await ended(id).toBe(REPORT.delivered);
  await ended(first).toBe(REPORT.delivered);
  expect((await g.attempts(others[0]!)).map(one => one.attempt)).toEqual([1]);
  expect((await g.attempts(first)).map(one => one.http_status)).toEqual([429, 200]);
});

test('a pause that a receiver asked for holds on every node', async () => {
  const endpoint = await g.endpoint('busy');
  g.behaviours.set('busy', answering(429, { 'retry-after': '600' }));
  const one = g.node();
  await g.report({ endpoint_id: endpoint });
  await expect.poll(() => g.got.length).toBe(1);
  await one.stop();
  g.node();
  await g.report({ endpoint_id: endpoint });
  await expect.poll(() => g.count('waiting')).toBe(1);
  expect(g.got).toHaveLength(1);
});

test('a receiver that says 410 is told of once, and what its endpoint was to hear is kept as failed', async () => {
  const endpoint = await g.endpoint('gone');
  g.behaviours.set('gone', answering(410));
  const node = g.node({
    onGone: id => void stopEndpoint(g.store, id, 'its receiver answered 410', g.clock.now()),
  });
  const first = await g.report({ endpoint_id: endpoint });
  await ended(first).toBe(REPORT.failed);
  await expect
    .poll(() =>
      g.store.db
        .selectFrom('webhook_endpoints')
        .select('stopped_reason')
        .where('id', '=', endpoint)
        .executeTakeFirst(),
    )
    .toEqual({ stopped_reason: 'its receiver answered 410' });
  const second = await g.report({ endpoint_id: endpoint });
  node.wake();
  await ended(second).toBe(REPORT.failed);
  expect(await g.attempts(second)).toEqual([]);
  expect(g.got).toHaveLength(1);
});

test('a message’s own URL that says 410 is tried as often as any other', async () => {
  g.behaviours.set('own', answering(410));
  g.node({ timingOf: () => ({ scheduleMs: [0, 0], timeoutMs: 2_000 }) });
  const id = await g.report();
  await ended(id).toBe(REPORT.failed);
  expect(await g.attempts(id)).toHaveLength(3);
  expect(g.gone).toEqual([]);
});

test('nothing goes to an endpoint that somebody disabled, and what was to go is kept as failed', async () => {
  const endpoint = await g.endpoint('off', { enabled: false });
  g.node();
  const id = await g.report({ endpoint_id: endpoint });
  await ended(id).toBe(REPORT.failed);
  expect(g.got).toEqual([]);
});

test('five days of nothing but failures are told of, a success or a day of silence between them begins anew', async () => {
  g.node({ timingOf: () => ({ scheduleMs: [], timeoutMs: 2_000 }) });
  const names = ['dead', 'seldom', 'mended'];
  const ids = new Map<string, string>();
  for (const name of names) {
    ids.set(name, await g.endpoint(name));
    g.behaviours.set(name, answering(500));
  }
  const day = 86_400_000;
  const hear = async (name: string) => {
    const id = await g.report({ endpoint_id: ids.get(name)!, url: g.urlOf(name) });
    await ended(id).not.toBe(REPORT.pending);
  };
  const failing = async () => (await failingEndpoints(g.store, g.clock.now())).map(one => one.endpointId);
  // Every 12 hours for four and a half days.
  for (let n = 0; n < 10; n++) {
    for (const name of ['dead', 'mended', ...(n === 0 ? ['seldom'] : [])]) await hear(name);
    g.pass(day / 2);
  }
  expect(await failing()).toEqual([]);
  g.behaviours.set('mended', answering(200));
  await hear('mended');
  g.behaviours.set('mended', answering(500));
  for (const name of names) await hear(name);
  expect(await failing()).toEqual([ids.get('dead')]);
  const [told] = await failingEndpoints(g.store, g.clock.now());
  expect(told?.reason).toMatch(/^all 11 attempts since /);
  await forgetSilent(g.store, g.clock.now());
  expect(await failing()).toEqual([ids.get('dead')]);
  g.pass(day + 1_000);
  await forgetSilent(g.store, g.clock.now());
  expect(await failing()).toEqual([]);
});

/** The reports of one message to one endpoint, as the outbox makes them. */
async function life(endpoint: string, kinds: readonly (keyof typeof EVENT)[]): Promise<string[]> {
  const message = await putMessage(g, {});
  const ids = [];
  for (const kind of kinds) {
    const id = derivedId(message, `report:${EVENT[kind]}:${endpoint}`);
    ids.push(await g.report({ id, message_id: message, endpoint_id: endpoint, kind: EVENT[kind] }));
  }
  return ids;
}

test('events of a message come in their order, also when they are due together and the first takes its time', async () => {
  const endpoint = await g.endpoint('slow');
  g.behaviours.set('slow', (response, { kind }) =>
    setTimeout(() => response.end(), kind === 'sent' ? 300 : 0),
  );
  const ids = await life(endpoint, ['read', 'sent', 'delivered']);
  g.node();
  for (const id of ids) await ended(id).toBe(REPORT.delivered);
  expect(g.got.map(one => one.kind)).toEqual(['sent', 'delivered', 'read']);
  expect(g.got.map(one => one.attempt)).toEqual([1, 1, 1]);
});

test('a later event waits while the one before it is tried twice, and then goes', async () => {
  const endpoint = await g.endpoint('picky');
  g.behaviours.set('picky', (response, { kind }) => response.writeHead(kind === 'sent' ? 500 : 200).end());
  g.node();
  const [sent, delivered] = await life(endpoint, ['sent', 'delivered']);
  await expect.poll(async () => (await g.attempts(sent!)).length).toBe(1);
  await new Promise(resolve => setTimeout(resolve, 1_200));
  expect(g.got.map(one => one.kind)).toEqual(['sent']);
  await passToNext(sent!);
  await expect.poll(async () => (await g.attempts(sent!)).length).toBe(2);
  await new Promise(resolve => setTimeout(resolve, 1_200));
  expect(g.got.map(one => one.kind)).toEqual(['sent', 'sent']);
  await passToNext(sent!);
  await ended(delivered!).toBe(REPORT.delivered);
  expect((await g.attempts(delivered!)).map(one => one.attempt)).toEqual([1]);
});

test('what another node tried and tries again holds what comes after it', async () => {
  const endpoint = await g.endpoint('picky');
  g.behaviours.set('picky', answering(500));
  const one = g.node();
  const [sent, delivered] = await life(endpoint, ['sent', 'delivered']);
  await expect.poll(async () => (await g.attempts(sent!)).length).toBe(1);
  await one.stop();
  g.behaviours.delete('picky');
  g.node();
  await new Promise(resolve => setTimeout(resolve, 1_200));
  expect(g.got).toHaveLength(1);
  await passToNext(sent!);
  await ended(delivered!).toBe(REPORT.delivered);
  expect(g.got.map(one => one.kind)).toEqual(['sent', 'sent', 'delivered']);
});

test('events of other messages do not wait for one that fails', async () => {
  const endpoint = await g.endpoint('picky');
  let failed: string | undefined;
  g.behaviours.set('picky', (response, { eventId }) => {
    failed ??= eventId;
    response.writeHead(eventId === failed ? 500 : 200).end();
  });
  g.node();
  await life(endpoint, ['sent']);
  await expect.poll(() => g.got.length).toBe(1);
  const [, delivered] = await life(endpoint, ['sent', 'delivered']);
  await ended(delivered!).toBe(REPORT.delivered);
});

test('thousands of reports of stuck receivers stand in line outside the claim, and another receiver is told at once', async () => {
  const endpoint = await g.endpoint('stuck');
  g.behaviours.set('stuck', hanging);
  const message = await putMessage(g, {});
  const now = g.clock.now();
  for (let n = 0; n < 20; n++)
    await g.store.db
      .insertInto('reports')
      .values(
        Array.from({ length: 500 }, (_, i) => ({
          id: derivedId(message, `stuck ${n} ${i}`),
          message_id: message,
          workspace_id: g.workspace,
          endpoint_id: endpoint,
          dialect: 'telnyx',
          kind: EVENT.sent,
          occurred_at: now,
          url: g.urlOf('stuck'),
          run_at: now,
        })),
      )
      .execute();
  g.node();
  await expect.poll(() => g.count('waiting'), { timeout: 20_000 }).toBeGreaterThan(9_900);
  const began = performance.now();
  const id = await g.report();
  await ended(id).toBe(REPORT.delivered);
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(g.got.filter(one => one.name === 'stuck').length).toBeLessThan(100);
});

test('a stuck receiver with its failover: what moves on is not held up by the stuck one', async () => {
  const endpoint = await g.endpoint('stuck', { failover_url: g.urlOf('spare') });
  g.behaviours.set('stuck', answering(500));
  g.node({ timingOf: () => ({ scheduleMs: [], timeoutMs: 2_000 }) });
  const ids = [];
  for (let n = 0; n < 20; n++)
    ids.push(await g.report({ endpoint_id: endpoint, failover_url: g.urlOf('spare') }));
  for (const id of ids) await ended(id).toBe(REPORT.delivered);
  const lanes = await g.store.db.selectFrom('reports').select('lane').distinct().execute();
  expect(lanes).toHaveLength(1);
  expect(lanes[0]?.lane).toMatch(/^[0-9a-f]{32}$/);
  // It takes everything, so its endpoint does not fail.
  expect(await g.store.db.selectFrom('report_lanes').selectAll().execute()).toEqual([]);
});

test('own URLs that differ in their query alone are one receiver', async () => {
  g.behaviours.set('own', answering(503, { 'retry-after': '30' }));
  g.node();
  await g.report({ url: `${g.urlOf('own')}?order=1` });
  await expect.poll(() => g.got.length).toBe(1);
  await g.report({ url: `${g.urlOf('own')}?order=2` });
  await expect.poll(() => g.count('waiting')).toBe(1);
});

test('a changed URL counts for what waits already', async () => {
  const endpoint = await g.endpoint('old');
  g.behaviours.set('old', answering(500));
  g.node();
  const id = await g.report({ endpoint_id: endpoint });
  await expect.poll(async () => (await g.attempts(id)).length).toBe(1);
  await g.store.db
    .updateTable('webhook_endpoints')
    .set({ url: g.urlOf('new') })
    .where('id', '=', endpoint)
    .execute();
  await passToNext(id);
  await ended(id).toBe(REPORT.delivered);
  expect(g.got.map(one => one.name)).toEqual(['old', 'new']);
});

test('three nodes deliver each report once', async () => {
  const endpoints = [await g.endpoint('a'), await g.endpoint('b')];
  const ids: string[] = [];
  for (let n = 0; n < 150; n++)
    ids.push(await g.report({ endpoint_id: endpoints[n % 2]!, url: g.urlOf('a') }));
  for (let n = 0; n < 3; n++) g.node({ concurrency: 32 });
  await expect.poll(() => g.count('delivered'), { timeout: 10_000 }).toBe(150);
  expect(g.got).toHaveLength(150);
  expect(new Set(g.got.map(one => one.eventId)).size).toBe(150);
});

test('what a node had in line is delivered by another one when it is gone', async () => {
  const endpoint = await g.endpoint('busy');
  g.behaviours.set('busy', answering(429, { 'retry-after': '20' }));
  const one = g.node();
  await g.report({ endpoint_id: endpoint });
  await expect.poll(() => g.got.length).toBe(1);
  const id = await g.report({ endpoint_id: endpoint });
  await expect.poll(() => g.count('waiting')).toBe(1);
  await one.stop();
  g.behaviours.delete('busy');
  g.pass(seconds(21));
  g.node();
  await ended(id).toBe(REPORT.delivered);
});

test('a receiver that redirects has failed, and where it points to is not asked', async () => {
  g.behaviours.set('own', response =>
    response.writeHead(307, { location: g.urlOf('elsewhere') }).end('gone there'),
  );
  g.node({ timingOf: () => ({ scheduleMs: [], timeoutMs: 2_000 }) });
  const id = await g.report();
  await ended(id).toBe(REPORT.failed);
  expect(await g.attempts(id)).toMatchObject([{ http_status: 307 }]);
  expect(g.got.map(one => one.name)).toEqual(['own']);
});

test('an address that may not be asked is an attempt that says so', async () => {
  g.node({ timingOf: () => ({ scheduleMs: [], timeoutMs: 2_000 }) });
  const id = await g.report({ url: 'http://[::ffff:10.0.0.1]/' });
  await ended(id).toBe(REPORT.failed);
  const row = await g.store.db
    .selectFrom('report_attempts')
    .select(['http_status', 'error'])
    .where('report_id', '=', id)
    .executeTakeFirstOrThrow();
  expect(row).toEqual({ http_status: null, error: '[::ffff:a00:1] is not a public address' });
});
