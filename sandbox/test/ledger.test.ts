import { expect, test } from 'vitest';
import { Ledger } from '../src/ledger.ts';
import { startTestNetwork } from './network.ts';

interface Row {
  seq: number;
  to: string;
}

test('is read in pages, in the order of its numbers', async () => {
  const { send, ledger } = await startTestNetwork();
  for (let i = 0; i < 5; i++) await send(`+1555777000${i}`);
  const first = await ledger('?limit=2');
  expect(first.data.map(({ seq }: Row) => seq)).toEqual([1, 2]);
  const second = await ledger(`?limit=2&after=${first.next}`);
  expect(second.data.map(({ seq }: Row) => seq)).toEqual([3, 4]);
  const last = await ledger(`?limit=2&after=${second.next}`);
  expect([last.data.map(({ seq }: Row) => seq), last.next]).toEqual([[5], null]);
});

test('finds every request with the same callback data, and no other', async () => {
  const { send, ledger } = await startTestNetwork();
  const text = { body: 'x' };
  await send('+15557770001', { text, biz_opaque_callback_data: 'a&b' });
  await send('+15557770002', { text, biz_opaque_callback_data: 'c' });
  await send('+15551131026', { text, biz_opaque_callback_data: 'a&b' });
  const { data } = await ledger(`?callback=${encodeURIComponent('a&b')}`);
  expect(data.map(({ to }: Row) => to)).toEqual(['+15557770001', '+15551131026']);
  expect((await ledger('?callback=none')).data).toEqual([]);
});

test('keeps at least the newest million rows and forgets older ones, also by callback', () => {
  const ledger = new Ledger(undefined);
  const count = 1_120_000;
  for (let i = 1; i <= count; i++) ledger.record(i, null, null, `c${i % 600_000}`, 'accepted');
  const { data } = ledger.read(0, 1);
  expect(data[0]?.seq).toBeGreaterThan(1);
  expect(count - data[0]!.seq + 1).toBeGreaterThanOrEqual(1_000_000);
  expect(ledger.read(count - 1, 10).data).toMatchObject([{ seq: count, callback: `c${count % 600_000}` }]);
  // 700 came at 700, which is forgotten, and at 600,700.
  expect(ledger.read(0, 10, 'c700').data.map(({ seq }) => seq)).toEqual([600_700]);
});
