import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Running, startReceiver, startRunning } from './running.ts';
import { type Client, clientOf, refused } from './ycloud-client.ts';

/** What stands beside the messages, by the official package (ycloud §2, §9). */
let running: Running;
let client: Client;
let wabaId: string;

beforeAll(async () => {
  running = await startRunning();
  await call('PATCH', `${running.sandboxUrl}/sandbox/settings`, { window: 'off' });
  client = clientOf(running);
  const { data } = await client.phoneNumbers.list();
  wabaId = data.items![0]!.wabaId!;
});
afterAll(() => running?.stop());

describe('phone numbers', () => {
  test('are listed and read with what Meta says of them', async () => {
    const { data } = await client.phoneNumbers.list({ filterWabaId: wabaId, includeTotal: true });
    expect(data).toMatchObject({ offset: 0, limit: 10, length: 1, total: 1 });
    expect(data.items![0]).toMatchObject({
      phoneNumber: running.sender,
      wabaId,
      status: 'CONNECTED',
      qualityRating: 'GREEN',
      codeVerificationStatus: 'VERIFIED',
    });
    expect((await client.phoneNumbers.retrieve(wabaId, running.sender)).data).toMatchObject({
      phoneNumber: running.sender,
      verifiedName: 'Wirebird sandbox',
    });
    expect(await refused(client.phoneNumbers.retrieve(wabaId, '+15550009999'))).toBe('404 NOT_FOUND');
    expect(await refused(client.phoneNumbers.retrieve('1', running.sender))).toBe('404 NOT_FOUND');
  });

  test('are registered, though the package calls an empty body a form', async () => {
    expect((await client.phoneNumbers.register(wabaId, running.sender)).data.phoneNumber).toBe(
      running.sender,
    );
  });

  test('have a profile, a shop and calling settings, which Meta keeps', async () => {
    const profile = { about: 'Parcels', description: 'We bring things', websites: ['https://example.com/'] };
    expect((await client.phoneNumbers.updateProfile(wabaId, running.sender, profile as never)).data).toEqual(
      profile,
    );
    expect((await client.phoneNumbers.retrieveProfile(wabaId, running.sender)).data).toEqual(profile);
    expect(
      await refused(
        client.phoneNumbers.updateProfile(wabaId, running.sender, { about: 'x'.repeat(140) } as never),
      ),
    ).toBe('400 PARAM_INVALID_LENGTH about');
    const shop = await client.phoneNumbers.updateCommerceSettings(wabaId, running.sender, {
      isCartEnabled: false,
      isCatalogVisible: true,
    });
    expect(shop.data).toMatchObject({ isCartEnabled: false, isCatalogVisible: true });
    expect((await client.phoneNumbers.retrieveCommerceSettings(wabaId, running.sender)).data).toEqual(
      shop.data,
    );
    const calling = { status: 'ENABLED', iconVisibility: 'DISABLE_ALL' };
    const saved = await client.phoneNumbers.saveSettings(wabaId, running.sender, { calling } as never);
    expect(saved.data.calling).toMatchObject(calling);
    expect((await client.phoneNumbers.retrieveSettings(wabaId, running.sender)).data).toEqual(saved.data);
  });
});

test('business accounts are listed and read', async () => {
  const { data } = await client.businessAccounts.list({ filterAccountReviewStatus: 'APPROVED' as never });
  expect(data.items).toMatchObject([{ id: wabaId, currency: 'USD', accountReviewStatus: 'APPROVED' }]);
  expect((await client.businessAccounts.retrieve(wabaId)).data.id).toBe(wabaId);
  expect(await refused(client.businessAccounts.retrieve('1'))).toBe('404 NOT_FOUND');
});

describe('templates', () => {
  const template = (name: string, language = 'en_US') => ({
    wabaId,
    name,
    language,
    category: 'UTILITY',
    components: [{ type: 'BODY', text: 'Hello {{1}}.', example: { body_text: [['Ana']] } }],
  });

  test('are made, read, edited and deleted by name and language', async () => {
    const made = await client.templates.create(template('ycloud_one') as never);
    expect(made.data).toMatchObject({ wabaId, name: 'ycloud_one', language: 'en_US', category: 'UTILITY' });
    expect(await refused(client.templates.create(template('ycloud_one') as never))).toBe(
      '409 ALREADY_EXISTS name',
    );
    await expect
      .poll(
        async () =>
          (await client.templates.retrieveByNameAndLanguage(wabaId, 'ycloud_one', 'en_US')).data.status,
      )
      .toBe('APPROVED');
    const components = [{ type: 'BODY', text: 'Good day {{1}}.', example: { body_text: [['Ana']] } }];
    const edited = await client.templates.editByNameAndLanguage(wabaId, 'ycloud_one', 'en_US', {
      components,
    } as never);
    expect(edited.data.components).toMatchObject([{ text: 'Good day {{1}}.' }]);
    expect(await refused(client.templates.editByNameAndLanguage(wabaId, 'ycloud_one', 'en_US'))).toBe(
      '400 PARAM_MISSING components',
    );
    const gone = await client.templates.deleteByNameAndLanguage(wabaId, 'ycloud_one', 'en_US');
    expect(gone.data).toMatchObject({ name: 'ycloud_one', status: 'DELETED' });
    expect(await refused(client.templates.retrieveByNameAndLanguage(wabaId, 'ycloud_one', 'en_US'))).toBe(
      '404 NOT_FOUND',
    );
  });

  test('of one name go in all languages at once', async () => {
    await client.templates.create(template('ycloud_two') as never);
    await client.templates.create(template('ycloud_two', 'de') as never);
    const { data } = await client.templates.list({ filterName: 'ycloud_two' });
    expect(data.items!.map(one => one.language).sort()).toEqual(['de', 'en_US']);
    const removed = await client.templates.deleteByName(wabaId, 'ycloud_two');
    expect(removed.data).toHaveLength(2);
    expect(await refused(client.templates.deleteByName(wabaId, 'ycloud_two'))).toBe('404 NOT_FOUND');
  });

  test('row 22: a limit beyond a hundred is refused, and a page has no total unless it is asked for', async () => {
    expect(await refused(client.templates.list({ page: 1, limit: 101 }))).toBe('400 PARAM_INVALID limit');
    const { data } = await client.templates.list({ filterWabaId: 'w' });
    expect(data).toEqual({ offset: 0, limit: 10, length: 0, items: [] });
  });

  test.each([
    ['no name', { name: undefined }, '400 PARAM_MISSING name'],
    ['a name with capitals', { name: 'Upper' }, '400 PARAM_INVALID name'],
    ['no components', { components: undefined }, '400 PARAM_MISSING components'],
    ['an unknown category', { category: 'NEWS' }, '400 PARAM_INVALID category'],
    ['a foreign account', { wabaId: '1' }, '403 WHATSAPP_WABA_UNAVAILABLE wabaId'],
  ])('with %s are refused', async (_, more, said) => {
    expect(await refused(client.templates.create({ ...template('ycloud_bad'), ...more } as never))).toBe(
      said,
    );
  });
});

describe('contacts', () => {
  test('are made, found, changed and deleted', async () => {
    const made = await client.contacts.create({
      phoneNumber: '+4915112345678',
      nickname: 'Ana',
      email: 'ana@example.com',
      tags: ['vip', 'vip', 'berlin'],
      customAttributes: [{ name: 'plan', value: 'gold' }],
    } as never);
    expect(made.data).toMatchObject({
      phoneNumber: '+4915112345678',
      countryCode: 'DE',
      countryName: 'Germany',
      tags: ['vip', 'berlin'],
      customAttributes: [{ name: 'plan', value: 'gold' }],
    });
    const { id } = made.data;
    expect((await client.contacts.retrieve(id)).data).toEqual(made.data);
    expect((await client.contacts.retrieve('+4915112345678')).data.id).toBe(id);
    for (const filter of [
      { filterTags: 'vip,other' },
      { filterPhoneNumber: '+4915112345678' },
      { filterEmail: 'ana@example.com' },
    ])
      expect((await client.contacts.list(filter as never)).data.items!.map(one => one.id)).toEqual([id]);
    expect((await client.contacts.list({ filterTags: 'nobody' } as never)).data.items).toEqual([]);
    expect((await client.contacts.attributesList()).data).toMatchObject([{ name: 'plan', values: ['gold'] }]);
    const changed = await client.contacts.update(id, { nickname: 'Anna', customAttributes: [] } as never);
    expect(changed.data).toMatchObject({ nickname: 'Anna', customAttributes: [], tags: ['vip', 'berlin'] });
    // The package writes `{}` where it is given nothing.
    expect((await client.contacts.update(id)).data).toMatchObject({ nickname: 'Anna' });
    expect((await client.contacts.delete(id)).data.id).toBe(id);
    expect(await refused(client.contacts.retrieve(id))).toBe('404 NOT_FOUND');
  });

  test('have a number of their own', async () => {
    await client.contacts.create({ phoneNumber: '+4915112345679' });
    expect(await refused(client.contacts.create({ phoneNumber: '+4915112345679' }))).toBe(
      '409 ALREADY_EXISTS phoneNumber',
    );
    // What is left empty is nobody's.
    await client.contacts.create({ phoneNumber: '+4915112345680', email: '' });
    await client.contacts.create({ phoneNumber: '+4915112345681', email: '' });
    expect(await refused(client.contacts.create({} as never))).toBe('400 PARAM_MISSING phoneNumber');
    expect(await refused(client.contacts.create({ phoneNumber: 'Ana' }))).toBe(
      '400 PARAM_INVALID phoneNumber',
    );
  });
});

describe('webhook endpoints', () => {
  test('row 23: are made with a secret, rotated, disabled and deleted', async () => {
    const receiver = await startReceiver();
    try {
      const made = await client.webhookEndpoints.create({
        url: receiver.url,
        enabledEvents: ['whatsapp.message.updated', 'whatsapp.payment.updated'],
        description: 'shop',
      } as never);
      expect(made.data).toMatchObject({ url: receiver.url, status: 'active', description: 'shop' });
      expect(made.data.secret).toMatch(/^whsec_[0-9a-f]{32}$/);
      const { id } = made.data;
      // The package calls the empty body a form.
      const rotated = await client.webhookEndpoints.rotateSecret(id);
      expect(rotated.data.secret).not.toBe(made.data.secret);
      expect((await client.webhookEndpoints.retrieve(id)).data).toEqual(rotated.data);
      const send = async () =>
        (
          await client.messages.send({
            from: running.sender,
            to: `+15558600${String(100 + Math.floor(Math.random() * 900))}`,
            type: 'text',
            text: { body: 'hi' },
          } as never)
        ).data.id;
      const first = await send();
      await expect.poll(() => receiver.got.length).toBe(3);
      const [, t, s] = /^t=(\d+),s=(.+)$/.exec(String(receiver.got[0]!.headers['ycloud-signature'])) ?? [];
      const expected = createHmac('sha256', rotated.data.secret!).update(`${t}.${receiver.got[0]!.body}`);
      expect(s).toBe(expected.digest('hex'));
      expect((await client.webhookEndpoints.update(id, { status: 'disabled' } as never)).data.status).toBe(
        'disabled',
      );
      const second = await send();
      await expect.poll(async () => (await client.messages.retrieve(second)).data.status).toBe('read');
      expect(receiver.got.filter(({ body }) => body.includes(second))).toEqual([]);
      expect(receiver.got.filter(({ body }) => body.includes(first))).toHaveLength(3);
      expect((await client.webhookEndpoints.delete(id)).data.id).toBe(id);
      expect(await refused(client.webhookEndpoints.retrieve(id))).toBe('404 NOT_FOUND');
    } finally {
      await receiver.stop();
    }
  });

  test('what is wrong with one is said', async () => {
    const url = 'http://127.0.0.1:9/';
    const create = (body: object) => refused(client.webhookEndpoints.create(body as never));
    expect(await create({ enabledEvents: ['contact.created'] })).toBe('400 PARAM_MISSING url');
    expect(await create({ url })).toBe('400 PARAM_MISSING enabledEvents');
    expect(await create({ url, enabledEvents: ['weather.changed'] })).toBe('400 PARAM_INVALID enabledEvents');
    expect(await create({ url, enabledEvents: ['contact.attributes_changed'] })).toBe(
      '400 PARAM_MISSING eventProperties',
    );
    expect(await create({ url, enabledEvents: ['contact.created'], eventProperties: [{ event: 'x' }] })).toBe(
      '400 PARAM_INVALID eventProperties',
    );
    expect(await create({ url: 'ftp://example.com/', enabledEvents: ['contact.created'] })).toBe(
      '400 PARAM_INVALID url',
    );
  });

  test('hear of people who opt out, of contacts and of their changes', async () => {
    const receiver = await startReceiver();
    try {
      const { data } = await client.webhookEndpoints.create({
        url: receiver.url,
        enabledEvents: [
          'contact.unsubscribe.created',
          'contact.unsubscribe.deleted',
          'contact.created',
          'contact.attributes_changed',
          'contact.deleted',
        ],
        eventProperties: [{ event: 'contact.attributes_changed', properties: ['nickname'] }],
      } as never);
      expect(data.eventProperties).toEqual([
        { event: 'contact.attributes_changed', properties: ['nickname'] },
      ]);
      const customer = '+15558610001';
      await client.unsubscribers.create({ type: 'PHONE_NUMBER', customer, channel: 'whatsapp' } as never);
      await client.unsubscribers.deleteByCustomerAndChannel(customer, 'whatsapp' as never);
      const contact = await client.contacts.create({ phoneNumber: customer, nickname: 'Ana' });
      // Nobody asked for this one, nor for the address beside the next.
      await client.contacts.update(contact.data.id, { email: 'ana@example.org' } as never);
      await client.contacts.update(contact.data.id, { nickname: 'Anna', email: 'a@example.org' } as never);
      await client.contacts.delete(contact.data.id);
      await expect.poll(() => receiver.got.length).toBe(5);
      const events = receiver.got.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
      const of = (type: string) => events.find(one => one.type === type);
      expect(of('contact.unsubscribe.created')).toMatchObject({
        id: expect.stringMatching(/^evt_/),
        apiVersion: 'v2',
        unsubscriberChanged: { phoneNumber: customer, source: 'API' },
      });
      expect(of('contact.unsubscribe.deleted')).toMatchObject({
        unsubscriberChanged: { phoneNumber: customer },
      });
      expect(of('contact.created')).toMatchObject({
        contactCreated: { phoneNumber: customer, nickName: 'Ana' },
      });
      expect(of('contact.attributes_changed')).toMatchObject({
        contactAttributesChanged: { changedAttributes: { nickname: { oldValue: 'Ana', newValue: 'Anna' } } },
      });
      expect(JSON.stringify(events)).not.toContain('a@example.org');
      expect(of('contact.deleted')).toMatchObject({ contactDeleted: { phoneNumber: customer } });
      await client.webhookEndpoints.delete(data.id);
    } finally {
      await receiver.stop();
    }
  });
});

test('an inbound message is told with its writer’s name', async () => {
  const receiver = await startReceiver();
  try {
    await client.webhookEndpoints.create({
      url: receiver.url,
      enabledEvents: ['whatsapp.inbound_message.received'],
    } as never);
    const phone = `${running.sandboxUrl}/sandbox/phones/%2B15558620001`;
    await call('POST', `${phone}/profile`, { name: 'Ana' });
    await call('POST', `${phone}/messages`, { type: 'text', text: { body: 'hello' } });
    await expect.poll(() => receiver.got.length).toBe(1);
    expect(JSON.parse(receiver.got[0]!.body)).toMatchObject({
      type: 'whatsapp.inbound_message.received',
      whatsappInboundMessage: {
        from: '+15558620001',
        to: running.sender,
        wabaId,
        customerProfile: { name: 'Ana' },
        type: 'text',
        text: { body: 'hello' },
      },
    });
  } finally {
    await receiver.stop();
  }
});

test('calls are refused in words, until there are any', async () => {
  expect(
    await refused(
      client.calling.connect({
        from: running.sender,
        to: '+15550002000',
        sdpType: 'offer',
        sdp: 'v=0',
      } as never),
    ),
  ).toBe('400 BAD_REQUEST');
});

test.each([
  ['GET', '/v2/whatsapp/flows'],
  ['GET', '/v2/whatsapp/messages/x/y'],
  ['PUT', '/v2/whatsapp/messages'],
  ['DELETE', '/v2/balance'],
])('%s %s is 404 in YCloud’s shape', async (method, path) => {
  const answer = await call<{ error: { code: string } }>(method, `${running.url}${path}`, undefined, {
    'x-api-key': running.key,
  });
  expect(answer.status).toBe(404);
  expect(answer.body.error.code).toBe('NOT_FOUND');
});
