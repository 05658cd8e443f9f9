import { expect, test } from 'vitest';
import { canonicalRecipient, isBsuid, isE164 } from './phone.ts';

test.each([
  ['+5511987654321', '+551187654321'],
  ['+551187654321', '+551187654321'],
  // A landline has no ninth digit to lose.
  ['+551134567890', '+551134567890'],
  ['+5215512345678', '+525512345678'],
  ['+525512345678', '+525512345678'],
  ['+15557654321', '+15557654321'],
  ['US.1349abc', 'US.1349abc'],
])('%s is known as %s', (given, known) => {
  expect(canonicalRecipient(given)).toBe(known);
  expect(canonicalRecipient(known)).toBe(known);
});

test.each([
  ['US.13491208655302741918', true],
  ['US.ENT.1349', true],
  ['us.1349', false],
  ['US1349', false],
  ['US.', false],
  ['+15557654321', false],
])('%s as a person’s id: %s', (text, expected) => {
  expect(isBsuid(text)).toBe(expected);
});

test.each([
  ['+15557654321', true],
  ['15557654321', false],
  ['+0555', false],
  ['+1555765432112345', false],
])('%s as a phone number: %s', (text, expected) => {
  expect(isE164(text)).toBe(expected);
});
