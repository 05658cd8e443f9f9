import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Running, startRunning } from './running.ts';

/** Templates from Meta to the queue, through the whole system. */
// biome-ignore lint/suspicious/noExplicitAny: an answer is looked into field by field, as a client in any language does
type Json = any;

let running: Running;
let waba: string;
let senderId: string;

const ask = async (method: string, path: string, body?: unknown) => {
  const { status, body: json } = await call<Json>(method, `${running.url}${path}`, body, {
    authorization: `Bearer ${running.key}`,
  });
  return { status, json };
};

beforeAll(async () => {
  running = await startRunning();
  const [sender] = (await ask('GET', '/api/senders')).json.data;
  waba = sender.waba_id;
  senderId = sender.id;
});
afterAll(async () => {
  await running?.stop();
});

/** What a reviewer of Meta's decides. */
const decide = (metaId: string, status: string) =>
  call('POST', `${running.sandboxUrl}/sandbox/templates/${metaId}`, { status });

const wanted = (name: string, text = 'Your order {{1}} has left.') => ({
  waba_id: waba,
  name,
  language: 'en_US',
  category: 'UTILITY',
  components: [{ type: 'BODY', text, example: { body_text: [['17']] } }],
});

async function approved(name: string): Promise<{ id: string; metaId: string }> {
  const { status, json } = await ask('POST', '/api/templates', wanted(name));
  expect([status, json.name]).toEqual([201, name]);
  await decide(json.meta_id, 'APPROVED');
  await expect
    .poll(async () => (await ask('GET', `/api/templates/${json.id}`)).json.status, { timeout: 15_000 })
    .toBe('APPROVED');
  return { id: json.id, metaId: json.meta_id };
}

const send = (name: string, parameters: string[], language = 'en_US') =>
  ask('POST', '/v2/messages/whatsapp', {
    from: running.sender,
    to: '+15557650001',
    whatsapp_message: {
      type: 'template',
      template: {
        name,
        language: { code: language },
        components: [{ type: 'body', parameters: parameters.map(text => ({ type: 'text', text })) }],
      },
    },
  });

const messageOf = async (id: string): Promise<Json> => (await ask('GET', `/api/messages/${id}`)).json;

test('those of a new number are known within seconds', async () => {
  await expect
    .poll(async () => (await ask('GET', '/api/templates?name=hello_world')).json.data.length, {
      timeout: 15_000,
    })
    .toBe(1);
});

describe('a send is held against its template before it is queued', () => {
  test('what fits is taken, what does not is refused in Meta’s code, and nothing is stored', async () => {
    await approved('held_against');
    expect((await send('held_against', ['17'])).status).toBe(200);
    const before = (await ask('GET', '/api/messages?limit=200')).json.data.length;
    const refused = async (...sent: Parameters<typeof send>) => {
      const { status, json } = await send(...sent);
      return [status, json.errors[0].code, json.errors[0].meta.whatsapp_error_code];
    };
    expect(await refused('held_against', [])).toEqual([400, '41000', '132000']);
    expect(await refused('held_against', ['17', '18'])).toEqual([400, '41000', '132000']);
    expect(await refused('held_against', ['17'], 'de')).toEqual([400, '40008', '132001']);
    expect(await refused('never_made', [])).toEqual([400, '40008', '132001']);
    expect((await ask('GET', '/api/messages?limit=200')).json.data.length).toBe(before);
  });

  test('a wording that was changed counts from then on', async () => {
    const { id, metaId } = await approved('changed_there');
    const components = [{ type: 'BODY', text: 'Your order has left.' }];
    expect((await ask('PATCH', `/api/templates/${id}`, { components })).status).toBe(200);
    await decide(metaId, 'APPROVED');
    await expect.poll(async () => (await send('changed_there', [])).status, { timeout: 20_000 }).toBe(200);
    expect((await send('changed_there', ['17'])).json.errors[0].meta.whatsapp_error_code).toBe('132000');
  });
});

describe('the queue of a template', () => {
  const slow = (throughput: number) => ask('PATCH', `/api/senders/${senderId}`, { throughput });

  test('stands still while it is paused, keeps its messages, and goes on when it is back', async () => {
    const { id, metaId } = await approved('paused_midway');
    expect((await slow(1)).status).toBe(200);
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push((await send('paused_midway', [String(n)])).json.data.id);
    await decide(metaId, 'PAUSED');
    await expect
      .poll(async () => (await messageOf(ids.at(-1)!)).waits, { timeout: 20_000 })
      .toMatchObject({ reason: 'template' });
    expect((await ask('GET', `/api/templates/${id}`)).json.status).toBe('PAUSED');
    expect((await send('paused_midway', ['x'])).json.errors[0].meta.whatsapp_error_code).toBe('132015');
    await decide(metaId, 'APPROVED');
    await slow(80);
    for (const one of ids)
      await expect
        .poll(async () => (await messageOf(one)).status, { timeout: 20_000 })
        .toMatch(/^(sent|delivered|read)$/);
  }, 60_000);

  test('ends when it is disabled: each message fails with 132016', async () => {
    const { metaId } = await approved('disabled_midway');
    await slow(1);
    const ids: string[] = [];
    for (let n = 0; n < 4; n++) ids.push((await send('disabled_midway', [String(n)])).json.data.id);
    await decide(metaId, 'PAUSED');
    await expect
      .poll(async () => (await messageOf(ids.at(-1)!)).waits, { timeout: 20_000 })
      .toMatchObject({ reason: 'template' });
    await decide(metaId, 'DISABLED');
    await expect
      .poll(async () => (await messageOf(ids.at(-1)!)).failure?.code, { timeout: 20_000 })
      .toBe('132016');
    await slow(80);
  }, 60_000);
});

describe('/api/templates', () => {
  test('makes, lists, changes and deletes', async () => {
    const { id } = await approved('by_api');
    const listed = (await ask('GET', `/api/templates?name=by_api&waba_id=${waba}&status=approved`)).json.data;
    expect(listed).toMatchObject([
      { id, language: 'en_US', category: 'UTILITY', parameter_format: 'POSITIONAL' },
    ]);
    expect((await ask('DELETE', `/api/templates/${id}`)).status).toBe(204);
    expect((await ask('GET', `/api/templates/${id}`)).status).toBe(404);
    expect((await ask('GET', '/api/templates?name=by_api')).json.data).toEqual([]);
  });

  test.each<[string, object, number]>([
    ['an account of others', { waba_id: '1' }, 422],
    ['a misspelt field', { colour: 'red' }, 422],
    ['a name that Meta refuses', { name: 'Not A Name' }, 422],
  ])('refuses %s', async (_, more, status) => {
    expect((await ask('POST', '/api/templates', { ...wanted('refused'), ...more })).status).toBe(status);
  });

  test('reads an account on demand', async () => {
    const { status, json } = await ask('POST', '/api/templates/sync', { waba_id: waba });
    expect([status, json.templates > 0]).toEqual([200, true]);
  });
});
