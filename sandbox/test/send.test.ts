import { describe, expect, test } from 'vitest';
import { BUSINESS, pause, startTestNetwork, statusesOf } from './network.ts';

const PHONE = '+15557770001';

describe('a send that is accepted', () => {
  test("is answered in Meta's shape and told as sent, delivered and read", async () => {
    const { send, receiver, sender, ledger } = await startTestNetwork();
    const { status, body } = await send(PHONE, {
      type: 'text',
      text: { body: 'hello' },
      biz_opaque_callback_data: 'wb:1:1',
    });
    expect(status).toBe(200);
    const wamid = body.messages[0].id;
    expect(body).toEqual({
      messaging_product: 'whatsapp',
      contacts: [{ input: PHONE, wa_id: '15557770001', user_id: expect.stringMatching(/^US\.\d{18}$/) }],
      messages: [{ id: wamid }],
    });
    expect(wamid).toMatch(/^wamid\.[A-Za-z0-9+/]+=*$/);
    expect(await statusesOf(receiver, wamid, 3)).toEqual(['sent', 'delivered', 'read']);
    for (const { body: webhook } of receiver.posts) {
      expect(webhook.object).toBe('whatsapp_business_account');
      expect(webhook.entry[0]).toMatchObject({ id: sender.waba_id, changes: [{ field: 'messages' }] });
      expect(webhook.entry[0]?.changes[0]?.value).toMatchObject({
        messaging_product: 'whatsapp',
        metadata: { display_phone_number: '15550001000', phone_number_id: sender.phone_number_id },
        statuses: [{ recipient_id: '15557770001', biz_opaque_callback_data: 'wb:1:1' }],
      });
    }
    expect(await ledger()).toEqual({
      data: [{ seq: 1, at: expect.any(String), wamid, to: PHONE, callback: 'wb:1:1', outcome: 'accepted' }],
      next: null,
    });
  });

  test('has a message_status when it is a template, and the phone shows the sample wording', async () => {
    const { send, chat } = await startTestNetwork();
    const template = { name: 'hello_world', language: { code: 'en_US' } };
    const { body } = await send(PHONE, { type: 'template', template });
    expect(body.messages[0].message_status).toBe('accepted');
    const [shown] = await chat(PHONE);
    expect(shown).toMatchObject({ type: 'template', template, direction: 'to_phone' });
    expect(shown.rendered).toContain('Welcome and congratulations!!');
  });

  test('may be of any version, and type is text when it is not named', async () => {
    const { sandbox, sender } = await startTestNetwork();
    for (const version of ['v19.0', 'v26.0']) {
      const answer = await fetch(`${sandbox.url}/${version}/${sender.phone_number_id}/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${sender.access_token}` },
        body: JSON.stringify({ messaging_product: 'whatsapp', to: PHONE, text: { body: 'hi' } }),
      });
      expect(answer.status).toBe(200);
    }
  });

  test.each([
    ['+1 (555) 777-0001', PHONE],
    ['1 555 777 0001', PHONE],
    // Without a + the sender's country code is put before a number that does not start with it.
    ['5557770001', PHONE],
    ['4915112345678', '+14915112345678'],
  ])('to %j goes to %s', async (to, reached) => {
    const { send, ledger } = await startTestNetwork();
    const { body } = await send(to);
    expect(body.contacts).toEqual([{ input: to, wa_id: reached.slice(1), user_id: expect.any(String) }]);
    expect((await ledger()).data[0].to).toBe(reached);
  });

  test('gives no more than sent when it is a reaction', async () => {
    const { send, receiver, control } = await startTestNetwork();
    const written = await control('POST', `/phones/${encodeURIComponent(PHONE)}/messages`, { text: 'hi' });
    const { body } = await send(PHONE, {
      type: 'reaction',
      reaction: { message_id: written.body.wamid, emoji: '👍' },
    });
    await statusesOf(receiver, body.messages[0].id, 1);
    await pause(100);
    expect(receiver.statuses().map(({ status }) => status)).toEqual(['sent']);
  });

  test.each([
    ['image', { link: 'https://example.com/a.jpg', caption: 'A' }],
    ['video', { link: 'https://example.com/a.mp4' }],
    ['document', { link: 'https://example.com/a.pdf', filename: 'a.pdf' }],
    ['audio', { link: 'https://example.com/a.ogg', voice: true }],
    ['sticker', { link: 'https://example.com/a.webp' }],
    ['location', { latitude: 52.5, longitude: '13.4', name: 'Berlin' }],
    ['contacts', [{ name: { formatted_name: 'Ana', first_name: 'Ana' } }]],
    [
      'interactive',
      {
        type: 'button',
        body: { text: 'Ok?' },
        action: { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Yes' } }] },
      },
    ],
  ])('can be of the type %s', async (type, content) => {
    const { send, chat } = await startTestNetwork();
    expect((await send(PHONE, { type, [type]: content })).status).toBe(200);
    expect((await chat(PHONE))[0]).toMatchObject({ type, [type]: content });
  });
});

describe('a send that is refused', () => {
  test.each<[string, Record<string, unknown>, number, string]>([
    ['no messaging_product', { messaging_product: undefined }, 131008, 'messaging_product'],
    ['another messaging_product', { messaging_product: 'sms' }, 131009, 'messaging_product'],
    ['a group', { recipient_type: 'group' }, 131009, 'recipient_type'],
    ['no recipient', { to: undefined }, 131008, 'to'],
    ['a recipient that is no number', { to: 'ana' }, 131009, 'to'],
    ['a number as a JSON number', { to: 15557770001 }, 100, 'to'],
    ['the sender itself', { to: BUSINESS }, 131021, 'same number'],
    [
      'a user id that no phone has',
      { to: undefined, recipient: 'US.13491208655302741918' },
      131026,
      'user id',
    ],
    ['an unknown type', { type: 'fax', fax: {} }, 131051, 'fax'],
    ['no text', { text: undefined }, 131008, 'text'],
    ['a text that is no object', { text: 'hello' }, 100, 'text'],
    ['an empty body', { text: { body: '' } }, 131008, "text['body']"],
    ['a body that is no string', { text: { body: 7 } }, 100, "text['body']"],
    ['half an emoji', { text: { body: 'a\ud83d' } }, 100, 'Unicode'],
    ['4097 characters', { text: { body: 'é'.repeat(4097) } }, 131009, '4096'],
    ['a long callback', { biz_opaque_callback_data: 'x'.repeat(513) }, 131009, '512'],
    ['a reply to nothing', { context: {} }, 131008, "context['message_id']"],
    [
      'a template without a name',
      { type: 'template', template: { language: { code: 'en' } } },
      131008,
      "template['name']",
    ],
    [
      'a template without a language',
      { type: 'template', template: { name: 'a' } },
      131008,
      "template['language']",
    ],
    [
      'a template without a language code',
      { type: 'template', template: { name: 'a', language: {} } },
      131008,
      "['code']",
    ],
    [
      'components that are no array',
      { type: 'template', template: { name: 'a', language: { code: 'en' }, components: {} } },
      100,
      "template['components']",
    ],
    [
      'a text parameter without text',
      {
        type: 'template',
        template: {
          name: 'a',
          language: { code: 'en' },
          components: [{ type: 'body', parameters: [{ type: 'text' }] }],
        },
      },
      131008,
      "['text']",
    ],
    ['media without id or link', { type: 'image', image: {} }, 131008, "image['id']"],
    ['a caption on audio', { type: 'audio', audio: { id: '1', caption: 'a' } }, 131009, 'caption'],
    ['a location without longitude', { type: 'location', location: { latitude: 1 } }, 131008, 'longitude'],
    ['a contact without a name', { type: 'contacts', contacts: [{}] }, 131008, "['name']"],
    [
      'interactive of no known type',
      { type: 'interactive', interactive: { type: 'dance', action: {} } },
      131009,
      'dance',
    ],
  ])('for %s', async (_, change, code, details) => {
    const { graph, sender, ledger, control } = await startTestNetwork();
    const { status, body } = await graph('POST', `${sender.phone_number_id}/messages`, {
      messaging_product: 'whatsapp',
      to: PHONE,
      type: 'text',
      text: { body: 'hello' },
      ...change,
    });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      code,
      type: 'OAuthException',
      message: expect.stringContaining(`(#${code}) `),
      error_data: { messaging_product: 'whatsapp', details: expect.stringContaining(details) },
      fbtrace_id: expect.any(String),
    });
    expect((await ledger()).data.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      `refused:${code}`,
    ]);
    expect((await control('GET', '/phones')).body.data).toEqual([]);
  });

  test('4096 emoji are 4096 characters', async () => {
    const { send } = await startTestNetwork();
    expect((await send(PHONE, { type: 'text', text: { body: '😀'.repeat(4096) } })).status).toBe(200);
    expect((await send(PHONE, { type: 'text', text: { body: '😀'.repeat(4097) } })).body.error.code).toBe(
      131009,
    );
  });

  test('for JSON that cannot be read, and the ledger has it', async () => {
    const { graph, sender, ledger } = await startTestNetwork();
    const { status, body } = await graph('POST', `${sender.phone_number_id}/messages`, '{"to":');
    expect([status, body.error.code]).toEqual([400, 100]);
    expect((await ledger()).data[0].outcome).toBe('refused:100');
  });

  test('for an unknown token with 401 and 190', async () => {
    const { graph, sender, sandbox } = await startTestNetwork();
    const path = `${sender.phone_number_id}/messages`;
    const { status, body } = await graph('POST', path, {}, 'EAAwrong');
    expect([status, body.error.code]).toEqual([401, 190]);
    const bare = await fetch(`${sandbox.url}/v23.0/${path}`, { method: 'POST', body: '{}' });
    expect(bare.status).toBe(401);
  });

  test("for an unknown number, or another account's, with 400, 100 and subcode 33", async () => {
    const { graph, addSender, sender } = await startTestNetwork();
    const other = await addSender({ phone_number: '+15550002000' });
    for (const id of ['123456789', other.phone_number_id]) {
      const { status, body } = await graph('POST', `${id}/messages`, {}, sender.access_token);
      expect(status).toBe(400);
      expect(body.error).toMatchObject({ code: 100, error_subcode: 33, type: 'GraphMethodException' });
    }
  });
});

describe('marking as read', () => {
  test('shows the person that the business has read', async () => {
    const { control, graph, sender, chat, send } = await startTestNetwork();
    const { body: written } = await control('POST', `/phones/${encodeURIComponent(PHONE)}/messages`, {
      text: 'hi',
    });
    const path = `${sender.phone_number_id}/messages`;
    const receipt = { messaging_product: 'whatsapp', status: 'read', message_id: written.wamid };
    expect((await graph('POST', path, receipt)).body).toEqual({ success: true });
    expect((await chat(PHONE))[0].status).toBe('read');
    const { body } = await send(PHONE);
    const own = { ...receipt, message_id: body.messages[0].id };
    expect((await graph('POST', path, own)).body.error.code).toBe(131009);
  });
});
