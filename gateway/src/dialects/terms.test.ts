import { expect, test } from 'vitest';
import { termsOf } from './terms.ts';

test('a request without such headers says nothing', () => {
  expect(termsOf({ 'content-type': 'application/json' })).toEqual({});
});

test('all of them together', () => {
  expect(
    termsOf({
      'wirebird-priority': 'bulk',
      'wirebird-valid-for': '90',
      'wirebird-unconfirmed-policy': 'fail',
      'wirebird-unconfirmed-deadline': '86400',
    }),
  ).toEqual({
    priority: 'bulk',
    validForMs: 90_000,
    unconfirmedPolicy: 'fail',
    unconfirmedDeadlineMs: 86_400_000,
  });
});

test.each([
  ['wirebird-priority', 'urgent'],
  ['wirebird-priority', 'toString'],
  ['wirebird-valid-for', '0'],
  ['wirebird-valid-for', '2592001'],
  ['wirebird-valid-for', '1.5'],
  ['wirebird-valid-for', 'soon'],
  ['wirebird-unconfirmed-policy', 'Resend'],
  ['wirebird-unconfirmed-deadline', '86401'],
  ['wirebird-unconfirmed-deadline', '-1'],
])('%s: %s is refused by its name', (name, value) => {
  expect(String(termsOf({ [name]: value })).toLowerCase()).toContain(name);
});
