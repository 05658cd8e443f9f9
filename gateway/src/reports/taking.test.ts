import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { answering, hanging, type ReportGround, reportGround } from '../../test/reporting.ts';
import { applyTo, putMessage } from '../../test/rows.ts';
import { EVENT } from '../message/event.ts';
import { derivedId } from '../message/id.ts';
import { STATUS } from '../message/status.ts';
import type { Apply } from '../outbox/apply.ts';
import type { Fact } from '../outbox/apply-statement.ts';
import type { Deliver } from './deliver.ts';
import { REPORT, type Take } from './report-sql.ts';

/** Reports that the statement which writes them gives to the node that runs it. */
let r: ReportGround;
beforeAll(async () => {
  r = await reportGround();
});
afterEach(async () => {
  await r.clear();
  await r.store.db.deleteFrom('webhook_endpoints').execute();
});
afterAll(() => r.close());

const times = () => ({ sent: r.clock.now().toISOString() });

const message = (name: string): Promise<string> =>
  putMessage(r, {
    status: STATUS.accepted,
    attempt: 1,
    report_mask: EVENT.sent | EVENT.delivered | EVENT.read,
    webhook_url: r.urlOf(name),
  });

const fact = (id: string, more: Partial<Fact> = times()): Fact => ({
  id,
  sender: r.sender,
  attempt: 1,
  ...more,
});

const reportOf = (id: string, kind: number = EVENT.sent, whose = 'own'): string =>
  derivedId(id, `report:${kind}:${whose}`);

/** Writes as the node does that delivers with `deliver`; how many reports waited for a claim comes back with it. */
function writing(deliver: Deliver): { apply: Apply; waiting: () => number } {
  let waiting = 0;
  const apply = applyTo(r.store, r.clock, {
    taker: { offer: () => deliver.offer(), took: reports => deliver.took(reports) },
    onApplied: applied => {
      waiting += applied.reports;
      if (applied.reports > 0) deliver.wake();
    },
  });
  return { apply, waiting: () => waiting };
}

/** A receiver that a node has had a good answer from. */
async function known(deliver: Deliver, name: string): Promise<{ apply: Apply; waiting: () => number }> {
  const { apply, waiting } = writing(deliver);
  await apply.run({ facts: [fact(await message(name))] });
  await expect.poll(() => r.got.filter(got => got.name === name).length).toBe(1);
  await expect.poll(() => deliver.inFlight).toBe(0);
  const before = waiting();
  return { apply, waiting: () => waiting() - before };
}

test('a receiver that is not known yet is told by a claim, one that is well without', async () => {
  const deliver = r.node();
  const { apply, waiting } = writing(deliver);
  const [first, second] = [await message('well'), await message('well')];
  await apply.run({ facts: [fact(first)] });
  expect(waiting()).toBe(1);
  await expect.poll(() => r.state(reportOf(first))).toMatchObject({ state: REPORT.delivered, attempt: 1 });
  await apply.run({ facts: [fact(second)] });
  expect(waiting()).toBe(1);
  await expect.poll(() => r.state(reportOf(second))).toMatchObject({ state: REPORT.delivered, attempt: 1 });
  expect(await r.attempts(reportOf(second))).toMatchObject([{ attempt: 1, http_status: 200 }]);
});

test('events of one message that are written together come in their order', async () => {
  const { apply, waiting } = await known(r.node(), 'well');
  r.got.length = 0;
  const id = await message('well');
  const at = r.clock.now().toISOString();
  await apply.run({ facts: [fact(id, { read: at, delivered: at, sent: at })] });
  await expect.poll(() => r.got.map(got => got.kind)).toEqual(['sent', 'delivered', 'read']);
  expect(waiting()).toBe(0);
});

test('the message is told as it is after the change', async () => {
  const deliver = r.node();
  const { apply } = await known(deliver, 'well');
  const seen: Record<string, unknown>[] = [];
  const took = deliver.took.bind(deliver);
  deliver.took = reports => {
    for (const report of reports) seen.push({ ...report, message: report.message?.status });
    took(reports);
  };
  const id = await message('well');
  await apply.run({ facts: [fact(id)] });
  expect(seen).toMatchObject([
    {
      id: reportOf(id),
      kind: EVENT.sent,
      message: STATUS.sent,
      attempt: 1,
      base: 0,
      endpoint_id: null,
      shut: null,
    },
  ]);
});

test('an endpoint’s report comes with what it asked for', async () => {
  const endpoint = await r.endpoint('endpoint');
  const { apply, waiting } = await known(r.node(), 'well');
  const id = await message('new');
  await apply.run({ facts: [fact(id)] });
  // The endpoint is well, the message's own URL is not known yet.
  expect(waiting()).toBe(1);
  await expect
    .poll(() => r.state(reportOf(id, EVENT.sent, endpoint)))
    .toMatchObject({ state: REPORT.delivered });
});

test('what a node took and did not deliver is delivered when its lease has ended', async () => {
  const lane = createHash('md5').update(r.urlOf('well')).digest('hex');
  const lost: Take = {
    lanes: { [lane]: 5 },
    leases: { '*': new Date(r.clock.now().getTime() + 17_000).toISOString() },
  };
  const apply = applyTo(r.store, r.clock, { taker: { offer: () => lost, took: () => {} } });
  const id = await message('well');
  await apply.run({ facts: [fact(id)] });
  expect(await r.state(reportOf(id))).toMatchObject({ state: REPORT.pending, attempt: 1 });
  r.node();
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(r.got).toEqual([]);
  r.pass(18_000);
  await expect.poll(() => r.got.map(got => got.attempt), { timeout: 5_000 }).toEqual([2]);
});

test('a receiver that asked for a pause on another node gets nothing', async () => {
  const { apply, waiting } = await known(r.node(), 'well');
  r.behaviours.set('well', answering(429, { 'retry-after': '3600' }));
  const other = r.node();
  const { apply: atOther } = writing(other);
  await atOther.run({ facts: [fact(await message('well'))] });
  await expect
    .poll(async () => (await r.store.db.selectFrom('report_lanes').selectAll().execute()).length)
    .toBe(1);
  const told = r.got.length;
  await apply.run({ facts: [fact(await message('well'))] });
  expect(waiting()).toBe(1);
  expect(r.got).toHaveLength(told);
});

test('no more is taken than the receiver may have under way; the rest waits for a claim', async () => {
  const deliver = r.node({ concurrency: 64 });
  const { apply, waiting } = await known(deliver, 'slow');
  r.behaviours.set('slow', hanging);
  const ids = await Promise.all(Array.from({ length: 40 }, () => message('slow')));
  await apply.run({ facts: ids.map(id => fact(id)) });
  expect(waiting()).toBeGreaterThan(0);
  expect(deliver.inFlight).toBeLessThanOrEqual(32);
  await expect.poll(() => r.count('waiting')).toBeGreaterThan(0);
  r.behaviours.delete('slow');
  for (const id of ids)
    await expect
      .poll(() => r.state(reportOf(id)), { timeout: 20_000 })
      .toMatchObject({ state: REPORT.delivered });
});

test('a node that stops takes nothing, and what it took goes out before it has stopped', async () => {
  const deliver = r.node();
  const { apply, waiting } = await known(deliver, 'well');
  const id = await message('well');
  const writingOne = apply.run({ facts: [fact(id)] });
  const stopped = deliver.stop();
  await Promise.all([writingOne, stopped]);
  expect(await r.state(reportOf(id))).toMatchObject({ state: REPORT.delivered });
  expect(deliver.offer()).toBeUndefined();
  await apply.run({ facts: [fact(await message('well'))] });
  expect(waiting()).toBe(1);
});

test('a repeat of a fact takes nothing again', async () => {
  const { apply } = await known(r.node(), 'well');
  const id = await message('well');
  const said = times();
  await Promise.all([apply.run({ facts: [fact(id, said)] }), apply.run({ facts: [fact(id, said)] })]);
  await apply.run({ facts: [fact(id, said)] });
  await expect.poll(() => r.state(reportOf(id))).toMatchObject({ state: REPORT.delivered });
  expect(r.got.filter(got => got.name === 'well')).toHaveLength(2);
});
