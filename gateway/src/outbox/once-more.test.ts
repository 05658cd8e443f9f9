import { expect, test } from 'vitest';
import { onceMore } from './once-more.ts';

test('a job that is asked for while it runs runs once more, alone, however often it was asked for', async () => {
  const gates: (() => void)[] = [];
  let running = 0;
  let most = 0;
  const ask = onceMore(async () => {
    running++;
    most = Math.max(most, running);
    await new Promise<void>(resolve => gates.push(resolve));
    running--;
  });
  const asked = [ask(), ask(), ask()];
  gates[0]!();
  await expect.poll(() => gates.length).toBe(2);
  gates[1]!();
  await Promise.all(asked);
  expect([gates.length, most]).toEqual([2, 1]);
});

test('a run that fails is told, and the next one is not kept back by it', async () => {
  let runs = 0;
  const ask = onceMore(async () => {
    runs++;
    if (runs === 1) throw new Error('away');
  });
  await expect(ask()).rejects.toThrow('away');
  await ask();
  expect(runs).toBe(2);
});
