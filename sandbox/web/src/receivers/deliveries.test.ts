import { describe, expect, test } from 'vitest';
import type { LiveEvent } from '../events.ts';
import { applyToDeliveries, KEPT_PER_RECEIVER } from './deliveries.ts';
import type { Answer, Delivery } from './receiver.ts';

const delivery = (id: number, state: Answer['state'] = 'given', receiver = 'main'): Delivery => ({
  id,
  receiver,
  at: '2026-01-01T00:00:00.000Z',
  method: 'POST',
  path: `/receiver/${receiver}`,
  size: 2,
  dialect: null,
  type: null,
  event_id: null,
  attempt: null,
  seen_before: 0,
  signature: { verdict: 'not_signed', sentence: 'not signed' },
  answer: { behaviour: 'ok', state, status: state === 'given' ? 200 : null, ms: null },
});
const came = (id: number, state?: Answer['state'], receiver?: string): LiveEvent => ({
  kind: 'delivery',
  delivery: delivery(id, state, receiver),
});
const summary = (deliveries: Delivery[]) => deliveries.map(({ id, answer }) => `${id} ${answer.state}`);

describe('deliveries after events', () => {
  test('a new one stands first, and an answer that comes later stands where its request is', () => {
    const before = [delivery(2, 'waiting'), delivery(1)];
    const after = applyToDeliveries(before, 'main', [came(3, 'waiting'), came(2), came(3, 'left')]);
    expect(summary(after)).toEqual(['3 left', '2 given', '1 given']);
  });

  test('what concerns other receivers leaves the very same array', () => {
    const before = [delivery(1)];
    expect(applyToDeliveries(before, 'main', [came(2, 'given', 'another')])).toBe(before);
  });

  test('no more are kept than the sandbox keeps', () => {
    const events = Array.from({ length: KEPT_PER_RECEIVER + 5 }, (_, i) => came(i + 2));
    const after = applyToDeliveries([delivery(1)], 'main', events);
    expect([after.length, after[0]?.id]).toEqual([KEPT_PER_RECEIVER, KEPT_PER_RECEIVER + 6]);
  });
});
