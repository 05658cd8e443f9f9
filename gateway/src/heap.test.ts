import { expect, test } from 'vitest';
import { heapGrowth } from './heap.ts';

test.each([
  ['idle', 0, 40],
  ['emptying a long queue', 0.3, 40],
  ['taking as many requests as it can', 0.9, 0],
])('a gateway that is %s lets garbage grow so far', (_, utilization, percent) => {
  expect(heapGrowth(utilization)).toBe(percent);
});
