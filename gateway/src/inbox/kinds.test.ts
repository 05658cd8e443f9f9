import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Inbox, inbox, webhook } from '../../test/inbox.ts';
import { windowOf } from '../recipients/windows.ts';

/** Everything that a person can send (meta-cloud-api §5.3, §5.4), and what else comes about people. */
let i: Inbox;
beforeAll(async () => {
  i = await inbox();
});
afterAll(() => i.close());

const SECONDS = Math.floor(Date.now() / 1000) - 60;
let count = 0;

const message = (type: string, more: object, from: object = { from: '16505551234' }) => ({
  id: `wamid.${++count}`,
  timestamp: String(SECONDS),
  type,
  ...from,
  ...more,
});

async function read(value: object, field = 'messages'): Promise<void> {
  const body = JSON.parse(webhook(value)) as { entry: { changes: { field: string }[] }[] };
  body.entry[0]!.changes[0]!.field = field;
  const id = await i.push(JSON.stringify(body));
  await expect.poll(() => i.stateOf(id)).toBe(1);
  expect(await i.failures(id)).toEqual([]);
}

const rowOf = (wamid: string) =>
  i.g.store.db.selectFrom('messages').selectAll().where('wamid', '=', wamid).execute();

const window = (recipient: string) =>
  windowOf(
    i.g.store,
    { workspaceId: i.sender.workspaceId, senderId: i.sender.id, recipient },
    true,
    i.clock.now(),
  );

describe('each kind is stored once, as Meta sent it', () => {
  test.each<[string, object]>([
    ['text', { text: { body: 'hi' } }],
    ['image', { image: { id: '731', mime_type: 'image/jpeg', sha256: 'Y9vv=', caption: 'see' } }],
    ['video', { video: { id: '732', mime_type: 'video/mp4', sha256: 'x' } }],
    ['audio', { audio: { id: '733', mime_type: 'audio/ogg', voice: true } }],
    ['document', { document: { id: '734', mime_type: 'application/pdf', filename: 'a.pdf' } }],
    ['sticker', { sticker: { id: '735', mime_type: 'image/webp', animated: false } }],
    ['location', { location: { latitude: 1, longitude: 2, url: 'https://x.example' } }],
    ['contacts', { contacts: [{ name: { formatted_name: 'Ana' } }] }],
    ['reaction', { reaction: { message_id: 'wamid.X', emoji: '👍' } }],
    ['reaction', { reaction: { message_id: 'wamid.X' } }],
    ['button', { button: { payload: 'STOP', text: 'Stop' }, context: { from: '1', id: 'wamid.X' } }],
    ['interactive', { interactive: { type: 'button_reply', button_reply: { id: 'y', title: 'Yes' } } }],
    ['interactive', { interactive: { type: 'list_reply', list_reply: { id: 'y', title: 'Yes' } } }],
    ['interactive', { interactive: { type: 'nfm_reply', nfm_reply: { response_json: '{}' } } }],
    ['order', { order: { catalog_id: '1', product_items: [] } }],
    ['edit', { edit: { original_message_id: 'wamid.X', message: {} } }],
    ['revoke', { revoke: { original_message_id: 'wamid.X' } }],
    ['unsupported', { errors: [{ code: 131051 }], unsupported: { type: 'poll_creation' } }],
    ['a_kind_of_tomorrow', { a_kind_of_tomorrow: {} }],
  ])('%s %j', async (type, more) => {
    const sent = message(type, more);
    await read({ messages: [sent] });
    await read({ messages: [sent] });
    const rows = await rowOf(sent.id);
    expect(rows).toMatchObject([{ direction: 1, kind: type, recipient: '+16505551234' }]);
    expect(JSON.parse(rows[0]!.content)).toEqual(sent);
  });

  test('a media is to be fetched, once', async () => {
    const expected: string[] = [];
    const { inboundMedia } = await import('./inbound-media.ts');
    const sent = message('image', { image: { id: '9', mime_type: 'image/png', sha256: 'x' } });
    await read({ messages: [sent] });
    const [row] = await rowOf(sent.id);
    for (const one of inboundMedia({ ...row!, kind: 'image', content: row!.content } as never))
      expected.push(one.metaId);
    expect(expected).toEqual(['9']);
  });
});

describe('who a person is', () => {
  test('one without a number is known by the user id, and later by the number as well', async () => {
    await read({ messages: [message('text', { text: { body: 'a' } }, { from_user_id: 'US.77' })] });
    expect((await window('US.77')).state).toBe('open');
    expect((await window('+16505550077')).state).toBe('closed');
    await read({
      messages: [message('text', { text: { body: 'b' } }, { from: '16505550077', from_user_id: 'US.77' })],
    });
    expect((await window('US.77')).state).toBe('open');
    expect((await window('+16505550077')).state).toBe('open');
  });

  test('a status tells both names, too', async () => {
    await read({
      statuses: [
        {
          id: 'wamid.S',
          status: 'delivered',
          timestamp: String(SECONDS),
          recipient_id: '16505550088',
          recipient_user_id: 'US.88',
        },
      ],
    });
    await read({ messages: [message('text', { text: { body: 'a' } }, { from: '16505550088' })] });
    expect((await window('US.88')).state).toBe('open');
  });

  test('a change of number keeps the window, until somebody else writes from the old one', async () => {
    await read({ messages: [message('text', { text: { body: 'a' } }, { from: '16505550101' })] });
    const system = { type: 'user_changed_number', wa_id: '16505550102', user_id: 'US.102' };
    await read({ messages: [message('system', { system }, { from: '16505550101' })] });
    for (const name of ['+16505550101', '+16505550102', 'US.102'])
      expect([name, (await window(name)).state]).toEqual([name, 'open']);
    i.clock.step(5_000);
    const later = { timestamp: String(SECONDS + 120), text: { body: 'new here' } };
    await read({ messages: [message('text', later, { from: '16505550101' })] });
    const aliases = await i.g.store.db
      .selectFrom('recipient_aliases')
      .select('alias')
      .where('alias', '=', '+16505550101')
      .execute();
    expect(aliases).toEqual([]);
  });
});

test('a new user id keeps the window of the one before', async () => {
  await read({ messages: [message('text', { text: { body: 'a' } }, { from_user_id: 'US.301' })] });
  const system = { type: 'user_changed_user_id', user_id: 'US.302', previous_user_id: 'US.301' };
  await read({ messages: [message('system', { system }, { from_user_id: 'US.302' })] });
  for (const name of ['US.301', 'US.302']) expect([name, (await window(name)).state]).toEqual([name, 'open']);
});

describe('what opens a window', () => {
  test('a call of theirs, also one that nobody took', async () => {
    const call = {
      id: 'call.1',
      from: '16505550201',
      event: 'connect',
      direction: 'USER_INITIATED',
      timestamp: String(SECONDS),
    };
    await read({ calls: [call] }, 'calls');
    expect((await window('+16505550201')).state).toBe('open');
  });

  test('a call of ours that they took, and not one that rang', async () => {
    const status = (recipient_id: string, status: string) => ({
      id: 'call.2',
      type: 'call',
      status,
      recipient_id,
      timestamp: String(SECONDS),
    });
    await read({ statuses: [status('16505550202', 'ACCEPTED'), status('16505550203', 'RINGING')] }, 'calls');
    expect((await window('+16505550202')).state).toBe('open');
    expect((await window('+16505550203')).state).toBe('closed');
  });

  test('not what was written in the app on our side: that is an echo', async () => {
    const echo = message(
      'text',
      { text: { body: 'from the app' } },
      { from: '15550007001', to: '16505550204' },
    );
    await read({ message_echoes: [echo] }, 'smb_message_echoes');
    expect(await rowOf(echo.id)).toMatchObject([{ direction: 2, recipient: '+16505550204' }]);
    expect((await window('+16505550204')).state).toBe('closed');
  });
});
