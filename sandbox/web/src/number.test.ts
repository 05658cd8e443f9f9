import { expect, test } from 'vitest';
import { toE164 } from './number.ts';

test.each([
  ['+15557654321', '+15557654321'],
  [' +44 7700 900-123 ', '+447700900123'],
  ['0044 (7700) 900.123', '+447700900123'],
  ['15557654321', '+15557654321'],
  ['+0123456789', undefined],
  ['+123456', undefined],
  ['+1234567890123456', undefined],
  ['+44 call me', undefined],
  ['', undefined],
])('%j is read as %s', (typed, expected) => {
  expect(toE164(typed)).toBe(expected);
});
