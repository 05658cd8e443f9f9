import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { onStop } from './signals.ts';

function stopAt() {
  const clock = { ms: 10_000 };
  const emitter = new EventEmitter();
  const seen: string[] = [];
  const begin = onStop(
    async signal => {
      seen.push(`drain ${signal}`);
    },
    () => seen.push('at once'),
    { now: () => clock.ms, emitter },
  );
  return { clock, seen, begin, send: (signal: NodeJS.Signals) => emitter.emit(signal) };
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s starts the drain', signal => {
  const { seen, send } = stopAt();
  expect(send(signal)).toBe(true);
  expect(seen).toEqual([`drain ${signal}`]);
});

test('one Ctrl-C that arrives three times is one wish', () => {
  const { clock, seen, send } = stopAt();
  send('SIGINT');
  clock.ms += 3;
  send('SIGINT');
  clock.ms += 496;
  send('SIGINT');
  expect(seen).toEqual(['drain SIGINT']);
});

test('a second signal 500 ms after the first ends at once', () => {
  const { clock, seen, send } = stopAt();
  send('SIGINT');
  clock.ms += 3;
  send('SIGINT');
  clock.ms += 497;
  send('SIGINT');
  expect(seen).toEqual(['drain SIGINT', 'at once']);
});

test('a SIGTERM counts as the second wish after a SIGINT', () => {
  const { clock, seen, send } = stopAt();
  send('SIGINT');
  clock.ms += 500;
  send('SIGTERM');
  expect(seen).toEqual(['drain SIGINT', 'at once']);
});

test('a parent that dies during the drain does not hurry it', () => {
  const { clock, seen, send, begin } = stopAt();
  send('SIGINT');
  clock.ms += 2_000;
  begin('SIGTERM');
  expect(seen).toEqual(['drain SIGINT']);
});

test('a parent that dies starts the drain', () => {
  const { seen, begin } = stopAt();
  begin('SIGTERM');
  expect(seen).toEqual(['drain SIGTERM']);
});
