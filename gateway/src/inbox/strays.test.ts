import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ground, ground, putMessage } from '../../test/rows.ts';
import { newId } from '../message/id.ts';
import { STATUS } from '../message/status.ts';
import { parkedDue, parkStatuses, resolveByWamid } from './strays.ts';

let g: Ground;
beforeAll(async () => {
  g = await ground();
});
afterAll(() => g.close());

const T0 = Date.UTC(2026, 10, 21, 8);
let now = T0;
const clock = { now: () => new Date(now), monotonic: () => now, wall: () => now };
const sent = (wamid: string, sender = g.sender) => ({
  sender,
  wamid,
  status: 'sent',
  times: { sent: new Date(T0).toISOString() },
});

const message = (wamid: string): Promise<string> => putMessage(g, { status: STATUS.accepted, wamid });

test('a status that comes before its message is stored waits for it', async () => {
  expect((await resolveByWamid(g.store, [sent('w-early')])).unknown).toHaveLength(1);
  await parkStatuses(g.store, clock, [sent('w-early')]);
  expect((await parkedDue(g.store, clock.now())).facts).toEqual([]);
  const id = await message('w-early');
  const due = await parkedDue(g.store, clock.now());
  expect(due.facts).toEqual([
    { id, sender: g.sender, attempt: 1, wamid: 'w-early', sent: new Date(T0).toISOString() },
  ]);
  await due.done();
  expect((await parkedDue(g.store, clock.now())).facts).toEqual([]);
});

test('a status of another app on the number is dropped after ten minutes, and counted', async () => {
  await parkStatuses(g.store, clock, [sent('w-foreign')]);
  now += 9 * 60_000;
  expect((await parkedDue(g.store, clock.now())).dropped).toBe(0);
  now += 2 * 60_000;
  expect((await parkedDue(g.store, clock.now())).dropped).toBe(1);
});

test('a status finds no message of another number, though the wamid is the same', async () => {
  await message('w-ours');
  const found = await resolveByWamid(g.store, [sent('w-ours', newId()), sent('w-ours')]);
  expect(found.facts.map(fact => fact.sender)).toEqual([g.sender]);
  expect(found.unknown).toHaveLength(1);
});
