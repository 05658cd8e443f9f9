import type Telnyx from 'telnyx';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { call, type Receiver, type Running, startReceiver, startRunning } from './running.ts';
import { all, clientOf } from './telnyx-client.ts';

/** What comes to the URL of a business account: notices of Meta's, and what people send. */
let running: Running;
let client: Telnyx;
let receiver: Receiver;
let waba: string;

beforeAll(async () => {
  running = await startRunning({ env: { WIREBIRD_REPORT_SCHEDULE: '0,0' } });
  client = clientOf(running).telnyx;
  receiver = await startReceiver();
  waba = (await all(client.whatsapp.businessAccounts.list()))[0]?.id ?? '';
});
afterAll(async () => {
  await receiver?.stop();
  await running?.stop();
});

interface Event {
  readonly data: {
    readonly id: string;
    readonly event_type: string;
    readonly payload: Record<string, unknown>;
  };
  readonly meta: { readonly attempt: number };
}

/** The events that came to a path, each checked by the official package. */
async function eventsAt(path: string, type: string): Promise<Event[]> {
  const { body } = await call<{ data: { public: string } }>(
    'GET',
    `${running.url}/v2/public_key`,
    undefined,
    {
      authorization: `Bearer ${running.key}`,
    },
  );
  return vi.waitFor(
    async () => {
      const raw = receiver.got.filter(one => one.path === path);
      const events = await Promise.all(
        raw.map(async one => {
          const headers = one.headers as Record<string, string>;
          return (await client.webhooks.unwrap(one.body, {
            headers,
            key: body.data.public,
          })) as unknown as Event;
        }),
      );
      const found = events.filter(event => event.data.event_type === type);
      expect(found).not.toEqual([]);
      return found;
    },
    { timeout: 20_000, interval: 100 },
  );
}

test('a template that Meta approves is told to the account’s failover URL when its first fails, and both are in the log', async () => {
  receiver.answer = count => (receiver.got[count - 1]?.path === '/first' ? 500 : 200);
  await client.whatsapp.businessAccounts.settings.update(waba, {
    webhook_url: `${receiver.url}/first`,
    webhook_failover_url: `${receiver.url}/failover`,
    webhook_enabled: true,
    webhook_events: ['message_template_status_update'],
  });
  const { data } = await client.whatsapp.templates.create({
    waba_id: waba,
    name: 'told',
    category: 'UTILITY',
    language: 'en_US',
    components: [{ type: 'BODY', text: 'Your order has left the house today.' }],
  });
  await call('POST', `${running.sandboxUrl}/sandbox/templates/${data?.template_id}`, { status: 'APPROVED' });
  const [told] = await eventsAt('/failover', 'whatsapp.template.approved');
  expect(told).toMatchObject({
    data: {
      payload: {
        waba_id: waba,
        event: 'APPROVED',
        message_template_name: 'told',
        record_type: 'whatsapp_template',
      },
    },
    meta: { attempt: 4 },
  });
  const before = await eventsAt('/first', 'whatsapp.template.approved');
  expect(before.map(event => [event.data.id, event.meta.attempt])).toEqual(
    [1, 2, 3].map(attempt => [told?.data.id, attempt]),
  );
  const logged = await vi.waitFor(async () => {
    const found = await all(
      client.webhookDeliveries.list({ filter: { event_type: 'whatsapp.template.approved' } }),
    );
    expect(found).toHaveLength(1);
    return found[0];
  });
  expect(logged).toMatchObject({ status: 'delivered', webhook: { id: told?.data.id } });
  expect(logged?.attempts?.map(attempt => attempt.http?.request?.url)).toEqual([
    `${receiver.url}/failover`,
    ...Array<string>(3).fill(`${receiver.url}/first`),
  ]);
});

test('a picture that a person sends comes with a URL that gives its bytes', async () => {
  receiver.answer = 200;
  await client.whatsapp.businessAccounts.settings.update(waba, {
    webhook_url: `${receiver.url}/people`,
    webhook_enabled: true,
  });
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const form = new FormData();
  form.set('file', new File([png], 'dot.png', { type: 'image/png' }));
  const added = await fetch(`${running.sandboxUrl}/sandbox/media`, { method: 'POST', body: form });
  const { id } = (await added.json()) as { id: string };
  const written = await call('POST', `${running.sandboxUrl}/sandbox/phones/%2B15557654321/messages`, {
    type: 'image',
    image: { media_id: id, caption: 'look' },
    sender: running.sender,
  });
  expect(written.status).toBeLessThan(300);
  const [event] = await eventsAt('/people', 'message.received');
  expect(event?.data.payload).toMatchObject({
    to: running.sender,
    body: { type: 'image', image: { caption: 'look' } },
    media: [{ content_type: 'image/png' }],
  });
  const media = (event?.data.payload.media ?? []) as { url: string }[];
  const file = await fetch(media[0]?.url ?? '');
  expect(file.status).toBe(200);
  expect(Buffer.from(await file.arrayBuffer()).equals(png)).toBe(true);
});
