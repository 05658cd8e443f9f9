import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accepted, failing, type OutboxGround, outboxGround } from '../../test/outbox.ts';
import type { Failure } from '../message/failure.ts';

/** Senders that a person, or Meta, must mend: kept still, asked about, and never tried with a customer's message. */
let o: OutboxGround;

beforeEach(async () => {
  o = await outboxGround();
});
afterEach(() => o.close());

const EXPIRED_TOKEN = failing({
  code: '190',
  title: 'The token has expired',
  outcome: 'hold',
  hold: 'sender',
});
const lane = () =>
  o.g.store.db.selectFrom('lanes').selectAll().where('sender_id', '=', o.g.sender).executeTakeFirstOrThrow();
const held = () => expect.poll(async () => (await lane()).hold_code).toBe('190');

describe('a sender whose token has expired', () => {
  test('is asked about after 1, 5 and 15 minutes, then hourly, and sends nothing meanwhile', async () => {
    const probed: number[] = [];
    const began = o.clock.now().getTime();
    const wrong = (EXPIRED_TOKEN as { failure: Failure }).failure;
    const node = await o.node(() => EXPIRED_TOKEN, {
      probe: async () => {
        probed.push(Math.round((o.clock.now().getTime() - began) / 60_000));
        return wrong;
      },
    });
    const [one] = await node.put(o.hello());
    await held();
    for (let minute = 0; minute < 150; minute += 1) {
      o.step(60_000);
      await node.dispatch.renew();
      await node.holds.probe();
    }
    expect(probed).toEqual([1, 5, 15, 75, 135]);
    expect(node.sent).toHaveLength(1);
    expect((await o.row(one!)).status).toBe(10);
    expect((await lane()).hold_detail).toBe('190: The token has expired');
  });

  test('goes on by itself when the cause is gone', async () => {
    const node = await o.node((send, count) => (count === 1 ? EXPIRED_TOKEN : accepted(send, count)));
    const [one] = await node.put(o.hello());
    await held();
    o.step(61_000);
    await node.dispatch.renew();
    await node.holds.probe();
    await node.dispatch.renew();
    await o.becomes(one!, 'accepted');
    expect((await lane()).hold_code).toBeNull();
  });

  test('that seemed well and was not is asked about less and less often', async () => {
    const node = await o.node(() => EXPIRED_TOKEN);
    await node.put(o.hello());
    const pauses: number[] = [];
    for (let round = 0; round < 3; round++) {
      await held();
      const { probe_at } = await lane();
      const minutes = (probe_at!.getTime() - o.clock.now().getTime()) / 60_000;
      pauses.push(Math.round(minutes));
      o.step(minutes * 60_000 + 500);
      await node.dispatch.renew();
      await node.holds.probe();
      await node.dispatch.renew();
    }
    expect(pauses).toEqual([1, 4, 10]);
  });
});

test('a rate that Meta found too high is halved and comes back in small steps', async () => {
  const node = await o.node(accepted);
  const pace = (): number => {
    const mine = node.dispatch.lane(o.g.sender)!;
    const now = o.clock.monotonic();
    mine.draw(1, now);
    return mine.readyAt(now) - now;
  };
  node.dispatch.hold(o.g.sender, 1, true);
  const slow = pace();
  o.step(7_900);
  await node.dispatch.renew();
  o.step(7_900);
  const again = pace();
  expect(slow).toBeGreaterThan(1.5);
  expect(again).toBeLessThan(slow);
});
