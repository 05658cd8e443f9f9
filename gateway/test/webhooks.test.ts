import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { call, type Receiver, type Running, startReceiver, startRunning } from './running.ts';

/** Meta's webhooks as they come: repeated, late, overtaking, batched, and from whoever likes to try. */
interface Tenant {
  readonly key: string;
  readonly phone: string;
  readonly phone_number_id: string;
  readonly waba_id: string;
  readonly app_secret: string;
  readonly verify_token: string;
}

let running: Running;
let receiver: Receiver;
let ours: Tenant;
let theirs: Tenant;

beforeAll(async () => {
  [running, receiver] = await Promise.all([startRunning(), startReceiver()]);
  ours = await tenant('ours', '+15550003001');
  theirs = await tenant('theirs', '+15550003002');
});
afterAll(async () => {
  await running?.stop();
  await receiver?.stop();
});
beforeEach(() => {
  receiver.got.length = 0;
});

function wirebird(...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../bin/wirebird.js'), ...args, '--data', running.dataDir],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        WIREBIRD_DATABASE_URL: running.databaseUrl,
        WIREBIRD_MASTER_KEY: 'a master key for tests only',
      },
    },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** A workspace with a key and a number of its own, whose phones never answer by themselves. */
async function tenant(name: string, phone: string): Promise<Tenant> {
  wirebird('workspaces', 'create', name);
  const key = wirebird('keys', 'create', '--name', 'test', '--scopes', 'admin', '--workspace', name);
  const api = { authorization: `Bearer ${key}` };
  const sender = await call<Tenant>('POST', `${running.sandboxUrl}/sandbox/senders`, { phone_number: phone });
  // The key was made beside the gateway, which knows of it within two seconds.
  await vi.waitUntil(
    async () => (await call('POST', `${running.url}/api/senders`, sender.body, api)).status === 201,
    { timeout: 5_000 },
  );
  await call(
    'POST',
    `${running.url}/api/webhook-endpoints`,
    { url: `${receiver.url}/${name}`, dialect: 'telnyx', events: ['message.received'] },
    api,
  );
  return { ...sender.body, key, phone };
}

const value = (of: Tenant, more: object) => ({
  field: 'messages',
  value: {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: of.phone.slice(1), phone_number_id: of.phone_number_id },
    ...more,
  },
});
const entry = (of: Tenant, ...changes: object[]) => ({ id: of.waba_id, changes });

const webhook = (body: string, secret: string): Promise<{ status: number }> =>
  call('POST', `${running.url}/webhooks/whatsapp`, body, {
    'content-type': 'application/json',
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  });
const post = (secret: string, ...entries: object[]) =>
  webhook(JSON.stringify({ object: 'whatsapp_business_account', entry: entries }), secret);

/** The number that the sandbox never reports on: what happens to this message is up to the test. */
const SILENT = '+15553000001';

async function sendFrom(of: Tenant): Promise<{ id: string; wamid: string; callback: string }> {
  const { body } = await call<{ data: { id: string } }>(
    'POST',
    `${running.url}/v2/messages/whatsapp`,
    {
      from: of.phone,
      to: SILENT,
      whatsapp_message: { type: 'text', text: { body: 'hi' } },
      webhook_url: `${receiver.url}/own`,
    },
    { authorization: `Bearer ${of.key}` },
  );
  await expect.poll(async () => (await read(of, body.data.id)).status, { timeout: 5_000 }).toBe('accepted');
  return { id: body.data.id, wamid: (await read(of, body.data.id)).wamid, callback: `wb:${body.data.id}:1` };
}

interface Shown {
  readonly status: string;
  readonly wamid: string;
  readonly sent_at: string | null;
  readonly delivered_at: string | null;
  readonly read_at: string | null;
}
const read = async (of: Tenant, id: string): Promise<Shown> =>
  (
    await call<Shown>('GET', `${running.url}/api/messages/${id}`, undefined, {
      authorization: `Bearer ${of.key}`,
    })
  ).body;

const T0 = 1_790_000_000;
const iso = (seconds: number): string => new Date((T0 + seconds) * 1000).toISOString();
const status = (
  message: { wamid: string; callback: string },
  name: string,
  seconds: number,
  more: object = {},
) => ({
  id: message.wamid,
  status: name,
  timestamp: String(T0 + seconds),
  recipient_id: SILENT.slice(1),
  biz_opaque_callback_data: message.callback,
  ...more,
});

/** What was reported of one message; those of an earlier test may still be under way. */
const events = (id: string): string[] =>
  receiver.got
    .map(got => JSON.parse(got.body).data)
    .filter(data => data.payload.id === id)
    .map(data => `${data.event_type} ${data.occurred_at.slice(0, 19)}`);
const event = (name: string, seconds: number): string => `${name} ${iso(seconds).slice(0, 19)}`;

describe('one tenant cannot speak for another', () => {
  test('a webhook signed with our secret that names their number in its second entry changes only ours', async () => {
    const [mine, other] = [await sendFrom(ours), await sendFrom(theirs)];
    const answer = await post(
      ours.app_secret,
      entry(ours, value(ours, { statuses: [status(mine, 'delivered', 5)] })),
      entry(
        theirs,
        value(theirs, { statuses: [status(other, 'read', 5)], messages: [inbound('in-1', 'forged')] }),
      ),
    );
    expect(answer.status).toBe(200);
    await expect.poll(async () => (await read(ours, mine.id)).status).toBe('delivered');
    expect((await read(theirs, other.id)).status).toBe('accepted');
    expect(receiver.got.filter(got => got.path === '/theirs')).toEqual([]);
  });

  test('a status about their message under our number changes nothing', async () => {
    const other = await sendFrom(theirs);
    await post(ours.app_secret, entry(ours, value(ours, { statuses: [status(other, 'read', 5)] })));
    const mine = await sendFrom(ours);
    await post(ours.app_secret, entry(ours, value(ours, { statuses: [status(mine, 'read', 5)] })));
    await expect.poll(async () => (await read(ours, mine.id)).status).toBe('read');
    expect((await read(theirs, other.id)).status).toBe('accepted');
  });

  test.each([
    ['a wrong secret', () => post('wrong', entry(ours, value(ours, {})))],
    [
      'no signature',
      () => call('POST', `${running.url}/webhooks/whatsapp`, '{}', { 'content-type': 'application/json' }),
    ],
    [
      'a body that was changed',
      () =>
        call('POST', `${running.url}/webhooks/whatsapp`, '{"a":1}', {
          'content-type': 'application/json',
          'x-hub-signature-256': `sha256=${createHmac('sha256', ours.app_secret).update('{"a":2}').digest('hex')}`,
        }),
    ],
  ])('%s is 401', async (_, request) => {
    expect((await request()).status).toBe(401);
  });
});

const inbound = (id: string, body: string) => ({
  from: '15559990001',
  id: `wamid.${id}`,
  timestamp: String(T0),
  type: 'text',
  text: { body },
});

describe('statuses', () => {
  test('that overtake, come late, twice and together lose no time and no report', async () => {
    const message = await sendFrom(ours);
    const all = (...statuses: object[]) => post(ours.app_secret, entry(ours, value(ours, { statuses })));
    await all(status(message, 'delivered', 20));
    await all(status(message, 'delivered', 20), status(message, 'read', 30));
    await all(status(message, 'sent', 10));
    await all(status(message, 'sent', 10), status(message, 'delivered', 20), status(message, 'read', 30));
    await expect.poll(async () => (await read(ours, message.id)).sent_at).not.toBeNull();
    const shown = await read(ours, message.id);
    expect([
      shown.status,
      ...[shown.sent_at, shown.delivered_at, shown.read_at].map(time => new Date(time!).toISOString()),
    ]).toEqual(['read', iso(10), iso(20), iso(30)]);
    const expected = [event('message.sent', 10), event('message.finalized', 20), event('message.read', 30)];
    await expect.poll(() => events(message.id).sort(), { timeout: 5_000 }).toEqual(expected.sort());
  });

  test('in the same bytes again are not reported again', async () => {
    const message = await sendFrom(ours);
    const again = () =>
      post(ours.app_secret, entry(ours, value(ours, { statuses: [status(message, 'sent', 10)] })));
    for (let count = 0; count < 3; count++) expect((await again()).status).toBe(200);
    await post(ours.app_secret, entry(ours, value(ours, { statuses: [status(message, 'read', 40)] })));
    await expect.poll(() => events(message.id).length, { timeout: 5_000 }).toBe(3);
    expect(events(message.id).filter(name => name.startsWith('message.sent'))).toHaveLength(1);
  });

  test('without our callback data find their message by its wamid', async () => {
    const message = await sendFrom(ours);
    await post(
      ours.app_secret,
      entry(
        ours,
        value(ours, { statuses: [status(message, 'sent', 10, { biz_opaque_callback_data: 'job-42' })] }),
      ),
    );
    await expect.poll(async () => (await read(ours, message.id)).status).toBe('sent');
  });

  test('with one that cannot be read between them are read all the same', async () => {
    const message = await sendFrom(ours);
    const broken = { status: 'sent', timestamp: 'yesterday' };
    await post(
      ours.app_secret,
      entry(
        ours,
        value(ours, { statuses: [status(message, 'sent', 10), broken, status(message, 'delivered', 20)] }),
      ),
    );
    await expect.poll(async () => (await read(ours, message.id)).status).toBe('delivered');
  });
});

describe('inbound messages', () => {
  test('with a name cut inside an emoji are stored and reported mended, once', async () => {
    const body = JSON.stringify({
      object: 'whatsapp_business_account',
      entry: [
        entry(
          ours,
          value(ours, {
            contacts: [{ wa_id: '15559990001', profile: { name: 'NAME' } }],
            messages: [inbound('cut', 'TEXT')],
          }),
        ),
      ],
    })
      .replace('NAME', 'Ana \\ud83d')
      .replace('TEXT', 'half \\ude00 and a \\u0000 NUL');
    for (let count = 0; count < 2; count++) expect((await webhook(body, ours.app_secret)).status).toBe(200);
    const told = () => receiver.got.filter(got => got.path === '/ours');
    await expect.poll(told, { timeout: 5_000 }).toHaveLength(1);
    expect(JSON.parse(told()[0]!.body).data.payload.body.text.body).toBe('half \ufffd and a  NUL');
    const api = { authorization: `Bearer ${ours.key}` };
    const list = await call<{ data: { id: string }[] }>(
      'GET',
      `${running.url}/api/messages?direction=inbound`,
      undefined,
      api,
    );
    expect(list.body.data).toHaveLength(1);
  });
});

describe('the handshake', () => {
  const shake = (token: string) =>
    call<string>(
      'GET',
      `${running.url}/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=${token}`,
    );
  test('answers the challenge to a verify token of one of our senders, and 403 to any other', async () => {
    expect(await shake(ours.verify_token)).toMatchObject({ status: 200, body: '4711' });
    expect((await shake('guess')).status).toBe(403);
    expect((await shake('')).status).toBe(403);
  });
});
