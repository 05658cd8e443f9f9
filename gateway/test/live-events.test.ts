import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../tests/database.ts';
import { call, dataFolder, type Running, startRunning } from './running.ts';

const KEY = 'the admin key of the second node';

/** Two nodes on one database: one sends, the other is listened to. */
let database: FreshDatabase;
let sending: Running;
let listened: Node;
let folder: string;
beforeAll(async () => {
  [database, folder] = await Promise.all([freshDatabase(), dataFolder()]);
  sending = await startRunning({ database: { url: database.url } });
  listened = await startNode('0');
});
afterAll(async () => {
  await listened?.stop();
  await sending?.stop();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Node {
  readonly url: string;
  /** Ctrl-C; its exit code and how long it took, ms. */
  readonly stop: () => Promise<{ code: number | null; ms: number }>;
}

async function startNode(port: string): Promise<Node> {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(import.meta.dirname, '../bin/wirebird.js'), 'serve', '--port', port, '--data', folder],
    {
      env: {
        ...process.env,
        WIREBIRD_DATABASE_URL: database.url,
        WIREBIRD_MASTER_KEY: 'a master key for tests only',
        WIREBIRD_ADMIN_KEY: KEY,
        WIREBIRD_DISPATCH: 'off',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const address = () => /^ {2}gateway +(\S+)/m.exec(said)?.[1];
  while (address() === undefined) {
    if (child.exitCode !== null) throw new Error(`the node did not start:\n${said}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return {
    url: address()!,
    stop: async () => {
      const began = performance.now();
      if (child.exitCode === null) {
        child.kill('SIGINT');
        await once(child, 'exit');
      }
      return { code: child.exitCode, ms: performance.now() - began };
    },
  };
}

test('a standard client has each event of what another node sends once, while its own node stops and starts again', async () => {
  const heard: { id: string; type: string; message: { id: string; recipient: string } }[] = [];
  let opened = 0;
  const client = new EventSource(
    `${listened.url}/api/events?types=message.sent,message.delivered,message.read`,
    {
      fetch: (url, options) =>
        fetch(url, { ...options, headers: { ...options.headers, authorization: `Bearer ${KEY}` } }),
    },
  );
  client.onopen = () => void opened++;
  for (const type of ['sent', 'delivered', 'read'])
    client.addEventListener(`message.${type}`, event => heard.push(JSON.parse(event.data)));
  await expect.poll(() => opened).toBe(1);

  const sent: string[] = [];
  const send = async (): Promise<void> => {
    const { body } = await call<{ data: { id: string } }>(
      'POST',
      `${sending.url}/v2/messages/whatsapp`,
      {
        from: sending.sender,
        to: `+1555765${String(2_000 + sent.length)}`,
        whatsapp_message: {
          type: 'template',
          template: { name: 'hello_world', language: { code: 'en_US' } },
        },
      },
      { authorization: `Bearer ${sending.key}` },
    );
    sent.push(body.data.id);
    await new Promise(resolve => setTimeout(resolve, 40));
  };
  for (let n = 0; n < 30; n++) await send();
  await expect.poll(() => heard.length).toBeGreaterThan(0);
  const sendOn = (async () => {
    for (let n = 0; n < 60; n++) await send();
  })();
  const { code, ms } = await listened.stop();
  expect(code).toBe(0);
  // The open stream does not keep it.
  expect(ms).toBeLessThan(5_000);
  const before = heard.length;
  listened = await startNode(new URL(listened.url).port);
  await sendOn;

  await expect.poll(() => heard.length, { interval: 50 }).toBeGreaterThanOrEqual(90 * 3);
  client.close();
  expect(before).toBeLessThan(90 * 3);
  expect(opened).toBeGreaterThanOrEqual(2);
  expect(heard).toHaveLength(90 * 3);
  expect(new Set(heard.map(event => event.id)).size).toBe(90 * 3);
  // In any order: the webhooks of one message may overtake each other.
  for (const id of sent)
    expect(
      heard
        .filter(event => event.message.id === id)
        .map(event => event.type)
        .sort(),
    ).toEqual(['message.delivered', 'message.read', 'message.sent']);
});
