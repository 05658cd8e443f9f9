import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { call, type Running, startRunning } from './running.ts';
import { type Client, clientOf, refused, shown } from './telnyx-client.ts';
import { interactive, MORE_MESSAGES, PAGE_MESSAGES } from './telnyx-messages.ts';

/** Every type of message by the official package, through the whole system to the phone. */
let running: Running;
let client: Client;

beforeAll(async () => {
  running = await startRunning();
  client = clientOf(running);
});
afterAll(async () => {
  await running?.stop();
});

interface OnPhone {
  readonly wamid: string;
  readonly direction: string;
  readonly type: string;
  readonly context?: { readonly id?: string; readonly message_id?: string };
  readonly [content: string]: unknown;
}
interface Sent {
  readonly id: string;
  readonly to: { readonly phone_number: string; readonly status: string }[];
  readonly body: Record<string, unknown>;
}

const TO = '+15557660001';

/** The package's types know less than the page shows (telnyx §12). */
async function send(whatsapp_message: object, to = TO): Promise<Sent> {
  const body = { from: running.sender, to, whatsapp_message };
  const { data } = await client.telnyx.messages.whatsapp(body as never);
  return data as unknown as Sent;
}

const phoneUrl = (phone: string): string =>
  `${running.sandboxUrl}/sandbox/phones/${encodeURIComponent(phone)}/messages`;

async function onPhone(phone: string, count = 1): Promise<OnPhone[]> {
  return vi.waitUntil(
    async () => {
      const { body } = await call<{ data: OnPhone[] }>('GET', phoneUrl(phone));
      return body.data.length >= count ? body.data : undefined;
    },
    { timeout: 30_000, interval: 50 },
  );
}

/** A person writes; resolves when the gateway knows. */
async function write(phone: string, text: string): Promise<OnPhone> {
  const { body } = await call<OnPhone>('POST', phoneUrl(phone), { type: 'text', text });
  await vi.waitUntil(
    async () => {
      const window = await windowOf(phone);
      return window.window_active;
    },
    { timeout: 30_000, interval: 50 },
  );
  return body;
}

const NOTHING = { name: 'nothing_like_it', language: { code: 'en_US' } };

/** A number's templates are read from Meta when it comes; until they are, Meta itself judges them. */
const KNOWN_MS = 30_000;

async function templatesAreKnown(): Promise<void> {
  await vi.waitUntil(
    () =>
      send({ type: 'template', template: NOTHING }, '+15557680006').then(
        () => false,
        () => true,
      ),
    { timeout: KNOWN_MS, interval: 500 },
  );
}

const windowOf = async (phone: string): Promise<Record<string, unknown>> => {
  const { data } = await client.telnyx.whatsapp.phoneNumbers.retrieveConversationWindow(running.sender, {
    destination_number: phone,
  });
  return data as Record<string, unknown>;
};

describe('the official package sends', () => {
  test.each([...PAGE_MESSAGES, ...MORE_MESSAGES].map((one, n) => [one[0], one[1], n] as const))(
    '%s, which is on the phone as it was written',
    async (_name, message, n) => {
      const to = `+1555767${String(n).padStart(4, '0')}`;
      const sent = await send(message, to);
      expect(sent).toMatchObject({ to: [{ phone_number: to, status: 'queued' }], body: message });
      const [got] = await onPhone(to);
      expect(got).toMatchObject({ type: message.type, [message.type]: message[message.type] });
      const read = await client.telnyx.messages.retrieve(sent.id);
      expect(read.data).toMatchObject({ id: sent.id, body: message });
    },
  );

  test('a reaction and a reply to what a person wrote', async () => {
    const to = '+15557680001';
    const { wamid } = await write(to, 'Hello');
    await send({ type: 'reaction', reaction: { message_id: wamid, emoji: '👍' } }, to);
    await send({ type: 'text', text: { body: 'Hi' }, context: { message_id: wamid } }, to);
    const reply = await vi.waitUntil(
      async () => (await onPhone(to)).find(one => JSON.stringify(one.text) === '{"body":"Hi"}'),
      { timeout: 30_000, interval: 50 },
    );
    expect(JSON.stringify(reply.context)).toContain(wamid);
  });

  test('a reply that names the message by its id here', async () => {
    const to = '+15557680002';
    const first = await send({ type: 'text', text: { body: 'One' } }, to);
    const [got] = await onPhone(to);
    await vi.waitUntil(async () => {
      const { data } = await client.telnyx.messages.retrieve(first.id);
      return (data as unknown as Sent).body.foreign_id !== undefined;
    });
    await send({ type: 'text', text: { body: 'Two' }, context: { message_id: first.id } }, to);
    const [, second] = await onPhone(to, 2);
    expect(JSON.stringify(second?.context)).toContain(got?.wamid);
    const unknown = { message_id: '3fa85f64-5717-4562-b3fc-2c963f66afa6' };
    expect(await refused(send({ type: 'text', text: { body: 'Three' }, context: unknown }))).toBe(
      '422 10015 /whatsapp_message/context/message_id',
    );
  });

  test(
    'a template by name and language, and by Meta’s id',
    async () => {
      const to = '+15557680003';
      const { body } = await call<{ data: { id: string; name: string }[] }>(
        'GET',
        `${running.sandboxUrl}/sandbox/templates`,
      );
      const metaId = body.data.find(one => one.name === 'hello_world')?.id;
      await send({ type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } }, to);
      await templatesAreKnown();
      await send({ type: 'template', template: { template_id: metaId } }, to);
      const got = await onPhone(to, 2);
      expect(got.map(one => one.type)).toEqual(['template', 'template']);
    },
    KNOWN_MS,
  );

  test(
    'and is refused a template that does not exist, under 40008',
    async () => {
      await templatesAreKnown();
      expect(await refused(send({ type: 'template', template: NOTHING }))).toBe(
        '400 40008 /whatsapp_message',
      );
      expect(await refused(send({ type: 'template', template: { template_id: 'nothing' } }))).toBe(
        '400 40008 /whatsapp_message',
      );
    },
    KNOWN_MS,
  );
});

describe('beside sending', () => {
  test('the window says no before somebody wrote, and for 24 hours after yes', async () => {
    const to = '+15557680004';
    expect(await windowOf(to)).toEqual({
      window_active: false,
      window_type: '24h',
      window_expires_at: null,
      last_user_message_at: null,
    });
    await write(to, 'Hello');
    const open = await windowOf(to);
    expect(open.window_active).toBe(true);
    const opened = Date.parse(String(open.last_user_message_at));
    expect(Date.parse(String(open.window_expires_at)) - opened).toBe(24 * 60 * 60 * 1000);
  });

  test('a message cannot be cancelled, and an unknown one is not there', async () => {
    const { id } = await send({ type: 'text', text: { body: 'hi' } }, '+15557680005');
    expect(await refused(client.telnyx.messages.cancelScheduled(id))).toBe('403 10015 -');
    expect(await refused(client.telnyx.messages.cancelScheduled('nothing'))).toBe('404 10005 -');
  });

  test('SMS is refused, now and later', async () => {
    const sms = { from: running.sender, to: TO, text: 'hi' };
    expect(await refused(client.telnyx.messages.send(sms))).toBe('400 10015 -');
    expect(await refused(client.telnyx.messages.schedule(sms))).toBe('400 10015 -');
  });

  test('what is not served is 404 in Telnyx’s shape, under either prefix', async () => {
    const headers = { authorization: `Bearer ${running.key}` };
    for (const path of ['/v2/brands', '/v2/v2/whatsapp/nothing']) {
      const { status, body } = await call('GET', `${running.url}${path}`, undefined, headers);
      expect(shown(status, body)).toBe('404 10005 -');
    }
  });
});

test('no JSON makes the sending route fail: it is taken or refused in Telnyx’s shape', async () => {
  const headers = { authorization: `Bearer ${running.key}` };
  const json = fc.jsonValue({ maxDepth: 4 });
  const messages = [...PAGE_MESSAGES, ...MORE_MESSAGES].map(([, message]) => message);
  // A valid message with one thing in it replaced by anything.
  const spoilt = fc
    .tuple(fc.constantFrom(...messages, interactive('list', {})), fc.nat(), json)
    .map(([message, n, value]) => spoil(message, n, value));
  const wire = fc.oneof(
    json,
    json.map(whatsapp_message => ({ from: running.sender, to: TO, whatsapp_message })),
    spoilt.map(whatsapp_message => ({ from: running.sender, to: '+15557690001', whatsapp_message })),
  );
  await fc.assert(
    fc.asyncProperty(wire, async body => {
      const answer = await call<{ data?: unknown }>(
        'POST',
        `${running.url}/v2/messages/whatsapp`,
        JSON.stringify(body),
        { ...headers, 'content-type': 'application/json' },
      );
      if (answer.status === 200) expect(answer.body.data).toMatchObject({ to: [{ status: 'queued' }] });
      else {
        expect([400, 422]).toContain(answer.status);
        shown(answer.status, answer.body);
      }
    }),
    { numRuns: 200 },
  );
});

function spoil(message: object, n: number, value: unknown): unknown {
  const copy = structuredClone(message) as Record<string, unknown>;
  const places: [Record<string, unknown>, string][] = [];
  const walk = (holder: Record<string, unknown>): void => {
    for (const [key, inner] of Object.entries(holder)) {
      places.push([holder, key]);
      if (typeof inner === 'object' && inner !== null) walk(inner as Record<string, unknown>);
    }
  };
  walk(copy);
  const [holder, key] = places[n % places.length]!;
  holder[key] = value;
  return copy;
}
