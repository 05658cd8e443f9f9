import { describe, expect, test } from 'vitest';
import { ERROR_CODES, errorCode } from './error-codes.ts';
import { fromGraphError } from './errors.ts';

test('each code stands once, in order', () => {
  let last = -1;
  for (const { code } of ERROR_CODES) {
    expect(code[0]).toBeGreaterThan(last);
    expect(code[1]).toBeGreaterThanOrEqual(code[0]);
    last = code[1];
  }
});

test('whatever waits, waits for something that ends: for a time, or for somebody who mends it', () => {
  for (const { code, outcome, retry, who, holds } of ERROR_CODES) {
    if (outcome === 'hold')
      expect([code, holds !== undefined, retry !== undefined || who === 'operator']).toEqual([
        code,
        true,
        true,
      ]);
    if (outcome === 'retry') expect([code, retry !== undefined]).toEqual([code, true]);
    if (outcome === 'final') expect([code, retry]).toEqual([code, undefined]);
  }
});

describe('what a send does', () => {
  test.each([
    [131047, 400, 'final', undefined],
    [131000, 500, 'retry', undefined],
    [131056, 400, 'retry', 'pair'],
    [130429, 400, 'hold', 'sender'],
    [190, 401, 'hold', 'sender'],
    [250, 403, 'hold', 'sender'],
    [131031, 403, 'hold', 'sender'],
    [132015, 400, 'final', undefined],
    [999_999, 400, 'final', undefined],
    [999_999, 503, 'retry', undefined],
  ])('%i with HTTP %i: %s, holds %s', (code, status, outcome, hold) => {
    const failure = fromGraphError({ code, message: '(#1) x' }, status);
    expect([failure.outcome, failure.hold]).toEqual([outcome, hold]);
    expect(failure.remedy).not.toBe('');
  });

  test('by webhook every code is final', () => {
    for (const { code } of ERROR_CODES)
      expect(fromGraphError({ code: code[0] }, undefined)).toMatchObject({ outcome: 'final' });
  });
});

test('an advertisement that the person or Meta does not want is never sent by SMS because of it', () => {
  expect(errorCode(131050)?.sms).toBe(false);
  expect(errorCode(131047)?.sms).toBe(false);
});
