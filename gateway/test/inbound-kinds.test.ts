import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Meta, metaOf } from './meta.ts';
import { call, type Receiver, type Running, startReceiver, startRunning } from './running.ts';

/** Everything that a person can send, from the phone to the customer: told once, however often Meta tells it. */
let running: Running;
let receiver: Receiver;
let meta: Meta;
const PHONE = '+15557650091';
const NOW = String(Math.floor(Date.now() / 1000));

beforeAll(async () => {
  [running, receiver] = await Promise.all([startRunning(), startReceiver()]);
  meta = await metaOf(running);
  await call(
    'POST',
    `${running.url}/api/webhook-endpoints`,
    { url: receiver.url, dialect: 'telnyx', events: ['message.received', 'message.echo'] },
    { authorization: `Bearer ${running.key}` },
  );
});
afterAll(async () => {
  await running?.stop();
  await receiver?.stop();
});

interface Told {
  readonly event_type: string;
  readonly payload: { readonly body: { readonly type: string; readonly foreign_id: string } };
}

const told = (wamid: string): Told[] =>
  receiver.got
    .map(one => (JSON.parse(one.body) as { data: Told }).data)
    .filter(data => data.payload.body.foreign_id === wamid);

test.each<[string, object | string]>([
  ['text', 'Hello'],
  ['location', { latitude: 52.5, longitude: 13.4, name: 'Berlin' }],
  [
    'contacts',
    [{ name: { formatted_name: 'Ana Ruiz', first_name: 'Ana' }, phones: [{ phone: '+1555' }] }] as object,
  ],
  ['button', { text: 'Yes', payload: 'YES' }],
  ['interactive', { type: 'button_reply', button_reply: { id: 'y', title: 'Yes' } }],
  ['interactive', { type: 'list_reply', list_reply: { id: 'y', title: 'Yes', description: '' } }],
  ['interactive', { type: 'nfm_reply', nfm_reply: { name: 'flow', body: 'Sent', response_json: '{"a":1}' } }],
  ['interactive', { type: 'call_permission_reply', call_permission_reply: { response: 'accept' } }],
  ['reaction', { message_id: 'wamid.A', emoji: '👍' }],
  ['order', { catalog_id: '1', product_items: [{ product_retailer_id: 'a', quantity: 1 }] }],
  ['system', { type: 'user_changed_number', wa_id: '15557650092' }],
  ['edit', { original_message_id: 'wamid.A', message: { type: 'text', text: { body: 'Hello!' } } }],
  ['revoke', { original_message_id: 'wamid.A' }],
  ['unsupported', { type: 'poll_creation' }],
])('a phone sends %s %j', async (type, content) => {
  const sent = await call<{ wamid: string }>(
    'POST',
    `${running.sandboxUrl}/sandbox/phones/${encodeURIComponent(PHONE)}/messages`,
    { type, sender: running.sender, [type]: content },
  );
  expect(sent.status).toBe(201);
  const { wamid } = sent.body;
  await expect.poll(() => told(wamid)).toHaveLength(1);
  expect(told(wamid)[0]).toMatchObject({ event_type: 'message.received', payload: { body: { type } } });
});

test('what Meta tells three times is told once, for every kind and for echoes', async () => {
  const message = (type: string, content: unknown, more: object = {}) => ({
    id: `wamid.thrice-${type}`,
    from: PHONE.slice(1),
    timestamp: NOW,
    type,
    [type]: content,
    ...more,
  });
  const messages = [
    message('text', { body: 'a' }),
    message('image', { id: '7', mime_type: 'image/png', sha256: 'c2g=' }),
    message('a_kind_of_tomorrow', { a: 1 }),
  ];
  const echo = message(
    'location',
    { latitude: 1, longitude: 2 },
    { from: running.sender.slice(1), to: PHONE.slice(1) },
  );
  for (let times = 0; times < 3; times++) {
    await meta.tell('messages', { messages });
    await meta.tell('smb_message_echoes', { message_echoes: [echo] });
  }
  // What comes after them is told after them.
  await meta.tell('messages', { messages: [message('button', { text: 'last' })] });
  await expect.poll(() => told('wamid.thrice-button')).toHaveLength(1);
  await expect.poll(() => told(echo.id)).toHaveLength(1);
  for (const { id } of messages) await expect.poll(() => told(id)).toHaveLength(1);
  expect(told(echo.id)[0]).toMatchObject({
    event_type: 'message.echo',
    payload: { direction: 'outbound', origin: 'whatsapp_business_app' },
  });
});

test('a voice message that was heard and a message that was deleted say when', async () => {
  const headers = { authorization: `Bearer ${running.key}` };
  const { body: sent } = await call<{ data: { id: string } }>(
    'POST',
    `${running.url}/v2/messages/whatsapp`,
    { from: running.sender, to: PHONE, whatsapp_message: { type: 'text', text: { body: 'hi' } } },
    headers,
  );
  interface Shown {
    readonly wamid: string | null;
    readonly read_at: string | null;
    readonly played_at: string | null;
    readonly deleted_at: string | null;
    readonly timeline: readonly { readonly step: string }[];
  }
  const read = async (): Promise<Shown> =>
    (await call<Shown>('GET', `${running.url}/api/messages/${sent.data.id}`, undefined, headers)).body;
  await expect.poll(async () => (await read()).wamid).not.toBeNull();
  const { wamid } = await read();
  const status = (name: string, seconds: number) => ({
    id: wamid,
    status: name,
    timestamp: String(Number(NOW) + seconds),
    recipient_id: PHONE.slice(1),
    biz_opaque_callback_data: `wb:${sent.data.id}:1`,
  });
  await meta.tell('messages', { statuses: [status('played', 60), status('deleted', 90)] });
  await expect.poll(async () => (await read()).deleted_at).not.toBeNull();
  const shown = await read();
  const at = (seconds: number): string => new Date((Number(NOW) + seconds) * 1000).toISOString();
  expect([shown.played_at, shown.deleted_at]).toEqual([at(60), at(90)]);
  // Who heard it has read it, however soon the phone said so by itself.
  expect(shown.read_at).not.toBeNull();
  expect(shown.timeline.map(step => step.step)).toEqual(expect.arrayContaining(['played', 'deleted']));
});
