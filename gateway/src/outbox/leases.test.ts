import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accepted, type OutboxGround, outboxGround } from '../../test/outbox.ts';
import { addSender, addWorkspace, putMessage } from '../../test/rows.ts';
import { STATUS, statusName } from '../message/status.ts';
import { VOID_LEASES } from './sweep.ts';

let o: OutboxGround;

beforeEach(async () => {
  o = await outboxGround();
});
afterEach(() => o.close());

describe('leases', () => {
  test('a lease that ran out makes the message unconfirmed, counted from the start of this gateway', async () => {
    const node = await o.node(accepted);
    const id = await putMessage(o.g, {
      sending_at: new Date(o.clock.now().getTime() - 600_000),
      lease_until: new Date(o.clock.now().getTime() - 1),
    });
    await node.sweeper.sweep();
    const doubtful = await o.row(id);
    expect(statusName(doubtful.status)).toBe('unconfirmed');
    expect((doubtful.run_at!.getTime() - o.clock.now().getTime()) / 1000).toBeGreaterThan(50);
    expect(node.sent).toHaveLength(0);
  });

  test('on the embedded database a start ends the leases of whoever was there before', async () => {
    const id = await putMessage(o.g, {
      sending_at: o.clock.now(),
      lease_until: new Date(o.clock.now().getTime() + 30_000),
    });
    await o.g.store.run(VOID_LEASES, [o.clock.now().toISOString()]);
    const node = await o.node(accepted);
    await node.sweeper.sweep();
    await o.becomes(id, 'unconfirmed');
  });

  test('a lane belongs to one node; another takes it over when the lease has run out, not before', async () => {
    const first = await o.node(accepted, { alone: false });
    const second = await o.node(accepted, { alone: false });
    expect(first.dispatch.lane(o.g.sender)).toBeDefined();
    expect(second.dispatch.lane(o.g.sender)).toBeUndefined();
    await first.dispatch.stop();
    o.step(9_000);
    await second.dispatch.renew();
    expect(second.dispatch.lane(o.g.sender)).toBeUndefined();
    o.step(2_000);
    await second.dispatch.renew();
    expect(second.dispatch.lane(o.g.sender)?.epoch).toBe(2);
  });

  test('lanes are shared evenly when a node joins, and taken back when it leaves', async () => {
    for (let n = 0; n < 4; n++) await addSender(o.g.store, o.g.workspace);
    const senders = (await o.g.store.db.selectFrom('lanes').select('sender_id').execute()).map(
      lane => lane.sender_id,
    );
    const owned = (node: Awaited<ReturnType<typeof o.node>>) =>
      senders.filter(sender => node.dispatch.lane(sender) !== undefined).length;
    const first = await o.node(accepted, { alone: false });
    expect(owned(first)).toBe(5);
    const second = await o.node(accepted, { alone: false });
    expect(owned(second)).toBe(0);
    // The first learns of the other, lets go of what is not its part, and the other takes it.
    await first.dispatch.renew();
    await first.dispatch.renew();
    await second.dispatch.renew();
    expect([owned(first), owned(second)]).toEqual([3, 2]);
    const ids = (
      await Promise.all(
        senders.map((senderId, n) => first.put(o.hello({ senderId, recipient: `+1555765${1000 + n}` }))),
      )
    ).flat();
    for (const id of ids) await o.becomes(id, 'accepted');
    expect([first.sent.length, second.sent.length]).toEqual([3, 2]);
    await first.dispatch.stop();
    await first.dispatch.release();
    await second.dispatch.renew();
    expect(owned(second)).toBe(5);
  });

  test('a message accepted by one node wakes the lane of another at once', async () => {
    const first = await o.node(accepted, { alone: false });
    const second = await o.node(accepted, { alone: false });
    // Its own look would come within a second.
    const took: number[] = [];
    for (let n = 0; n < 5; n++) {
      const began = performance.now();
      const [one] = await second.put(o.hello({ recipient: `+1555765${1000 + n}` }));
      await o.becomes(one!, 'accepted');
      took.push(performance.now() - began);
    }
    expect(first.sent).toHaveLength(5);
    expect(Math.min(...took)).toBeLessThan(500);
  });

  test('a node whose machine slept, so that its monotonic clock stood still, sends nothing', async () => {
    const node = await o.node(accepted, { alone: false });
    const { wall } = o.clock;
    o.clock.wall = () => wall() + 60_000;
    const [one] = await node.put(o.hello());
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(node.sent).toHaveLength(0);
    await node.dispatch.renew();
    await o.becomes(one!, 'accepted');
  });

  test('a node that slept through its lease sends nothing', async () => {
    const node = await o.node(accepted, { alone: false });
    o.step(8_500);
    const [one] = await node.put(o.hello());
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(node.sent).toHaveLength(0);
    expect((await o.row(one!)).status).toBe(STATUS.queued);
    await node.dispatch.renew();
    await o.becomes(one!, 'accepted');
  });

  test('a clean stop leaves unsent messages in the queue and lets its lanes go', async () => {
    const node = await o.node(accepted, { alone: false });
    await node.dispatch.stop();
    await node.dispatch.release();
    const [one] = await node.put(o.hello());
    expect((await o.row(one!)).status).toBe(STATUS.queued);
    const other = await o.node(accepted, { alone: false });
    await o.becomes(one!, 'accepted');
    expect(other.sent).toHaveLength(1);
  });

  test('another workspace and its sender are claimed beside ours', async () => {
    const workspaceId = await addWorkspace(o.g.store);
    const senderId = await addSender(o.g.store, workspaceId);
    const node = await o.node(accepted);
    const [ours, theirs] = await node.put(o.hello(), o.hello({ workspaceId, senderId }));
    await o.becomes(ours!, 'accepted');
    await o.becomes(theirs!, 'accepted');
  });
});
