import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from './api.ts';
import { call, type Receiver, type Running, startReceiver, startRunning } from './running.ts';

/** Endpoints in Wirebird's own form, from their making to a replay, on a gateway that runs as a person starts it. */
let running: Running;
let receiver: Receiver;
beforeAll(async () => {
  running = await startRunning({ env: { WIREBIRD_REPORT_SCHEDULE: '0,0' } });
  receiver = await startReceiver();
  await call('PATCH', `${running.sandboxUrl}/sandbox/settings`, { window: 'off' });
});
afterAll(async () => {
  await running?.stop();
  await receiver?.stop();
});

const api = (method: string, path: string, body?: unknown) =>
  call<Json>(method, `${running.url}${path}`, body, { authorization: `Bearer ${running.key}` });

async function endpoint(path: string, events: readonly string[], more: object = {}): Promise<Json> {
  const { status, body } = await api('POST', '/api/webhook-endpoints', {
    url: `${receiver.url}/${path}`,
    dialect: 'wirebird',
    events,
    ...more,
  });
  expect(status).toBe(201);
  return body;
}

/** Sends a text; its id. */
async function send(to: string): Promise<string> {
  const { body } = await api('POST', '/v2/messages/whatsapp', {
    from: running.sender,
    to,
    whatsapp_message: { type: 'text', text: { body: 'hi' } },
  });
  return body.data.id;
}

const at = (path: string) => receiver.got.filter(one => one.path === `/${path}`);
const open = (secret: string, got: Receiver['got'][number]): Json =>
  new Webhook(secret).verify(got.body, got.headers as Record<string, string>);

async function wirebird(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, '../bin/wirebird.js'), ...args],
    {
      env: {
        ...process.env,
        WIREBIRD_DATABASE_URL: running.databaseUrl,
        WIREBIRD_MASTER_KEY: 'a master key for tests only',
      },
    },
  );
  return stdout;
}

test('a message is told of in order, signed as the package of Standard Webhooks checks it, as /api shows it', async () => {
  const { secret } = await endpoint('way', ['message.sent', 'message.delivered', 'message.read']);
  const id = await send('+15557650001');
  await expect.poll(() => at('way').length, { timeout: 15_000 }).toBe(3);
  const told = at('way').map(got => open(secret, got));
  expect(told.map(one => one.type)).toEqual(['message.sent', 'message.delivered', 'message.read']);
  const { body: shown } = await api('GET', `/api/messages/${id}`);
  for (const { timestamp, data } of told) {
    expect(Number.isNaN(Date.parse(timestamp))).toBe(false);
    expect(data).toMatchObject({
      id,
      recipient: shown.recipient,
      sender: running.sender,
      content: shown.content,
    });
  }
  expect(new Set(at('way').map(got => got.headers['webhook-id'])).size).toBe(3);
});

test('what somebody writes is told of', async () => {
  const { secret } = await endpoint('inbound', ['message.received']);
  await call('POST', `${running.sandboxUrl}/sandbox/phones/+15557650002/messages`, {
    to: running.sender,
    type: 'text',
    text: { body: 'hello' },
  });
  await expect.poll(() => at('inbound').length, { timeout: 15_000 }).toBe(1);
  expect(open(secret, at('inbound')[0]!)).toMatchObject({
    type: 'message.received',
    data: { direction: 'inbound', recipient: '+15557650002', content: { text: { body: 'hello' } } },
  });
});

test('after a rotation a receiver with either secret accepts what comes', async () => {
  const made = await endpoint('rotated', ['message.sent']);
  const { body: rotated } = await api('POST', `/api/webhook-endpoints/${made.id}/rotate-secret`);
  await send('+15557650003');
  await expect.poll(() => at('rotated').length, { timeout: 15_000 }).toBe(1);
  for (const secret of [made.secret, rotated.secret])
    expect(open(secret, at('rotated')[0]!).type).toBe('message.sent');
  await api('POST', `/api/webhook-endpoints/${made.id}/rotate-secret`, { overlap_seconds: 0 });
  await send('+15557650004');
  await expect.poll(() => at('rotated').length, { timeout: 15_000 }).toBe(2);
  expect(() => open(rotated.secret, at('rotated')[1]!)).toThrow('No matching signature');
});

test('an endpoint whose receiver says 410 is disabled with an alert, and a replay sends what it missed', async () => {
  const made = await endpoint('gone', ['message.sent']);
  receiver.answer = count => (receiver.got[count - 1]?.path === '/gone' ? 410 : 200);
  await send('+15557650005');
  const shown = async () => (await api('GET', `/api/webhook-endpoints/${made.id}`)).body;
  await expect.poll(async () => (await shown()).enabled, { timeout: 15_000 }).toBe(false);
  expect((await shown()).disabled_reason).toBe('its receiver answered 410');
  expect(running.logged()).toContain('a webhook endpoint is disabled');
  const metrics = await call<string>('GET', `${running.url}/metrics`);
  expect(metrics.body).toContain('wirebird_endpoints_disabled_total{why="gone"} 1');

  const missed = await send('+15557650006');
  const reports = async (query: string) =>
    (await api('GET', `/api/reports?endpoint=${made.id}${query}`)).body.data;
  await expect.poll(async () => (await reports('&state=failed')).length, { timeout: 15_000 }).toBe(2);
  expect(at('gone')).toHaveLength(1);
  const [newest] = await reports(`&message=${missed}`);
  expect(newest).toMatchObject({ event: 'sent', state: 'failed', message_id: missed, attempts: [] });
  expect((await api('POST', `/api/webhook-endpoints/${made.id}/replay`)).status).toBe(409);
  expect((await api('POST', `/api/reports/${newest.id}/replay`)).status).toBe(409);

  receiver.answer = 200;
  await api('PATCH', `/api/webhook-endpoints/${made.id}`, { enabled: true });
  const replayed = await api('POST', `/api/webhook-endpoints/${made.id}/replay`, {});
  expect(replayed).toMatchObject({ status: 202, body: { scheduled: 2, skipped: 0 } });
  await expect.poll(() => at('gone').length, { timeout: 15_000 }).toBe(3);
  const ids = at('gone').map(got => open(made.secret, got).data.recipient);
  expect(ids).toEqual(['+15557650005', '+15557650005', '+15557650006']);
  expect(await reports('&state=failed')).toEqual([]);
  const again = await api('POST', `/api/reports/${newest.id}/replay`);
  expect(again).toMatchObject({ status: 202, body: { scheduled: 1 } });
  await expect.poll(() => at('gone').length, { timeout: 15_000 }).toBe(4);
  expect((await api('GET', `/api/reports/${newest.id}`)).body).toMatchObject({ event_id: newest.event_id });
});

test('reports are listed and replayed on the command line', async () => {
  const made = await endpoint('line', ['message.sent']);
  receiver.answer = count => (receiver.got[count - 1]?.path === '/line' ? 500 : 200);
  const message = await send('+15557650007');
  await expect.poll(() => at('line').length, { timeout: 15_000 }).toBe(3);
  receiver.answer = 200;
  await expect
    .poll(() => wirebird('reports', 'list', '--endpoint', made.id, '--state', 'failed'), { timeout: 30_000 })
    .toMatch(/sent +failed +3 +answered 500 /);
  expect(await wirebird('reports', 'replay', '--message', message, '--from', '2020-01-01')).toBe(
    '1 scheduled.\n',
  );
  await expect.poll(() => at('line').length, { timeout: 15_000 }).toBe(4);
  expect(new Set(at('line').map(got => got.headers['webhook-id'])).size).toBe(1);
  expect(await wirebird('reports', 'replay', '--endpoint', made.id)).toBe('0 scheduled.\n');
  expect(await wirebird('reports', 'replay', '--help')).toContain('--event <id>');
  await expect(wirebird('reports', 'replay', '--state', 'eaten')).rejects.toThrow(
    '--state must be one of failed, delivered, all, not "eaten".',
  );
  await expect(wirebird('reports', 'replay', '--from', 'noon')).rejects.toThrow('--from must be a time');
}, 90_000);

test('a replay of what nothing is refused, fault by fault', async () => {
  const { status, body } = await api('POST', '/api/reports/replay', {
    event_id: 'x',
    from: 'noon',
    to: '2026-13-01',
  });
  expect(status).toBe(422);
  expect(body.errors.map((error: Json) => error.pointer)).toEqual(['/event_id', '/from', '/to']);
  expect((await api('POST', '/api/reports/replay', { stat: 'all' })).status).toBe(422);
  expect((await api('GET', '/api/reports/x')).status).toBe(404);
  expect((await api('GET', '/api/reports?endpoint=x')).body).toEqual({ data: [], next: null });
  expect((await api('GET', '/api/reports?state=eaten')).status).toBe(422);
});
