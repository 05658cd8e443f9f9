import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accepted, failing, type OutboxGround, outboxGround } from '../../test/outbox.ts';
import { type Ground, putMessage } from '../../test/rows.ts';
import type { Failure } from '../message/failure.ts';
import { newId } from '../message/id.ts';
import { STATUS } from '../message/status.ts';

let o: OutboxGround;
let g: Ground;
let clock: OutboxGround['clock'];
const hello: OutboxGround['hello'] = more => o.hello(more);
const row: OutboxGround['row'] = id => o.row(id);
const becomes: OutboxGround['becomes'] = (id, status) => o.becomes(id, status);
const outbox: OutboxGround['node'] = (answer, more) => o.node(answer, more);

beforeEach(async () => {
  o = await outboxGround();
  ({ g, clock } = o);
});
afterEach(() => o.close());

describe('from accept to the carrier', () => {
  test('each message leaves once, with its id and attempt as callback data', async () => {
    const node = await outbox(accepted);
    const to = (n: number) => hello({ recipient: `+1555765${1000 + n}` });
    const ids = (await Promise.all(Array.from({ length: 100 }, (_, n) => node.put(to(n))))).flat();
    for (const id of ids) await becomes(id, 'accepted');
    expect(node.sent.map(send => send.callback).sort()).toEqual(ids.map(id => `wb:${id}:1`).sort());
    expect((await row(ids[0]!)).wamid).toMatch(/^wamid\./);
  });

  test('a lane is claimed by priority, and in accept order within it', async () => {
    const settled = await outbox(accepted);
    await settled.dispatch.stop();
    const bulk = await settled.put(hello({ priority: 'bulk', recipient: '+15550000001' }));
    const normal = await settled.put(
      ...['+15550000002', '+15550000003'].map(recipient => hello({ recipient })),
    );
    const reply = await settled.put(hello({ priority: 'reply', recipient: '+15550000004' }));
    const node = await outbox(accepted);
    for (const one of [...bulk, ...normal, ...reply]) await becomes(one, 'accepted');
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
    const [text, other, templated] = await node.put(
      hello(),
      hello({ recipient: '+15550000001' }),
      hello({ content: template }),
    );
    expect([
      (await row(text!)).priority,
      (await row(other!)).priority,
      (await row(templated!)).priority,
    ]).toEqual([0, 1, 1]);
  });
});

test('what WhatsApp takes and holds is accepted and says so; names that it tells are passed on', async () => {
  const names = { phone: '15557654321', userIds: ['US.1'], formerPhone: undefined };
  const node = await outbox(() => ({
    kind: 'accepted',
    wamid: 'wamid.held',
    held: 'held_for_quality_assessment',
    names,
  }));
  const [id] = await node.put(hello());
  await becomes(id!, 'accepted');
  await node.dispatch.stop();
  expect(node.names).toEqual([names]);
  const steps = await g.store.db.selectFrom('timeline').selectAll().where('message_id', '=', id!).execute();
  expect(steps).toMatchObject([
    { step: 'held', detail: expect.stringContaining('held_for_quality_assessment') },
  ]);
});

describe('what comes of a failure', () => {
  test('a final one ends the message with its reason', async () => {
    const node = await outbox(() => failing({ code: '131026', title: 'Message undeliverable' }));
    const [one] = await node.put(hello());
    await becomes(one!, 'failed');
    expect(JSON.parse((await row(one!)).failure!)).toMatchObject({
      code: '131026',
      title: 'Message undeliverable',
    });
  });

  test('a passing one is tried again after 1, 5 and 25 s, then it is final', async () => {
    const node = await outbox(() =>
      failing({ code: '131000', outcome: 'retry', retry: { kind: 'backoff', tries: 3 } }),
    );
    const [one] = await node.put(hello());
    for (const [tries, pause] of [
      [1, 1_000],
      [2, 5_000],
      [3, 25_000],
    ] as const) {
      await expect.poll(async () => (await row(one!)).parked).toBe('retry');
      const waits = await row(one!);
      expect(node.sent).toHaveLength(tries);
      expect((waits.run_at!.getTime() - waits.sending_at!.getTime()) / pause).toBeCloseTo(1, 0);
      await node.sweeper.sweep();
      expect((await row(one!)).parked).toBe('retry');
      o.step(pause + 500);
      await node.dispatch.renew();
      await node.sweeper.sweep();
    }
    await becomes(one!, 'failed');
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
    const [one] = await node.put(hello());
    await expect.poll(async () => (await row(one!)).parked, { timeout: 10_000 }).toBe('retry');
    expect(await row(one!)).toMatchObject({ attempt: 5, tries: 1 });
  });

  test('a request that never left costs no attempt', async () => {
    const away: Partial<Failure> = { outcome: 'retry', neverLeft: true, retry: { kind: 'after', ms: 5_000 } };
    const node = await outbox(() => failing(away));
    const [one] = await node.put(hello());
    await expect.poll(async () => (await row(one!)).parked).toBe('retry');
    expect(await row(one!)).toMatchObject({ attempt: 0, tries: 0 });
  });

  test('a message whose sender was deleted meanwhile ends', async () => {
    const node = await outbox(accepted);
    const id = await putMessage(g, { sender_id: newId(), status: STATUS.queued });
    expect((await node.sweeper.tidy()).orphans).toBe(1);
    await becomes(id, 'failed');
    expect(JSON.parse((await row(id)).failure!).code).toBe('sender_gone');
    expect((await node.sweeper.tidy()).orphans).toBe(0);
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
    const ids = await node.put(
      ...Array.from({ length: 200 }, (_, n) => hello({ recipient: `+1555765${1000 + n}` })),
    );
    for (const one of ids) await becomes(one, 'accepted');
    expect(most).toBeLessThanOrEqual(64);
    expect(node.sent).toHaveLength(200);
  });

  test('a sender that must wait keeps its messages and goes on by itself', async () => {
    const held = failing({
      code: 'http_429',
      outcome: 'hold',
      hold: 'sender',
      retry: { kind: 'after', ms: 9_000 },
    });
    const node = await outbox((send, count) => (count === 1 ? held : accepted(send, count)));
    const [one] = await node.put(hello());
    await expect.poll(async () => (await row(one!)).attempt, { interval: 10 }).toBe(1);
    await becomes(one!, 'queued');
    expect(node.dispatch.lane(g.sender)!.heldUntil).toBeGreaterThan(clock.monotonic());
    o.step(9_500);
    await node.dispatch.renew();
    await becomes(one!, 'accepted');
    expect(node.sent).toHaveLength(2);
  });

  test('an unknown outcome is unconfirmed, and nothing is sent before the deadline', async () => {
    const node = await outbox((send, count) =>
      count === 1 ? failing({ code: 'UND_ERR_SOCKET', outcome: 'unknown' }) : accepted(send, count),
    );
    const [one] = await node.put(hello());
    await becomes(one!, 'unconfirmed');
    await o.heard();
    o.step(59_000);
    await node.dispatch.renew();
    await node.sweeper.sweep();
    expect((await row(one!)).status).toBe(STATUS.unconfirmed);
    o.step(2_000);
    await node.sweeper.sweep();
    await becomes(one!, 'accepted');
    expect(node.sent.map(send => send.callback.at(-1))).toEqual(['1', '2']);
    const steps = await g.store.db
      .selectFrom('timeline')
      .select('step')
      .where('message_id', '=', one!)
      .orderBy('at')
      .execute();
    expect(steps.map(step => step.step)).toEqual(['unconfirmed', 'resend']);
  });

  test('is sent again three times at most, each deadline twice the one before', async () => {
    const node = await outbox(() => failing({ outcome: 'unknown' }));
    const [one] = await node.put(hello());
    for (const seconds of [60, 120, 240, 480]) {
      await becomes(one!, 'unconfirmed');
      const waits = await row(one!);
      expect((waits.run_at!.getTime() - waits.sending_at!.getTime()) / 1000 / seconds).toBeCloseTo(1, 1);
      await o.heard();
      o.step(seconds * 1000 + 500);
      await node.dispatch.renew();
      await node.sweeper.sweep();
    }
    await becomes(one!, 'failed');
    expect(node.sent).toHaveLength(4);
  });

  test('the deadline is doubled once while nothing is heard of the sender', async () => {
    const node = await outbox(() => failing({ outcome: 'unknown' }));
    const [one] = await node.put(hello());
    await becomes(one!, 'unconfirmed');
    o.step(61_000);
    await node.sweeper.sweep();
    expect((await row(one!)).status).toBe(STATUS.unconfirmed);
    o.step(58_000);
    await node.sweeper.sweep();
    expect((await row(one!)).status).toBe(STATUS.unconfirmed);
    o.step(2_000);
    await node.dispatch.renew();
    await node.sweeper.sweep();
    await expect.poll(() => node.sent.length).toBe(2);
  });

  test('nothing is sent again after its validity', async () => {
    const node = await outbox(() => failing({ outcome: 'unknown' }));
    const [one] = await node.put(hello({ validForMs: 30_000 }));
    await becomes(one!, 'unconfirmed');
    await o.heard();
    o.step(61_000);
    await node.sweeper.sweep();
    await becomes(one!, 'failed');
    expect(node.sent).toHaveLength(1);
  });

  test('a message’s own policy and deadline go before its workspace’s', async () => {
    const node = await outbox(() => failing({ outcome: 'unknown' }));
    const [one] = await node.put(hello({ unconfirmedPolicy: 'fail', unconfirmedDeadlineMs: 5_000 }));
    await becomes(one!, 'unconfirmed');
    await o.heard();
    o.step(5_500);
    await node.sweeper.sweep();
    await becomes(one!, 'failed');
    expect(node.sent).toHaveLength(1);
  });

  test('with the policy "fail" an unconfirmed message fails at its deadline', async () => {
    await g.store.db.updateTable('workspaces').set({ unconfirmed_policy: 'fail' }).execute();
    const node = await outbox(() => failing({ outcome: 'unknown' }));
    const [one] = await node.put(hello());
    await becomes(one!, 'unconfirmed');
    await o.heard();
    o.step(61_000);
    await node.sweeper.sweep();
    await becomes(one!, 'failed');
    expect(JSON.parse((await row(one!)).failure!).code).toBe('unconfirmed');
    expect(node.sent).toHaveLength(1);
  });
});
