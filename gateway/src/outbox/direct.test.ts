import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accepted, failing, type OutboxGround, type OutboxNode, outboxGround } from '../../test/outbox.ts';
import { CANCELED } from '../message/failure.ts';
import type { Outbound } from '../message/message.ts';
import { STATUS } from '../message/status.ts';
import { DirectSends } from './direct.ts';

/** A message whose caller waits: one try, and an answer whatever happens. */
let o: OutboxGround;
let last = 0;

beforeAll(async () => {
  o = await outboxGround();
});
afterAll(() => o.close());

const direct = (more: Partial<Outbound> = {}): Outbound =>
  o.hello({ recipient: `+1555850${String(1000 + ++last)}`, direct: true, priority: 'reply', ...more });

const sendBy = async (node: OutboxNode, deadlineMs = 5_000, by = node) => {
  const [id] = await node.put(direct());
  return { id: id!, outcome: await by.direct.wait({ id: id!, sender: o.g.sender }, deadlineMs) };
};

describe('the answer', () => {
  test('has WhatsApp’s id when it was taken', async () => {
    const { id, outcome } = await sendBy(await o.node(accepted));
    expect(outcome).toEqual({ kind: 'accepted', wamid: expect.stringContaining(id) });
  });

  test.each(['final', 'retry', 'hold'] as const)(
    'is the refusal at once, without a second try, where it would be %s',
    async kind => {
      const node = await o.node(() =>
        failing({ code: '131056', outcome: kind, retry: { kind: 'after', ms: 10 } }),
      );
      const { id, outcome } = await sendBy(node);
      expect(outcome).toMatchObject({ kind: 'refused', failure: { code: '131056' } });
      await o.becomes(id, 'failed');
      expect(node.sent).toHaveLength(1);
    },
  );

  test('is that nobody knows, when WhatsApp did not say', async () => {
    const { id, outcome } = await sendBy(
      await o.node(() => failing({ code: 'ECONNRESET', outcome: 'unknown' })),
    );
    expect(outcome).toEqual({ kind: 'unanswered' });
    expect((await o.row(id)).unconfirmed_policy).toBe('fail');
  });
});

describe('at the deadline', () => {
  test('what has not left is cancelled and never leaves', async () => {
    const node = await o.node(accepted);
    node.dispatch.hold(o.g.sender, 1_000);
    const { id, outcome } = await sendBy(node, 200);
    expect(outcome).toEqual({ kind: 'unsent' });
    await o.becomes(id, 'canceled');
    await new Promise(resolve => setTimeout(resolve, 1_200));
    expect(node.sent).toEqual([]);
  });

  test('what has left without an answer is told as such, and ends as it ends', async () => {
    const node = await o.node(async (send, count) => {
      await new Promise(resolve => setTimeout(resolve, 700));
      return accepted(send, count);
    });
    const { id, outcome } = await sendBy(node, 250);
    expect(outcome).toEqual({ kind: 'unanswered' });
    await o.becomes(id, 'accepted');
  });
});

test('the answer crosses nodes: one takes the message, another has the lane', async () => {
  const two = await outboxGround();
  try {
    const owner = await two.node(accepted, { alone: false });
    // The lane is the first one's; the second only takes requests.
    const door = await two.node(accepted, { alone: false });
    const [id] = await door.put(two.hello({ direct: true, priority: 'reply' }));
    const outcome = await door.direct.wait({ id: id!, sender: two.g.sender }, 5_000);
    expect(outcome.kind).toBe('accepted');
    expect([owner.sent.length, door.sent.length]).toEqual([1, 0]);
  } finally {
    await two.close();
  }
});

test('without the notification the answer is found by looking', async () => {
  const node = await o.node(accepted, { alone: true });
  const door = await o.node(accepted, { alone: true });
  const [id] = await node.put(direct());
  // This one is told nothing: it sends nothing, and believes that it is alone.
  const outcome = await door.direct.wait({ id: id!, sender: o.g.sender }, 5_000);
  expect(outcome.kind).toBe('accepted');
});

test('two calls that wait for one message both get its answer at once', async () => {
  const node = await o.node(accepted);
  node.dispatch.hold(o.g.sender, 300);
  const [id] = await node.put(direct());
  const message = { id: id!, sender: o.g.sender };
  // At its deadline a call would find the answer all the same: the test is over before that.
  const answers = await Promise.all([node.direct.wait(message, 60_000), node.direct.wait(message, 60_000)]);
  expect(answers[0].kind).toBe('accepted');
  expect(answers[1]).toEqual(answers[0]);
}, 20_000);

test('a node that stops answers those who wait, and what has not left never leaves', async () => {
  const node = await o.node(accepted);
  node.dispatch.hold(o.g.sender, 1_000);
  const [id] = await node.put(direct());
  const waiting = node.direct.wait({ id: id!, sender: o.g.sender }, 10_000);
  node.direct.drain();
  expect(await waiting).toEqual({ kind: 'unsent' });
  await o.becomes(id!, 'canceled');
});

test('a database that does not answer at the deadline keeps nobody waiting', async () => {
  const node = await o.node(accepted);
  const stuck = new DirectSends({
    store: o.g.store,
    settle: { end: () => new Promise(() => {}) },
    alone: true,
    onError: () => {},
  });
  node.dispatch.hold(o.g.sender, 4_000);
  const [id] = await node.put(direct());
  expect(await stuck.wait({ id: id!, sender: o.g.sender }, 50)).toEqual({ kind: 'unknown' });
  await stuck.stop();
  await node.settle.end({ id: id!, sender: o.g.sender, attempt: 0 }, STATUS.canceled, CANCELED);
});
