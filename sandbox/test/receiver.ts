import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedStatus {
  id: string;
  status: string;
  timestamp: string;
  recipient_id: string;
  biz_opaque_callback_data?: string;
  conversation?: { id: string; expiration_timestamp?: string; origin: { type: string } };
  pricing?: { billable: boolean; pricing_model: string; type: string; category: string };
  errors?: { code: number; title: string; error_data: { details: string } }[];
}

export interface ReceivedMessage {
  from: string;
  id: string;
  timestamp: string;
  type: string;
  text?: { body: string };
  context?: { from: string; id: string };
  [type: string]: unknown;
}

interface Value {
  messaging_product: string;
  metadata: { display_phone_number: string; phone_number_id: string };
  contacts?: { profile: { name: string }; wa_id: string }[];
  statuses?: ReceivedStatus[];
  messages?: ReceivedMessage[];
}

interface Body {
  object: string;
  entry: { id: string; changes: { field: string; value: Value }[] }[];
}

/** One POST as it came. */
export interface Received {
  path: string;
  raw: string;
  body: Body;
  /** ms, monotonic */
  at: number;
}

/**
 * A business's webhook endpoint: a real server that checks each signature over the raw bytes and gives
 * Meta's challenge back. A wrong signature fails whatever waits for it.
 */
export interface Receiver {
  url: string;
  posts: Received[];
  challenges: URL[];
  /** Status of the answer to the n-th POST (from 1); default 200. */
  answer: (n: number) => number;
  /** The token that the handshake must bring; any when absent. */
  verifyToken: string | undefined;
  /** WABA id → app secret */
  secrets: Map<string, string>;
  values(): Value[];
  statuses(wamid?: string): ReceivedStatus[];
  messages(): ReceivedMessage[];
  /** Waits until it is true of what has come. */
  until(check: () => boolean, what: string): Promise<void>;
  close(): Promise<void>;
}

const PATIENCE_MS = 5000;

export async function startReceiver(): Promise<Receiver> {
  const wrong: string[] = [];
  const server = createServer((request, response) => take(request, response, receiver, wrong));
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/webhook`,
    posts: [],
    challenges: [],
    answer: () => 200,
    verifyToken: undefined,
    secrets: new Map(),
    values: () =>
      receiver.posts.flatMap(({ body }) =>
        body.entry.flatMap(entry => entry.changes.map(change => change.value)),
      ),
    statuses: wamid =>
      receiver
        .values()
        .flatMap(value => value.statuses ?? [])
        .filter(status => wamid === undefined || status.id === wamid),
    messages: () => receiver.values().flatMap(value => value.messages ?? []),
    async until(check, what) {
      const end = performance.now() + PATIENCE_MS;
      for (;;) {
        if (wrong.length > 0) throw new Error(wrong.join('\n'));
        if (check()) return;
        if (performance.now() > end) {
          throw new Error(
            `Not within ${PATIENCE_MS} ms: ${what}. Came: ${receiver.posts.map(p => p.raw).join('\n')}`,
          );
        }
        await new Promise(done => setTimeout(done, 5));
      }
    },
    close: () =>
      new Promise(done => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

function take(request: IncomingMessage, response: ServerResponse, receiver: Receiver, wrong: string[]): void {
  const url = new URL(request.url ?? '/', 'http://receiver');
  if (request.method === 'GET') {
    receiver.challenges.push(url);
    const token = url.searchParams.get('hub.verify_token');
    const known = receiver.verifyToken === undefined || token === receiver.verifyToken;
    response.writeHead(known ? 200 : 403).end(known ? url.searchParams.get('hub.challenge') : 'no');
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', chunk => chunks.push(chunk));
  request.on('end', () => {
    const bytes = Buffer.concat(chunks);
    const body = JSON.parse(bytes.toString()) as Body;
    const secret = receiver.secrets.get(body.entry[0]?.id ?? '') ?? '';
    const expected = `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`;
    const given = String(request.headers['x-hub-signature-256']);
    if (given.length !== expected.length || !timingSafeEqual(Buffer.from(given), Buffer.from(expected))) {
      wrong.push(`signature ${given} does not fit ${bytes}`);
    }
    receiver.posts.push({ path: url.pathname, raw: bytes.toString('latin1'), body, at: performance.now() });
    const status = receiver.answer(receiver.posts.length);
    if (status === 0) request.socket.destroy();
    else response.writeHead(status).end();
  });
}
