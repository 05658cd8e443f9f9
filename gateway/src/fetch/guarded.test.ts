import { lookup } from 'node:dns';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { Agent } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import type { PrivateTargets } from './addresses.ts';
import { guardedConnector, Refused } from './connector.ts';
import { createGuardedClient, type GuardedClient, type GuardedOptions } from './guarded.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function client(more: Partial<GuardedOptions> = {}): GuardedClient {
  const made = createGuardedClient({
    privateTargets: 'loopback',
    timeoutMs: 2_000,
    maxResponseBytes: 10_000,
    connectionsPerOrigin: 8,
    ...more,
  });
  stops.push(() => made.close());
  return made;
}

async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, host, resolve));
  stops.push(() => new Promise(resolve => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** A receiver on loopback, with what reached it. */
async function receiver(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: { path: string; body: string; headers: IncomingMessage['headers'] }[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ path: request.url!, body: Buffer.concat(chunks).toString(), headers: request.headers });
      answer(request, response);
    });
  });
  server.on('connection', () => connections++);
  const port = await listening(server);
  stops.push(async () => server.closeAllConnections());
  return { port, seen, url: `http://127.0.0.1:${port}/hook?a=b`, connections: () => connections };
}

const request = { headers: { 'content-type': 'application/json', 'x-signed': 'yes' }, body: '{"täg":1}' };

describe('an open address', () => {
  test('gets the bytes, headers and path as given, over a connection that is kept', async () => {
    const { url, seen, connections } = await receiver((_request, response) => response.end('thanks'));
    const c = client({ connectionsPerOrigin: 1 });
    for (let n = 0; n < 5; n++) {
      expect(await c.post(url, request)).toMatchObject({ kind: 'answered', status: 200, excerpt: 'thanks' });
    }
    expect(seen[0]).toMatchObject({ path: '/hook?a=b', body: request.body, headers: { 'x-signed': 'yes' } });
    expect(connections()).toBe(1);
  });

  test('is answered also by a refusal', async () => {
    const { url } = await receiver((_request, response) => response.writeHead(503).end('busy'));
    expect(await client().post(url, request)).toMatchObject({
      kind: 'answered',
      status: 503,
      excerpt: 'busy',
    });
  });

  test('that redirects is not followed', async () => {
    const target = await receiver((_request, response) => response.end());
    const { url } = await receiver((_request, response) =>
      response.writeHead(307, { location: target.url }).end(),
    );
    expect(await client().post(url, request)).toMatchObject({ kind: 'answered', status: 307 });
    expect(target.seen).toEqual([]);
  });

  test.each([301, 302, 303, 307, 308])(
    'that redirects by %i to where nobody may go is an answer, and no more',
    async status => {
      for (const location of [
        'http://169.254.169.254/latest/meta-data',
        'http://[::ffff:10.0.0.1]/',
        '//10.0.0.1/',
      ]) {
        const { url, seen } = await receiver((_request, response) =>
          response.writeHead(status, { location }).end('elsewhere'),
        );
        expect(await client().post(url, request)).toMatchObject({ status, excerpt: 'elsewhere' });
        expect(seen).toHaveLength(1);
      }
    },
  );

  test('tells for how long it wants to be left alone', async () => {
    const { url } = await receiver((_request, response) =>
      response.writeHead(429, { 'retry-after': '120' }).end(),
    );
    expect(await client().post(url, request)).toMatchObject({ status: 429, retryAfter: '120' });
  });

  test('that nobody listens on is a failure with its code', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    await stops.pop()!();
    const result = await client().post(`http://127.0.0.1:${port}/`, request);
    expect(result).toMatchObject({ kind: 'failed', code: 'ECONNREFUSED' });
  });

  test('that closes without an answer is a failure', async () => {
    const port = await listening(createTcpServer(socket => socket.on('data', () => socket.destroy())));
    expect(await client().post(`http://127.0.0.1:${port}/`, request)).toMatchObject({ kind: 'failed' });
  });

  test('whose header cannot be sent is a failure and nothing leaves', async () => {
    const { url, seen } = await receiver((_request, response) => response.end());
    const result = await client().post(url, { headers: { 'x-bad': 'a\r\nb: c' }, body: '' });
    expect(result).toMatchObject({ kind: 'failed' });
    expect(seen).toEqual([]);
  });
});

describe('time and size', () => {
  test('a receiver that takes the request and says nothing is given up in time', async () => {
    const port = await listening(createTcpServer(socket => stops.push(async () => socket.destroy())));
    const result = await client({ timeoutMs: 150 }).post(`http://127.0.0.1:${port}/`, request);
    expect(result).toMatchObject({ kind: 'failed', code: 'timeout' });
    expect(result.kind === 'failed' && result.durationMs).toBeLessThan(2_000);
  });

  test('a request may have a time of its own', async () => {
    const port = await listening(createTcpServer(socket => stops.push(async () => socket.destroy())));
    const result = await client({ timeoutMs: 60_000 }).post(`http://127.0.0.1:${port}/`, {
      ...request,
      timeoutMs: 100,
    });
    expect(result).toMatchObject({
      kind: 'failed',
      code: 'timeout',
      message: 'no complete answer within 100 ms',
    });
  });

  test('a body that drips is given up in time, and its connection closed', async () => {
    let closed = false;
    const { url } = await receiver((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => {
        clearInterval(drip);
        closed = true;
      });
    });
    const result = await client({ timeoutMs: 200 }).post(url, request);
    expect(result).toMatchObject({ kind: 'failed', code: 'timeout' });
    await expect.poll(() => closed).toBe(true);
  });

  test('a request that waited too long for a connection never leaves', async () => {
    const answers: ServerResponse[] = [];
    const { url, seen } = await receiver((_request, response) => answers.push(response));
    const c = client({ timeoutMs: 300, connectionsPerOrigin: 1 });
    const results = await Promise.all([1, 2, 3].map(() => c.post(url, request)));
    expect(results.map(result => result.kind === 'failed' && result.code)).toEqual([
      'timeout',
      'timeout',
      'timeout',
    ]);
    answers[0]?.end();
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(seen).toHaveLength(1);
  });

  test('of a long answer the beginning is kept, and the connection too', async () => {
    const { url, connections } = await receiver((_request, response) => response.end('x'.repeat(50_000)));
    const c = client({ connectionsPerOrigin: 1 });
    for (let n = 0; n < 2; n++) {
      const result = await c.post(url, request);
      expect(result).toMatchObject({ kind: 'answered', status: 200 });
      expect(result.kind === 'answered' && result.excerpt).toHaveLength(10_000);
    }
    expect(connections()).toBe(1);
  });

  test('an answer without end is cut off', async () => {
    let sent = 0;
    const { url } = await receiver((_request, response) => {
      const chunk = 'x'.repeat(64 * 1024);
      const pour = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      };
      response.on('drain', pour).on('error', () => {});
      pour();
    });
    const result = await client({ timeoutMs: 10_000 }).post(url, request);
    expect(result).toMatchObject({ kind: 'answered', status: 200 });
    expect(result.kind === 'answered' && result.durationMs).toBeLessThan(5_000);
    expect(sent).toBeLessThan(50_000_000);
  });
});

describe('a name', () => {
  const reason = (host: string) => ({ kind: 'refused', reason: `${host} is not a public address` });

  /** A client for which a name means these addresses. */
  const resolving = (privateTargets: PrivateTargets, answers: string[][], counted?: { n: number }) =>
    client({
      privateTargets,
      connectionsPerOrigin: 1,
      resolve: (_hostname, done) => {
        const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
        if (counted !== undefined) counted.n++;
        done(
          null,
          answer.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      },
    });

  test.each([
    [['127.0.0.1']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['10.0.0.1']],
    [['93.184.215.14', '127.0.0.1']],
    [['fe80::1%eth0']],
    [[]],
  ])('refuses a name that means %j', async addresses => {
    const { port, seen, connections } = await receiver((_request, response) => response.end());
    const c = resolving('refused', [addresses]);
    expect(await c.post(`http://example.com:${port}/`, request)).toEqual(reason('example.com'));
    expect(seen).toEqual([]);
    expect(connections()).toBe(0);
  });

  test('refuses localhost after resolution too, by the resolver of the system', async () => {
    const { port, connections } = await receiver((_request, response) => response.end());
    // With a suffix search or /etc/hosts any name may mean loopback; this is the one that every machine has.
    const guard = createGuardedClient({
      privateTargets: 'refused',
      timeoutMs: 2_000,
      maxResponseBytes: 10,
      connectionsPerOrigin: 1,
      resolve: (_hostname, done) => lookup('localhost', { all: true }, done),
    });
    stops.push(() => guard.close());
    expect(await guard.post(`http://hook.example:${port}/`, request)).toEqual(reason('hook.example'));
    expect(connections()).toBe(0);
  });

  test('connects to the address that was checked, and asks once for a connection', async () => {
    const { port, seen } = await receiver((_request, response) => response.end());
    const counted = { n: 0 };
    const c = resolving('loopback', [['127.0.0.1'], ['10.0.0.1']], counted);
    for (let n = 0; n < 3; n++) {
      expect(await c.post(`http://hook.example:${port}/`, request)).toMatchObject({
        kind: 'answered',
        status: 200,
      });
    }
    expect(counted.n).toBe(1);
    expect(seen[0]?.headers.host).toBe(`hook.example:${port}`);
  });

  test('judges each new connection anew: a name that moves inside is refused', async () => {
    const { port, seen } = await receiver((_request, response) =>
      response.setHeader('connection', 'close').end(),
    );
    const c = resolving('loopback', [['127.0.0.1'], ['10.0.0.1']]);
    expect(await c.post(`http://hook.example:${port}/`, request)).toMatchObject({ kind: 'answered' });
    expect(await c.post(`http://hook.example:${port}/`, request)).toEqual(reason('hook.example'));
    expect(seen).toHaveLength(1);
  });

  test.each([
    ['10.0.0.1'],
    ['::ffff:10.0.0.1'],
    ['::ffff:a00:1'],
    ['64:ff9b::10.0.0.1'],
    ['::1'],
    ['fd00::1'],
  ])(
    'whose text was fine when it was given, and which means %s when it is used, is refused',
    async address => {
      const { port, connections } = await receiver((_request, response) => response.end());
      const c = resolving('refused', [[address]]);
      const target = `http://hook.example:${port}/`;
      expect(c.check(target)).toBeUndefined();
      expect(await c.post(target, request)).toEqual(reason('hook.example'));
      expect(connections()).toBe(0);
    },
  );

  test('a name that does not resolve is a failure, not a refusal', async () => {
    const c = client({
      resolve: (_hostname, done) => done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []),
    });
    expect(await c.post('http://nowhere.example/', request)).toMatchObject({
      kind: 'failed',
      code: 'ENOTFOUND',
    });
  });
});

test('an IPv4 address that is written as IPv6 reaches nobody behind a socket that listens on both', async () => {
  let connections = 0;
  const server = createTcpServer(socket => {
    connections++;
    socket.destroy();
  });
  const port = await listening(server, '::');
  for (const host of [
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '[::]',
  ]) {
    const result = await client({ privateTargets: 'refused' }).post(`http://${host}:${port}/`, request);
    expect(result).toMatchObject({ kind: 'refused' });
  }
  expect(connections).toBe(0);
});

test('the connector alone refuses an address too, for clients that bring no check of their own', async () => {
  const { port, connections } = await receiver((_request, response) => response.end());
  const agent = new Agent({ connect: guardedConnector({ privateTargets: 'refused', timeoutMs: 1_000 }) });
  stops.push(() => agent.destroy());
  for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', 'localhost']) {
    await expect(
      agent.request({ origin: `http://${host}:${port}`, path: '/', method: 'GET' }),
    ).rejects.toThrow(Refused);
  }
  expect(connections()).toBe(0);
});
