import { afterEach, beforeEach, expect, test } from 'vitest';
import { accepted, type OutboxGround, outboxGround } from '../../test/outbox.ts';
import { addSender, putMessage } from '../../test/rows.ts';
import { STATUS } from '../message/status.ts';
import { QueueFull } from './depth.ts';

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

test('what was sent makes room again, and what waits for whatever reason does not', async () => {
  const node = await o.node(accepted, { queueMax: 3 });
  await node.dispatch.stop();
  await putMessage(o.g, { status: STATUS.queued });
  await putMessage(o.g, { status: STATUS.queued, parked: 'order' });
  await putMessage(o.g, { status: STATUS.queued, parked: 'template' });
  await putMessage(o.g, { status: STATUS.accepted });
  await putMessage(o.g, { status: STATUS.unconfirmed });
  await node.depth.look();
  await expect(node.accept.accept([o.hello()])).rejects.toThrow(QueueFull);
  await o.g.store.db.updateTable('messages').set({ status: STATUS.accepted, parked: null }).execute();
  // It is counted every ten seconds, not for each message.
  await node.depth.look();
  await expect(node.accept.accept([o.hello()])).rejects.toThrow(QueueFull);
  o.step(10_001);
  await node.depth.look();
  await node.put(o.hello());
});
