import { describe, expect, test } from 'vitest';
import { inWords, type Timed, withWaits } from './waits.ts';

const T0 = Date.UTC(2026, 2, 1);
const step = (name: string, ms: number, detail?: string): Timed => ({
  at: new Date(T0 + ms),
  step: name,
  ...(detail === undefined ? {} : { detail }),
});
const told = (steps: Timed[], isOver = true, nowMs = 0): (string | undefined)[] =>
  withWaits(steps, isOver, new Date(T0 + nowMs)).map(one => one.detail);

describe('a wait says how long it was and why', () => {
  test('a pair limit, an earlier message, a hold, a retry, a doubt', () => {
    const steps = [
      step('queued', 0),
      step('waiting', 10, 'pair limit'),
      step('waiting', 4_210, 'an earlier message to the same recipient'),
      step('held', 5_000, '190: Access token has expired'),
      step('retry', 130_000, '131000: Something went wrong'),
      step('unconfirmed', 131_000, 'timeout: no answer'),
      step('sending', 132_500),
      step('accepted', 132_700),
    ];
    expect(told(steps)).toEqual([
      undefined,
      '4.2 s: pair limit',
      '790 ms: an earlier message to the same recipient',
      '2 min 5 s: 190: Access token has expired',
      '1.0 s: 131000: Something went wrong',
      '1.5 s: timeout: no answer',
      undefined,
      undefined,
    ]);
    expect(withWaits(steps, true, new Date(T0))[1]).toMatchObject({ waited_ms: 4_200 });
  });

  test('what is not over says so', () => {
    expect(told([step('queued', 0), step('held', 100, '190: expired')], false, 60_100)).toEqual([
      undefined,
      '1 min 0 s so far: 190: expired',
    ]);
  });

  test('a queue that was long is told of, a short one is not', () => {
    expect(told([step('queued', 0), step('sending', 12_340)])).toEqual([
      '12.3 s: the number’s pace, and messages before it',
      undefined,
    ]);
    expect(told([step('queued', 0), step('sending', 900)])).toEqual([undefined, undefined]);
  });

  test('a message that has ended waits for nothing', () => {
    expect(told([step('queued', 0), step('unconfirmed', 100, 'x')], true, 90_000)[1]).toBe('x');
  });
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1.0 s'],
  [59_999, '59.9 s'],
  [60_000, '1 min 0 s'],
  [3_599_999, '59 min 59 s'],
  [3_600_000, '1 h 0 min'],
  [86_399_999, '23 h 59 min'],
  [90_000_000, '1 d 1 h'],
  [-5, '0 ms'],
])('%i ms are %s', (ms, words) => {
  expect(inWords(ms)).toBe(words);
});
