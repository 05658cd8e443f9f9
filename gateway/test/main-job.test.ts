import Telnyx from 'telnyx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Receiver, type Running, startReceiver, startRunning } from './running.ts';

/**
 * The main job, as a customer does it: the official package with base URL and key changed, a phone that gets the
 * message, and a signed report of its way.
 */
let running: Running;
let receiver: Receiver;
let client: Telnyx;

beforeAll(async () => {
  [running, receiver] = await Promise.all([startRunning(), startReceiver()]);
  const { body } = await call<{ data: { public: string } }>(
    'GET',
    `${running.url}/v2/public_key`,
    undefined,
    {
      authorization: `Bearer ${running.key}`,
    },
  );
  client = new Telnyx({
    apiKey: running.key,
    baseURL: `${running.url}/v2`,
    publicKey: body.data.public,
    maxRetries: 0,
  });
});
afterAll(async () => {
  await running?.stop();
  await receiver?.stop();
});

interface PhoneMessage {
  readonly wamid: string;
  readonly direction: string;
  readonly type: string;
  readonly status: string;
  readonly text?: { body: string };
  readonly template?: { name: string };
}

const onPhone = async (phone: string): Promise<PhoneMessage[]> =>
  (
    await call<{ data: PhoneMessage[] }>(
      'GET',
      `${running.sandboxUrl}/sandbox/phones/${encodeURIComponent(phone)}/messages`,
    )
  ).body.data;

/** Reports about one message, as the official package unwraps them. */
async function reports(
  id: string,
): Promise<{ event_type: string; status: string; at: string; eventId: string; attempt: number }[]> {
  const all = await Promise.all(
    receiver.got.map(async got => {
      const event = (await client.webhooks.unwrap(got.body, {
        headers: got.headers as Record<string, string>,
      })) as unknown as {
        data: {
          event_type: string;
          id: string;
          occurred_at: string;
          payload: { id: string; to: { status: string }[] };
        };
        meta: { attempt: number };
      };
      return {
        message: event.data.payload.id,
        event_type: event.data.event_type,
        status: event.data.payload.to[0]?.status ?? '',
        at: event.data.occurred_at,
        eventId: event.data.id,
        attempt: event.meta.attempt,
      };
    }),
  );
  return all.filter(report => report.message === id);
}

const template = {
  type: 'template',
  template: { name: 'hello_world', language: { code: 'en_US' } },
} as const;

describe('a Telnyx client sends through Wirebird', () => {
  test('a template is on the phone, its status goes to read, and three signed reports tell the sender so', async () => {
    const to = '+15557650001';
    const { data } = await client.messages.whatsapp({
      from: running.sender,
      to,
      whatsapp_message: { ...template, biz_opaque_callback_data: 'order-1' } as never,
      webhook_url: `${receiver.url}/own`,
    });
    expect(data).toMatchObject({
      record_type: 'message',
      direction: 'outbound',
      type: 'WHATSAPP',
      from: { phone_number: running.sender },
      to: [{ phone_number: to, status: 'queued' }],
    });
    await expect
      .poll(async () => (await onPhone(to)).map(message => message.template?.name))
      .toEqual(['hello_world']);
    await expect
      .poll(
        async () => (await reports(data!.id!)).map(report => `${report.event_type} ${report.status}`).sort(),
        { timeout: 10_000 },
      )
      .toEqual(['message.finalized delivered', 'message.read read', 'message.sent sent']);
    const retrieved = await client.messages.retrieve(data!.id!);
    expect(retrieved.data).toMatchObject({
      id: data!.id,
      type: 'WHATSAPP',
      to: [{ phone_number: to, status: 'read' }],
    });
    expect(receiver.got.every(got => got.path === '/own')).toBe(true);
    expect(receiver.got[0]?.body).toContain('order-1');
  });

  test('a reply typed on the phone reaches the endpoint, and a text follows it', async () => {
    const to = '+15557650002';
    const api = { authorization: `Bearer ${running.key}` };
    const endpoint = await call(
      'POST',
      `${running.url}/api/webhook-endpoints`,
      {
        url: `${receiver.url}/endpoint`,
        dialect: 'telnyx',
        events: ['message.received'],
      },
      api,
    );
    expect(endpoint.status).toBe(201);
    await client.messages.whatsapp({ from: running.sender, to, whatsapp_message: template as never });
    await expect.poll(async () => (await onPhone(to)).length).toBe(1);
    await call('POST', `${running.sandboxUrl}/sandbox/phones/${encodeURIComponent(to)}/messages`, {
      text: 'Hello back 👋',
    });
    const inbound = async (): Promise<unknown[]> =>
      receiver.got.filter(got => got.path === '/endpoint').map(got => JSON.parse(got.body).data);
    await expect.poll(inbound, { timeout: 10_000 }).toHaveLength(1);
    expect((await inbound())[0]).toMatchObject({
      event_type: 'message.received',
      payload: {
        direction: 'inbound',
        from: { phone_number: to },
        to: running.sender,
        body: { type: 'text', text: { body: 'Hello back 👋' } },
      },
    });
    const text = await client.messages.whatsapp({
      from: running.sender,
      to,
      whatsapp_message: { type: 'text', text: { body: 'Glad to hear it.' } } as never,
    });
    await expect.poll(async () => (await onPhone(to)).at(-1)?.text?.body).toBe('Glad to hear it.');
    // The phone has the message before Meta's answer is on disk.
    const steps = async (): Promise<string[]> => {
      const { body } = await call<{ timeline: { step: string }[] }>(
        'GET',
        `${running.url}/api/messages/${text.data!.id}`,
        undefined,
        api,
      );
      return body.timeline.map(step => step.step);
    };
    await expect.poll(steps).toEqual(expect.arrayContaining(['queued', 'sending', 'accepted']));
  });

  test('a report whose byte was changed, or that is old, or made with another key, is refused by the package', async () => {
    const { body, headers } = receiver.got[0]!;
    const plain = headers as Record<string, string>;
    await expect(client.webhooks.unwrap(body.replace('+1', '+2'), { headers: plain })).rejects.toThrow();
    const old = { ...plain, 'telnyx-timestamp': String(Number(plain['telnyx-timestamp']) - 301) };
    await expect(client.webhooks.unwrap(body, { headers: old })).rejects.toThrow();
    const other = Buffer.alloc(32, 7).toString('base64');
    await expect(client.webhooks.unwrap(body, { headers: plain, key: other })).rejects.toThrow();
  });
});
