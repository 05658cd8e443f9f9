import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Inbox, inbound, inbox, webhook } from '../../test/inbox.ts';
import { putMessage } from '../../test/rows.ts';
import { STATUS } from '../message/status.ts';
import { UNREAD } from './unread.ts';

let i: Inbox;
beforeEach(async () => {
  i = await inbox();
});
afterEach(() => i.close());

const READ = 1;
const SET_ASIDE = 2;

/** The database refuses what fits `when`, with the SQLSTATE of a fault that is not passing. */
const refuse = (table: string, when: string) =>
  sql
    .raw(`
      create or replace function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
      create trigger refuse before insert on ${table} for each row when (${when}) execute function refuse();
    `)
    .execute(i.g.store.db);

test('a webhook with ten thousand unreadable items is read to its end', async () => {
  const id = await i.journalled(
    webhook({ statuses: new Array(10_000).fill({}), messages: [inbound('good')] }),
  );
  expect(await i.reader.sweep(true)).toBe(1);
  expect(await i.stateOf(id)).toBe(READ);
  expect(await i.stored()).toEqual(['good']);
  expect(i.counts.get('failed')).toBe(10_000);
  expect(await i.failures(id)).toHaveLength(10_000);
  // One line of the log for all of them.
  expect(i.errors).toHaveLength(1);
});

test('a webhook full of statuses without our callback data is read to its end', async () => {
  const statuses = Array.from({ length: 14_000 }, (_, n) => ({
    id: `w${n}`,
    status: 'sent',
    timestamp: '1750030073',
  }));
  const id = await i.journalled(webhook({ statuses }));
  expect(await i.reader.sweep(true)).toBe(1);
  expect(await i.stateOf(id)).toBe(READ);
  expect(i.counts.get('parked')).toBe(14_000);
});

test('more effects than one statement takes are all applied, and the entry is flagged', async () => {
  const messages = Array.from({ length: 4_500 }, (_, n) => inbound(`m${n}`));
  const id = await i.journalled(webhook({ messages }));
  await i.reader.sweep(true);
  expect(await i.stored()).toHaveLength(4_500);
  expect(await i.stateOf(id)).toBe(READ);
});

test.each([
  [
    'a status with an id of five thousand signs',
    () => webhook({ statuses: [{ ...sent('x'.repeat(5_000)) }], messages: [inbound('good')] }),
  ],
  [
    'a message nested twenty thousand deep',
    () =>
      webhook({ messages: [inbound('deep', 'DEEP'), inbound('good')] }).replace(
        '"DEEP"',
        '['.repeat(20_000) + ']'.repeat(20_000),
      ),
  ],
])('%s is set aside alone, and keeps neither its neighbours nor the next start waiting', async (_, body) => {
  const poisoned = await i.push(body());
  const healthy = await i.push(webhook({ messages: [inbound('healthy')] }));
  await expect.poll(() => i.stateOf(poisoned)).toBe(READ);
  await expect.poll(() => i.stateOf(healthy)).toBe(READ);
  expect(await i.stored()).toEqual(['good', 'healthy']);
  expect(await i.failures(poisoned)).toEqual([{ item: 0, tries: 1, set_aside: false }]);
  expect(await i.newReader().sweep(true)).toBe(0);
});

const sent = (id: string) => ({ id, status: 'sent', timestamp: '1750030073' });

test('an item that the database refuses is found among thousands, and its neighbours are stored', async () => {
  await refuse('messages', `new.wamid = 'm1234'`);
  const messages = Array.from({ length: 3_000 }, (_, n) => inbound(`m${n}`));
  const poisoned = await i.push(webhook({ messages }));
  const healthy = await i.push(webhook({ messages: [inbound('healthy')] }));
  await expect.poll(() => i.stateOf(poisoned), { timeout: 10_000 }).toBe(READ);
  expect(await i.stateOf(healthy)).toBe(READ);
  expect(await i.stored()).toHaveLength(3_000);
  expect(await i.failures(poisoned)).toEqual([{ item: 1234, tries: 1, set_aside: false }]);
});

test('one poisoned entry does not keep its neighbours or the next start waiting, and is given up after three tries', async () => {
  // Its unreadable item cannot even be written down: the entry fails as a whole.
  await refuse('inbox_failures', 'new.item >= 0');
  const poisoned = await i.journalled(webhook({ statuses: [{}] }));
  const healthy = await i.journalled(webhook({ messages: [inbound('healthy')] }));
  expect(await i.reader.sweep(true)).toBe(1);
  expect(await i.stateOf(healthy)).toBe(READ);
  for (const state of [0, SET_ASIDE]) {
    expect(await i.reader.sweep(true)).toBe(0);
    expect(await i.stateOf(poisoned)).toBe(state);
  }
  expect(i.aside).toEqual([{ journalId: poisoned, items: undefined, reason: 'error P0001' }]);
  expect(await i.failures(poisoned)).toEqual([{ item: -1, tries: 3, set_aside: true }]);
  const errors = i.errors.length;
  await i.reader.sweep(true);
  expect(i.errors).toHaveLength(errors);
});

test('a fault of the database that passes counts for nothing: the entry is read by a later look', async () => {
  await sql`
    create sequence tries;
    create function deadlock() returns trigger language plpgsql as $$ begin
      if nextval('tries') <= 5 then raise exception 'deadlock detected' using errcode = '40P01'; end if;
      return new;
    end $$;
    create trigger deadlock before insert on inbox_failures for each row execute function deadlock();
  `.execute(i.g.store.db);
  const id = await i.journalled(webhook({ statuses: [{}], messages: [inbound('good')] }));
  for (let look = 0; look < 5; look++) expect(await i.reader.sweep(true)).toBe(0);
  expect(await i.stateOf(id)).toBe(0);
  expect(await i.reader.sweep(true)).toBe(1);
  expect(await i.stored()).toEqual(['good']);
  expect(i.aside).toEqual([]);
});

test('the journal is read back by bytes, at least one entry at a time, to its end', async () => {
  const large = webhook({ messages: [inbound('large')] }).padEnd(3 * 1024 * 1024);
  const ids: string[] = [];
  for (let count = 0; count < 8; count++) ids.push(await i.journalled(large));
  const before = new Date(Date.now() + 60_000).toISOString();
  expect((await i.g.store.run(UNREAD, [before, []])).map(row => row.id)).toEqual(ids.slice(0, 6));
  expect((await i.g.store.run(UNREAD, [before, ids.slice(1)])).map(row => row.id)).toEqual([ids[0]]);
  expect(await i.reader.sweep(true)).toBe(8);
});

test('what comes while memory is full of bytes is not held, and is read back from the journal', async () => {
  // Had it been held, nothing would be read.
  const notHeld = (wamid: string) => i.push(webhook({ messages: [inbound(wamid)] }), { parsed: {} });
  const ids = await Promise.all([
    i.push(webhook({ messages: [inbound('a')] }), { bytes: 40 * 1024 * 1024 }),
    notHeld('b'),
    notHeld('c'),
  ]);
  for (const id of ids) await expect.poll(() => i.stateOf(id)).toBe(READ);
  expect(await i.stored()).toEqual(['a', 'b', 'c']);
});

test('a stray whose message is stored finds it at once', async () => {
  const id = await putMessage(i.g, { status: STATUS.accepted, wamid: 'w1', sender_id: i.sender.id });
  await i.journalled(webhook({ statuses: [sent('w1')] }));
  await i.reader.sweep(true);
  const row = await i.g.store.db
    .selectFrom('messages')
    .select('sent_at')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  expect(row.sent_at).toEqual(new Date(1_750_030_073_000));
});
