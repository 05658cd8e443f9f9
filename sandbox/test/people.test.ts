import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberOfUser, userIdOf } from '../src/people.ts';
import { startTestNetwork, statusesOf, type TestNetwork } from './network.ts';

const PHONE = '+15557770001';
const path = (phone: string, rest: string) => `/phones/${encodeURIComponent(phone)}/${rest}`;
const write = ({ control }: TestNetwork, body: object, phone = PHONE) =>
  control('POST', path(phone, 'messages'), body);
const failure = async ({ receiver }: TestNetwork, wamid: string) => {
  await receiver.until(() => receiver.statuses(wamid).length > 0, 'a status');
  const { status, errors } = receiver.statuses(wamid)[0]!;
  return [status, errors?.[0]?.code];
};

describe('the 24-hour window', () => {
  test('free text fails by webhook until the person writes, and again a day later; templates go', async () => {
    const network = await startTestNetwork({ settings: { window: 'async' } });
    const { send, receiver, control } = network;
    const early = (await send(PHONE)).body.messages[0].id;
    expect(await failure(network, early)).toEqual(['failed', 131047]);
    const template = { name: 'hello_world', language: { code: 'en_US' } };
    const greeting = (await send(PHONE, { type: 'template', template })).body.messages[0].id;
    await statusesOf(receiver, greeting, 3);
    await write(network, { text: 'hi' });
    const reply = (await send(PHONE)).body.messages[0].id;
    expect(await statusesOf(receiver, reply, 3)).toEqual(['sent', 'delivered', 'read']);
    await control('POST', '/clock', { advance_ms: 24 * 3600 * 1000 });
    expect(await failure(network, (await send(PHONE)).body.messages[0].id)).toEqual(['failed', 131047]);
  });

  test('is told at once when so set, and not at all when it is off', async () => {
    const { send, control } = await startTestNetwork({ settings: { window: 'sync' } });
    expect((await send(PHONE)).body.error.code).toBe(131047);
    await control('PATCH', '/settings', { window: 'off' });
    expect((await send(PHONE)).status).toBe(200);
  });

  test('is open for the number that was written to, not for another', async () => {
    const network = await startTestNetwork({ settings: { window: 'sync' } });
    const other = await network.addSender({ phone_number: '+15550002000' });
    await write(network, { text: 'hi', sender: other.phone_number });
    expect((await network.send(PHONE, undefined, other)).status).toBe(200);
    expect((await network.send(PHONE)).body.error.code).toBe(131047);
  });
});

describe('who a person is', () => {
  test('a number and its user id are one to one', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1_000_000n, max: 999_999_999_999_999n }), digits => {
        expect(numberOfUser(userIdOf(`+${digits}`))).toBe(`+${digits}`);
      }),
    );
  });

  test('a user id reaches the phone whose number it stands for', async () => {
    const { control, graph, sender, chat } = await startTestNetwork();
    const { user_id } = (await control('GET', path(PHONE, '').slice(0, -1))).body;
    const { body } = await graph('POST', `${sender.phone_number_id}/messages`, {
      messaging_product: 'whatsapp',
      recipient: user_id,
      type: 'text',
      text: { body: 'hi' },
    });
    expect(body.contacts).toEqual([{ input: user_id, wa_id: '', user_id }]);
    expect(await chat(PHONE)).toHaveLength(1);
  });

  test('who hides the number is told by the user id only', async () => {
    const network = await startTestNetwork();
    const { control, receiver, send } = network;
    const { body: profile } = await control('POST', path(PHONE, 'profile'), {
      hide_number: true,
      username: 'ana',
    });
    await write(network, { text: 'hi' });
    await receiver.until(() => receiver.posts.length === 1, 'the message');
    expect(JSON.stringify(receiver.posts[0]?.body)).not.toContain(PHONE.slice(1));
    expect(receiver.posts[0]?.body.entry[0]?.changes[0]?.value).toMatchObject({
      contacts: [{ profile: { username: 'ana' }, user_id: profile.user_id }],
      messages: [{ from_user_id: profile.user_id, text: { body: 'hi' } }],
    });
    const wamid = (await send(PHONE)).body.messages[0].id;
    await statusesOf(receiver, wamid, 1);
    expect(receiver.statuses(wamid)[0]).toMatchObject({ recipient_user_id: profile.user_id });
    expect(receiver.statuses(wamid)[0]).not.toHaveProperty('recipient_id');
  });

  test.each([
    ['+5511987654321', '+551187654321'],
    ['+5215512345678', '+525512345678'],
  ])('%s and %s are one phone', async (long, short) => {
    const network = await startTestNetwork({ settings: { window: 'sync' } });
    await write(network, { text: 'hi' }, long);
    const { body } = await network.send(long);
    expect(body.contacts[0]).toMatchObject({ input: long, wa_id: short.slice(1) });
    expect(await network.chat(short)).toHaveLength(2);
    expect((await network.send(short)).status).toBe(200);
  });
});

describe('what a person does not want', () => {
  test('marketing after a stop fails with 131050, and businesses are told of both', async () => {
    const network = await startTestNetwork();
    const { control, send, receiver } = network;
    await control('POST', '/templates', {
      name: 'sale',
      language: 'en_US',
      category: 'MARKETING',
      components: [{ type: 'BODY', text: 'Everything must go.' }],
    });
    await send(PHONE);
    await control('POST', path(PHONE, 'profile'), { marketing: 'stop' });
    await receiver.until(
      () => receiver.posts.some(({ body }) => body.entry[0]?.changes[0]?.field === 'user_preferences'),
      'the preference',
    );
    const sale = { type: 'template', template: { name: 'sale', language: { code: 'en_US' } } };
    expect(await failure(network, (await send(PHONE, sale)).body.messages[0].id)).toEqual(['failed', 131050]);
  });

  test('nothing reaches a phone that is not to be reached', async () => {
    const network = await startTestNetwork();
    await network.control('POST', path(PHONE, 'profile'), { unreachable: true });
    const wamid = (await network.send(PHONE)).body.messages[0].id;
    expect(await failure(network, wamid)).toEqual(['failed', 131026]);
  });
});

describe('what a person sends', () => {
  test.each<[string, object]>([
    ['location', { latitude: 1.5, longitude: 2 }],
    ['contacts', [{ name: { formatted_name: 'Ana' } }]],
    ['button', { payload: 'STOP', text: 'Stop' }],
    ['interactive', { type: 'list_reply', list_reply: { id: 'a', title: 'A' } }],
    ['interactive', { type: 'nfm_reply', nfm_reply: { name: 'flow', body: 'Sent', response_json: '{}' } }],
    ['order', { catalog_id: '1', product_items: [{ product_retailer_id: 'a', quantity: 1 }] }],
    ['edit', { original_message_id: 'wamid.X', message: { type: 'text', text: { body: 'b' } } }],
    ['revoke', { original_message_id: 'wamid.X' }],
    ['unsupported', { type: 'poll_creation' }],
  ])('%s reaches the business as Meta tells it', async (type, content) => {
    const network = await startTestNetwork();
    const { receiver } = network;
    expect((await write(network, { type, [type]: content })).status).toBe(201);
    await receiver.until(() => receiver.messages().length === 1, 'the message');
    expect(receiver.messages()[0]).toMatchObject({ type, [type]: content });
  });

  test('a changed number is told with both user ids and without contacts', async () => {
    const network = await startTestNetwork();
    const { receiver } = network;
    await write(network, { type: 'system', system: { wa_id: '15557770009' } });
    await receiver.until(() => receiver.messages().length === 1, 'the message');
    expect(receiver.messages()[0]).toMatchObject({
      from: '15557770001',
      system: {
        type: 'user_changed_number',
        wa_id: '15557770009',
        user_id: userIdOf('+15557770009'),
        previous_user_id: userIdOf(PHONE),
      },
    });
    expect(receiver.posts[0]?.body.entry[0]?.changes[0]?.value).not.toHaveProperty('contacts');
  });

  test('a picture comes with an id that the business can download', async () => {
    const network = await startTestNetwork();
    const { sandbox, sender, receiver } = network;
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from('pixels')]);
    const form = new FormData();
    form.set('file', new File([new Uint8Array(png)], 'a.png', { type: 'image/png' }));
    const kept = await fetch(`${sandbox.url}/sandbox/media`, { method: 'POST', body: form });
    const { id } = (await kept.json()) as { id: string };
    const { body } = await write(network, { type: 'image', image: { media_id: id, caption: 'see' } });
    expect(body.media).toMatchObject({ mime_type: 'image/png', size: png.length });
    await receiver.until(() => receiver.messages().length === 1, 'the message');
    const image = (receiver.messages()[0] as unknown as { image: Record<string, string> }).image;
    expect(image).toMatchObject({ mime_type: 'image/png', caption: 'see' });
    const node = (await network.graph('GET', image.id!)).body;
    expect(Buffer.from(node.sha256, 'hex').toString('base64')).toBe(image.sha256);
    const file = await fetch(image.url!, { headers: { authorization: `Bearer ${sender.access_token}` } });
    expect(Buffer.from(await file.arrayBuffer())).toEqual(png);
  });

  test('reactions, edits and deletions show on the message they are about', async () => {
    const network = await startTestNetwork();
    const { send, chat } = network;
    const sent = (await send(PHONE)).body.messages[0].id;
    const first = (await write(network, { text: 'frist' })).body.wamid;
    await write(network, { type: 'reaction', reaction: { message_id: sent, emoji: '👍' } });
    const message = { type: 'text', text: { body: 'first' } };
    await write(network, { type: 'edit', edit: { original_message_id: first, message } });
    const second = (await write(network, { text: 'oops' })).body.wamid;
    await write(network, { type: 'revoke', revoke: { original_message_id: second } });
    const shown = await chat(PHONE);
    expect(shown.find(({ wamid }: { wamid: string }) => wamid === sent).reactions).toEqual([
      { from: 'person', emoji: '👍' },
    ]);
    expect(shown.find(({ wamid }: { wamid: string }) => wamid === first)).toMatchObject({
      edited: true,
      text: { body: 'first' },
    });
    expect(shown.find(({ wamid }: { wamid: string }) => wamid === second).deleted).toBe(true);
  });
});

describe('media in messages', () => {
  test('an id that is not there is refused, a link that leads nowhere fails by webhook', async () => {
    const network = await startTestNetwork();
    const { send } = network;
    expect((await send(PHONE, { type: 'image', image: { id: '1037' } })).body.error.code).toBe(131009);
    const link = 'https://pictures.invalid/a.jpg';
    const { body } = await send(PHONE, { type: 'image', image: { link } });
    expect(await failure(network, body.messages[0].id)).toEqual(['failed', 131053]);
  });

  test('links are fetched when so set', async () => {
    const network = await startTestNetwork({ settings: { fetch_links: true } });
    const { body } = await network.send(PHONE, {
      type: 'image',
      image: { link: `${network.sandbox.url}/sandbox/settings` },
    });
    expect(await failure(network, body.messages[0].id)).toEqual(['failed', 131053]);
  });
});
