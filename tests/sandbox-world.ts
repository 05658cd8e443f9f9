import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type Receiver, startReceiver } from '../sandbox/test/receiver.ts';

const COMMAND = fileURLToPath(new URL('../sandbox/bin/wirebird-sandbox.js', import.meta.url));

/** The phone of a test that needs only one; the number is kept for fiction. */
export const PHONE = '+447700900123';

export interface Business {
  phone_number: string;
  phone_number_id: string;
  waba_id: string;
  access_token: string;
  app_secret: string;
}

export interface World {
  url: string;
  port: number;
  receiver: Receiver;
  business: Business;
  newBusiness(phoneNumber: string, displayName: string): Promise<Business>;
  /** Sends through the Graph API, as any client would. Returns the wamid. */
  send(content: object, to?: string, from?: Business): Promise<string>;
  control(method: string, path: string, body?: object): Promise<unknown>;
  stopSandbox(): Promise<void>;
}

export const text = (body: string) => ({ type: 'text', text: { body } });

export async function startSandbox(args: string[]): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [ready] = (await once(child, 'message', { signal: AbortSignal.timeout(15_000) })) as [
    { port: number },
  ];
  return { child, port: ready.port };
}

/** The sandbox by its command, a business number in it, and the business's webhook endpoint. */
export async function startWorld(...args: string[]): Promise<World> {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  const { child, port } = await startSandbox([
    '--port',
    '0',
    '--window',
    'off',
    '--webhook-url',
    receiver.url,
    ...args,
  ]);
  const url = `http://127.0.0.1:${port}`;
  const ask = async (method: string, path: string, body?: object, token?: string): Promise<unknown> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
    return answer === '' ? undefined : JSON.parse(answer);
  };
  const control = (method: string, path: string, body?: object) => ask(method, `/sandbox${path}`, body);
  const newBusiness = async (phone_number: string, display_name: string) => {
    const made = (await control('POST', '/senders', { phone_number, display_name })) as Business;
    receiver.secrets.set(made.waba_id, made.app_secret);
    return made;
  };
  const business = await newBusiness('+15550001000', 'Acme Books');
  return {
    url,
    port,
    receiver,
    business,
    control,
    newBusiness,
    send: async (content, to = PHONE, from = business) => {
      const body = { messaging_product: 'whatsapp', to, ...content };
      const answer = await ask('POST', `/v23.0/${from.phone_number_id}/messages`, body, from.access_token);
      return (answer as { messages: [{ id: string }] }).messages[0].id;
    },
    stopSandbox: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
