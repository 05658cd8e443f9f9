import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Inbox, inbound, inbox, webhook } from '../../test/inbox.ts';
import { putMessage } from '../../test/rows.ts';
import { newId } from '../message/id.ts';
import { STATUS } from '../message/status.ts';
import { JOURNALLED } from '../store/journal-row.ts';

let i: Inbox;
beforeEach(async () => {
  i = await inbox();
});
afterEach(() => i.close());

const sentMessage = () => putMessage(i.g, { sender_id: i.sender.id, status: STATUS.accepted, attempt: 1 });

const status = (id: string, name = 'sent', more: object = {}) => ({
  id: `wamid.${id}`,
  status: name,
  timestamp: String(Math.floor(Date.now() / 1000)),
  recipient_id: '15559990001',
  biz_opaque_callback_data: `wb:${id}:1`,
  ...more,
});

const rowOf = (id: string) =>
  i.g.store.db
    .selectFrom('messages')
    .select(['status', 'wamid'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();

test('a webhook of statuses alone is on disk as read, with its effects, when it is answered', async () => {
  const id = await sentMessage();
  const journalId = await i.arrive(webhook({ statuses: [status(id)] }));
  expect(await i.stateOf(journalId)).toBe(JOURNALLED.read);
  expect(await rowOf(id)).toEqual({ status: STATUS.sent, wamid: `wamid.${id}` });
});

test('webhooks that arrive together are each kept, and statuses of one message are joined', async () => {
  const id = await sentMessage();
  const names = ['read', 'sent', 'delivered'];
  const ids = await Promise.all(names.map(name => i.arrive(webhook({ statuses: [status(id, name)] }))));
  for (const journalId of ids) expect(await i.stateOf(journalId)).toBe(JOURNALLED.read);
  expect((await rowOf(id)).status).toBe(STATUS.read);
});

test('names that a status tells are learnt before it counts as read', async () => {
  const id = await sentMessage();
  await i.arrive(
    webhook({
      contacts: [{ wa_id: '15559990001', user_id: 'US.1349' }],
      statuses: [status(id, 'sent', { recipient_user_id: 'US.1349' })],
    }),
  );
  const aliases = await i.g.store.db.selectFrom('recipient_aliases').select(['alias', 'recipient']).execute();
  expect(aliases).toEqual([{ alias: 'US.1349', recipient: '+15559990001' }]);
});

test.each<[string, (id: string) => object]>([
  ['a message beside them', id => ({ statuses: [status(id)], messages: [inbound('wamid.in')] })],
  ['a status that cannot be read', id => ({ statuses: [status(id), { status: 'sent' }] })],
  [
    'a status of another app',
    id => ({ statuses: [status(id), { ...status(newId()), biz_opaque_callback_data: 'x' }] }),
  ],
  ['a kind that does not matter', id => ({ statuses: [status(id), status(id, 'some_day')] })],
  ['nothing at all', () => ({})],
])('with %s it is the reader’s', async (_, value) => {
  const id = await sentMessage();
  const journalId = await i.arrive(webhook(value(id)));
  await i.reader.idle();
  await expect.poll(() => i.stateOf(journalId)).toBe(JOURNALLED.read);
  if ('statuses' in value(id)) expect((await rowOf(id)).status).toBe(STATUS.sent);
});

test('what the database refuses is kept, and keeps no other webhook from being read', async () => {
  const [bad, good] = [await sentMessage(), await sentMessage()];
  await sql
    .raw(`
      create function refuse() returns trigger language plpgsql as $$ begin
        if new.id = '${bad}' then raise exception 'no' using errcode = '23514'; end if;
        return new;
      end $$;
      create trigger refuse before update on messages for each row execute function refuse();
    `)
    .execute(i.g.store.db);
  const [badId, goodId] = await Promise.all([
    i.arrive(webhook({ statuses: [status(bad)] })),
    i.arrive(webhook({ statuses: [status(good)] })),
  ]);
  expect(await i.stateOf(goodId)).toBe(JOURNALLED.read);
  expect((await rowOf(good)).status).toBe(STATUS.sent);
  await i.reader.idle();
  await expect.poll(() => i.failures(badId)).toEqual([{ item: 0, tries: 1, set_aside: false }]);
  // What flags it is about the messages too, and the trigger is theirs.
  await expect.poll(() => i.stateOf(badId)).toBe(JOURNALLED.read);
  await sql`drop trigger refuse on messages`.execute(i.g.store.db);
  i.clock.step(6_000);
  await i.retry();
  expect((await rowOf(bad)).status).toBe(STATUS.sent);
});

test('a webhook that another secret signed changes nothing of the number it names', async () => {
  const id = await sentMessage();
  const journalId = await i.arrive(webhook({ statuses: [status(id)] }), []);
  await i.reader.idle();
  await expect.poll(() => i.stateOf(journalId)).toBe(JOURNALLED.read);
  expect((await rowOf(id)).status).toBe(STATUS.accepted);
});
