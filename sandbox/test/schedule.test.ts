import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createClock } from '../src/clock.ts';
import { countryCode, recipientNumber } from '../src/number.ts';
import { Schedule } from '../src/schedule.ts';
import { pause } from './network.ts';

test('things are done in the order of their times, equal times in the order they were put in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 60 }),
      async delays => {
        const clock = createClock(() => 1_000_000);
        const done: number[] = [];
        const schedule = new Schedule<number>(clock, item => done.push(item));
        for (const [i, delay] of delays.entries()) schedule.at(1_000_000 + delay, i);
        clock.advance(20);
        while (schedule.size > 0) await pause(1);
        const expected = delays
          .map((delay, i) => ({ delay, i }))
          .sort((a, b) => a.delay - b.delay || a.i - b.i);
        expect(done).toEqual(expected.map(({ i }) => i));
      },
    ),
    { numRuns: 30 },
  );
});

test('something sooner that comes later is done sooner, and what is not due waits', async () => {
  const done: string[] = [];
  const schedule = new Schedule<string>(createClock(), item => done.push(item));
  const now = Date.now();
  schedule.at(now + 40, 'second');
  schedule.at(now + 5, 'first');
  schedule.at(now + 1e10, 'in four months');
  await pause(80);
  expect(done).toEqual(['first', 'second']);
  expect(schedule.close()).toEqual([{ due: now + 1e10, order: 2, item: 'in four months' }]);
});

test('what is done may put in more, also for now', async () => {
  const done: number[] = [];
  const schedule: Schedule<number> = new Schedule(createClock(), item => {
    done.push(item);
    if (item < 5) schedule.at(Date.now(), item + 1);
  });
  schedule.at(Date.now(), 1);
  await pause(60);
  expect(done).toEqual([1, 2, 3, 4, 5]);
  schedule.close();
});

test.each([
  ['+15550001000', '1'],
  ['+4915112345678', '49'],
  ['+77011234567', '7'],
  ['+351912345678', '351'],
  ['+971501234567', '971'],
])('the country code of %s is %s', (number, code) => {
  expect(countryCode(number)).toBe(code);
});

test('no text makes a recipient that is not E.164', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'+0123456789 ()-.a') }), text => {
      const number = recipientNumber(text, '+15550001000');
      if (number !== undefined) expect(number).toMatch(/^\+[1-9]\d{6,14}$/);
    }),
  );
});
