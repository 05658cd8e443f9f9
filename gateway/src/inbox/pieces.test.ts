import { expect, test } from 'vitest';
import { newId } from '../message/id.ts';
import type { Fact } from '../outbox/apply-statement.ts';
import { type Effects, portions } from './pieces.ts';

const effects = (count: number, journalId: string): Effects => ({
  facts: Array.from({ length: count }, (): Fact => ({ id: newId(), sender: 's', attempt: 1 })),
  inbound: [],
  aliases: [],
  openings: [],
  notices: [],
  preferences: [],
  journalId,
});

test('no statement has more than two thousand effects, and an entry is flagged with its last', () => {
  const all = [effects(1_500, 'a'), effects(4_000, 'b'), effects(0, 'c'), effects(1, 'd')];
  const cut = [...portions(all)];
  expect(cut.map(one => [one.facts.length, one.journalIds])).toEqual([
    [2_000, ['a']],
    [2_000, []],
    [1_501, ['b', 'c', 'd']],
  ]);
  expect(cut.flatMap(one => one.facts)).toEqual(all.flatMap(one => one.facts));
});
