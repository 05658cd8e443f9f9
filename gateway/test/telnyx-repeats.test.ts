import { connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import Telnyx from 'telnyx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Running, startRunning } from './running.ts';

/** A POST that comes again, as the official package and others send it (telnyx §11, §14 row 25). */
let running: Running;
let recipients = 0;

beforeAll(async () => {
  running = await startRunning();
  await call('PATCH', `${running.sandboxUrl}/sandbox/settings`, { window: 'off' });
});
afterAll(() => running?.stop());

const newRecipient = (): string => `+1555768${String(1000 + recipients++)}`;

interface Answer {
  readonly status: number;
  readonly id: string | undefined;
  readonly code: string | undefined;
  readonly headers: Headers;
}

async function send(to: string, headers: Record<string, string> = {}, url = running.url): Promise<Answer> {
  const answer = await call<{ data?: { id: string }; errors?: { code: string }[] }>(
    'POST',
    `${url}/v2/messages/whatsapp`,
    bodyTo(to),
    { authorization: `Bearer ${running.key}`, ...headers },
  );
  const { status, body } = answer;
  return { status, id: body.data?.id, code: body.errors?.[0]?.code, headers: answer.headers };
}

const bodyTo = (to: string) => ({
  from: running.sender,
  to,
  whatsapp_message: { type: 'text', text: { body: 'Your order has left.' } },
});

async function messagesTo(to: string): Promise<string[]> {
  const { body } = await call<{ data: { id: string }[] }>(
    'GET',
    `${running.url}/api/messages?recipient=${encodeURIComponent(to)}`,
    undefined,
    { authorization: `Bearer ${running.key}` },
  );
  return body.data.map(message => message.id);
}

/** A way to the gateway that is cut as soon as the gateway answers, so many times. */
async function cuttingProxy(cuts: number): Promise<{ url: string; close: () => void }> {
  const target = new URL(running.url);
  const open = new Set<Socket>();
  let left = cuts;
  const server = createServer(client => {
    const upstream = connect(Number(target.port), target.hostname);
    open.add(client).add(upstream);
    client.pipe(upstream);
    upstream.on('data', data => {
      if (left > 0) {
        left--;
        client.destroy();
        upstream.destroy();
      } else client.write(data);
    });
    for (const socket of [client, upstream]) socket.on('error', () => {});
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    close: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

describe('the official package, whose connection is cut when the message is taken', () => {
  test.each([
    ['repeats by itself and sends once', {}],
    ['gets the same answer under a key', { headers: { 'Idempotency-Key': 'order-4711' } }],
  ])('%s', async (_, options) => {
    const proxy = await cuttingProxy(2);
    try {
      const client = new Telnyx({ apiKey: running.key, baseURL: `${proxy.url}/v2`, maxRetries: 2 });
      const to = newRecipient();
      const { data } = await client.messages.whatsapp(bodyTo(to) as never, options);
      expect(await messagesTo(to)).toEqual([data?.id]);
    } finally {
      proxy.close();
    }
  });

  test('sends two when it is asked twice', async () => {
    const client = new Telnyx({ apiKey: running.key, baseURL: `${running.url}/v2` });
    const to = newRecipient();
    await Promise.all([0, 1].map(() => client.messages.whatsapp(bodyTo(to) as never)));
    expect(await messagesTo(to)).toHaveLength(2);
  });
});

describe('a key', () => {
  const key = (name: string) => ({ 'idempotency-key': name });

  test('gives its answer again byte by byte, and says so', async () => {
    const to = newRecipient();
    const ask = async () => {
      const response = await fetch(`${running.url}/v2/messages/whatsapp`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${running.key}`,
          'content-type': 'application/json',
          ...key('a:b_c-1'),
        },
        body: JSON.stringify(bodyTo(to)),
      });
      return {
        replayed: response.headers.get('idempotent-replayed'),
        type: response.headers.get('content-type'),
        text: await response.text(),
      };
    };
    const first = await ask();
    const again = await ask();
    expect([first.replayed, again.replayed]).toEqual([null, 'true']);
    expect(again).toEqual({ ...first, replayed: 'true' });
    expect(await messagesTo(to)).toHaveLength(1);
  });

  test('is bound to its body, and to nobody else’s', async () => {
    expect((await send(newRecipient(), key('bound'))).status).toBe(200);
    expect(await send(newRecipient(), key('bound'))).toMatchObject({ status: 422, code: '10027' });
  });

  test.each(['', 'a b', 'ä', 'x'.repeat(256)])('"%s" is none', async name => {
    // Headers are bytes: what is beyond Latin-1 cannot even be sent.
    const answer = await send(newRecipient(), key(name));
    expect(answer).toMatchObject({ status: 400, code: '10015' });
  });

  test('of a request that was refused is free again', async () => {
    expect((await send('+1', key('refused'))).status).toBe(422);
    expect((await send(newRecipient(), key('refused'))).status).toBe(200);
  });

  test('of a request under way is 409, and the package asks again', async () => {
    const to = newRecipient();
    let first: Promise<Answer> | undefined;
    let patient: Promise<string | undefined> | undefined;
    await whileNothingIsStored(async () => {
      first = send(to, key('slow'));
      await expect.poll(async () => (await send(to, key('slow'))).status, { timeout: 4_000 }).toBe(409);
      const client = new Telnyx({ apiKey: running.key, baseURL: `${running.url}/v2`, maxRetries: 2 });
      patient = client.messages
        .whatsapp(bodyTo(to) as never, { headers: key('slow') })
        .then(one => one.data?.id);
    });
    expect(await patient).toBe((await first)?.id);
    expect(await messagesTo(to)).toHaveLength(1);
  });
});

/** Sends a request as a caller who goes at once. */
async function sendAndGo(to: string): Promise<void> {
  const body = JSON.stringify(bodyTo(to));
  const target = new URL(running.url);
  const head = [
    'POST /v2/messages/whatsapp HTTP/1.1',
    'host: x',
    `authorization: Bearer ${running.key}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  const socket = connect(Number(target.port), target.hostname);
  socket.on('error', () => {});
  await new Promise<void>(resolve => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, () => resolve()));
  socket.destroy();
}

/** Runs something while no request can be stored. */
async function whileNothingIsStored(job: () => Promise<void>): Promise<void> {
  const database = new pg.Client({ connectionString: running.databaseUrl });
  await database.connect();
  try {
    await database.query('begin; lock table idempotency_keys in exclusive mode');
    await job();
    await database.query('rollback');
  } finally {
    await database.end();
  }
}

const moment = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 200));

describe('a caller who went before the answer and comes again without a word about it', () => {
  test.each(['after the message was stored', 'before'])('%s, sends once', async when => {
    const to = newRecipient();
    let again: Promise<Answer> | undefined;
    await whileNothingIsStored(async () => {
      await sendAndGo(to);
      await moment();
      if (when === 'before') again = send(to);
      await moment();
    });
    await expect.poll(() => messagesTo(to)).toHaveLength(1);
    const [first] = await messagesTo(to);
    const answer = await (again ?? send(to));
    expect(answer.id).toBe(first);
    expect(answer.headers.get('idempotent-replayed')).toBe('true');
    // That one was answered, so the next is another message.
    expect((await send(to)).id).not.toBe(first);
  });
});

test('what a node took in its last second is known to the next, and what it answered long before is not', async () => {
  const databaseUrl = running.databaseUrl!;
  const dying = await startRunning({ database: { url: databaseUrl }, env: { WIREBIRD_DISPATCH: 'off' } });
  const [early, late] = [newRecipient(), newRecipient()];
  const headers = { authorization: `Bearer ${running.key}` };
  const first = await send(early, headers, dying.url);
  // The node says once a second that it is alive.
  await new Promise(resolve => setTimeout(resolve, 3_500));
  const last = await send(late, headers, dying.url);
  await dying.end('SIGKILL');
  expect((await send(late, { 'x-stainless-retry-count': '1' })).id).toBe(last.id);
  // Nobody says so; three seconds without a sign of life do.
  await new Promise(resolve => setTimeout(resolve, 4_500));
  expect((await send(late)).id).toBe(last.id);
  expect((await send(early)).id).not.toBe(first.id);
  await dying.stop();
});
