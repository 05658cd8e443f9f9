import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';

/** One POST and its answer, as they were on the wire. */
export interface Exchange {
  readonly path: string;
  /** Without those that belong to the connection. */
  readonly headers: readonly string[];
  readonly body: string;
  readonly status: number;
  readonly answerType: string;
  readonly answer: string;
}

/** Stands between gateway, network and receiver for one message and keeps what passes. */
export interface Recorder {
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  /** Where requests go on to, by the start of their path; the first that fits. */
  routes: readonly { readonly start: string; readonly to: string }[];
  readonly stop: () => Promise<void>;
}

const OF_THE_CONNECTION = new Set([
  'host',
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'date',
]);

export async function startRecorder(): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const server = createServer((incoming, response) => {
    pass(incoming).then(
      ({ status, type, answer }) =>
        response.writeHead(status, type === '' ? {} : { 'content-type': type }).end(answer),
      error => response.writeHead(502).end(String(error)),
    );
  });

  async function pass(incoming: IncomingMessage): Promise<{ status: number; type: string; answer: string }> {
    const path = incoming.url ?? '/';
    const { method = 'GET' } = incoming;
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const headers = ownHeaders(incoming);
    const to = recorder.routes.find(route => path.startsWith(route.start))?.to;
    if (to === undefined) throw new Error(`nobody is behind ${path}`);
    const got = await request(to + path, {
      method: method as 'GET' | 'POST',
      headers,
      body: body.length === 0 ? null : body,
    });
    const answer = await got.body.text();
    const type = String(got.headers['content-type'] ?? '');
    if (method === 'POST') {
      exchanges.push({
        path,
        headers,
        body: body.toString('utf8'),
        status: got.statusCode,
        answerType: type,
        answer,
      });
    }
    return { status: got.statusCode, type, answer };
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const recorder: Recorder = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    routes: [],
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return recorder;
}

function ownHeaders(incoming: IncomingMessage): string[] {
  const headers: string[] = [];
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (!OF_THE_CONNECTION.has(name)) headers.push(name, String(value));
  }
  return headers;
}
