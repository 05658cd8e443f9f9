import { afterAll, beforeAll, expect, test } from 'vitest';
import { addSender, type Ground, ground } from '../../test/rows.ts';
import { type Clock, databaseClock } from '../store/clock.ts';
import { type Account, MessagingLimits } from './messaging-limits.ts';

let g: Ground;
let clock: Pick<Clock, 'now'>;
let aheadMs = 0;
let says: string | undefined;
const asked: string[] = [];

beforeAll(async () => {
  g = await ground();
  const real = await databaseClock(g.store.db);
  clock = { now: () => new Date(real.now().getTime() + aheadMs) };
});
afterAll(() => g.close());

const speakerOf = ({ wabaId }: Account) => ({ phoneNumberId: wabaId, accessToken: '', graphUrl: undefined });
const limits = () =>
  new MessagingLimits({
    store: g.store,
    clock,
    ask: async speaker => {
      asked.push(speaker.phoneNumberId);
      return says;
    },
    speakerOf,
  });
const stored = async (wabaId: string) =>
  (
    await g.store.db.selectFrom('senders').select('messaging_limit').where('waba_id', '=', wabaId).execute()
  ).map(row => row.messaging_limit);
const version = async () =>
  (
    await g.store.db
      .selectFrom('settings')
      .select('value')
      .where('name', '=', 'accounts_version')
      .executeTakeFirst()
  )?.value;

test('what Meta says of one number counts for all of its account in that workspace', async () => {
  const ids = [await addSender(g.store, g.workspace), await addSender(g.store, g.workspace)];
  await g.store.db.updateTable('senders').set({ waba_id: 'shared' }).where('id', 'in', ids).execute();
  says = 'TIER_2K';
  const account = { workspaceId: g.workspace, wabaId: 'shared' };
  expect(await limits().read(account, speakerOf(account))).toBe(true);
  expect(await stored('shared')).toEqual(['TIER_2K', 'TIER_2K']);
  const before = await version();
  expect(await limits().read(account, speakerOf(account))).toBe(false);
  says = undefined;
  expect(await limits().read(account, speakerOf(account))).toBe(false);
  expect(await stored('shared')).toEqual(['TIER_2K', 'TIER_2K']);
  expect(await version()).toBe(before);
});

test('each account is asked about every six hours, by one node', async () => {
  says = 'TIER_10K';
  asked.length = 0;
  await Promise.all([limits().readDue(), limits().readDue()]);
  expect(asked.toSorted()).toEqual(['shared', `waba-${g.sender}`]);
  expect(await stored('shared')).toEqual(['TIER_10K', 'TIER_10K']);
  await limits().readDue();
  expect(asked).toHaveLength(2);
  aheadMs = 6 * 3_600_000;
  await limits().readDue();
  expect(asked).toHaveLength(4);
});
