import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { within } from './within.ts';

test('work that takes too long is aborted, with the reason that AbortSignal.timeout gives', async () => {
  const late = within(20, signal =>
    sleep(10_000, undefined, { signal }).catch(() => signal.throwIfAborted()),
  );
  await expect(late).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('work that ends in time leaves no timer behind', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
  const before = timers();
  let during = 0;
  expect(
    await within(60_000, async () => {
      during = timers();
      return 'done';
    }),
  ).toBe('done');
  expect(during).toBe(before + 1);
  expect(timers()).toBe(before);
});

test('what the work throws comes through', async () => {
  await expect(within(60_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});
