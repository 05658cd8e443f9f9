import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { call, type Receiver, type Running, startReceiver, startRunning } from './running.ts';
import { type Client, clientOf, messagesOn, refused } from './ycloud-client.ts';

/** "Enqueue a message", field by field and rule by rule, each test named after the page's words. */
let running: Running;
let client: Client;
let receiver: Receiver;
let secret: string;
let last = 0;

beforeAll(async () => {
  running = await startRunning();
  client = clientOf(running);
  receiver = await startReceiver();
  await call('PATCH', `${running.sandboxUrl}/sandbox/settings`, { window: 'off' });
  secret = 'whsec_test_6c2f0f6c3a6d4b16';
  const made = await call(
    'POST',
    `${running.url}/api/webhook-endpoints`,
    { url: receiver.url, dialect: 'ycloud', events: ['whatsapp.message.updated'], secret },
    auth(),
  );
  expect(made.status).toBe(201);
});
afterAll(async () => {
  await running?.stop();
  await receiver?.stop();
});

const auth = () => ({ authorization: `Bearer ${running.key}` });
const someone = (): string => `+1555830${String(1000 + ++last)}`;

const send = async (body: object, route: 'send' | 'sendDirectly' = 'send') => {
  const request = { from: running.sender, to: someone(), type: 'text', text: { body: 'hi' }, ...body };
  return (await client.messages[route](request as never)).data;
};

interface Event {
  readonly id: string;
  readonly type: string;
  readonly apiVersion: string;
  readonly whatsappMessage: Readonly<Record<string, unknown>>;
}

const eventsOf = (id: string): Event[] =>
  receiver.got.map(({ body }) => JSON.parse(body) as Event).filter(event => event.whatsappMessage?.id === id);

const failureOf = async (id: string): Promise<Readonly<Record<string, unknown>>> => {
  await expect.poll(() => eventsOf(id).length).toBe(1);
  return eventsOf(id)[0]!.whatsappMessage;
};

const unsubscribe = (customer: string) =>
  client.unsubscribers.create({ type: 'PHONE_NUMBER', customer, channel: 'whatsapp' } as never);

const block = (recipient: string) => call('POST', `${running.url}/api/block-list`, { recipient }, auth());

test('Queued messages will be submitted to the WhatsApp Business API asynchronously: the answer is accepted, and an event tells of each step', async () => {
  const to = someone();
  const accepted = await send({ to });
  expect(accepted.status).toBe('accepted');
  await expect
    .poll(() => eventsOf(accepted.id).map(one => one.whatsappMessage.status))
    .toEqual(['sent', 'delivered', 'read']);
  const events = eventsOf(accepted.id);
  expect(new Set(events.map(one => one.id)).size).toBe(3);
  expect(events[2]).toMatchObject({
    type: 'whatsapp.message.updated',
    apiVersion: 'v2',
    whatsappMessage: { to, from: running.sender, wamid: expect.stringMatching(/^wamid\./) },
  });
});

test('each event is signed over its time and its exact bytes', async () => {
  const { id } = await send({});
  await expect.poll(() => eventsOf(id).length).toBe(3);
  for (const { headers, body } of receiver.got) {
    const [, t, s] = /^t=(\d+),s=([0-9a-f]{64})$/.exec(String(headers['ycloud-signature'])) ?? [];
    expect(s).toBe(createHmac('sha256', secret).update(`${t}.${body}`).digest('hex'));
    expect(headers['x-webhook-endpoint-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers['content-type']).toBe('application/json');
  }
});

describe('from: the sender’s phone number in E.164 format, required', () => {
  test.each([
    ['nothing', undefined, '400 PARAM_MISSING from'],
    ['no plus sign', '15550001000', '400 PARAM_INVALID from'],
    ['a number', 15550001000, '400 PARAM_INVALID from'],
    ['somebody else’s', '+15550009999', '403 WHATSAPP_PHONE_NUMBER_UNAVAILABLE from'],
  ])('%s', async (_, from, said) => {
    expect(await refused(send({ from }))).toBe(said);
  });
});

describe('to: the recipient’s phone number in E.164 format, required', () => {
  test.each([
    ['nothing', undefined, '400 PARAM_MISSING to'],
    ['null', null, '400 PARAM_MISSING to'],
    ['a word', 'me', '400 PARAM_INVALID to'],
  ])('%s', async (_, to, said) => {
    expect(await refused(send({ to }))).toBe(said);
  });

  test('a user id of WhatsApp’s may stand in its place, and null is as good as nothing', async () => {
    expect((await send({ to: null, recipient: 'US.1349482093' })).to).toBe('US.1349482093');
    expect(await refused(send({ to: undefined, recipient: null }))).toBe('400 PARAM_MISSING to');
    expect(await refused(send({ to: undefined, recipient: 'Ana' }))).toBe('400 PARAM_INVALID recipient');
  });

  test('spaces inside are taken out', async () => {
    expect((await send({ to: '+1 555 830 0001' })).to).toBe('+15558300001');
  });
});

describe('type: WhatsApp outbound message type, required', () => {
  test.each([
    ['nothing', undefined, '400 PARAM_MISSING type'],
    ['an unknown one', 'poll', '400 PARAM_INVALID type'],
  ])('%s', async (_, type, said) => {
    expect(await refused(send({ type }))).toBe(said);
  });
});

const LINK = 'http://127.0.0.1/file';
const OBJECTS: readonly [string, unknown][] = [
  ['text', { body: 'hi', preview_url: true }],
  ['image', { link: LINK, caption: 'c' }],
  ['video', { link: LINK, caption: 'c' }],
  ['audio', { link: LINK }],
  ['document', { link: LINK, filename: 'a.pdf', caption: 'c' }],
  ['sticker', { link: LINK }],
  ['location', { latitude: 1.5, longitude: -2.5, name: 'n', address: 'a' }],
  [
    'interactive',
    {
      type: 'button',
      body: { text: 'b' },
      action: { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Yes' } }] },
    },
  ],
  ['contacts', [{ name: { formatted_name: 'Ana', first_name: 'Ana' }, phones: [{ phone: '+15550002000' }] }]],
  ['reaction', { message_id: 'wamid.abc', emoji: '👍' }],
];

describe.each(OBJECTS)('%s: required when type is it', (type, object) => {
  test('missing', async () => {
    expect(await refused(send({ type, text: undefined, [type]: undefined }))).toBe(
      `400 PARAM_MISSING ${type}`,
    );
  });

  test('null, as typed clients write it', async () => {
    expect(await refused(send({ type, text: undefined, [type]: null }))).toBe(`400 PARAM_MISSING ${type}`);
  });

  test('given: it comes back and goes to WhatsApp as it is', async () => {
    const to = someone();
    const sent = await send({ to, type, text: undefined, [type]: object });
    expect(sent).toMatchObject({ type, [type]: object });
    expect((await client.messages.retrieve(sent.id)).data).toMatchObject({ type, [type]: object });
  });

  test('objects of other types beside it are passed over', async () => {
    const sent = await send({ type, [type]: object, fax: { pages: 1 }, location: 7, [type]: object });
    expect(sent.status).toBe('accepted');
  });
});

describe('template: required when type is template', () => {
  beforeAll(async () => {
    const { body } = await call<{ data: { waba_id: string }[] }>(
      'GET',
      `${running.url}/api/senders`,
      undefined,
      auth(),
    );
    const made = await call(
      'POST',
      `${running.url}/api/templates`,
      {
        waba_id: body.data[0]!.waba_id,
        name: 'order_left',
        language: 'en_US',
        category: 'UTILITY',
        components: [
          { type: 'BODY', text: 'Order {{1}} has left.', example: { body_text: [['42']] } },
          { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Thanks' }] },
        ],
      },
      auth(),
    );
    expect(made.status).toBe(201);
    await vi.waitFor(
      async () => {
        const list = await call<{ data: { status: string; name: string }[] }>(
          'GET',
          `${running.url}/api/templates`,
          undefined,
          auth(),
        );
        expect(list.body.data.find(one => one.name === 'order_left')?.status).toBe('APPROVED');
      },
      { timeout: 30_000, interval: 100 },
    );
  });

  test('missing', async () => {
    expect(await refused(send({ type: 'template', text: undefined }))).toBe('400 PARAM_MISSING template');
  });

  test('kinds in any case, and the place of a button as text or number', async () => {
    for (const index of [0, '0']) {
      const template = {
        name: 'order_left',
        language: { code: 'en_US', policy: 'deterministic' },
        components: [
          { type: 'BODY', parameters: [{ type: 'TEXT', text: '42' }] },
          {
            type: 'Button',
            sub_type: 'QUICK_REPLY',
            index,
            parameters: [{ type: 'payload', payload: 'ok' }],
          },
        ],
      };
      const to = someone();
      const sent = await send({ to, type: 'template', text: undefined, template });
      expect(sent).toMatchObject({ type: 'template', template });
      await expect.poll(() => messagesOn(running, to)).toHaveLength(1);
    }
  });

  test('a template that does not exist fails by an event, and at once by the direct route', async () => {
    const template = { name: 'no_such', language: { code: 'en_US' } };
    const { id, status } = await send({ type: 'template', text: undefined, template });
    expect(status).toBe('accepted');
    const failed = await failureOf(id);
    expect(failed).toMatchObject({ status: 'failed', errorCode: '132001' });
    // Meta was not asked.
    expect(failed.whatsappApiError).toBeUndefined();
    expect(await refused(send({ type: 'template', text: undefined, template }, 'sendDirectly'))).toBe(
      '403 WHATSAPP_TEMPLATE_UNAVAILABLE template',
    );
  });
});

describe('context: used to mention a specific message you are replying to; the reply can be any message type', () => {
  test.each(OBJECTS.filter(([type]) => type !== 'reaction'))('%s', async (type, object) => {
    const context = { message_id: 'wamid.HBgLMTU1NTAwMDEwMDA' };
    const sent = await send({ type, text: undefined, [type]: object, context });
    expect(sent).toMatchObject({ context });
  });
});

describe('externalId: a unique (recommended) string to reference the object', () => {
  test('it is stored, comes back in events, and the same one twice is two messages', async () => {
    const externalId = `order-${Date.now()} é😀`;
    const [one, two] = [await send({ externalId }), await send({ externalId })];
    expect(one.id).not.toBe(two.id);
    expect(one.externalId).toBe(externalId);
    expect((await client.messages.retrieve(two.id)).data.externalId).toBe(externalId);
    await expect.poll(() => eventsOf(one.id).length).toBe(3);
    expect(eventsOf(one.id)[0]!.whatsappMessage.externalId).toBe(externalId);
  });

  test.each([
    ['a number', 42, '400 PARAM_INVALID externalId'],
    ['far too long', 'x'.repeat(513), '400 PARAM_INVALID_LENGTH externalId'],
  ])('%s is refused', async (_, externalId, said) => {
    expect(await refused(send({ externalId }))).toBe(said);
  });
});

describe('filterUnsubscribed: if true, the message will not be sent to users who have unsubscribed', () => {
  test('webhook notifications with whatsappMessage.errorCode set to RECIPIENT_UNSUBSCRIBED', async () => {
    const to = someone();
    await unsubscribe(to);
    const { id, status } = await send({ to, filterUnsubscribed: true });
    expect(status).toBe('accepted');
    const failed = await failureOf(id);
    expect(failed).toMatchObject({ status: 'failed', errorCode: 'RECIPIENT_UNSUBSCRIBED' });
    expect(failed.wamid).toBeUndefined();
    expect(failed.totalPrice).toBeUndefined();
    expect(await messagesOn(running, to)).toEqual([]);
  });

  test('defaults to false', async () => {
    const to = someone();
    await unsubscribe(to);
    await send({ to });
    await expect.poll(() => messagesOn(running, to)).toHaveLength(1);
  });

  test('somebody who wrote STOP has unsubscribed', async () => {
    const to = someone();
    await call('POST', `${running.sandboxUrl}/sandbox/phones/${encodeURIComponent(to)}/messages`, {
      type: 'text',
      text: { body: 'Stop' },
    });
    await expect
      .poll(async () => (await client.unsubscribers.listAllByCustomer(to).catch(() => ({ data: [] }))).data)
      .toHaveLength(1);
    const { id } = await send({ to, filterUnsubscribed: true });
    expect(await failureOf(id)).toMatchObject({ errorCode: 'RECIPIENT_UNSUBSCRIBED' });
  });

  test('not applicable to POST /v2/whatsapp/message/sendDirectly', async () => {
    const to = someone();
    await unsubscribe(to);
    expect((await send({ to, filterUnsubscribed: true }, 'sendDirectly')).wamid).toMatch(/^wamid\./);
    const { status } = await call(
      'POST',
      `${running.url}/v2/whatsapp/message/sendDirectly`,
      { from: running.sender, to, type: 'text', text: { body: 'again' }, filterUnsubscribed: true },
      { 'x-api-key': running.key },
    );
    expect(status).toBe(200);
  });

  test('it must be true or false', async () => {
    expect(await refused(send({ filterUnsubscribed: 'yes' }))).toBe('400 PARAM_INVALID filterUnsubscribed');
  });
});

describe('filterBlocked: if true, the message will not be sent to users in your block list', () => {
  test('webhook notifications with whatsappMessage.errorCode set to RECIPIENT_IN_BLOCK_LIST', async () => {
    const to = someone();
    expect((await block(to)).status).toBe(201);
    const { id } = await send({ to, filterBlocked: true });
    expect(await failureOf(id)).toMatchObject({ status: 'failed', errorCode: 'RECIPIENT_IN_BLOCK_LIST' });
    expect(await messagesOn(running, to)).toEqual([]);
  });

  test('defaults to false', async () => {
    const to = someone();
    await block(to);
    await send({ to });
    await expect.poll(() => messagesOn(running, to)).toHaveLength(1);
  });

  test('a STOP is told before the block list', async () => {
    const to = someone();
    await block(to);
    await call('POST', `${running.url}/api/consents`, { recipient: to, reason: 'stopped' }, auth());
    const { id } = await send({ to, filterBlocked: true, filterUnsubscribed: true });
    expect(await failureOf(id)).toMatchObject({ errorCode: 'RECIPIENT_UNSUBSCRIBED' });
  });

  test('where both filters fit, the opt-out is told', async () => {
    const to = someone();
    await block(to);
    await unsubscribe(to);
    const { id } = await send({ to, filterBlocked: true, filterUnsubscribed: true });
    expect(await failureOf(id)).toMatchObject({ errorCode: 'RECIPIENT_UNSUBSCRIBED' });
  });

  test('not applicable to sendDirectly', async () => {
    const to = someone();
    await block(to);
    expect((await send({ to, filterBlocked: true }, 'sendDirectly')).wamid).toMatch(/^wamid\./);
  });
});

test('of a file with id and link the id counts, and null is as good as nothing', async () => {
  const sent = await send({ type: 'image', text: undefined, image: { id: null, link: LINK } });
  expect(sent.status).toBe('accepted');
  expect(await refused(send({ type: 'image', image: { id: null, link: null } }))).toBe(
    '400 PARAM_MISSING image',
  );
});

test('the words on a call button have characters, those on a link’s bytes', async () => {
  const interactive = (type: string, display_text: string) => ({
    type: 'interactive',
    interactive: {
      type,
      body: { text: 'b' },
      action: {
        name: type,
        parameters: { display_text, ...(type === 'cta_url' ? { url: 'https://example.com/' } : {}) },
      },
    },
  });
  expect((await send(interactive('voice_call', 'Позвонить нам'))).status).toBe('accepted');
  expect(await refused(send(interactive('cta_url', 'Позвонить нам')))).toBe(
    '400 PARAM_INVALID_LENGTH interactive.action.parameters.display_text',
  );
});

test('what the caller gives beside the page’s fields is passed over', async () => {
  const more = { category: 'x', ttlSeconds: 60, useDirectSend: false, customerProfile: { name: 'A' } };
  expect((await send(more)).status).toBe('accepted');
});
