import { describe, expect, test } from 'vitest';
import { Lane } from './lane.ts';

function laneAt(rate: number): Lane {
  const lane = new Lane('s', 1, rate, 0);
  lane.ownedUntil = Number.POSITIVE_INFINITY;
  return lane;
}

describe('pace', () => {
  test('a lane starts empty: the node before may just have used the second up', () => {
    expect(laneAt(80).budget(0)).toBe(0);
  });

  test('a lane holds 50 ms of its rate and no more, however long it was idle', () => {
    expect(laneAt(1000).budget(60_000)).toBe(50);
    expect(laneAt(80).budget(60_000)).toBe(4);
  });

  test('the slowest lane still sends', () => {
    const lane = laneAt(1);
    expect(lane.budget(999)).toBe(0);
    expect(lane.budget(1000)).toBe(1);
  });

  test.each([20, 80, 1000])('over ten seconds a lane of %i/s sends that many each second', rate => {
    const lane = laneAt(rate);
    let sent = 0;
    for (let now = 0; now <= 10_000; now += 5) {
      const n = lane.budget(now);
      lane.draw(n, now);
      sent += n;
    }
    expect(sent).toBeGreaterThanOrEqual(rate * 10 - 1);
    expect(sent).toBeLessThanOrEqual(rate * 10 + rate * 0.05);
  });

  test('inbound messages draw from the lane', () => {
    const lane = laneAt(80);
    lane.draw(10, 1000);
    expect(lane.budget(1000)).toBe(0);
    expect(lane.readyAt(1000)).toBeCloseTo(1000 + (7 * 1000) / 80);
  });

  test('a held lane has no budget until the hold ends', () => {
    const lane = laneAt(80);
    lane.heldUntil = 5000;
    expect(lane.budget(4999)).toBe(0);
    expect(lane.readyAt(1000)).toBe(5000);
    expect(lane.budget(5000)).toBe(4);
  });

  test('a lane that is not ours any more has no budget', () => {
    const lane = laneAt(80);
    lane.ownedUntil = 3000;
    expect(lane.budget(2999)).toBe(4);
    expect(lane.budget(3000)).toBe(0);
  });

  test('a backlog of inbound messages read at once silences a lane for one second at most', () => {
    const lane = laneAt(80);
    lane.draw(20_000, 1_000);
    expect(lane.readyAt(1_000)).toBeLessThanOrEqual(1_000 + 1_013);
  });

  test('a lane that cannot send until it is renewed asks for no timer', () => {
    const lane = laneAt(80);
    lane.ownedUntil = 3000;
    expect(lane.readyAt(3000)).toBe(Number.POSITIVE_INFINITY);
  });
});
