import { beforeEach, expect, test } from 'vitest';
import { ReportLanes } from './lanes.ts';

let now: number;
let lanes: ReportLanes;
beforeEach(() => {
  now = 0;
  lanes = new ReportLanes(256, () => now);
});

/** Begins deliveries and ends them after a while, all with one outcome. */
function deliver(lane: string, count: number, ok: boolean, ms = 5): void {
  for (let n = 0; n < count; n++) lanes.began(lane);
  now += ms;
  for (let n = 0; n < count; n++) lanes.ended(lane, { ok, ms });
}
const room = (lane: string) => lanes.known()[lane]?.[0];
const isSound = (lane: string) => lanes.known()[lane]?.[1];

test('a new receiver gets a thirty-second part, and is sound with four times as much after its first answer', () => {
  expect(lanes.first).toBe(8);
  lanes.began('a');
  expect(lanes.known()).toEqual({ a: [7, false] });
  lanes.ended('a', { ok: true, ms: 5 });
  expect(lanes.known()).toEqual({ a: [32, true] });
});

test('a receiver that answers well gets more when it can use more, up to half of all', () => {
  for (let n = 0; n < 20; n++) deliver('calm', 1, true);
  expect(room('calm')).toBe(32);
  for (let n = 0; n < 300; n++) deliver('busy', Math.max(1, room('busy') ?? 8), true);
  expect(room('busy')).toBe(128);
});

test('a receiver that fails three times in a row has less each time, down to a single delivery', () => {
  deliver('a', 2, false);
  expect(lanes.known()).toEqual({ a: [8, true] });
  deliver('a', 1, false);
  expect(lanes.known()).toEqual({ a: [4, false] });
  deliver('a', 5, false);
  expect(room('a')).toBe(1);
  deliver('a', 1, true);
  expect(isSound('a')).toBe(true);
});

test('a slow receiver has an eighth of all at most and counts among those that are not sound', () => {
  for (let n = 0; n < 300; n++) deliver('a', Math.max(1, room('a') ?? 8), true, 600);
  expect(lanes.known()).toEqual({ a: [32, false] });
});

test('a receiver that has gone silent is not sound while it is silent', () => {
  for (let n = 0; n < 300; n++) deliver('a', Math.max(1, room('a') ?? 8), true);
  for (let n = 0; n < 20; n++) lanes.began('a');
  expect(lanes.known()).toEqual({ a: [108, true] });
  now += 501;
  expect(lanes.known()).toEqual({ a: [0, false] });
  lanes.ended('a', { ok: true, ms: 501 });
  expect(room('a')).toBeGreaterThan(80);
});

test('all that are not sound share half, however many they are', () => {
  for (let n = 0; n < 40; n++) {
    lanes.setWaiting(`stuck ${n}`, true);
    for (const { lane, room: some } of lanes.inLine(256)) for (let i = 0; i < some; i++) lanes.began(lane);
  }
  expect(lanes.unsoundRoom()).toBe(0);
  deliver('well', 1, true);
  lanes.setWaiting('well', true);
  expect(lanes.inLine(128)).toEqual([{ lane: 'well', room: 32, sound: true }]);
});

test('lanes in line share the room, and none is always the last', () => {
  for (const lane of ['a', 'b', 'c']) {
    deliver(lane, 1, true);
    lanes.setWaiting(lane, true);
  }
  expect(lanes.inLine(12).map(one => one.room)).toEqual([4, 4, 4]);
  const first = [1, 2, 3].map(() => lanes.inLine(1)[0]!.lane);
  expect(new Set(first).size).toBe(3);
});

test('a receiver that asks for a pause gets nothing until it is over, and then one at a time', () => {
  deliver('a', 1, true);
  expect(lanes.pause('a', 30_000, () => 0.5)).toBe(30_000);
  expect(room('a')).toBe(0);
  now += 30_001;
  expect(room('a')).toBe(1);
});

test('pauses without a time double, and what was under way together counts once', () => {
  const even = () => 0.5;
  expect(lanes.pause('a', undefined, even)).toBe(1_000);
  expect(lanes.pause('a', undefined, even)).toBe(1_000);
  now += 1_001;
  expect(lanes.pause('a', undefined, even)).toBe(2_000);
  now += 2_001;
  deliver('a', 1, true);
  expect(lanes.pause('a', undefined, even)).toBe(1_000);
});

test('receivers that nothing is to be known of are forgotten, those that failed after a minute', () => {
  deliver('a', 1, false);
  lanes.began('b');
  lanes.setWaiting('c', true);
  deliver('d', 1, true);
  now += 3_000;
  lanes.forget();
  expect(Object.keys(lanes.known())).toEqual(['a', 'b', 'c']);
  now += 61_000;
  lanes.forget();
  expect(Object.keys(lanes.known())).toEqual(['b', 'c']);
});
