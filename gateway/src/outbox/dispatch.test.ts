import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addSender, addWorkspace, type Ground, ground, putMessage } from '../../test/rows.ts';
import type { Send, SendResult } from '../carriers/whatsapp/client.ts';
import type { Failure } from '../message/failure.ts';
import { newId } from '../message/id.ts';
import type { Outbound } from '../message/message.ts';
import { STATUS, type StatusName, statusName } from '../message/status.ts';
import { type Clock, databaseClock } from '../store/clock.ts';
import { Accept } from './accept.ts';
import { VOID_LEASES } from './claim.ts';
import { Dispatch } from './dispatch.ts';
import { Settle } from './settle.ts';

let g: Ground;
let clock: { -readonly [Name in keyof Clock]: Clock[Name] };
/** Hours that a test has moved the clock ahead. */
let aheadMs: number;
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  g = await ground();
  const real = await databaseClock(g.store.db);
  aheadMs = 0;
  clock = {
    now: () => new Date(real.now().getTime() + aheadMs),
    monotonic: () => real.monotonic() + aheadMs,
    wall: () => real.wall() + aheadMs,
  };
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  await g.close();
});

interface Node {
  readonly accept: Accept;
  readonly settle: Settle;
  readonly dispatch: Dispatch;
  readonly sent: Send[];
}

type Answer = (send: Send, count: number) => SendResult | Promise<SendResult>;

/** An outbox whose carrier is a function: the network is the one seam. */
async function outbox(answer: Answer, more: { alone?: boolean; nodeId?: string } = {}): Promise<Node> {
  const sent: Send[] = [];
  const settle = new Settle({
    store: g.store,
    clock,
    startedAt: clock.now(),
    unconfirmedDeadlineMs: 60_000,
    hold: (senderId, ms) => dispatch.hold(senderId, ms),
    wake: senderIds => dispatch.wake(senderIds),
    random: () => 0,
    onApplied: () => {},
    onAlert: () => {},
  });
  const dispatch: Dispatch = new Dispatch({
    store: g.store,
    clock,
    nodeId: more.nodeId ?? newId(),
    alone: more.alone ?? true,
    settle,
    rateOf: () => 1000,
    send: async (_sender, send) => {
      sent.push(send);
      return answer(send, sent.length);
    },
    sendTimeoutMs: 20_000,
    inFlightMax: 64,
    onError: error => {
      throw error;
    },
  });
  await dispatch.start();
  stops.push(async () => {
    await dispatch.stop();
    await settle.idle();
  });
  const accept = new Accept({
    store: g.store,
    clock,
    maskOf: () => 255,
    wake: senderIds => dispatch.wake(senderIds),
  });
  return { accept, settle, dispatch, sent };
}

const hello = (more: Partial<Outbound> = {}): Outbound => ({
  workspaceId: g.workspace,
  senderId: g.sender,
  dialect: 'telnyx',
  recipient: '+15557654321',
  content: { type: 'text', text: { body: 'hi' } },
  ...more,
});

const accepted: Answer = (send, count) => ({ kind: 'accepted', wamid: `wamid.${count}.${send.callback}` });
const failing = (failure: Partial<Failure>): SendResult => ({
  kind: 'failed',
  failure: { code: '1', title: 'x', outcome: 'final', remedy: '', source: 'meta', ...failure },
});

const row = (id: string) =>
  g.store.db.selectFrom('messages').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

/** Waits for a status; fails with the one it stays at. */
async function becomes(id: string, status: StatusName): Promise<void> {
  await expect
    .poll(async () => statusName((await row(id)).status), { timeout: 5_000, interval: 10 })
    .toBe(status);
}

describe('from accept to the carrier', () => {
  test('each message leaves once, with its id and attempt as callback data', async () => {
    const node = await outbox(accepted);
    const ids = (await Promise.all(Array.from({ length: 100 }, () => node.accept.accept([hello()]))))
      .flat()
      .map(one => one.id);
    for (const id of ids) await becomes(id, 'accepted');
    expect(node.sent.map(send => send.callback).sort()).toEqual(ids.map(id => `wb:${id}:1`).sort());
    expect((await row(ids[0]!)).wamid).toMatch(/^wamid\./);
  });

  test('a lane is claimed by priority, and in accept order within it', async () => {
    const settled = await outbox(accepted);
    await settled.dispatch.stop();
    const bulk = await settled.accept.accept([hello({ priority: 'bulk', recipient: '+15550000001' })]);
    const normal = await settled.accept.accept(
      ['+15550000002', '+15550000003'].map(recipient => hello({ recipient })),
    );
    const reply = await settled.accept.accept([hello({ priority: 'reply', recipient: '+15550000004' })]);
    const node = await outbox(accepted);
    for (const one of [...bulk, ...normal, ...reply]) await becomes(one.id, 'accepted');
    expect(node.sent.map(send => send.recipient.at(-1))).toEqual(['4', '2', '3', '1']);
  });

  test('free-form inside the window goes as a reply, a template does not', async () => {
    const node = await outbox(accepted);
    await node.dispatch.stop();
    await g.store.db
      .insertInto('windows')
      .values({ sender_id: g.sender, recipient: '+15557654321', opened_at: clock.now() })
      .execute();
    const template = { type: 'template', template: { name: 'a', language: { code: 'en' } } } as const;
    const [text, other, templated] = await node.accept.accept([
      hello(),
      hello({ recipient: '+15550000001' }),
      hello({ content: template }),
    ]);
    expect([
      (await row(text!.id)).priority,
      (await row(other!.id)).priority,
      (await row(templated!.id)).priority,
    ]).toEqual([0, 1, 1]);
  });
});

describe('what comes of a failure', () => {
  test('a final one ends the message with its reason', async () => {
    const node = await outbox(() => failing({ code: '131026', title: 'Message undeliverable' }));
    const [one] = await node.accept.accept([hello()]);
    await becomes(one!.id, 'failed');
    expect(JSON.parse((await row(one!.id)).failure!)).toMatchObject({
      code: '131026',
      title: 'Message undeliverable',
    });
  });

  test('a passing one is tried again after 1, 5 and 25 s, then it is final', async () => {
    const node = await outbox(() =>
      failing({ code: '131000', outcome: 'retry', retry: { kind: 'backoff', tries: 3 } }),
    );
    const [one] = await node.accept.accept([hello()]);
    for (const [tries, pause] of [
      [1, 1_000],
      [2, 5_000],
      [3, 25_000],
    ] as const) {
      await expect.poll(async () => (await row(one!.id)).parked).toBe('retry');
      const waits = await row(one!.id);
      expect(node.sent).toHaveLength(tries);
      expect((waits.run_at!.getTime() - waits.sending_at!.getTime()) / pause).toBeCloseTo(1, 0);
      await node.settle.sweep();
      expect((await row(one!.id)).parked).toBe('retry');
      aheadMs += pause + 500;
      await node.dispatch.renew();
      await node.settle.sweep();
    }
    await becomes(one!.id, 'failed');
    expect(node.sent.map(send => send.callback.at(-1))).toEqual(['1', '2', '3', '4']);
  });

  test('earlier holds do not use up the retries', async () => {
    const held: Partial<Failure> = {
      code: '130429',
      outcome: 'hold',
      hold: 'sender',
      retry: { kind: 'after', ms: 1 },
    };
    const passing: Partial<Failure> = {
      code: '131000',
      outcome: 'retry',
      retry: { kind: 'backoff', tries: 3 },
    };
    const node = await outbox((_send, count) => failing(count <= 4 ? held : passing));
    const [one] = await node.accept.accept([hello()]);
    await expect.poll(async () => (await row(one!.id)).parked, { timeout: 10_000 }).toBe('retry');
    expect(await row(one!.id)).toMatchObject({ attempt: 5, tries: 1 });
  });

  test('a request that never left costs no attempt', async () => {
    const away: Partial<Failure> = { outcome: 'retry', neverLeft: true, retry: { kind: 'after', ms: 5_000 } };
    const node = await outbox(() => failing(away));
    const [one] = await node.accept.accept([hello()]);
    await expect.poll(async () => (await row(one!.id)).parked).toBe('retry');
    expect(await row(one!.id)).toMatchObject({ attempt: 0, tries: 0 });
  });

  test('a message whose sender was deleted meanwhile ends', async () => {
    const node = await outbox(accepted);
    const id = await putMessage(g, { sender_id: newId(), status: STATUS.queued });
    expect(await node.settle.endOrphans()).toBe(1);
    await becomes(id, 'failed');
    expect(JSON.parse((await row(id)).failure!).code).toBe('sender_gone');
    expect(await node.settle.endOrphans()).toBe(0);
  });

  test('no more requests are under way than there are connections to carry them', async () => {
    let open = 0;
    let most = 0;
    const node = await outbox(async (send, count) => {
      most = Math.max(most, ++open);
      await new Promise(resolve => setTimeout(resolve, 30));
      open--;
      return accepted(send, count);
    });
    const ids = await node.accept.accept(Array.from({ length: 200 }, () => hello()));
    for (const one of ids) await becomes(one.id, 'accepted');
    expect(most).toBeLessThanOrEqual(64);
    expect(node.sent).toHaveLength(200);
  });

  test('a sender that must wait keeps its messages and goes on by itself', async () => {
    const held = failing({
      code: 'http_429',
      outcome: 'hold',
      hold: 'sender',
      retry: { kind: 'after', ms: 5_000 },
    });
    const node = await outbox((send, count) => (count === 1 ? held : accepted(send, count)));
    const [one] = await node.accept.accept([hello()]);
    await expect.poll(async () => (await row(one!.id)).attempt, { interval: 10 }).toBe(1);
    await becomes(one!.id, 'queued');
    expect(node.dispatch.lane(g.sender)!.heldUntil).toBeGreaterThan(clock.monotonic());
    aheadMs += 5_500;
    await node.dispatch.renew();
    await becomes(one!.id, 'accepted');
    expect(node.sent).toHaveLength(2);
  });

  test('an unknown outcome is unconfirmed, and nothing is sent before the deadline', async () => {
    const node = await outbox((send, count) =>
      count === 1 ? failing({ code: 'UND_ERR_SOCKET', outcome: 'unknown' }) : accepted(send, count),
    );
    const [one] = await node.accept.accept([hello()]);
    await becomes(one!.id, 'unconfirmed');
    aheadMs += 59_000;
    await node.dispatch.renew();
    await node.settle.sweep();
    expect((await row(one!.id)).status).toBe(STATUS.unconfirmed);
    aheadMs += 2_000;
    await node.settle.sweep();
    await becomes(one!.id, 'accepted');
    expect(node.sent.map(send => send.callback.at(-1))).toEqual(['1', '2']);
    const steps = await g.store.db
      .selectFrom('timeline')
      .select('step')
      .where('message_id', '=', one!.id)
      .orderBy('at')
      .execute();
    expect(steps.map(step => step.step)).toEqual(['unconfirmed', 'resend']);
  });

  test('is sent again three times at most, each deadline twice the one before', async () => {
    const node = await outbox(() => failing({ outcome: 'unknown' }));
    const [one] = await node.accept.accept([hello()]);
    for (const seconds of [60, 120, 240, 480]) {
      await becomes(one!.id, 'unconfirmed');
      const waits = await row(one!.id);
      expect((waits.run_at!.getTime() - waits.sending_at!.getTime()) / 1000 / seconds).toBeCloseTo(1, 1);
      aheadMs += seconds * 1000 + 500;
      await node.dispatch.renew();
      await node.settle.sweep();
    }
    await becomes(one!.id, 'failed');
    expect(node.sent).toHaveLength(4);
  });

  test('with the policy "fail" an unconfirmed message fails at its deadline', async () => {
    await g.store.db.updateTable('workspaces').set({ unconfirmed_policy: 'fail' }).execute();
    const node = await outbox(() => failing({ outcome: 'unknown' }));
    const [one] = await node.accept.accept([hello()]);
    await becomes(one!.id, 'unconfirmed');
    aheadMs += 61_000;
    await node.settle.sweep();
    await becomes(one!.id, 'failed');
    expect(JSON.parse((await row(one!.id)).failure!).code).toBe('unconfirmed');
    expect(node.sent).toHaveLength(1);
  });
});

describe('leases', () => {
  test('a lease that ran out makes the message unconfirmed, counted from the start of this gateway', async () => {
    const node = await outbox(accepted);
    const id = await putMessage(g, {
      sending_at: new Date(clock.now().getTime() - 600_000),
      lease_until: new Date(clock.now().getTime() - 1),
    });
    await node.settle.sweep();
    const doubtful = await row(id);
    expect(statusName(doubtful.status)).toBe('unconfirmed');
    expect((doubtful.run_at!.getTime() - clock.now().getTime()) / 1000).toBeGreaterThan(50);
    expect(node.sent).toHaveLength(0);
  });

  test('on the embedded database a start ends the leases of whoever was there before', async () => {
    const id = await putMessage(g, {
      sending_at: clock.now(),
      lease_until: new Date(clock.now().getTime() + 30_000),
    });
    await g.store.run(VOID_LEASES, [clock.now().toISOString()]);
    const node = await outbox(accepted);
    await node.settle.sweep();
    await becomes(id, 'unconfirmed');
  });

  test('a lane belongs to one node; another takes it over when the lease has run out, not before', async () => {
    const first = await outbox(accepted, { alone: false });
    const second = await outbox(accepted, { alone: false });
    expect(first.dispatch.lane(g.sender)).toBeDefined();
    expect(second.dispatch.lane(g.sender)).toBeUndefined();
    await first.dispatch.stop();
    aheadMs += 9_000;
    await second.dispatch.renew();
    expect(second.dispatch.lane(g.sender)).toBeUndefined();
    aheadMs += 2_000;
    await second.dispatch.renew();
    expect(second.dispatch.lane(g.sender)?.epoch).toBe(2);
  });

  test('a node whose machine slept, so that its monotonic clock stood still, sends nothing', async () => {
    const node = await outbox(accepted, { alone: false });
    const { wall } = clock;
    clock.wall = () => wall() + 60_000;
    const [one] = await node.accept.accept([hello()]);
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(node.sent).toHaveLength(0);
    await node.dispatch.renew();
    await becomes(one!.id, 'accepted');
  });

  test('a node that slept through its lease sends nothing', async () => {
    const node = await outbox(accepted, { alone: false });
    aheadMs += 8_500;
    const [one] = await node.accept.accept([hello()]);
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(node.sent).toHaveLength(0);
    expect((await row(one!.id)).status).toBe(STATUS.queued);
    await node.dispatch.renew();
    await becomes(one!.id, 'accepted');
  });

  test('a clean stop leaves unsent messages in the queue and lets its lanes go', async () => {
    const node = await outbox(accepted, { alone: false });
    await node.dispatch.stop();
    await node.dispatch.release();
    const [one] = await node.accept.accept([hello()]);
    expect((await row(one!.id)).status).toBe(STATUS.queued);
    const other = await outbox(accepted, { alone: false });
    await becomes(one!.id, 'accepted');
    expect(other.sent).toHaveLength(1);
  });

  test('another workspace and its sender are claimed beside ours', async () => {
    const workspaceId = await addWorkspace(g.store);
    const senderId = await addSender(g.store, workspaceId);
    const node = await outbox(accepted);
    const [ours, theirs] = await node.accept.accept([hello(), hello({ workspaceId, senderId })]);
    await becomes(ours!.id, 'accepted');
    await becomes(theirs!.id, 'accepted');
  });
});
