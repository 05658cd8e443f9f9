import { onTestFinished } from 'vitest';
import { type SandboxOptions, startSandbox } from '../src/network.ts';
import { type Receiver, startReceiver } from './receiver.ts';

/** What POST /sandbox/senders answers. */
export interface Credentials {
  phone_number: string;
  phone_number_id: string;
  waba_id: string;
  access_token: string;
  app_secret: string;
  verify_token: string;
  display_name: string;
  throughput: number;
  app_id: string;
  graph_url: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever fields it names
  body: any;
}

/** Quick phones, without chance: the order and the times of statuses are then known. */
export const QUICK = { sent_ms: 5, delivered_ms: 20, read_ms: 40, jitter: 0 };

export const BUSINESS = '+15550001000';

/** A sandbox on a free port with one business number and its webhook receiver; all ends with the test. */
export async function startTestNetwork(options: SandboxOptions = {}) {
  const receiver = await startReceiver();
  const sandbox = await startSandbox({
    port: 0,
    log: () => {},
    ...options,
    // Most tests are about something else than the window.
    settings: { ...QUICK, window: 'off', ...options.settings },
  });
  let stopped = false;
  const stop = async () => {
    if (!stopped) await sandbox.stop();
    stopped = true;
  };
  onTestFinished(async () => {
    await stop();
    await receiver.close();
  });
  const control = (method: string, path: string, body?: unknown) =>
    ask(`${sandbox.url}/sandbox${path}`, method, body);
  const addSender = async (fields: object): Promise<Credentials> => {
    const { body } = await control('POST', '/senders', fields);
    receiver.secrets.set(body.waba_id, body.app_secret);
    return body;
  };
  const sender = await addSender({ phone_number: BUSINESS, webhook_url: receiver.url });
  const graph = (method: string, path: string, body?: unknown, token = sender.access_token) =>
    ask(`${sandbox.url}/v23.0/${path}`, method, body, token);
  const send = (to: string, fields: object = { type: 'text', text: { body: 'hello' } }, from = sender) =>
    graph(
      'POST',
      `${from.phone_number_id}/messages`,
      { messaging_product: 'whatsapp', to, ...fields },
      from.access_token,
    );
  const ledger = async (query = '') => (await control('GET', `/ledger${query}`)).body;
  const chat = async (phone: string) =>
    (await control('GET', `/phones/${encodeURIComponent(phone)}/messages`)).body.data;
  return { sandbox, receiver, sender, addSender, graph, send, control, ledger, chat, stop };
}

export type TestNetwork = Awaited<ReturnType<typeof startTestNetwork>>;

/** The statuses of one message in the order they came, once there are so many. */
export async function statusesOf(receiver: Receiver, wamid: string, count: number): Promise<string[]> {
  await receiver.until(() => receiver.statuses(wamid).length >= count, `${count} statuses of ${wamid}`);
  return receiver.statuses(wamid).map(status => status.status);
}

export function pause(ms: number): Promise<void> {
  return new Promise(done => setTimeout(done, ms));
}

export async function ask(url: string, method: string, body?: unknown, token?: string): Promise<Answer> {
  const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
  const response = await fetch(url, {
    method,
    headers: {
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(text !== undefined && { body: text }),
  });
  const answer = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(answer) : answer };
}
