import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Meta, metaOf } from './meta.ts';
import { call, type Running, startRunning } from './running.ts';

/** What Meta says about a number and its account, as `/api` shows it. */
let running: Running;
let meta: Meta;

beforeAll(async () => {
  running = await startRunning();
  meta = await metaOf(running);
});
afterAll(() => running?.stop());

interface SenderShown {
  readonly quality_rating: string | null;
  readonly messaging_limit: string | null;
  readonly account_status: string | null;
  readonly throughput: number;
  readonly hold: { readonly code: string } | null;
}
interface Notice {
  readonly id: string;
  readonly about: string;
  readonly field: string;
  readonly event: string | null;
  readonly sender: string | null;
  readonly value: Record<string, unknown>;
}

async function list<T>(path: string): Promise<{ data: T[]; next: string | null }> {
  const headers = { authorization: `Bearer ${running.key}` };
  const { status, body } = await call<{ data: T[]; next: string | null }>(
    'GET',
    `${running.url}${path}`,
    undefined,
    headers,
  );
  expect(status).toBe(200);
  return body;
}
const sender = async (): Promise<SenderShown> => (await list<SenderShown>('/api/senders')).data[0]!;
const digits = (): string => running.sender.slice(1);

test('quality, limit, throughput and state of the account are seen at the sender', async () => {
  expect(await sender()).toMatchObject({ quality_rating: null, messaging_limit: null, account_status: null });
  await meta.tell('phone_number_quality_update', {
    display_phone_number: digits(),
    event: 'FLAGGED',
    current_limit: 'TIER_1K',
  });
  await expect.poll(async () => (await sender()).quality_rating).toBe('RED');
  expect((await sender()).messaging_limit).toBe('TIER_1K');
  await meta.tell('phone_number_quality_update', {
    display_phone_number: digits(),
    event: 'THROUGHPUT_UPGRADE',
    current_limit: 'TIER_UNLIMITED',
  });
  await expect.poll(async () => (await sender()).throughput).toBe(1_000);
  await meta.tell('account_update', { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'DISABLE' } });
  await expect.poll(async () => (await sender()).hold?.code).toBe('131031');
  expect((await sender()).account_status).toBe('DISABLED');
  await meta.tell('account_update', { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'REINSTATE' } });
  await expect.poll(async () => (await sender()).hold).toBeNull();
});

test('each notice is kept as Meta wrote it, newest first, and found by what it is about', async () => {
  await meta.tell('account_alerts', { entity_type: 'BUSINESS', alert_type: 'OBA_APPROVED' });
  await meta.tell('phone_number_name_update', {
    display_phone_number: digits(),
    decision: 'APPROVED',
    requested_verified_name: 'Nest',
  });
  const notices = async (query: string): Promise<Notice[]> =>
    (await list<Notice>(`/api/notices${query}`)).data;
  await expect.poll(() => notices('?field=phone_number_name_update')).toHaveLength(1);
  expect(await notices('?field=phone_number_name_update')).toMatchObject([
    {
      about: 'number',
      sender: running.sender,
      value: { decision: 'APPROVED', requested_verified_name: 'Nest' },
    },
  ]);
  await expect
    .poll(() => notices('?field=account_alerts'))
    .toMatchObject([{ about: 'account', sender: null }]);
  expect((await notices('?about=number')).every(one => one.about === 'number')).toBe(true);
  const all = await notices('');
  expect(all.map(one => one.id)).toEqual(
    all
      .map(one => one.id)
      .toSorted()
      .toReversed(),
  );
  const first = await list<Notice>('/api/notices?limit=1');
  expect(first.data.map(one => one.id)).toEqual([all[0]!.id]);
  const second = await list<Notice>(`/api/notices?limit=1&after=${first.next}`);
  expect(second.data.map(one => one.id)).toEqual([all[1]!.id]);
});

test('a filter that is not one is refused with its name', async () => {
  const { status, body } = await call<{ detail: string }>(
    'GET',
    `${running.url}/api/notices?about=weather`,
    undefined,
    { authorization: `Bearer ${running.key}` },
  );
  expect(status).toBe(422);
  expect(body.detail).toContain('about');
});
