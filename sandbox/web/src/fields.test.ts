import { expect, test } from 'vitest';
import { addressOf } from './fields.ts';
import { sizeText } from './media.ts';
import { moneyText } from './money.ts';
import { playTime } from './time.ts';

test.each([
  ['https://x.example/a', true],
  ['http://x.example', true],
  ['/sandbox/media/1', true],
  ['//evil.example', false],
  ['/\\evil.example', false],
  ['javascript:alert(1)', false],
  ['data:text/html,x', false],
  ['x.example', false],
  [7, false],
])('%j may stand in a link: %s', (value, fine) => {
  expect(addressOf(value)).toBe(fine ? value : undefined);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_234_567, '1.2 MB'],
  [45_000, '45 kB'],
])('%i bytes are %s', (bytes, words) => {
  expect(sizeText(bytes)).toBe(words);
});

test('an amount is written in its currency, and beside a currency that is none', () => {
  expect(moneyText({ value: 11000, offset: 100 }, 'USD')).toContain('110.00');
  expect(moneyText({ value: 5, offset: 0 }, 'no currency')).toBe('0.05 no currency');
});

test.each([
  [0, '0:00'],
  [75.4, '1:15'],
])('%d seconds of sound are %s', (seconds, words) => {
  expect(playTime(seconds)).toBe(words);
});
