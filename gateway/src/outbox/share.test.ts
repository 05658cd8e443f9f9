import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Lane } from './lane.ts';
import { share, type Want } from './share.ts';

const want = (id: string, workspace: string, n: number): Want => ({
  lane: new Lane(id, 1, 80, 0),
  workspace,
  n,
});
const given = (wants: Want[], room: number) =>
  Object.fromEntries(share(room, wants).map(({ lane, n }) => [lane.senderId, n]));

describe('sharing out requests', () => {
  test('a workspace with many numbers leaves one with a single number its half', () => {
    const many = Array.from({ length: 9 }, (_, n) => want(`many${n}`, 'many', 50));
    const shared = share(20, [...many, want('one', 'one', 50)]);
    expect(shared.find(one => one.lane.senderId === 'one')?.n).toBe(10);
    expect(shared.reduce((sum, one) => sum + one.n, 0)).toBe(20);
  });

  test('what one does not want goes to the others', () => {
    expect(given([want('a', 'a', 2), want('b', 'b', 50)], 20)).toEqual({ a: 2, b: 18 });
  });

  test('with room for all everybody gets what he wants', () => {
    expect(given([want('a', 'a', 2), want('b', 'a', 5)], 7)).toEqual({ a: 2, b: 5 });
  });

  test('nobody gets more than he wants, and all the room is used', () => {
    const wants = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 60 })), { maxLength: 12 });
    fc.assert(
      fc.property(wants, fc.nat(200), (list, room) => {
        const asked = list.map(([workspace, n], index) => want(String(index), String(workspace), n));
        const shared = share(room, asked);
        const total = list.reduce((sum, [, n]) => sum + n, 0);
        for (const one of shared) expect(one.n).toBeLessThanOrEqual(list[Number(one.lane.senderId)]![1]);
        expect(shared.reduce((sum, one) => sum + one.n, 0)).toBe(Math.min(room, total));
      }),
    );
  });
});
