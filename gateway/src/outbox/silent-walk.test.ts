import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accepted, type OutboxGround, type OutboxNode, outboxGround } from '../../test/outbox.ts';
import { putMessage } from '../../test/rows.ts';
import { readTimeline } from '../api/timeline.ts';
import { EVENT, eventMask } from '../message/event.ts';
import { firstIdAt, newId } from '../message/id.ts';
import { STATUS } from '../message/status.ts';
import { listReports } from '../reports/list.ts';
import { replayReports } from '../reports/replay.ts';
import { findMessage } from '../store/message-row.ts';
import { DAY_MS } from '../store/partitions.ts';
import { dropOldDays } from '../store/retention.ts';
import { parametersOf } from './apply.ts';
import { APPLY, type Fact } from './apply-statement.ts';
import { endSilent } from './receipts.ts';
import { SilentWalk } from './silent-walk.ts';

/** The end of messages that WhatsApp tries to deliver as long as usual (meta-cloud-api §3.4). */
let o: OutboxGround;
let node: OutboxNode;
let endpoint: string;
beforeEach(async () => {
  o = await outboxGround();
  node = await o.node(accepted);
  await node.dispatch.stop();
  endpoint = newId();
  await o.g.store.db
    .insertInto('webhook_endpoints')
    .values({
      id: endpoint,
      workspace_id: o.g.workspace,
      url: 'https://example.com/hook',
      dialect: 'telnyx',
      events: [],
      mask: eventMask(['delivered', 'unreceipted']),
      created_at: new Date(),
    })
    .execute();
});
afterEach(() => o.close());

const TODAY = Math.floor(Date.now() / DAY_MS);
const NAME = new Date(TODAY * DAY_MS).toISOString().slice(0, 10);
/** The clock to so long after the day's first moment. */
const at = (days: number, hours = 1): void =>
  o.step(TODAY * DAY_MS + days * DAY_MS + hours * 3_600_000 - o.clock.now().getTime());
const walk = (keepDays: number) =>
  new SilentWalk({ store: o.g.store, clock: o.clock, settle: node.settle, keepDays });
const look = (): Promise<number> => endSilent(o.g.store, o.clock, node.settle);
const drop = (keepDays: number) => dropOldDays(o.g.store.db, o.clock.now(), keepDays);
const took = (more: Parameters<typeof putMessage>[1] = {}): Promise<string> =>
  putMessage(o.g, { status: STATUS.sent, accepted_at: new Date(), sent_at: new Date(), ...more });
const told = async (): Promise<string[]> => {
  const rows = await o.g.store.db
    .selectFrom('reports')
    .select('message_id')
    .where('kind', '=', EVENT.unreceipted)
    .execute();
  return rows.map(row => row.message_id!).sort();
};
const deliver = () =>
  o.g.store.db.updateTable('reports').set({ state: 1, finished_at: o.clock.now() }).execute();
const due = () => o.g.store.db.selectFrom('receipts_due').selectAll().execute();
const apply = (id: string, fact: Partial<Fact>) =>
  o.g.store.run(APPLY, [
    ...parametersOf([{ facts: [{ id, sender: o.g.sender, attempt: 1, ...fact }] }], o.clock.now()),
  ]);

test.each([
  ['the default', 30, 30, 31],
  ['a shorter retention', 7, 7, 8],
  ['a longer one', 90, 30, 31],
])(
  '%s: what was never delivered is over with its time, told once, and then its day goes',
  async (_, keepDays, early, over) => {
    const silent = [await took(), await took({ status: STATUS.accepted, sent_at: null })].sort();
    const heard: [string, number][] = [];
    for (const status of [
      STATUS.delivered,
      STATUS.read,
      STATUS.failed,
      STATUS.suppressed,
      STATUS.canceled,
      STATUS.expired,
    ])
      heard.push([await took({ status }), status]);
    await took({ direction: 2 });
    const one = walk(keepDays);
    at(early, 0);
    expect(await one.run()).toBe(0);
    expect(await told()).toEqual([]);
    at(over);
    expect((await drop(keepDays)).open).toEqual(keepDays > 30 ? [] : [NAME]);
    expect(await one.run()).toBe(2);
    expect(await told()).toEqual(silent);
    for (const id of silent) expect((await o.row(id)).ended_at).not.toBeNull();
    for (const [id, status] of heard) expect(await o.row(id)).toMatchObject({ status, ended_at: null });
    expect(await due()).toEqual([]);
    // A second round, and one after a restart.
    expect(await one.run()).toBe(0);
    expect(await walk(keepDays).run()).toBe(0);
    expect(await told()).toEqual(silent);
    at(keepDays + 1, 2);
    await one.run();
    expect((await drop(keepDays)).open).toEqual([NAME]);
    await deliver();
    expect((await drop(keepDays)).dropped).toEqual([NAME]);
  },
);

test('a row is looked at once, also after a restart', async () => {
  await took();
  at(31);
  await walk(90).run();
  const { value } = await o.g.store.db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', 'silent_walk')
    .executeTakeFirstOrThrow();
  expect(value > firstIdAt((TODAY + 1) * DAY_MS - 600_000)).toBe(true);
  await o.g.store.db.updateTable('messages').set({ ended_at: null }).execute();
  expect(await walk(90).run()).toBe(0);
});

test('two nodes at once tell each message once', async () => {
  const { g } = o;
  await g.store.db
    .insertInto('messages')
    .values(
      Array.from({ length: 2_500 }, () => ({
        id: newId(),
        workspace_id: g.workspace,
        sender_id: g.sender,
        dialect: 'telnyx',
        recipient: '+15557654321',
        kind: 'text',
        content: '{}',
        status: STATUS.accepted,
        attempt: 1,
        created_at: new Date(),
        accepted_at: new Date(),
      })) as never,
    )
    .execute();
  at(31);
  await Promise.all([walk(30).run(), walk(30).run()]);
  await walk(30).run();
  expect((await told()).length).toBe(2_500);
});

describe('what left late', () => {
  test.each([
    ['has its 30 days', 30, 35],
    ['has a day, where the retention is shorter', 7, 9],
  ])('%s, and its day stays so long', async (_, keepDays, over) => {
    const day = over - (keepDays < 30 ? 1 : 30);
    const id = await took({ accepted_at: new Date((TODAY + day) * DAY_MS), sent_at: null });
    at(keepDays + 1);
    expect(await walk(keepDays).run()).toBe(0);
    expect((await drop(keepDays)).open).toEqual([NAME]);
    at(over, -1);
    expect(await look()).toBe(0);
    at(over);
    expect(await look()).toBe(1);
    expect(await told()).toEqual([id]);
    expect(await due()).toEqual([]);
    await deliver();
    expect((await drop(keepDays)).dropped).toContain(NAME);
  });

  test('after the walk has passed it is watched as well', async () => {
    const id = await took({ status: STATUS.queued, accepted_at: null, sent_at: null, attempt: 0 });
    at(31);
    expect(await walk(30).run()).toBe(0);
    await apply(id, { accepted: o.clock.now().toISOString(), attempt: 0 });
    at(60);
    expect(await look()).toBe(0);
    at(61, 2);
    expect(await look()).toBe(1);
    expect(await told()).toEqual([id]);
  });

  test('a life of its own that is longer than the day is kept ends with the day', async () => {
    const id = await took();
    await o.g.store.db
      .insertInto('receipts_due')
      .values({ message_id: id, ttl_s: 20 * 86_400, due_at: new Date(Date.now() + 20 * DAY_MS) })
      .execute();
    at(8);
    expect(await walk(7).run()).toBe(1);
    await deliver();
    expect((await drop(7)).dropped).toContain(NAME);
    at(21);
    expect(await look()).toBe(0);
    expect(await due()).toEqual([]);
  });
});

test('what was sent as a status says, without an answer of its own, is over like the rest', async () => {
  const walked = await took({ accepted_at: null });
  const own = await took({ accepted_at: null });
  await o.g.store.db
    .insertInto('receipts_due')
    .values({ message_id: own, ttl_s: 600, due_at: new Date(Date.now() + 600_000) })
    .execute();
  o.step(605_000);
  expect(await look()).toBe(1);
  at(31);
  expect(await walk(30).run()).toBe(1);
  expect(await told()).toEqual([walked, own].sort());
});

test('it is listed, has its place in the timeline, and is told again on request', async () => {
  const id = await took();
  at(31);
  await walk(90).run();
  await deliver();
  const steps = async (): Promise<string[]> => {
    const message = await findMessage(o.g.store, o.g.workspace, id);
    return (await readTimeline(o.g.store, message!, o.clock.now())).map(step => step.step);
  };
  expect(await steps()).toContain('unreceipted');
  expect(
    await listReports(o.g.store, o.g.workspace, { messageId: id }, { limit: 10, after: undefined }),
  ).toMatchObject([{ event: 'unreceipted', state: 'delivered' }]);
  expect(await replayReports(o.g.store, { workspaceId: o.g.workspace, state: 'all', messageId: id })).toEqual(
    {
      scheduled: 1,
      skipped: 0,
    },
  );
  await apply(id, { delivered: o.clock.now().toISOString() });
  expect(await steps()).toEqual(expect.arrayContaining(['delivered', 'unreceipted']));
  expect(await steps()).not.toContain('failed');
});
