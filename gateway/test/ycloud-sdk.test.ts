import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Running, startRunning } from './running.ts';
import { type Client, clientOf, messagesOn, refusal, refused } from './ycloud-client.ts';

/** The calls of ycloud §11 by the official package, against a running gateway. */
let running: Running;
let client: Client;
let last = 0;

beforeAll(async () => {
  running = await startRunning();
  await call('PATCH', `${running.sandboxUrl}/sandbox/settings`, { window: 'off' });
  client = clientOf(running);
});
afterAll(() => running?.stop());

const someone = (): string => `+1555820${String(1000 + ++last)}`;

const TEXT = { type: 'text', text: { body: 'hi' } };

/** Sends what the package's types would not let through, as a caller in plain JavaScript does. */
const send = async (body: object, route: 'send' | 'sendDirectly' = 'send') => {
  const request = { from: running.sender, to: someone(), ...TEXT, ...body };
  return (await client.messages[route](request as never)).data;
};

const becomes = async (id: string, status: string) => {
  await expect.poll(async () => (await client.messages.retrieve(id)).data.status).toBe(status);
  return (await client.messages.retrieve(id)).data;
};

test('row 1: the balance has a number and a currency', async () => {
  const { data, headers } = await client.balance.retrieve();
  expect(data).toEqual({ amount: expect.any(Number), currency: expect.stringMatching(/^[A-Z]{3}$/) });
  expect(headers['ycloud-request-id']).toMatch(/^req_/);
});

test('row 2: a wrong key and no key are 401', async () => {
  expect(await refused(clientOf(running, 'wrong').balance.retrieve())).toBe('401 UNAUTHORIZED');
  expect(await refused(clientOf(running, '').balance.retrieve())).toBe('401 UNAUTHORIZED');
});

describe('enqueue and retrieve', () => {
  test('row 4: a message is accepted, then sent, delivered and read, with the time of each', async () => {
    const to = someone();
    const accepted = await send({ to, externalId: 'order-42' });
    expect(accepted).toMatchObject({
      id: expect.any(String),
      status: 'accepted',
      from: running.sender,
      to,
      type: 'text',
      text: { body: 'hi' },
      externalId: 'order-42',
      bizType: 'whatsapp',
      regionCode: 'US',
    });
    expect(accepted.wamid).toBeUndefined();
    const read = await becomes(accepted.id, 'read');
    expect(read).toMatchObject({ externalId: 'order-42', wabaId: expect.stringMatching(/\d/) });
    expect(read.wamid).toMatch(/^wamid\./);
    // Meta's times are of whole seconds.
    const times = [read.sendTime, read.deliverTime, read.readTime];
    expect([...times].sort()).toEqual(times);
    expect(read.updateTime).toBe(read.readTime);
    expect((await client.messages.retrieve(read.wamid!)).data.id).toBe(accepted.id);
  });

  test('row 5: an unknown id is 404', async () => {
    expect(await refused(client.messages.retrieve('no-such-id'))).toBe('404 NOT_FOUND');
    expect(await refused(client.messages.retrieve('wamid.unknown='))).toBe('404 NOT_FOUND');
  });

  test('row 8: what is missing, too long or unknown is said with its place', async () => {
    expect(await refused(send({ text: undefined }))).toBe('400 PARAM_MISSING text');
    expect(await refused(send({ text: { body: 'a'.repeat(4097) } }))).toBe(
      '400 PARAM_INVALID_LENGTH text.body',
    );
    expect(await refused(send({ type: 'fax' }))).toBe('400 PARAM_INVALID type');
  });

  test('the list is the newest first, by number and by reference', async () => {
    const to = someone();
    const [first, second] = [await send({ to, externalId: 'a b+c' }), await send({ to })];
    const list = async (query: string) => {
      const { body } = await call<{ items: { id: string }[]; total?: number; length: number }>(
        'GET',
        `${running.url}/v2/whatsapp/messages?${query}`,
        undefined,
        { 'x-api-key': running.key },
      );
      return body;
    };
    const both = await list(`filter.to=${encodeURIComponent(to)}&includeTotal=true`);
    expect(both.items.map(one => one.id)).toEqual([second.id, first.id]);
    expect(both).toMatchObject({ total: 2, length: 2, offset: 0, limit: 10 });
    const found = await list(`filter.externalId=${encodeURIComponent('a b+c')}`);
    expect(found.items.map(one => one.id)).toEqual([first.id]);
    expect(found.total).toBeUndefined();
  });
});

describe('what is said', () => {
  test('row 7: an image by link with its caption, by the id of an upload, and by neither', async () => {
    const to = someone();
    const link = 'http://127.0.0.1/picture.png';
    await send({ to, type: 'image', image: { link, caption: 'c' } });
    await expect.poll(() => messagesOn(running, to)).toHaveLength(1);
    expect(JSON.stringify(await messagesOn(running, to))).toContain('"caption":"c"');
    expect(await refused(send({ type: 'image', image: {} }))).toBe('400 PARAM_MISSING image');
  });

  const rows = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => ({ id: `r${from + at}`, title: `Row ${from + at}` }));

  const list = (sections: object[]) => ({
    type: 'interactive',
    interactive: { type: 'list', body: { text: 'Choose' }, action: { button: 'Open', sections } },
  });

  test('row 10: a list has ten rows in all, and titles where it has sections', async () => {
    const two = [
      { title: 'A', rows: rows(5) },
      { title: 'B', rows: rows(5, 5) },
    ];
    expect((await send(list(two))).status).toBe('accepted');
    const eleven = [two[0]!, { title: 'B', rows: rows(6, 5) }];
    expect(await refused(send(list(eleven)))).toMatch(/^400 PARAM_INVALID interactive\.action\.sections/);
    expect(await refused(send(list([two[0]!, { rows: rows(2, 5) }])))).toMatch(
      /^400 PARAM_MISSING interactive\.action\.sections\.1\.title/,
    );
  });

  test.each<[string, object]>([
    [
      'flow',
      {
        type: 'flow',
        body: { text: 'b' },
        action: {
          name: 'flow',
          parameters: {
            flow_message_version: '3',
            flow_id: '123456',
            flow_cta: 'Go',
            flow_action: 'navigate',
            flow_action_payload: { screen: 'FIRST' },
          },
        },
      },
    ],
    [
      'cta_url',
      {
        type: 'cta_url',
        body: { text: 'b' },
        action: { name: 'cta_url', parameters: { display_text: 'See', url: 'https://example.com/' } },
      },
    ],
    [
      'product_list',
      {
        type: 'product_list',
        header: { type: 'text', text: 'Shoes' },
        body: { text: 'b' },
        action: {
          catalog_id: '1',
          sections: [{ title: 'A', product_items: [{ product_retailer_id: 'x' }] }],
        },
      },
    ],
    [
      'order_details',
      {
        type: 'order_details',
        body: { text: 'b' },
        action: {
          name: 'review_and_pay',
          parameters: {
            reference_id: 'order-1',
            type: 'physical-goods',
            currency: 'INR',
            total_amount: { offset: 100, value: 12300 },
            payment_settings: [
              {
                type: 'payment_gateway',
                payment_gateway: {
                  type: 'razorpay',
                  configuration_name: 'shop',
                  razorpay: { receipt: 'r1' },
                },
              },
            ],
            order: {
              status: 'pending',
              items: [
                {
                  retailer_id: 'x',
                  name: 'Shoe',
                  amount: { offset: 100, value: 12300 },
                  quantity: 1,
                  country_of_origin: 'India',
                  importer_name: 'Importer',
                  importer_address: {
                    address_line1: 'Street 1',
                    city: 'Pune',
                    zone_code: 'MH',
                    postal_code: '411001',
                    country_code: 'IN',
                  },
                },
              ],
              subtotal: { offset: 100, value: 12300 },
              tax: { offset: 100, value: 0 },
            },
          },
        },
      },
    ],
    [
      'location_request_message',
      { type: 'location_request_message', body: { text: 'b' }, action: { name: 'send_location' } },
    ],
  ])('row 11: interactive %s goes to WhatsApp as it is', async (_, interactive) => {
    const to = someone();
    expect(await send({ to, type: 'interactive', interactive })).toMatchObject({ interactive });
    await expect.poll(() => messagesOn(running, to)).toHaveLength(1);
    expect((await messagesOn(running, to))[0]).toMatchObject({ interactive });
  });

  test('row 13: a reaction taken back, a contact without a name, an answer to a message', async () => {
    const reaction = { message_id: 'wamid.abc', emoji: '' };
    expect((await send({ type: 'reaction', reaction })).status).toBe('accepted');
    expect(await refused(send({ type: 'contacts', contacts: [{ phones: [{ phone: '1' }] }] }))).toBe(
      '400 PARAM_MISSING contacts.0.name',
    );
    const context = { message_id: 'wamid.x' };
    expect(await send({ context })).toMatchObject({ context });
  });
});

describe('opting out', () => {
  test('rows 14, 17, 20: an unsubscriber is not sent to where the flag says so, and is while it does not', async () => {
    const to = someone();
    const created = await client.unsubscribers.create({
      type: 'PHONE_NUMBER',
      customer: to,
      channel: 'whatsapp',
    } as never);
    expect(created.data).toMatchObject({ type: 'PHONE_NUMBER', customer: to, channel: 'whatsapp' });
    const { id } = await send({ to, filterUnsubscribed: true });
    expect(await becomes(id, 'failed')).toMatchObject({ errorCode: 'RECIPIENT_UNSUBSCRIBED' });
    expect(await messagesOn(running, to)).toEqual([]);

    const direct = await send({ to, filterUnsubscribed: true, filterBlocked: true }, 'sendDirectly');
    expect(direct.wamid).toMatch(/^wamid\./);
    await becomes((await send({ to })).id, 'read');

    const found = await client.unsubscribers.retrieveByCustomerAndChannel(to, 'whatsapp' as never);
    expect(found.data).toEqual(created.data);
    expect((await client.unsubscribers.listAllByCustomer(to)).data).toEqual([created.data]);
    const deleted = await client.unsubscribers.deleteByCustomerAndChannel(to, 'whatsapp' as never);
    expect(deleted.data).toEqual(created.data);
    expect(await refused(client.unsubscribers.retrieveByCustomerAndChannel(to, 'whatsapp' as never))).toBe(
      '404 NOT_FOUND',
    );
  });

  test('the list of unsubscribers has pages and a cursor, and says nothing twice', async () => {
    const customers = Array.from({ length: 5 }, someone);
    for (const customer of customers)
      await client.unsubscribers.create({ type: 'PHONE_NUMBER', customer, channel: 'sms' } as never);
    expect(
      await refused(
        client.unsubscribers.create({
          type: 'PHONE_NUMBER',
          customer: customers[0]!,
          channel: 'sms',
        } as never),
      ),
    ).toBe('409 ALREADY_EXISTS');
    const got: string[] = [];
    let after: string | undefined;
    do {
      const { body } = await call<{ items: { customer: string }[]; cursor: { after?: string } }>(
        'GET',
        `${running.url}/v2/unsubscribers?limit=2&filter.channel=sms${after === undefined ? '' : `&pageAfter=${after}`}`,
        undefined,
        { 'x-api-key': running.key },
      );
      got.push(...body.items.map(one => one.customer));
      after = body.cursor.after;
    } while (after !== undefined);
    expect(got).toEqual([...customers].reverse());
  });
});

describe('refusals of WhatsApp', () => {
  test('row 19: an enqueued message fails later, with Meta’s code as text', async () => {
    const { id } = await send({ to: '+15551131026' });
    expect(await becomes(id, 'failed')).toMatchObject({
      errorCode: '131026',
      whatsappApiError: {
        code: '131026',
        type: 'OAuthException',
        message: expect.stringContaining('131026'),
      },
    });
  });

  /** A refusal of the number itself holds its lane; a change of the sender lets it go. */
  async function release(): Promise<void> {
    const auth = { authorization: `Bearer ${running.key}` };
    const { body } = await call<{ data: { id: string }[] }>(
      'GET',
      `${running.url}/api/senders`,
      undefined,
      auth,
    );
    for (const { id } of body.data)
      await call('PATCH', `${running.url}/api/senders/${id}`, { throughput: 80 }, auth);
  }

  test.each<[string, string, string]>([
    ['+15551131026', '400 BAD_REQUEST whatsappApiError', '131026'],
    ['+15551131056', '429 TOO_MANY_REQUESTS whatsappApiError', '131056'],
    ['+15551131005', '403 FORBIDDEN whatsappApiError', '131005'],
  ])('sendDirectly gives Meta’s refusal back: %s', async (to, said, code) => {
    const error = await refusal(send({ to }, 'sendDirectly'));
    expect(`${error.status} ${error.code} ${error.target}`).toBe(said);
    expect(error.whatsappApiError).toMatchObject({ code, message: expect.any(String) });
    await release();
  });

  test('sendDirectly says so when the message could not leave in time, and it never does', async () => {
    expect((await refusal(send({ to: '+15551131005' }, 'sendDirectly'))).status).toBe(403);
    const to = someone();
    expect(await refused(send({ to }, 'sendDirectly'))).toBe('429 SENDER_RATE_LIMITED');
    await release();
    // What follows on the same number has left, so this one is not before it.
    await becomes((await send({ to: someone() })).id, 'read');
    expect(await messagesOn(running, to)).toEqual([]);
  }, 30_000);
});

describe('a repeat of a direct send with its key', () => {
  const direct = async (to: string, key: string) =>
    call<{ wamid?: string; error?: { code: string } }>(
      'POST',
      `${running.url}/v2/whatsapp/messages/sendDirectly`,
      { from: running.sender, to, ...TEXT },
      { 'x-api-key': running.key, 'idempotency-key': key },
    );

  test('has WhatsApp’s id too, and sends nothing', async () => {
    const to = someone();
    const [first, again] = [await direct(to, 'direct-1'), await direct(to, 'direct-1')];
    expect(first.body.wamid).toMatch(/^wamid\./);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await messagesOn(running, to)).toHaveLength(1);
  });

  test('is refused as the first was', async () => {
    expect((await direct('+15551131056', 'direct-2')).status).toBe(429);
    expect((await direct('+15551131056', 'direct-2')).status).toBe(429);
  });
});

test('a base path with a slash at its end is as good', async () => {
  const { status } = await call('GET', `${running.url}/v2//balance`, undefined, { 'x-api-key': running.key });
  expect(status).toBe(200);
});

test('row 22: a limit beyond a hundred is refused with its name', async () => {
  expect(await refused(client.unsubscribers.list({ page: 1, limit: 101 }))).toBe('400 PARAM_INVALID limit');
});

test('row 25: an inbound message is marked as read and shows that somebody types', async () => {
  const from = someone();
  const { body } = await call<{ wamid: string }>(
    'POST',
    `${running.sandboxUrl}/sandbox/phones/${encodeURIComponent(from)}/messages`,
    { type: 'text', text: { body: 'hello' } },
  );
  const wamid = body.wamid;
  await expect
    .poll(() =>
      client.inbound.markAsRead(wamid).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(200);
  expect((await client.inbound.typingIndicator(wamid)).status).toBe(200);
  expect(await refused(client.inbound.markAsRead('wamid.abc='))).toBe('404 NOT_FOUND');
  for (const type of ['application/json', 'text/xml']) {
    const path = `${running.url}/v2/whatsapp/inboundMessages/${encodeURIComponent(wamid)}/markAsRead`;
    const { status } = await fetch(path, {
      method: 'POST',
      headers: { 'x-api-key': running.key, 'content-type': type },
    });
    expect(status).toBe(200);
  }
});

describe('row 26: media', () => {
  let folder: string;
  const PNG = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wirebird-ycloud-'));
    await writeFile(join(folder, 'dot.png'), PNG);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('the package’s form without a boundary is read, and the id can be sent', async () => {
    const { data } = await client.media.upload(
      running.sender,
      createReadStream(join(folder, 'dot.png')) as never,
    );
    const to = someone();
    const sent = await send({ to, type: 'image', image: { id: data.id } });
    expect(sent).toMatchObject({ image: { id: data.id } });
    expect(await becomes(sent.id, 'read')).toMatchObject({ image: { id: data.id } });
  });

  test('a buffer without a name is a file too', async () => {
    const { data } = await client.media.upload(running.sender, PNG as never);
    expect(data.id).not.toBe('');
  });

  test('a number that is not ours and a form without a file are refused', async () => {
    expect(await refused(client.media.upload('+15550009999', PNG as never))).toBe('404 NOT_FOUND');
    const empty = await fetch(
      `${running.url}/v2/whatsapp/media/${encodeURIComponent(running.sender)}/upload`,
      {
        method: 'POST',
        headers: { 'x-api-key': running.key },
        body: new FormData(),
      },
    );
    expect(empty.status).toBe(400);
  });
});
