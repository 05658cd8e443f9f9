import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createDownloads, type DownloadOptions, type Downloads, TooLarge } from './download.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function downloads(more: Partial<DownloadOptions> = {}): Downloads {
  const made = createDownloads({ privateTargets: 'loopback', timeoutMs: 5_000, ...more });
  stops.push(() => made.close());
  return made;
}

async function server(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const made = createServer(answer);
  await new Promise<void>(resolve => made.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    made.closeAllConnections();
    await new Promise(resolve => made.close(resolve));
  });
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}/file?a=b`;
}

async function bytes(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function answered(url: string, maxBytes: number, by = downloads()) {
  const download = await by.get(url, maxBytes);
  if (download.kind !== 'answered') throw new Error(JSON.stringify(download));
  return download;
}

test('a file comes with its type, byte for byte', async () => {
  const file = Buffer.from([0, 255, 10, 13, 128]);
  const url = await server((request, response) => {
    response.setHeader('content-type', 'image/png');
    response.end(request.url === '/file?a=b' ? file : '');
  });
  const download = await answered(url, 5);
  expect(download).toMatchObject({ status: 200, contentType: 'image/png' });
  expect(await bytes(download.body)).toEqual(file);
});

test.each([
  ['announced', true],
  ['not announced', false],
])('one byte more than asked for, %s, is not taken', async (_name, announced) => {
  const url = await server((_request, response) => {
    if (announced) response.setHeader('content-length', 6);
    response.write('123');
    response.end('456');
  });
  await expect(bytes((await answered(url, 5)).body)).rejects.toBeInstanceOf(TooLarge);
  expect((await bytes((await answered(url, 6)).body)).toString()).toBe('123456');
});

test('a redirect is an answer and is not followed', async () => {
  let asked = 0;
  const url = await server((_request, response) => {
    asked++;
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  const download = await answered(url, 5);
  expect(download.status).toBe(302);
  download.discard();
  expect(asked).toBe(1);
});

test.each([
  'http://10.0.0.1/',
  'http://127.0.0.1:1/',
  'http://[::ffff:127.0.0.1]/',
  'file:///etc/passwd',
  'nowhere',
])('%s is refused where private addresses are', async url => {
  expect(await downloads({ privateTargets: 'refused' }).get(url, 5)).toMatchObject({ kind: 'refused' });
});

test('a name that resolves to a private address is refused', async () => {
  const resolve: DownloadOptions['resolve'] = (_name, done) =>
    done(null, [{ address: '127.0.0.1', family: 4 }]);
  const by = downloads({ privateTargets: 'refused', resolve });
  expect(await by.get('http://files.example/', 5)).toMatchObject({ kind: 'refused' });
});

test('a file that trickles in is given up when its time is over', async () => {
  const url = await server((_request, response) => void response.write('1'));
  const download = await answered(url, 5, downloads({ timeoutMs: 300 }));
  await expect(bytes(download.body)).rejects.toThrow();
});

test('nobody there is a failure, not an exception', async () => {
  const url = await server(() => {});
  for (const stop of stops.splice(0)) await stop();
  expect(await downloads().get(url, 5)).toMatchObject({
    kind: 'failed',
    message: expect.stringMatching(/ECONNREFUSED|connect/),
  });
});
