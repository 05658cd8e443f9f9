import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addSender, applyTo, type Ground, ground, putMessage } from '../../test/rows.ts';
import { newId } from '../message/id.ts';
import { STATUS } from '../message/status.ts';
import {
  LOOK,
  ParkedLook,
  type ParkedStatus,
  parkStatuses,
  rangesToLookAt,
  resolveByWamid,
} from './strays.ts';

let g: Ground;
beforeAll(async () => {
  g = await ground();
});
afterAll(() => g.close());

const T0 = Date.UTC(2026, 10, 21, 8);
let now = T0;
const clock = { now: () => new Date(now), monotonic: () => now, wall: () => now };
let look: ParkedLook;
let errors: unknown[];
beforeEach(async () => {
  errors = [];
  look = newLook();
  await g.store.db.deleteFrom('parked_statuses').execute();
  await look.look();
});

const newLook = (): ParkedLook =>
  new ParkedLook({
    store: g.store,
    clock,
    apply: applyTo(g.store, clock),
    onError: error => errors.push(error),
  });

const sent = (wamid: string, sender = g.sender): ParkedStatus => ({
  sender,
  wamid,
  status: 'sent',
  times: { sent: new Date(T0).toISOString() },
});

const message = (wamid: string, sender = g.sender): Promise<string> =>
  putMessage(g, { status: STATUS.accepted, wamid, sender_id: sender });

async function lookAfter(seconds: number): Promise<number> {
  now += seconds * 1000;
  return look.look();
}

const isSent = async (id: string): Promise<boolean> => {
  const row = await g.store.db
    .selectFrom('messages')
    .select('sent_at')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return row.sent_at !== null;
};

async function parked(): Promise<number> {
  return (await g.store.db.selectFrom('parked_statuses').selectAll().execute()).length;
}

test('a status that comes before its message is stored waits for it', async () => {
  expect((await resolveByWamid(g.store, [sent('w-early')])).unknown).toHaveLength(1);
  expect(await parkStatuses(g.store, clock, [sent('w-early'), sent('w-early')])).toBe(1);
  await lookAfter(2);
  expect(await parked()).toBe(1);
  const id = await message('w-early');
  await lookAfter(2);
  expect(await isSent(id)).toBe(true);
  expect(await parked()).toBe(0);
});

test('a status of another app on the number is dropped after ten minutes, and counted', async () => {
  await parkStatuses(g.store, clock, [sent('w-foreign')]);
  expect(await lookAfter(9 * 60)).toBe(0);
  expect(await lookAfter(2 * 60)).toBe(1);
});

test('a status finds no message of another number, though the wamid is the same', async () => {
  await message('w-ours');
  const found = await resolveByWamid(g.store, [sent('w-ours', newId()), sent('w-ours')]);
  expect(found.facts.map(fact => fact.sender)).toEqual([g.sender]);
  expect(found.unknown).toHaveLength(1);
});

test('a parked status of one number neither hides nor takes along that of another with the same wamid', async () => {
  const other = await addSender(g.store, g.workspace);
  await parkStatuses(g.store, clock, [sent('w-both', other)]);
  await parkStatuses(g.store, clock, [sent('w-both')]);
  const id = await message('w-both');
  await lookAfter(2);
  expect(await isSent(id)).toBe(true);
  const left = await g.store.db.selectFrom('parked_statuses').select('sender_id').execute();
  expect(left).toEqual([{ sender_id: other }]);
});

test('a status whose message comes at the last moment is applied and not dropped, however late the look', async () => {
  await parkStatuses(g.store, clock, [sent('w-last')]);
  await lookAfter(2);
  const id = await message('w-last');
  expect(await lookAfter(20 * 60)).toBe(0);
  expect(await isSent(id)).toBe(true);
});

test('what an earlier process parked is looked at by the first look of the next', async () => {
  await parkStatuses(g.store, clock, [sent('w-before')]);
  const id = await message('w-before');
  now += 40_000;
  await newLook().look();
  expect(await isSent(id)).toBe(true);
});

test('a status that the database refuses stays parked and keeps no other waiting', async () => {
  await sql`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger refuse before update on messages for each row when (new.wamid = 'w-refused') execute function refuse();
  `.execute(g.store.db);
  await parkStatuses(g.store, clock, [sent('w-refused'), sent('w-a'), sent('w-b')]);
  const [a, b] = [await message('w-a'), await message('w-b')];
  await message('w-refused');
  await lookAfter(2);
  expect([await isSent(a), await isSent(b)]).toEqual([true, true]);
  expect(errors).toHaveLength(1);
  expect(await parked()).toBe(1);
});

test('each parked status is looked at once for each of its ages, at any rhythm of looks', () => {
  for (const rhythm of [700, 2_000, 2_900, 45_000, 700_000]) {
    const parkedAt = T0 + 1_234;
    const looks: number[] = [];
    for (let last = T0; last < T0 + 2_000_000; last += rhythm) {
      const ranges = rangesToLookAt(last, last + rhythm);
      const hits = ranges.filter(range => parkedAt > range.after && parkedAt <= range.upto).length;
      expect(hits).toBeLessThanOrEqual(1);
      if (hits > 0) looks.push(last + rhythm - parkedAt);
    }
    expect(looks.length).toBeGreaterThan(0);
    expect(looks.length).toBeLessThanOrEqual(8);
    expect(looks[0]).toBeLessThanOrEqual(1_000 + rhythm);
    expect(looks.at(-1)).toBeGreaterThanOrEqual(595_000);
    expect(looks.at(-1)).toBeLessThanOrEqual(595_000 + rhythm);
  }
});

interface Plan {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

/** Rows that a plan took from a table, those that it then left out too. */
const taken = (plan: Plan, table: string): number =>
  (plan['Relation Name'] === table
    ? (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
    : 0) + (plan.Plans ?? []).reduce((sum, inner) => sum + taken(inner, table), 0);

test('a look takes only the statuses of its ages, however many are parked', async () => {
  const many = (name: string) => Array.from({ length: 2_000 }, (_, n) => sent(`w-${name}-${n}`));
  await parkStatuses(g.store, clock, many('old'));
  now += 30_000;
  await parkStatuses(g.store, clock, many('new').slice(0, 10));
  for (let n = 0; n < 50; n++) await message(`w-other-${n}`);
  const ranges = [{ after: new Date(now - 10_000).toISOString(), upto: new Date(now).toISOString() }];
  const plan = await g.store.db.transaction().execute(async tx => {
    for (const setting of ['seqscan', 'hashjoin', 'mergejoin'])
      await sql.raw(`set local enable_${setting} = off`).execute(tx);
    const text = LOOK.text
      .replaceAll('$1', `'${JSON.stringify(ranges)}'`)
      .replaceAll('$2', `'${new Date(T0 - 3_600_000).toISOString()}'`);
    const { rows } = await sql
      .raw<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (analyze, format json) ${text}`)
      .execute(tx);
    return rows[0]!['QUERY PLAN'][0].Plan;
  });
  expect(taken(plan, 'parked_statuses')).toBe(10);
});
