import type Telnyx from 'telnyx';
import type { WebhookDelivery } from 'telnyx/resources/webhook-deliveries';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { call, type Receiver, type Running, startReceiver, startRunning } from './running.ts';
import { all, clientOf, refused } from './telnyx-client.ts';

/** The log of reports, after receivers that fail (telnyx §14, row 23). */
let running: Running;
let client: Telnyx;
let receiver: Receiver;
let publicKey: string;

beforeAll(async () => {
  // Attempts follow each other at once: how long the pauses are is not what these tests are about.
  running = await startRunning({ env: { WIREBIRD_REPORT_SCHEDULE: '0,0' } });
  client = clientOf(running).telnyx;
  receiver = await startReceiver();
  // Nobody has written to the number; what the window does is not what these tests are about.
  await call('PATCH', `${running.sandboxUrl}/sandbox/settings`, { window: 'off' });
  const authorization = `Bearer ${running.key}`;
  const key = await call<{ data: { public: string } }>('GET', `${running.url}/v2/public_key`, undefined, {
    authorization,
  });
  publicKey = key.body.data.public;
});
afterAll(async () => {
  await receiver?.stop();
  await running?.stop();
});

async function send(to: string, webhook_url: string, more: object = {}): Promise<string> {
  const { data } = await client.messages.whatsapp({
    from: running.sender,
    to,
    whatsapp_message: { type: 'text', text: { body: 'hi' } },
    webhook_url,
    ...more,
  });
  return data?.id ?? '';
}

const payloadId = (delivery: WebhookDelivery): unknown => delivery.webhook?.payload?.id;

/** The deliveries about one message, when there are so many. */
async function deliveriesOf(id: string, count: number): Promise<WebhookDelivery[]> {
  const list = () => all(client.webhookDeliveries.list({ filter: { webhook: { contains: id } } }));
  return vi.waitFor(
    async () => {
      const found = await list();
      expect(found).toHaveLength(count);
      return found;
    },
    { timeout: 20_000, interval: 100 },
  );
}

test('a failing receiver and its failing failover are seen attempt by attempt, each with its own valid signature', async () => {
  receiver.answer = 500;
  const { data: settings } = await client.phoneNumbers.messaging.retrieve(running.sender);
  await client.messagingProfiles.update(settings?.messaging_profile_id ?? '', {
    webhook_url: `${receiver.url}/first`,
    webhook_failover_url: `${receiver.url}/failover`,
  });
  // Its recipient never reads: two events.
  const id = await send('+15552131026', '', { webhook_url: undefined });
  const [delivery] = await deliveriesOf(id, 1);
  expect(delivery).toMatchObject({
    record_type: 'webhook_delivery',
    status: 'failed',
    webhook: { event_type: 'message.finalized', record_type: 'event', payload: { id } },
  });
  const attempts = delivery?.attempts ?? [];
  expect(attempts.map(attempt => attempt.http?.request?.url)).toEqual([
    ...Array<string>(3).fill(`${receiver.url}/failover`),
    ...Array<string>(3).fill(`${receiver.url}/first`),
  ]);
  for (const attempt of attempts)
    expect(attempt).toMatchObject({ status: 'failed', errors: [75000], http: { response: { status: 500 } } });
  // Newest first, and as they came in.
  const got = receiver.got.filter(one => one.body.includes(id));
  expect(got.map(one => (JSON.parse(one.body) as { meta: { attempt: number } }).meta.attempt)).toEqual([
    1, 2, 3, 4, 5, 6,
  ]);
  for (const [index, one] of got.entries()) {
    const headers = Object.fromEntries(attempts.at(-1 - index)?.http?.request?.headers ?? []) as Record<
      string,
      string
    >;
    expect(headers['telnyx-signature-ed25519']).toBe(one.headers['telnyx-signature-ed25519']);
    expect(headers['telnyx-timestamp']).toBe(one.headers['telnyx-timestamp']);
    const event = await client.webhooks.unwrap(one.body, {
      headers: one.headers as Record<string, string>,
      key: publicKey,
    });
    expect((event as { data?: unknown }).data).toEqual(delivery?.webhook);
  }
  expect((await client.webhookDeliveries.retrieve(delivery?.id ?? '')).data).toEqual(delivery);
});

test.each([
  ['a redirect', 302, [75000]],
  ['an answer that is no success', 404, [75000]],
])('%s is a failure', async (_name, status, errors) => {
  receiver.answer = status;
  const id = await send('+15552131026', `${receiver.url}/refuses`);
  const [delivery] = await deliveriesOf(id, 1);
  expect(delivery).toMatchObject({ status: 'failed' });
  for (const attempt of delivery?.attempts ?? []) expect(attempt.errors).toEqual(errors);
});

test('a receiver that is not there is not connected to, and a name without an address is not resolved', async () => {
  const gone = await startReceiver();
  await gone.stop();
  const [refusing] = await deliveriesOf(await send('+15552131026', gone.url), 1);
  expect(refusing?.attempts?.map(attempt => attempt.errors)).toEqual([[75002], [75002], [75002]]);
  expect(refusing?.attempts?.[0]?.http).not.toHaveProperty('response');
  const [nameless] = await deliveriesOf(await send('+15552131026', 'http://nobody.invalid/'), 1);
  expect(nameless?.attempts?.map(attempt => attempt.errors)).toEqual([[75001], [75001], [75001]]);
});

describe('the list', () => {
  let id: string;
  let began: string;
  let ended: string;
  beforeAll(async () => {
    began = new Date().toISOString();
    receiver.answer = count => (count % 2 === 0 ? 200 : 503);
    id = await send('+15557660200', `${receiver.url}/list`);
    const found = await deliveriesOf(id, 3);
    ended = new Date(Math.max(...found.map(one => Date.parse(one.finished_at ?? '')))).toISOString();
  });

  test('is paged, newest first, and each delivery is in it once', async () => {
    const { telnyx, asked } = clientOf(running);
    const listed = await all(telnyx.webhookDeliveries.list({ 'page[size]': 2 } as never));
    expect(new Set(listed.map(one => one.id)).size).toBe(listed.length);
    expect(listed.map(one => one.id)).toEqual(
      listed
        .map(one => one.id)
        .sort()
        .reverse(),
    );
    expect(asked).toHaveLength(Math.ceil(listed.length / 2));
    expect(listed.slice(0, 3).map(payloadId)).toEqual([id, id, id]);
  });

  test('is narrowed by status, event, time and text', async () => {
    const list = async (filter: object): Promise<WebhookDelivery[]> =>
      all(client.webhookDeliveries.list({ filter }));
    const everything = await list({});
    for (const eq of ['delivered', 'failed'] as const) {
      const found = await list({ status: { eq } });
      expect(found.length).toBeGreaterThan(0);
      expect(found).toEqual(everything.filter(one => one.status === eq));
    }
    const reads = await list({ event_type: 'message.read,message.nothing' });
    expect(reads).toEqual(everything.filter(one => one.webhook?.event_type === 'message.read'));
    expect(reads.length).toBeGreaterThan(0);
    expect(await list({ event_type: 'constructor' })).toEqual([]);
    const since = await list({ started_at: { gte: began } });
    expect(new Set(since.map(payloadId))).toEqual(new Set([id]));
    expect(await list({ started_at: { lte: began } })).toEqual(
      everything.filter(one => payloadId(one) !== id),
    );
    expect(await list({ finished_at: { gte: ended, lte: ended } })).toHaveLength(1);
    const slow = await list({
      attempts: { contains: `${receiver.url}/list` },
      webhook: { contains: 'message.read' },
    });
    expect(slow.map(payloadId)).toEqual([id]);
    expect(await list({ webhook: { contains: 'nothing like it' } })).toEqual([]);
  });

  test('says what is wrong with a filter, and passes over one that it does not know', async () => {
    const list = (query: object) => refused(client.webhookDeliveries.list(query as never));
    expect(await list({ filter: { status: { eq: 'pending' } } })).toBe('422 10032 filter[status][eq]');
    expect(await list({ filter: { started_at: { gte: 'yesterday' } } })).toBe(
      '422 10015 filter[started_at][gte]',
    );
    expect(await list({ 'page[size]': 251 })).toBe('422 10033 page[size]');
    expect(
      (await all(client.webhookDeliveries.list({ 'filter[colour]': 'red' } as never))).length,
    ).toBeGreaterThan(0);
  });

  test('holds nothing of another workspace', async () => {
    const headers = { authorization: `Bearer ${running.key}` };
    const made = await call<{ first_key: { key: string } }>(
      'POST',
      `${running.url}/api/workspaces`,
      { name: 'other' },
      headers,
    );
    expect(made.status).toBe(201);
    const other = clientOf(running, made.body.first_key.key).telnyx;
    expect(await all(other.webhookDeliveries.list())).toEqual([]);
    const [mine] = await deliveriesOf(id, 3);
    expect(await refused(other.webhookDeliveries.retrieve(mine?.id ?? ''))).toBe('404 10005 -');
    expect(await refused(client.webhookDeliveries.retrieve('nonsense'))).toBe('404 10005 -');
  });
});
