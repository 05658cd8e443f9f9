import type Telnyx from 'telnyx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Receiver, type Running, startReceiver, startRunning } from './running.ts';
import { all, clientOf, refused } from './telnyx-client.ts';

/** What a Telnyx client has beside sending: profiles, accounts, numbers, templates, media and deliveries. */
let running: Running;
let client: Telnyx;
let asked: string[];

beforeAll(async () => {
  running = await startRunning();
  ({ telnyx: client, asked } = clientOf(running));
});
afterAll(async () => {
  await running?.stop();
});

const api = <T>(method: string, path: string, body?: unknown) =>
  call<T>(method, `${running.url}${path}`, body, { authorization: `Bearer ${running.key}` });

describe('messaging profiles', () => {
  test('are made, read, changed and deleted, and the last answer is what it was', async () => {
    const { data: made } = await client.messagingProfiles.create({
      name: 'Shop',
      whitelisted_destinations: ['US', 'DE'],
      webhook_url: 'https://shop.example/hook',
      smart_encoding: true,
    });
    expect(made).toMatchObject({
      record_type: 'messaging_profile',
      name: 'Shop',
      enabled: true,
      whitelisted_destinations: ['US', 'DE'],
      webhook_url: 'https://shop.example/hook',
      webhook_failover_url: null,
      webhook_api_version: '2',
      smart_encoding: true,
    });
    const id = made?.id ?? '';
    expect((await client.messagingProfiles.retrieve(id)).data).toEqual(made);
    const { data: changed } = await client.messagingProfiles.update(id, {
      webhook_url: null,
      enabled: false,
      mobile_only: true,
    });
    expect(changed).toMatchObject({ name: 'Shop', webhook_url: null, enabled: false, mobile_only: true });
    expect(changed).toMatchObject({ smart_encoding: true });
    expect((await client.messagingProfiles.delete(id)).data).toEqual(changed);
    expect(await refused(client.messagingProfiles.retrieve(id))).toBe('404 10005 -');
    expect(await refused(client.messagingProfiles.update(id, { name: 'x' }))).toBe('404 10005 -');
    expect(await refused(client.messagingProfiles.delete(id))).toBe('404 10005 -');
  });

  test('are listed page by page and found by name, the default one first', async () => {
    const names = ['Alpha list', 'Beta list'];
    for (const name of names)
      await client.messagingProfiles.create({ name, whitelisted_destinations: ['*'] });
    const { id: workspace } = (await all(client.messagingProfiles.list()))[0] ?? {};
    expect((await client.messagingProfiles.retrieve(workspace ?? '')).data).toMatchObject({
      name: 'Default',
      organization_id: workspace,
    });
    asked.length = 0;
    const listed = await all(
      client.messagingProfiles.list({ 'filter[name][contains]': 'LIST', 'page[size]': 1 }),
    );
    expect(listed.map(profile => profile.name)).toEqual(names);
    expect(asked).toEqual([
      'GET /v2/messaging_profiles?filter[name][contains]=LIST&page[size]=1',
      'GET /v2/messaging_profiles?filter[name][contains]=LIST&page[size]=1&page[number]=2',
    ]);
    expect(await all(client.messagingProfiles.list({ filter: { name: 'Beta list' } }))).toHaveLength(1);
    expect(await refused(client.messagingProfiles.delete(workspace ?? ''))).toBe('422 10015 -');
  });

  test.each<[string, object, string]>([
    ['nothing', {}, '422 10004 /name, 10004 /whitelisted_destinations'],
    [
      'a country that is none',
      { name: 'x', whitelisted_destinations: ['Germany'] },
      '422 10015 /whitelisted_destinations/0',
    ],
    ['no country', { name: 'x', whitelisted_destinations: [] }, '422 10015 /whitelisted_destinations'],
    ['an empty name', { name: '', whitelisted_destinations: ['*'] }, '422 10025 /name'],
    [
      'events in a form that is not spoken here',
      { name: 'x', whitelisted_destinations: ['*'], webhook_api_version: '1' },
      '422 10032 /webhook_api_version',
    ],
    [
      'a URL into the private network',
      { name: 'x', whitelisted_destinations: ['*'], webhook_failover_url: 'http://10.0.0.1/' },
      '422 10003 /webhook_failover_url',
    ],
    ['a NUL', { name: 'x\0', whitelisted_destinations: ['*'] }, '422 10015 /name'],
  ])('with %s are refused', async (_name, body, expected) => {
    expect(await refused(client.messagingProfiles.create(body as never))).toBe(expected);
  });
});

describe('a number', () => {
  test('is in the default profile until it is put into another one', async () => {
    const { data: profile } = await client.messagingProfiles.create({
      name: 'Mover',
      whitelisted_destinations: ['*'],
    });
    const before = (await client.phoneNumbers.messaging.retrieve(running.sender)).data;
    expect(before).toMatchObject({
      record_type: 'messaging_settings',
      phone_number: running.sender,
      messaging_profile_id: before?.organization_id,
    });
    const id = profile?.id ?? '';
    const move = (to: string) =>
      client.phoneNumbers.messaging.update(running.sender, { messaging_profile_id: to });
    expect((await move(id)).data).toMatchObject({ messaging_profile_id: id });
    expect(await all(client.messagingProfiles.listPhoneNumbers(id))).toMatchObject([{ id: before?.id }]);
    expect(
      await all(client.phoneNumbers.messaging.list({ 'filter[messaging_profile_id]': id })),
    ).toHaveLength(1);
    expect(await refused(move(running.sender))).toBe('422 10015 /messaging_profile_id');
    const sent = (await client.messages.whatsapp({
      from: running.sender,
      to: '+15557660100',
      whatsapp_message: { type: 'text', text: { body: 'hi' } },
    })) as unknown as { data: { messaging_profile_id: string } };
    expect(sent.data.messaging_profile_id).toBe(id);
    // Wirebird's own API says the same.
    const changed = await api('PATCH', `/api/senders/${before?.id}`, { messaging_profile_id: null });
    expect(changed.body).toMatchObject({ messaging_profile_id: before?.organization_id });
    expect(await all(client.messagingProfiles.listPhoneNumbers(id))).toEqual([]);
    const unknown = { messaging_profile_id: '3fa85f64-5717-4562-b3fc-2c963f66afa6' };
    expect((await api('PATCH', `/api/senders/${before?.id}`, unknown)).status).toBe(422);
    await client.messagingProfiles.delete(id);
  });

  test('sends nothing while its profile is disabled', async () => {
    const { data: profile } = await client.messagingProfiles.create({
      name: 'Off',
      whitelisted_destinations: ['*'],
      enabled: false,
    });
    const send = (more: object) =>
      client.messages.whatsapp({
        from: running.sender,
        to: '+15557660101',
        whatsapp_message: { type: 'text', text: { body: 'hi' } },
        ...more,
      });
    const off = { messaging_profile_id: profile?.id ?? '' };
    expect(await refused(send(off))).toBe('400 40312 /from');
    // The id of a profile at Telnyx says nothing here.
    await send({ messaging_profile_id: '3fa85f64-5717-4562-b3fc-2c963f66afa6' });
    await client.messagingProfiles.delete(profile?.id ?? '');
  });

  test('sends only where its profile lets it', async () => {
    const { data: profile } = await client.messagingProfiles.create({
      name: 'Near',
      whitelisted_destinations: ['DE', 'CA'],
    });
    const send = (to: string) =>
      client.messages.whatsapp({
        from: running.sender,
        to,
        whatsapp_message: { type: 'text', text: { body: 'hi' } },
        messaging_profile_id: profile?.id ?? '',
      });
    await send('+4915112345678');
    await send('+14165550100');
    expect(await refused(send('+15557660101'))).toBe('400 40309 /to');
    await client.messagingProfiles.delete(profile?.id ?? '');
  });
});

describe('WhatsApp numbers', () => {
  test('are listed and looked at with what Meta says of them, however the path is written', async () => {
    const listed = await all(client.whatsapp.phoneNumbers.list());
    const seeded = listed.find(number => number.phone_number === running.sender);
    expect(seeded).toMatchObject({
      record_type: 'whatsapp_business_phone_number',
      phone_number: running.sender,
      phone_number_id: expect.stringMatching(/^\d+$/),
      waba_id: expect.stringMatching(/^\d+$/),
      display_name: 'Wirebird sandbox',
      status: 'CONNECTED',
      quality_rating: 'GREEN',
      enabled: true,
      calling_enabled: false,
      created_at: expect.any(String),
    });
    const { data, meta } = await client.whatsapp.phoneNumbers.get({ 'page[size]': 250 });
    expect(data).toEqual(listed);
    expect(meta).toMatchObject({
      page_number: 1,
      page_size: 250,
      total_pages: 1,
      total_results: listed.length,
    });
    const one = await client.whatsapp.phoneNumbers.retrievePhoneNumber(running.sender);
    expect(one.data).toEqual(seeded);
    for (const path of [
      `/v2/v2/whatsapp/phone_numbers/${running.sender}`,
      `/v2/whatsapp/phone_numbers/%2B${running.sender.slice(1)}`,
    ])
      expect((await api('GET', path)).body).toEqual({ data: seeded });
  });

  test('of nobody and of others are not found', async () => {
    for (const name of ['+15550009999', '15550001000', 'nonsense', '%00'])
      expect((await api('GET', `/v2/whatsapp/phone_numbers/${name}`)).status).toBe(
        name === '%00' ? 422 : 404,
      );
  });
});

describe('business accounts', () => {
  test('are those of the numbers', async () => {
    const [account, ...others] = await all(client.whatsapp.businessAccounts.list());
    expect(others).toEqual([]);
    const id = account?.id ?? '';
    expect(account).toMatchObject({
      record_type: 'whatsapp_business_account',
      waba_id: id,
      name: expect.stringContaining('Sandbox account'),
      account_review_status: 'APPROVED',
      phone_numbers_count: 1,
    });
    expect((await client.whatsapp.businessAccounts.retrieve(id)).data).toEqual(account);
    expect(await all(client.whatsapp.businessAccounts.phoneNumbers.list(id))).toMatchObject([
      { phone_number: running.sender, waba_id: id },
    ]);
    expect(await refused(client.whatsapp.businessAccounts.retrieve('1'))).toBe('404 10005 -');
    expect(await refused(client.whatsapp.businessAccounts.delete('1'))).toBe('404 10005 -');
  });

  test('have settings of their own, and say what is wrong with a change', async () => {
    const [account] = await all(client.whatsapp.businessAccounts.list());
    const id = account?.id ?? '';
    const { settings } = client.whatsapp.businessAccounts;
    expect((await settings.retrieve(id)).data).toMatchObject({
      record_type: 'whatsapp_business_account_settings',
      id,
      webhook_url: null,
      webhook_enabled: true,
      webhook_events: [],
    });
    const change = {
      name: 'Shop',
      timezone: 'Europe/Berlin',
      webhook_url: 'https://shop.example/in',
      webhook_failover_url: 'https://shop.example/failover',
      webhook_enabled: false,
      webhook_events: ['message_template_status_update'],
    };
    expect((await settings.update(id, change)).data).toMatchObject(change);
    expect((await settings.retrieve(id)).data).toMatchObject({ ...change, updated_at: expect.any(String) });
    expect((await settings.update(id, { webhook_url: '', webhook_failover_url: '' })).data).toMatchObject({
      name: 'Shop',
      webhook_url: null,
      webhook_failover_url: null,
    });
    expect(
      await refused(settings.update(id, { timezone: 'Mars/Olympus', webhook_url: 'ftp://x.example/' })),
    ).toBe('422 10003 /webhook_url, 10032 /timezone');
    expect(await refused(settings.update(id, { webhook_events: 'all' as never }))).toBe(
      '422 10026 /webhook_events',
    );
    expect(await refused(settings.retrieve('1'))).toBe('404 10005 -');
  });
});

describe('user data', () => {
  test('keeps the addresses of a sign-up', async () => {
    expect((await client.whatsapp.userData.retrieve()).data).toMatchObject({ webhook_url: null });
    const { data } = await client.whatsapp.userData.update({ webhook_url: 'https://sign.example/' });
    expect(data).toMatchObject({ webhook_url: 'https://sign.example/', webhook_failover_url: null });
    expect(
      (await client.whatsapp.userData.update({ webhook_failover_url: 'https://f.example/' })).data,
    ).toMatchObject({ webhook_url: 'https://sign.example/', webhook_failover_url: 'https://f.example/' });
    expect(await refused(client.whatsapp.userData.update({ webhook_url: 'nowhere' }))).toBe(
      '422 10003 /webhook_url',
    );
  });
});

describe('where events go', () => {
  let mine: Receiver;
  beforeAll(async () => {
    mine = await startReceiver();
  });
  afterAll(async () => {
    await mine.stop();
  });

  interface Event {
    readonly data: { readonly event_type: string; readonly payload: { readonly id: string } };
  }
  const events = (path: string): Event[] =>
    mine.got.filter(got => got.path === path).map(got => JSON.parse(got.body) as Event);
  const came = (path: string, eventType: string) =>
    expect
      .poll(() => events(path).map(event => event.data.event_type), { timeout: 20_000 })
      .toContain(eventType);

  test('a message without a URL has those of its profile, and one with a URL has only its own', async () => {
    const { data: number } = await client.phoneNumbers.messaging.retrieve(running.sender);
    const profile = number?.messaging_profile_id ?? '';
    await client.messagingProfiles.update(profile, {
      webhook_url: `${mine.url}/profile`,
      webhook_failover_url: `${mine.url}/failover`,
    });
    const send = async (more: object) =>
      (await client.messages.whatsapp({
        from: running.sender,
        to: '+15557660102',
        whatsapp_message: { type: 'text', text: { body: 'hi' } },
        ...more,
      })) as unknown as { data: { id: string; webhook_url: string } };
    const by = await send({});
    expect(by.data.webhook_url).toBe(`${mine.url}/profile`);
    const own = await send({ webhook_url: `${mine.url}/own` });
    expect(own.data.webhook_url).toBe(`${mine.url}/own`);
    await came('/profile', 'message.finalized');
    await came('/own', 'message.finalized');
    expect(new Set(events('/profile').map(event => event.data.payload.id))).toEqual(new Set([by.data.id]));
    expect(new Set(events('/own').map(event => event.data.payload.id))).toEqual(new Set([own.data.id]));
    await client.messagingProfiles.update(profile, { webhook_url: '', webhook_failover_url: '' });
    expect((await send({})).data.webhook_url).toBeNull();
  });
});
