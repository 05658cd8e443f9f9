import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Inbox, inbox } from '../../test/inbox.ts';
import { addSender } from '../../test/rows.ts';
import { EVENT } from '../message/event.ts';
import { newId } from '../message/id.ts';

const NOW_S = Math.floor(Date.now() / 1000);

let i: Inbox;

beforeAll(async () => {
  i = await inbox();
});

afterAll(() => i.close());

beforeEach(async () => {
  await i.g.store.db.deleteFrom('reports').execute();
  await i.g.store.db.deleteFrom('notices').execute();
  await i.g.store.db.deleteFrom('webhook_endpoints').execute();
  await i.g.store.db
    .updateTable('lanes')
    .set({ held_until: null, hold_code: null, hold_detail: null })
    .execute();
});

async function tell(field: string, value: object, time = NOW_S): Promise<void> {
  const id = await i.push(JSON.stringify({ entry: [{ id: 'waba', time, changes: [{ field, value }] }] }));
  await expect.poll(() => i.stateOf(id)).toBe(1);
}

const lane = () =>
  i.g.store.db
    .selectFrom('lanes')
    .select(['held_until', 'hold_code'])
    .where('sender_id', '=', i.sender.id)
    .executeTakeFirstOrThrow();
const sender = () =>
  i.g.store.db.selectFrom('senders').selectAll().where('id', '=', i.sender.id).executeTakeFirstOrThrow();

test('a disabled account holds its numbers until Meta reinstates it', async () => {
  await tell('account_update', { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'DISABLE' } });
  expect((await lane()).hold_code).toBe('131031');
  expect((await sender()).account_status).toBe('DISABLED');
  await tell('account_update', { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'REINSTATE' } });
  expect(await lane()).toEqual({ held_until: null, hold_code: null });
  expect((await sender()).account_status).toBe('ACTIVE');
});

test('a reinstatement does not lift a hold of another cause', async () => {
  await i.g.store.db
    .updateTable('lanes')
    .set({ held_until: new Date(Date.now() + 60_000), hold_code: '190' })
    .where('sender_id', '=', i.sender.id)
    .execute();
  await tell(
    'account_update',
    { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'REINSTATE' } },
    NOW_S + 1,
  );
  expect((await lane()).hold_code).toBe('190');
});

test('a restriction of messages holds until it expires, one of calls holds nothing', async () => {
  const expiration = NOW_S + 3_600;
  const restriction = (restriction_type: string) => ({
    event: 'ACCOUNT_RESTRICTION',
    restriction_info: [{ restriction_type, expiration }],
  });
  await tell('account_update', restriction('RESTRICTED_BUSINESS_INITIATED_CALLING'));
  expect((await lane()).hold_code).toBeNull();
  await tell('account_update', restriction('RESTRICTED_BIZ_INITIATED_MESSAGING'));
  expect(await lane()).toEqual({ held_until: new Date(expiration * 1000), hold_code: '368' });
});

test('a repeat of Meta’s changes nothing and is reported once', async () => {
  await endpoint(EVENT.number, null);
  const value = {
    display_phone_number: '15550007001',
    event: 'THROUGHPUT_UPGRADE',
    current_limit: 'TIER_10K',
  };
  await tell('phone_number_quality_update', value);
  await tell('phone_number_quality_update', value);
  const notices = await i.g.store.db.selectFrom('notices').selectAll().execute();
  expect(notices).toMatchObject([
    { kind: EVENT.number, event: 'THROUGHPUT_UPGRADE', sender_id: i.sender.id },
  ]);
  expect(await sender()).toMatchObject({ throughput: 1_000, messaging_limit: 'TIER_10K' });
  const reports = await i.g.store.db.selectFrom('reports').selectAll().execute();
  expect(reports).toMatchObject([{ notice_id: notices[0]!.id, message_id: null }]);
});

test('a limit that is told of one number counts for all numbers of its account', async () => {
  const other = await addSender(i.g.store, i.sender.workspaceId);
  await i.g.store.db.updateTable('senders').set({ waba_id: 'waba' }).where('id', '=', other).execute();
  await tell('phone_number_quality_update', {
    display_phone_number: '15550007001',
    event: 'FLAGGED',
    max_daily_conversations_per_business: 'TIER_2K',
  });
  const rows = await i.g.store.db
    .selectFrom('senders')
    .select(['id', 'messaging_limit', 'quality_rating'])
    .where('waba_id', '=', 'waba')
    .execute();
  expect(new Map(rows.map(row => [row.id, row]))).toEqual(
    new Map([
      [i.sender.id, { id: i.sender.id, messaging_limit: 'TIER_2K', quality_rating: 'RED' }],
      [other, { id: other, messaging_limit: 'TIER_2K', quality_rating: null }],
    ]),
  );
});

test('an endpoint hears of its own senders and kinds only', async () => {
  const own = await endpoint(EVENT.number, [i.sender.id]);
  await endpoint(EVENT.number, [newId()]);
  await endpoint(EVENT.template, null);
  await tell('phone_number_quality_update', { display_phone_number: '15550007001', event: 'FLAGGED' });
  const reports = await i.g.store.db.selectFrom('reports').select('endpoint_id').execute();
  expect(reports).toEqual([{ endpoint_id: own }]);
  expect((await sender()).quality_rating).toBe('RED');
});

async function endpoint(mask: number, onlySenders: string[] | null): Promise<string> {
  const id = newId();
  await i.g.store.db
    .insertInto('webhook_endpoints')
    .values({
      id,
      workspace_id: i.sender.workspaceId,
      url: 'https://example.com/hook',
      failover_url: null,
      dialect: 'telnyx',
      mask,
      events: [],
      only_senders: onlySenders,
      enabled: true,
      created_at: new Date(),
      secret: null,
      origin: null,
    })
    .execute();
  return id;
}

test('of two notices in one webhook the later one counts, whichever stands first', async () => {
  const change = (state: string, time: number) => ({
    id: 'waba',
    time,
    changes: [
      {
        field: 'account_update',
        value: { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: state } },
      },
    ],
  });
  const entry = [change('REINSTATE', NOW_S + 30), change('DISABLE', NOW_S + 20)];
  const id = await i.push(JSON.stringify({ entry }));
  await expect.poll(() => i.stateOf(id)).toBe(1);
  expect((await sender()).account_status).toBe('ACTIVE');
  expect((await lane()).hold_code).toBeNull();
});
