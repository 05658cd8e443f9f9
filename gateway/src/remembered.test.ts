import { expect, test } from 'vitest';
import { remembered } from './remembered.ts';

/** Counts how often it computes. */
function counted(most?: number): { readonly of: (text: string) => number; readonly runs: () => number } {
  let runs = 0;
  const of = remembered(text => {
    runs++;
    return text.length;
  }, most);
  return { of, runs: () => runs };
}

test('the same text is computed once', () => {
  const { of, runs } = counted();
  expect([of('abc'), of('abc'), of('ab')]).toEqual([3, 3, 2]);
  expect(runs()).toBe(2);
});

test('no more than so many are kept, and all are right', () => {
  const { of, runs } = counted(2);
  expect(['a', 'bb', 'ccc', 'bb', 'a'].map(of)).toEqual([1, 2, 3, 2, 1]);
  expect(runs()).toBe(5);
});

test('a text of any length is computed, and a very long one is not kept', () => {
  const { of, runs } = counted();
  const long = 'x'.repeat(10_000);
  expect([of(long), of(long)]).toEqual([10_000, 10_000]);
  expect(runs()).toBe(2);
});
