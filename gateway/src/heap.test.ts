import { expect, test } from 'vitest';
import { heapGrowth } from './heap.ts';

test.each([
  ['idle, or emptying a long queue', 0, 40],
  ['starting', 3, 40],
  ['taking as many requests as it can', 5, 0],
])('a gateway that is %s lets garbage grow so far', (_, busyLooks, percent) => {
  expect(heapGrowth(busyLooks)).toBe(percent);
});
