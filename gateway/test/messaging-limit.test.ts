import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, type Running, startRunning } from './running.ts';

/** Meta's messaging limit through the whole system: from Meta's word of it to what waits and goes on. */
// biome-ignore lint/suspicious/noExplicitAny: an answer is looked into field by field, as a client in any language does
type Json = any;

let running: Running;
let waba: string;

beforeAll(async () => {
  running = await startRunning();
  waba = (await ask('GET', '/api/senders')).data[0].waba_id;
});
afterAll(() => running?.stop());

const ask = async (method: string, path: string, body?: unknown): Promise<Json> =>
  (await call<Json>(method, `${running.url}${path}`, body, { authorization: `Bearer ${running.key}` })).body;

const says = async (limit: unknown): Promise<void> => {
  const value = { max_daily_conversations_per_business: limit };
  await call('POST', `${running.sandboxUrl}/sandbox/accounts/${waba}/events`, {
    field: 'business_capability_update',
    value,
  });
  await expect
    .poll(async () => (await ask('GET', '/api/senders')).data[0].messaging_limit, { timeout: 15_000 })
    .toBe(String(limit));
};

const send = async (to: string): Promise<string> =>
  (
    await ask('POST', '/v2/messages/whatsapp', {
      from: running.sender,
      to,
      whatsapp_message: { type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } },
    })
  ).data.id;

const message = (id: string): Promise<Json> => ask('GET', `/api/messages/${id}`);
const waits = (id: string, reason: string | undefined) =>
  expect.poll(async () => (await message(id)).waits?.reason, { timeout: 15_000 }).toBe(reason);
const leaves = (id: string) =>
  expect.poll(async () => (await message(id)).accepted_at, { timeout: 15_000 }).not.toBeNull();

test('templates to more people than Meta allows wait, say why, and go on when Meta raises the limit', async () => {
  await expect
    .poll(async () => (await ask('GET', '/api/templates?name=hello_world')).data.length, { timeout: 15_000 })
    .toBe(1);
  await says(2);
  // Claims go by what the node has read of its accounts, a moment after the notice is stored.
  await new Promise(resolve => setTimeout(resolve, 500));
  const ids: string[] = [];
  for (let n = 1; n <= 4; n++) ids.push(await send(`+1555765010${n}`));
  await leaves(ids[0]!);
  await leaves(ids[1]!);
  await waits(ids[2]!, 'portfolio');
  await waits(ids[3]!, 'portfolio');
  const { timeline } = await message(ids[2]!);
  expect(timeline.at(-1).detail).toMatch(/: the portfolio’s limit of 2 people per day is used up$/);
  await leaves(await send('+15557650101'));
  await says(3);
  await leaves(ids[2]!);
  expect((await message(ids[3]!)).waits).toEqual({ reason: 'portfolio', until: null });
  await says('TIER_UNLIMITED');
  await leaves(ids[3]!);
});
