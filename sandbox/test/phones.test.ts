import { describe, expect, test } from 'vitest';
import { BUSINESS, pause, startTestNetwork, statusesOf, type TestNetwork } from './network.ts';

const PHONE = '+15557770001';

const path = (phone: string, rest: string) => `/phones/${encodeURIComponent(phone)}/${rest}`;
const write = ({ control }: TestNetwork, phone: string, body: object) =>
  control('POST', path(phone, 'messages'), body);

describe('what a person writes', () => {
  test('goes to the business as a signed webhook, and the phone shows it', async () => {
    const network = await startTestNetwork();
    const { send, receiver, sender, chat } = network;
    const wamid = (await send(PHONE)).body.messages[0].id;
    const { status, body } = await write(network, PHONE, {
      type: 'text',
      text: { body: 'grüß dich 😀' },
      context: { message_id: wamid },
      name: 'Ana',
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      phone: PHONE,
      direction: 'from_phone',
      sender: { phone_number: BUSINESS, display_name: sender.display_name },
      type: 'text',
      text: { body: 'grüß dich 😀' },
      context: { id: wamid },
      status: 'sent',
    });
    await receiver.until(() => receiver.messages().length === 1, 'the inbound message');
    const value = receiver.values().find(({ messages }) => messages !== undefined);
    expect(value).toMatchObject({
      metadata: { phone_number_id: sender.phone_number_id },
      contacts: [{ profile: { name: 'Ana' }, wa_id: '15557770001' }],
      messages: [
        {
          from: '15557770001',
          id: body.wamid,
          type: 'text',
          text: { body: 'grüß dich 😀' },
          context: { from: '15550001000', id: wamid },
        },
      ],
    });
    await pause(20);
    expect((await chat(PHONE)).map(({ status }: { status: string }) => status)).toContain('delivered');
  });

  test('may be a short form, a tap or a place', async () => {
    const network = await startTestNetwork();
    await write(network, PHONE, { text: 'hi' });
    await write(network, PHONE, { type: 'button', button: { payload: 'STOP', text: 'Stop' } });
    await write(network, PHONE, { type: 'location', location: { latitude: 1, longitude: 2 } });
    const { receiver } = network;
    await receiver.until(() => receiver.messages().length === 3, 'three messages');
    expect(receiver.messages()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ text: { body: 'hi' } }),
        expect.objectContaining({ type: 'button', button: { payload: 'STOP', text: 'Stop' } }),
        expect.objectContaining({ location: { latitude: 1, longitude: 2 } }),
      ]),
    );
  });

  test('can come under a name that is cut inside an emoji, as a webhook with half of it', async () => {
    const network = await startTestNetwork();
    await write(network, PHONE, { text: 'hi', name: 'Ana \ud83d' });
    await network.receiver.until(() => network.receiver.messages().length === 1, 'the message');
    expect(network.receiver.posts[0]?.raw).toContain('"name":"Ana \\ud83d"');
  });

  test('goes to the business that wrote last, or to the only one, or to the one it names', async () => {
    const network = await startTestNetwork();
    const second = await network.addSender({
      phone_number: '+15550002000',
      webhook_url: network.receiver.url,
    });
    const reached = async (body: object) => (await write(network, PHONE, body)).body.sender?.phone_number;
    expect((await write(network, PHONE, { text: 'to whom?' })).status).toBe(400);
    expect(await reached({ text: 'hi', sender: '+15550002000' })).toBe('+15550002000');
    await network.send(PHONE);
    expect(await reached({ text: 'hi' })).toBe(BUSINESS);
    await network.send(PHONE, undefined, second);
    expect(await reached({ text: 'hi' })).toBe('+15550002000');
  });

  test.each([
    [{ text: '' }, 'not empty'],
    [{ type: 'text' }, 'missing'],
    [{ type: 'fax', fax: {} }, 'not "fax"'],
    [{ text: 'hi', sender: '+15550009999' }, 'no business number'],
    [{ text: 'hi', context: 'wamid.x' }, 'context'],
  ])('%j is refused with a sentence', async (body, sentence) => {
    const network = await startTestNetwork();
    const answer = await write(network, PHONE, body);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain(sentence);
    expect((await write(network, '12', { text: 'hi' })).status).toBe(400);
  });
});

describe('reading', () => {
  test('is left to the person when auto_read is off', async () => {
    const network = await startTestNetwork({ settings: { auto_read: false } });
    const { send, receiver, control } = network;
    const ids = [(await send(PHONE)).body.messages[0].id, (await send(PHONE)).body.messages[0].id];
    await receiver.until(() => receiver.statuses().length === 4, 'sent and delivered of both');
    await pause(60);
    expect(receiver.statuses()).toHaveLength(4);
    expect((await control('GET', '/phones')).body.data[0]).toMatchObject({ phone: PHONE, unread: 2 });
    expect((await control('POST', path(PHONE, 'read'), {})).body).toEqual({ read: 2 });
    expect(await statusesOf(receiver, ids[0], 3)).toEqual(['sent', 'delivered', 'read']);
    expect(await statusesOf(receiver, ids[1], 3)).toEqual(['sent', 'delivered', 'read']);
    expect((await control('GET', '/phones')).body.data[0]).toMatchObject({
      unread: 0,
      last: { status: 'read' },
    });
    expect((await control('POST', path(PHONE, 'read'), {})).body).toEqual({ read: 0 });
  });

  test('by the person before the phone does it by itself is told once', async () => {
    const { send, receiver, control } = await startTestNetwork({ settings: { read_ms: 150 } });
    const { id } = (await send(PHONE)).body.messages[0];
    await statusesOf(receiver, id, 2);
    await control('POST', path(PHONE, 'read'), {});
    await pause(250);
    expect(receiver.statuses(id).map(({ status }) => status)).toEqual(['sent', 'delivered', 'read']);
  });
});

describe('the list of phones', () => {
  test('has the newest activity first, each phone with a name that stays', async () => {
    const network = await startTestNetwork();
    for (const n of ['1', '2', '1']) await network.send(`+1555777000${n}`);
    const { data } = (await network.control('GET', '/phones')).body;
    expect(data.map(({ phone }: { phone: string }) => phone)).toEqual(['+15557770001', '+15557770002']);
    expect(data[0]).toMatchObject({ name: expect.stringMatching(/\S/), last: { phone: '+15557770001' } });
  });

  test('keeps the newest 500 messages of a phone and the 2,000 phones that were active last', async () => {
    const settings = { number_rates: false, pair_rates: false, auto_read: false };
    const { send, sandbox, control, chat, receiver } = await startTestNetwork({ settings });
    await control('PATCH', '/settings', { delivered_ms: 0, sent_ms: 0 });
    const sends = async (count: number, to: (i: number) => string) => {
      for (let i = 0; i < count; i += 50) {
        await Promise.all(Array.from({ length: Math.min(50, count - i) }, (_, n) => send(to(i + n))));
      }
    };
    await sends(501, () => PHONE);
    expect(await chat(PHONE)).toHaveLength(500);
    await receiver.until(() => receiver.statuses().length === 1002, 'all statuses');
    expect(sandbox.network.phones.get(PHONE)?.unread).toBe(500);
    await sends(2000, i => `+1666${String(1_000_000 + i)}`);
    expect(sandbox.network.phones.all()).toHaveLength(2000);
    expect(await chat(PHONE)).toEqual([]);
  });
});

describe('server-sent events', () => {
  test('tell each new message and each step of it', async () => {
    const { sandbox, send } = await startTestNetwork();
    const leave = new AbortController();
    const stream = await fetch(`${sandbox.url}/sandbox/events`, { signal: leave.signal });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const { body } = await send('+15552131026');
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of stream.body!) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes('event: status')) break;
    }
    leave.abort();
    const events = [...text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)].map(([, event, data]) => [
      event,
      JSON.parse(data!),
    ]);
    const { id } = body.messages[0];
    expect(events).toEqual([
      ['message', expect.objectContaining({ wamid: id, status: 'accepted', rendered: 'hello' })],
      [
        'status',
        {
          wamid: id,
          phone: '+15552131026',
          status: 'failed',
          at: expect.any(String),
          failure: { code: 131026, title: 'Message undeliverable' },
        },
      ],
    ]);
  });

  test('come at the times of an ordinary phone: 150 ms, 400 ms and 1.5 s after accepting, each ± 30 %', async () => {
    const usual = { sent_ms: 150, delivered_ms: 400, read_ms: 1500, jitter: 0.3, number_rates: false };
    const { sandbox, send, control, receiver } = await startTestNetwork({ settings: usual });
    const seen: { status: string; wamid: string; at: string }[] = [];
    const accepted = new Map<string, number>();
    sandbox.network.feed.watch(text => {
      const [event, data] = text.split('\ndata: ');
      const parsed = JSON.parse(data!);
      if (event === 'event: message') accepted.set(parsed.wamid, Date.parse(parsed.at));
      else seen.push(parsed);
    });
    await Promise.all(Array.from({ length: 100 }, (_, i) => send(`+1777${1_000_000 + i}`)));
    await control('POST', '/clock', { advance_ms: 2000 });
    await receiver.until(() => receiver.statuses().length === 300, 'all statuses');
    for (const [status, ms] of [
      ['sent', 150],
      ['delivered', 400],
      ['read', 1500],
    ] as const) {
      const delays = seen
        .filter(event => event.status === status)
        .map(({ at, wamid }) => Date.parse(at) - accepted.get(wamid)!);
      expect(delays).toHaveLength(100);
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(Math.floor(ms * 0.7));
      expect(Math.max(...delays)).toBeLessThanOrEqual(Math.ceil(ms * 1.3));
      // They vary: a hundred phones do not all take the same time.
      expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(ms * 0.3);
    }
  });
});

describe('settings', () => {
  test('are read, changed and refused with a sentence', async () => {
    const { control } = await startTestNetwork();
    expect((await control('GET', '/settings')).body).toMatchObject({ auto_read: true, status_batch: 1 });
    expect((await control('PATCH', '/settings', { auto_read: false, read_ms: 0 })).body).toMatchObject({
      auto_read: false,
      read_ms: 0,
    });
    for (const patch of [
      { auto_read: 1 },
      { sent_ms: -1 },
      { jitter: 2 },
      { status_batch: 0 },
      { speed: 9 },
      [],
    ]) {
      const { status, body } = await control('PATCH', '/settings', patch);
      expect([status, typeof body.detail]).toEqual([400, 'string']);
    }
    // A patch with one wrong setting changes none.
    await control('PATCH', '/settings', { auto_read: true, jitter: 5 });
    expect((await control('GET', '/settings')).body.auto_read).toBe(false);
  });

  test('the clock goes forward only', async () => {
    const { control } = await startTestNetwork();
    expect((await control('POST', '/clock', { advance_ms: -1 })).status).toBe(400);
    const { body } = await control('POST', '/clock', { advance_ms: 3_600_000 });
    expect(Date.parse(body.now) - Date.now()).toBeGreaterThan(3_590_000);
  });
});
