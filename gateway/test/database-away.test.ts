import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../tests/database.ts';
import { type DatabaseProxy, databaseProxy } from './database-proxy.ts';
import { type Meta, metaOf } from './meta.ts';
import { call, type Running, startRunning } from './running.ts';

/** What happens while the database is away: nothing is lost, and everybody is told. */
let database: FreshDatabase;
let proxy: DatabaseProxy;
let running: Running;
let meta: Meta;

beforeAll(async () => {
  database = await freshDatabase();
  proxy = await databaseProxy(database.url);
  running = await startRunning({ database: { url: proxy.url } });
  meta = await metaOf(running);
});
afterAll(async () => {
  await running?.stop();
  await proxy?.cut();
  await database?.drop();
});

const headers = (): Record<string, string> => ({ authorization: `Bearer ${running.key}` });
const send = () =>
  call<{ errors: { code: string }[] }>(
    'POST',
    `${running.url}/v2/messages/whatsapp`,
    { from: running.sender, to: '+15557650301', whatsapp_message: { type: 'text', text: { body: 'hi' } } },
    headers(),
  );
const inbound = async (): Promise<string[]> => {
  const { body } = await call<{ data: { wamid: string }[] }>(
    'GET',
    `${running.url}/api/messages?direction=inbound`,
    undefined,
    headers(),
  );
  return body.data.map(message => message.wamid).sort();
};

test('sends are refused with 503, webhooks are taken and read when it is back', async () => {
  await proxy.cut();
  const wamids = Array.from({ length: 40 }, (_, n) => `wamid.away-${10 + n}`);
  const tell = (wamid: string) =>
    meta.tell('messages', {
      messages: [
        {
          id: wamid,
          from: '15557650301',
          timestamp: String(Math.floor(Date.now() / 1000)),
          type: 'text',
          text: { body: 'still here' },
        },
      ],
    });
  const [refused, read, own] = await Promise.all([
    send(),
    call<{ errors: { code: string }[] }>(
      'GET',
      `${running.url}/v2/messages/01999999-0000-7000-8000-000000000000`,
      undefined,
      headers(),
    ),
    call<{ detail: string }>('GET', `${running.url}/api/messages`, undefined, headers()),
    ...wamids.map(tell),
  ]);
  for (const answer of [refused, read, own]) {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect(refused.body.errors[0]?.code).toBe('10037');
  expect(read.body.errors[0]?.code).toBe('10037');
  // A send that nobody knows the outcome of must not be repeated blindly; a look may.
  expect(read.headers.get('x-should-retry')).toBe('true');
  await proxy.mend();
  await expect.poll(inbound, { timeout: 60_000 }).toEqual(wamids);
  expect((await send()).status).toBe(200);
});

test('webhooks that were taken meanwhile outlive a kill -9', async () => {
  await proxy.cut();
  await meta.tell('messages', {
    messages: [
      {
        id: 'wamid.away-kill',
        from: '15557650302',
        timestamp: String(Math.floor(Date.now() / 1000)),
        type: 'text',
        text: { body: 'and here' },
      },
    ],
  });
  await running.end('SIGKILL');
  await proxy.mend();
  running = await startRunning({ database: { url: proxy.url }, dataDir: running.dataDir });
  await expect.poll(inbound, { timeout: 60_000 }).toContain('wamid.away-kill');
});
