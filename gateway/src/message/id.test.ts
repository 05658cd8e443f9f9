import fc from 'fast-check';
import { expect, test } from 'vitest';
import { derivedId, derivedIdAt, firstIdAt, newId } from './id.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('a derived id is a UUIDv7 between the borders of its millisecond, and always the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), fc.string(), (ms, name) => {
      const id = derivedIdAt(ms, name);
      expect(id).toMatch(UUID_V7);
      expect(id > firstIdAt(ms) && id < firstIdAt(ms + 1)).toBe(true);
      expect(derivedIdAt(ms, name)).toBe(id);
    }),
  );
});

test('what belongs to a message lies in the partition of the message', () => {
  const id = newId();
  const derived = derivedId(id, 'event:1');
  expect(derived.slice(0, 13)).toBe(id.slice(0, 13));
  expect(derived).toMatch(UUID_V7);
  expect(derivedId(id, 'event:2')).not.toBe(derived);
});

test('ids of one process go up, also many in a millisecond, and none comes twice', () => {
  const ids = Array.from({ length: 50_000 }, newId);
  expect(ids.every(id => UUID_V7.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(ids.toSorted());
});
