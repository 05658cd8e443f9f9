import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { answering, type Got, hanging, type ReportGround, reportGround } from '../../test/reporting.ts';
import { addWorkspace, putMessage } from '../../test/rows.ts';
import { EVENT } from '../message/event.ts';
import { derivedId, newId } from '../message/id.ts';
import { eventIdOf } from './encoder.ts';
import { getReport, listReports } from './list.ts';
import { type ReplayFilter, replayReports } from './replay.ts';
import { REPORT } from './report-sql.ts';

let g: ReportGround;
beforeAll(async () => {
  g = await reportGround();
});
afterEach(() => g.clear());
afterAll(() => g.close());

const ended = (id: string) => expect.poll(async () => (await g.state(id)).state, { timeout: 10_000 });
const replay = (more: Partial<ReplayFilter> = {}) =>
  replayReports(g.store, { workspaceId: g.workspace, state: 'failed', ...more });
const ONCE = { timingOf: () => ({ scheduleMs: [], timeoutMs: 300 }) };
const minutesAgo = (n: number) => new Date(g.clock.now().getTime() - n * 60_000);

/** A report that has failed, of a message of its own. */
async function failed(endpoint: string, more: { occurred_at?: Date; state?: number } = {}): Promise<string> {
  return g.report({ endpoint_id: endpoint, state: REPORT.failed, attempt: 3, ...more });
}

test('a replayed report has its event id, begins anew, and its attempts are counted on', async () => {
  const endpoint = await g.endpoint('a');
  g.behaviours.set('a', answering(500));
  const node = g.node({ timingOf: () => ({ scheduleMs: [0], timeoutMs: 300 }) });
  const id = await g.report({ endpoint_id: endpoint });
  await ended(id).toBe(REPORT.failed);
  expect(await g.attempts(id)).toHaveLength(2);
  expect(await replay()).toEqual({ scheduled: 1, skipped: 0 });
  node.wakeLanes();
  await ended(id).toBe(REPORT.failed);
  await expect.poll(async () => (await g.attempts(id)).length).toBe(4);
  g.behaviours.delete('a');
  await ended(id).toBe(REPORT.failed);
  await replay();
  await ended(id).toBe(REPORT.delivered);
  expect((await g.attempts(id)).map(one => one.attempt)).toEqual([1, 2, 3, 4, 5]);
  expect(new Set(g.got.map(one => one.eventId)).size).toBe(1);
});

test('what is replayed goes in the order in which it happened', async () => {
  const endpoint = await g.endpoint('a');
  const order: string[] = [];
  const ids = new Map<string, number>();
  for (const minutes of [3, 9, 1, 7, 5])
    ids.set(await failed(endpoint, { occurred_at: minutesAgo(minutes) }), minutes);
  g.node({ concurrency: 1 });
  await replay();
  await expect.poll(() => g.got.length).toBe(5);
  const messages = await g.store.db.selectFrom('reports').select(['id', 'message_id']).execute();
  const minutesOf = new Map(
    messages.map(row => [eventIdOf(row.message_id!, EVENT.sent), String(ids.get(row.id))]),
  );
  for (const one of g.got) order.push(minutesOf.get(one.eventId)!);
  expect(order).toEqual(['9', '7', '5', '3', '1']);
});

test('events of one second are replayed in the order of a message’s life', async () => {
  const endpoint = await g.endpoint('a');
  const message = await putMessage(g, {});
  const at = minutesAgo(1);
  for (const kind of ['read', 'delivered', 'sent'] as const)
    await g.report({
      id: derivedId(message, `report:${EVENT[kind]}:${endpoint}`),
      message_id: message,
      endpoint_id: endpoint,
      kind: EVENT[kind],
      occurred_at: at,
      state: REPORT.failed,
    });
  g.node();
  await replay({ messageId: message });
  await expect.poll(() => g.got.length).toBe(3);
  expect(g.got.map(one => one.kind)).toEqual(['sent', 'delivered', 'read']);
});

test('what is still to be delivered is left alone, and a replay that is asked for twice happens once', async () => {
  const endpoint = await g.endpoint('a');
  const pending = await g.report({
    endpoint_id: endpoint,
    run_at: new Date(g.clock.now().getTime() + 60_000),
  });
  await failed(endpoint);
  expect(await replay({ state: 'all' })).toEqual({ scheduled: 1, skipped: 0 });
  expect(await replay({ state: 'all' })).toEqual({ scheduled: 0, skipped: 0 });
  g.node();
  await expect.poll(() => g.count('delivered')).toBe(1);
  expect(await g.state(pending)).toMatchObject({ state: REPORT.pending, attempt: 0 });
  expect(g.got).toHaveLength(1);
});

test('a replay takes what it names: a state, an endpoint, a message, a time, a report, an event', async () => {
  const [a, b] = [await g.endpoint('a'), await g.endpoint('b')];
  const old = await failed(a, { occurred_at: minutesAgo(90) });
  const middle = await failed(b, { occurred_at: minutesAgo(60) });
  const done = await failed(a, { occurred_at: minutesAgo(30), state: REPORT.delivered });
  const elsewhere = await addWorkspace(g.store);
  await g.report({ workspace_id: elsewhere, state: REPORT.failed });
  const messageOf = async (id: string) =>
    (
      await g.store.db
        .selectFrom('reports')
        .select('message_id')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
    ).message_id!;
  const taken = async (more: Partial<ReplayFilter>): Promise<string[]> => {
    const { scheduled } = await replay(more);
    const rows = await g.store.db
      .selectFrom('reports')
      .select('id')
      .where('state', '=', REPORT.waiting)
      .orderBy('occurred_at')
      .execute();
    expect(rows).toHaveLength(scheduled);
    // Back to what they were.
    await g.store.db.deleteFrom('waiting_reports').execute();
    for (const { id } of rows)
      await g.store.db
        .updateTable('reports')
        .set({ state: id === done ? REPORT.delivered : REPORT.failed })
        .where('id', '=', id)
        .execute();
    return rows.map(row => row.id);
  };
  expect(await taken({})).toEqual([old, middle]);
  expect(await taken({ state: 'delivered' })).toEqual([done]);
  expect(await taken({ state: 'all' })).toEqual([old, middle, done]);
  expect(await taken({ endpointId: b })).toEqual([middle]);
  expect(await taken({ from: minutesAgo(70), to: minutesAgo(50) })).toEqual([middle]);
  expect(await taken({ from: minutesAgo(45), state: 'all' })).toEqual([done]);
  expect(await taken({ to: minutesAgo(75) })).toEqual([old]);
  expect(await taken({ reportId: done, state: 'all' })).toEqual([done]);
  expect(await taken({ messageId: await messageOf(middle) })).toEqual([middle]);
  expect(await taken({ eventId: eventIdOf(await messageOf(old), EVENT.sent) })).toEqual([old]);
  expect(await taken({ eventId: newId() })).toEqual([]);
  expect(await taken({ reportId: newId() })).toEqual([]);
});

test('what a disabled or deleted endpoint missed stays as it is', async () => {
  const [off, stopped] = [
    await g.endpoint('a', { enabled: false }),
    await g.endpoint('b', { stopped_at: g.clock.now(), stopped_reason: 'its receiver answered 410' }),
  ];
  await failed(off);
  await failed(stopped);
  await failed(newId());
  expect(await replay()).toEqual({ scheduled: 0, skipped: 3 });
  expect(await g.count('failed')).toBe(3);
});

test('more than a portion is replayed whole', async () => {
  const message = await putMessage(g, {});
  const endpoint = await g.endpoint('a');
  for (let n = 0; n < 12; n++)
    await g.store.db
      .insertInto('reports')
      .values(
        Array.from({ length: 1_000 }, (_, i) => ({
          id: derivedId(message, `${n} ${i}`),
          message_id: message,
          workspace_id: g.workspace,
          endpoint_id: endpoint,
          dialect: 'telnyx',
          kind: EVENT.sent,
          occurred_at: minutesAgo(1),
          url: g.urlOf('a'),
          run_at: g.clock.now(),
          state: REPORT.failed,
        })),
      )
      .execute();
  expect(await replay()).toEqual({ scheduled: 12_000, skipped: 0 });
  expect(await g.count('waiting')).toBe(12_000);
});

test('50 endpoints, of which 10 hang and 10 fail: the others are told in time, and a replay delivers exactly what was missed', async () => {
  const each = 20;
  const names = Array.from({ length: 50 }, (_, n) => `${n < 10 ? 'hangs' : n < 20 ? 'fails' : 'well'}-${n}`);
  const endpoints = new Map<string, string>();
  for (const name of names) {
    endpoints.set(name, await g.endpoint(name));
    if (name.startsWith('hangs')) g.behaviours.set(name, hanging);
    if (name.startsWith('fails')) g.behaviours.set(name, answering(500));
  }
  g.node({ timingOf: () => ({ scheduleMs: [100], timeoutMs: 1_000 }) });
  const madeAt = new Map<string, number>();
  for (let n = 0; n < each; n++) {
    const message = await putMessage(g, {});
    madeAt.set(eventIdOf(message, EVENT.sent), Date.now());
    for (const name of names)
      await g.report({
        id: derivedId(message, `report:1:${endpoints.get(name)}`),
        message_id: message,
        endpoint_id: endpoints.get(name)!,
        url: g.urlOf(name),
      });
  }
  const well = (one: Got) => one.name.startsWith('well');
  await expect.poll(() => g.got.filter(well).length, { timeout: 20_000 }).toBe(30 * each);
  const late = g.got
    .filter(well)
    .map(one => one.at - madeAt.get(one.eventId)!)
    .sort((x, y) => x - y);
  expect(late[Math.floor(late.length * 0.99)]).toBeLessThan(2_000);
  await expect.poll(() => g.count('failed'), { timeout: 60_000 }).toBe(20 * each);

  g.behaviours.clear();
  const before = g.got.length;
  expect(await replay()).toEqual({ scheduled: 20 * each, skipped: 0 });
  await expect.poll(() => g.count('delivered'), { timeout: 20_000 }).toBe(50 * each);
  const again = g.got.slice(before);
  expect(again).toHaveLength(20 * each);
  expect(again.filter(well)).toEqual([]);
  for (const name of names) {
    const taken = g.got.filter(one => one.name === name && (well(one) || again.includes(one)));
    expect(new Set(taken.map(one => one.eventId))).toEqual(new Set(madeAt.keys()));
  }
}, 120_000);

test('a receiver that is restarted in the middle gets each event at least once, and exactly once by its id', async () => {
  const endpoint = await g.endpoint('a');
  g.node({ timingOf: () => ({ scheduleMs: [200, 400, 800, 1_600], timeoutMs: 1_000 }) });
  const events = new Set<string>();
  const total = 1_500;
  let restarted: Promise<void> | undefined;
  for (let n = 0; n < total; n++) {
    const message = await putMessage(g, {});
    events.add(eventIdOf(message, EVENT.sent));
    await g.report({ message_id: message, endpoint_id: endpoint });
    if (n === total / 3) restarted = g.restart(500);
  }
  await restarted;
  await expect.poll(() => g.count('delivered'), { timeout: 30_000 }).toBe(total);
  expect(new Set(g.got.map(one => one.eventId))).toEqual(events);
}, 120_000);

test('reports are listed with their attempts, newest first, by state, endpoint and message, a page at a time', async () => {
  const [a, b] = [await g.endpoint('a'), await g.endpoint('b')];
  g.behaviours.set('a', answering(500));
  g.node(ONCE);
  const bad = await g.report({ endpoint_id: a });
  const good = await g.report({ endpoint_id: b });
  await ended(bad).toBe(REPORT.failed);
  await ended(good).toBe(REPORT.delivered);
  const list = (filter: Parameters<typeof listReports>[2], limit = 10, after?: string) =>
    listReports(g.store, g.workspace, filter, { limit, after });
  const ids = async (...of: Parameters<typeof list>) => (await list(...of)).map(row => row.id);
  // The ids of these are their own, and not derived from their messages: found by state or by nothing.
  expect(await ids({ state: 'failed' })).toEqual([bad]);
  const shown = (await getReport(g.store, g.workspace, bad))!;
  expect(shown).toMatchObject({ state: 'failed', event: 'sent', endpointId: a, dueAt: undefined });
  expect(shown.attempts).toMatchObject([{ attempt: 1, httpStatus: 500, error: 'answered 500' }]);
  expect(await getReport(g.store, await addWorkspace(g.store), bad)).toBeUndefined();

  const made: string[] = [];
  for (let n = 0; n < 3; n++) {
    const message = await putMessage(g, {});
    const id = derivedId(message, `report:1:${b}`);
    made.unshift(await g.report({ id, message_id: message, endpoint_id: b }));
    await ended(id).toBe(REPORT.delivered);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
  expect((await ids({ endpointId: b })).slice(0, 3)).toEqual(made);
  expect(await ids({ endpointId: b, state: 'delivered' }, 1, made[0])).toEqual([made[1]]);
  expect(await ids({ state: 'pending' })).toEqual([]);
  const { messageId } = (await list({ endpointId: b }, 1))[0]!;
  expect(await ids({ messageId })).toEqual([made[0]]);
});
