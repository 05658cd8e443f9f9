import { expect, test } from 'vitest';
import { peopleLimit } from './people-limit.ts';

test.each([
  ['TIER_50', 50],
  ['TIER_250', 250],
  ['TIER_1K', 1_000],
  ['TIER_2K', 2_000],
  ['TIER_10K', 10_000],
  ['TIER_100K', 100_000],
  ['250', 250],
  ['2000', 2_000],
  [' TIER_250 ', 250],
  ['TIER_UNLIMITED', undefined],
  ['TIER_NOT_SET', undefined],
  ['0', undefined],
  ['-1', undefined],
  ['9999999999', undefined],
  ['TIER_', undefined],
  ['TIER_K', undefined],
  ['', undefined],
  [null, undefined],
  [undefined, undefined],
])('%s is a limit of %s people', (said, people) => {
  expect(peopleLimit(said)).toBe(people);
});
