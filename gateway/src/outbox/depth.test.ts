import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accepted, failing, type OutboxGround, type OutboxNode, outboxGround } from '../../test/outbox.ts';
import { addSender, putMessage } from '../../test/rows.ts';
import { CANCELED, EXPIRED, SENDER_GONE } from '../message/failure.ts';
import { STATUS } from '../message/status.ts';
import type { Claimed, Waiting } from './claim.ts';
import { QueueDepth, QueueFull } from './depth.ts';

let o: OutboxGround;
beforeEach(async () => {
  o = await outboxGround();
});
afterEach(() => o.close());

test('a number whose queue is as long as it may be takes nothing more; others do', async () => {
  const node = await o.node(accepted, { queueMax: 3 });
  await node.dispatch.stop();
  const other = await addSender(o.g.store, o.g.workspace);
  await node.put(o.hello(), o.hello(), o.hello());
  await expect(node.accept.accept([o.hello()])).rejects.toThrow(QueueFull);
  await node.put(o.hello({ senderId: other }));
  expect(node.depth.total).toBe(4);
});

test('what is refused, or came before, takes no room', async () => {
  const node = await o.node(accepted, { queueMax: 2, closedIsKnown: () => true });
  await node.dispatch.stop();
  for (let n = 0; n < 3; n++) await node.accept.accept([o.hello()]);
  expect(node.depth.total).toBe(0);
  const content = { type: 'template', template: { name: 'a', language: { code: 'en' } } } as const;
  const mark = { hash: '17', retried: true, isOpen: () => true, key: undefined };
  for (let n = 0; n < 3; n++) await node.accept.accept([o.hello({ content })], mark);
  expect(node.depth.total).toBe(1);
});

test('what waits for whatever reason is counted, and what was sent is not', async () => {
  const node = await o.node(accepted);
  await node.dispatch.stop();
  await putMessage(o.g, { status: STATUS.queued });
  await putMessage(o.g, { status: STATUS.queued, parked: 'order' });
  await putMessage(o.g, { status: STATUS.queued, parked: 'template' });
  await putMessage(o.g, { status: STATUS.accepted });
  await putMessage(o.g, { status: STATUS.unconfirmed });
  await node.depth.look();
  expect(node.depth.total).toBe(3);
  await putMessage(o.g, { status: STATUS.queued });
  // It is counted every ten seconds, not for each message.
  o.step(9_000);
  await node.depth.look();
  expect(node.depth.total).toBe(3);
  o.step(1_001);
  await node.depth.look();
  expect(node.depth.total).toBe(4);
});

describe('a full queue takes messages again', () => {
  test('at once, when this node has sent some', async () => {
    const node = await o.node(accepted, { queueMax: 3 });
    node.dispatch.hold(o.g.sender, 5_000);
    await node.put(o.hello(), o.hello(), o.hello());
    await expect(node.accept.accept([o.hello()])).rejects.toThrow(QueueFull);
    o.step(5_001);
    node.dispatch.wakeAll();
    await expect.poll(() => node.sent.length, { timeout: 5_000 }).toBe(3);
    expect(node.depth.total).toBe(0);
    await node.put(o.hello(), o.hello(), o.hello());
  });

  test.each<[string, (node: OutboxNode, message: Waiting) => Promise<void>]>([
    ['was canceled', (node, message) => node.settle.end(message, STATUS.canceled, CANCELED)],
    ['is past its validity', (node, message) => node.settle.end(message, STATUS.expired, EXPIRED)],
    ['is not wanted', (node, message) => node.settle.suppress(message, 1)],
    ['can not be sent', (node, message) => node.settle.fail(message, SENDER_GONE)],
  ])('at once, when one of them %s', async (_, end) => {
    const node = await o.node(accepted, { queueMax: 2 });
    await node.dispatch.stop();
    const [id] = await node.put(o.hello(), o.hello());
    await expect(node.accept.accept([o.hello()])).rejects.toThrow(QueueFull);
    const message = { id: id!, sender: o.g.sender, attempt: 0 };
    await end(node, message);
    // A second end of the same one is none.
    await end(node, message);
    await node.put(o.hello());
    await expect(node.accept.accept([o.hello()])).rejects.toThrow(QueueFull);
  });

  test('within a second, when another node has sent them, and not so soon while nobody asks', async () => {
    let now = 0;
    const depth = new QueueDepth(o.g.store, { monotonic: () => now }, 2);
    await depth.look();
    depth.added(o.g.sender, 2);
    now = 9_000;
    await depth.look();
    expect(depth.total).toBe(2);
    expect(() => depth.check(o.g.sender)).toThrow(QueueFull);
    await depth.look();
    depth.check(o.g.sender);
    // Nobody is refused now.
    depth.added(o.g.sender, 1);
    now += 9_000;
    await depth.look();
    expect(depth.total).toBe(1);
  });

  test('later, where a count takes long: it has a twentieth of the time', async () => {
    let now = 0;
    const slow = {
      run: async (...asked: Parameters<typeof o.g.store.run>) => {
        now += 200;
        return o.g.store.run(...asked);
      },
    } as typeof o.g.store;
    const depth = new QueueDepth(slow, { monotonic: () => now }, 2);
    await depth.look();
    depth.added(o.g.sender, 2);
    expect(() => depth.check(o.g.sender)).toThrow(QueueFull);
    now = 3_999;
    await depth.look();
    expect(() => depth.check(o.g.sender)).toThrow(QueueFull);
    now = 4_000;
    await depth.look();
    depth.check(o.g.sender);
  });
});

test('what is tried again waits again; what may have arrived does not', async () => {
  const retry = failing({ outcome: 'retry', retry: { kind: 'after', ms: 60_000 } });
  const node = await o.node(send =>
    send.recipient === '+15557654321' ? retry : failing({ outcome: 'unknown' }),
  );
  const [tried, doubted] = await node.put(o.hello(), o.hello({ recipient: '+15557654322' }));
  await expect.poll(async () => (await o.row(tried!)).parked).toBe('retry');
  await o.becomes(doubted!, 'unconfirmed');
  await node.settle.idle();
  expect(node.depth.total).toBe(1);
  o.step(10_001);
  await node.depth.look();
  expect(node.depth.total).toBe(1);
});

test('a claim that is given back is counted again, once', async () => {
  const node = await o.node(accepted);
  await node.dispatch.stop();
  const id = await putMessage(o.g, { status: STATUS.sending });
  const claimed = { id, sender: o.g.sender, attempt: 1 } as Claimed;
  await node.settle.giveBack(claimed);
  await node.settle.giveBack(claimed);
  expect(node.depth.total).toBe(1);
  await node.depth.look();
  expect(node.depth.total).toBe(1);
});

test('a queue is never shorter than nothing, whoever has filled it', async () => {
  const node = await o.node(accepted);
  await node.depth.look();
  const ids = [
    await putMessage(o.g, { status: STATUS.queued }),
    await putMessage(o.g, { status: STATUS.queued }),
  ];
  node.dispatch.wakeAll();
  for (const id of ids) await o.becomes(id, 'accepted');
  expect(node.depth.total).toBe(0);
  await node.dispatch.stop();
  await node.put(o.hello());
  expect(node.depth.total).toBe(1);
});

test('what happens during a count is not lost', async () => {
  const counting = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const slow = {
    run: async (...asked: Parameters<typeof o.g.store.run>) => {
      const out = await o.g.store.run(...asked);
      counting.resolve();
      await answer.promise;
      return out;
    },
  } as typeof o.g.store;
  for (let n = 0; n < 3; n++) await putMessage(o.g, { status: STATUS.queued });
  const depth = new QueueDepth(slow, o.clock, 100);
  const look = depth.look();
  await counting.promise;
  depth.added(o.g.sender, 5);
  depth.left(o.g.sender, 2);
  answer.resolve();
  await look;
  expect(depth.total).toBe(6);
});
