import { expect, test } from 'vitest';
import {
  isAtFailover,
  pauseAfter,
  RETRY_AFTER_MAX_MS,
  retryAfterMs,
  SCHEDULE_MS,
  slowDownMs,
} from './schedule.ts';

const even = () => 0.5;
const NOW = new Date('2026-03-01T12:00:00Z');

test('the pauses are 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, and the eighth attempt is the last', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8].map(tried =>
    pauseAfter({ tried, hasFailover: false }, SCHEDULE_MS, undefined, even),
  );
  const [s, min, h] = [1_000, 60_000, 3_600_000];
  expect(pauses).toEqual([5 * s, 5 * min, 30 * min, 2 * h, 5 * h, 10 * h, 10 * h, undefined]);
});

test('a pause is spread by a fifth to both sides', () => {
  const pause = (random: number) =>
    pauseAfter({ tried: 1, hasFailover: false }, SCHEDULE_MS, undefined, () => random);
  expect([pause(0), pause(1)]).toEqual([4_000, 6_000]);
});

test('the failover URL is asked at once after the URL, and as often', () => {
  const schedule = [1_000, 5_000];
  const of = (tried: number) => ({ tried, hasFailover: true });
  expect([1, 2, 3, 4, 5, 6].map(tried => pauseAfter(of(tried), schedule, 30_000, even))).toEqual([
    30_000,
    30_000,
    0,
    30_000,
    30_000,
    undefined,
  ]);
  expect([1, 2, 3, 4, 5, 6].map(tried => isAtFailover(of(tried), schedule))).toEqual([
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
});

test('without a schedule there is one attempt', () => {
  expect(pauseAfter({ tried: 1, hasFailover: false }, [], undefined, even)).toBeUndefined();
});

test.each<[string, number | undefined]>([
  ['120', 120_000],
  [' 0 ', 0],
  ['999999', RETRY_AFTER_MAX_MS],
  ['Sun, 01 Mar 2026 12:01:30 GMT', 90_000],
  ['Sunday, 01-Mar-26 12:01:30 GMT', 90_000],
  ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
  ['Sun, 01 Mar 2027 11:00:00 GMT', RETRY_AFTER_MAX_MS],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['', undefined],
])('Retry-After: %s', (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});

test('a Retry-After lengthens a pause and does not shorten it', () => {
  const after = (askedMs: number) => pauseAfter({ tried: 2, hasFailover: false }, SCHEDULE_MS, askedMs, even);
  expect([after(1_000), after(600_000)]).toEqual([300_000, 600_000]);
});

test('a receiver that says too much again and again is left in peace for longer each time, up to 5 minutes', () => {
  expect([0, 1, 2, 3, 50].map(before => slowDownMs(before, even))).toEqual([
    1_000, 2_000, 4_000, 8_000, 300_000,
  ]);
});
