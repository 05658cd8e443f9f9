import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

describe('leaving', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** An event loop that stands still: time goes on, and timers come late. */
  let stoodStillMs = 0;
  const now = (): number => performance.now() + stoodStillMs;

  /** Notes when each of these leaves. */
  function leaveNow(lane: Lane, count: number, times: number[]): void {
    for (let n = 0; n < count; n++) {
      const turn = lane.leave(now);
      const note = (): void => void times.push(now());
      if (turn === undefined) note();
      else void turn.then(note);
    }
  }

  test('of what a claim brings 20 ms leave at once, the rest evenly', async () => {
    const times: number[] = [];
    const began = now();
    leaveNow(laneAt(1000), 24, times);
    await vi.advanceTimersByTimeAsync(100);
    expect(times.map(at => Math.round(at - began))).toEqual([...Array(21).fill(0), 1, 2, 3]);
  });

  test.each([20, 80, 1000])(
    'no second has more than 105 %% of %i/s, however late claims and timers come',
    async rate => {
      const lane = laneAt(rate);
      const times: number[] = [];
      const claim = Math.max(1, Math.floor(rate / 20));
      for (let step = 0, due = 0; step < 2_000; step++) {
        // The database stands still for 300 ms now and then, the event loop for 60: what was due comes together.
        const at = step * 10;
        if (at % 1_000 === 500) stoodStillMs += 60;
        await vi.advanceTimersByTimeAsync(10);
        if (at % 2_000 < 300) continue;
        for (; due <= at; due += 50) leaveNow(lane, claim, times);
      }
      await vi.advanceTimersByTimeAsync(10_000);
      const most = Math.max(...times.map(at => times.filter(time => time >= at && time < at + 1_000).length));
      expect(most).toBeLessThanOrEqual(Math.max(rate + 1, rate * 1.05));
      expect(times).toHaveLength(claim * 400);
    },
  );
});
