import Telnyx from 'telnyx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Running, startRunning } from './running.ts';

/** What a Telnyx client is refused, and how it sees it; the way of a message is in main-job.test.ts. */
let running: Running;
let client: Telnyx;

beforeAll(async () => {
  running = await startRunning();
  client = clientWith(running.key);
});
afterAll(async () => {
  await running?.stop();
});

const TO = '+15557660001';

function clientWith(apiKey: string): Telnyx {
  // The credentials of OAuth would leave for api.telnyx.com, whatever the base URL.
  return new Telnyx({
    apiKey,
    baseURL: `${running.url}/v2`,
    maxRetries: 0,
    clientID: null,
    clientSecret: null,
  });
}

interface Errors {
  readonly errors: { code: string; title: string; detail: string; source?: { pointer: string } }[];
}

/** Sends what the package's types would not let through, as a caller in plain JavaScript does. */
const send = (body: object, by = client): Promise<unknown> =>
  by.messages.whatsapp({
    from: running.sender,
    to: TO,
    whatsapp_message: { type: 'text', text: { body: 'hi' } },
    ...body,
  } as never);

async function refused(
  sending: Promise<unknown>,
): Promise<{ kind: unknown; status: number; found: string[] }> {
  const error = await sending.then(
    () => {
      throw new Error('it was accepted');
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof Telnyx.APIError)) throw error;
  const { errors } = error.error as unknown as Errors;
  return {
    kind: error.constructor,
    status: error.status ?? 0,
    found: errors.map(one => `${one.code} ${one.source?.pointer ?? '-'}`),
  };
}

describe('the official package', () => {
  test('sends a text with everything that a text can have, and reads it back', async () => {
    const whatsapp_message = {
      type: 'text',
      text: { body: '😀'.repeat(1024), preview_url: true },
      context: { message_id: 'wamid.unknown' },
      biz_opaque_callback_data: 'tag',
    };
    const { data } = (await send({ whatsapp_message })) as { data: { id: string; body: object } };
    expect(data.body).toEqual(whatsapp_message);
    const read = (await client.messages.retrieve(data.id)) as unknown as {
      data: { id: string; body: object };
    };
    expect(read.data).toMatchObject({ id: data.id, direction: 'outbound', body: whatsapp_message });
  });

  test.each<[string, object, number, unknown, string[]]>([
    ['no recipient', { to: undefined }, 422, Telnyx.UnprocessableEntityError, ['10004 /to']],
    ['a recipient without plus', { to: '5557654321' }, 422, Telnyx.UnprocessableEntityError, ['10016 /to']],
    ['a foreign sender', { from: '+15550009999' }, 400, Telnyx.BadRequestError, ['40305 /from']],
    [
      'an unknown type',
      { whatsapp_message: { type: 'poll' } },
      422,
      Telnyx.UnprocessableEntityError,
      ['10032 /whatsapp_message/type'],
    ],
    [
      'a type without content',
      { whatsapp_message: { type: 'text' } },
      422,
      Telnyx.UnprocessableEntityError,
      ['10004 /whatsapp_message/text'],
    ],
    [
      'an emoji across the byte limit',
      { whatsapp_message: { type: 'text', text: { body: `${'a'.repeat(4093)}😀` } } },
      422,
      Telnyx.UnprocessableEntityError,
      ['10025 /whatsapp_message/text/body'],
    ],
    [
      'a NUL',
      { whatsapp_message: { type: 'text', text: { body: 'a\0' } } },
      422,
      Telnyx.UnprocessableEntityError,
      ['10015 /whatsapp_message/text/body'],
    ],
    [
      'half an emoji',
      { whatsapp_message: { type: 'text', text: { body: '\ud83d' } } },
      422,
      Telnyx.UnprocessableEntityError,
      ['10015 /whatsapp_message/text/body'],
    ],
    [
      'a webhook into the private network',
      { webhook_url: 'http://10.0.0.1/' },
      422,
      Telnyx.UnprocessableEntityError,
      ['10003 /webhook_url'],
    ],
  ])('is refused %s', async (_name, body, status, kind, found) => {
    expect(await refused(send(body))).toEqual({ kind, status, found });
  });

  test('is refused with a wrong key, and with none', async () => {
    const expected = { kind: Telnyx.AuthenticationError, status: 401, found: ['10009 -'] };
    expect(await refused(send({}, clientWith('wrong')))).toEqual(expected);
    const { status, body } = await call<Errors>('GET', `${running.url}/v2/public_key`);
    expect([status, body.errors[0]?.code]).toEqual([401, '10009']);
  });

  test('is refused what its key may not do', async () => {
    const api = { authorization: `Bearer ${running.key}` };
    const made = await call<{ key: string }>(
      'POST',
      `${running.url}/api/keys`,
      { name: 'reader', scopes: ['read'] },
      api,
    );
    expect(made.status).toBe(201);
    const reader = clientWith(made.body.key);
    expect(await refused(send({}, reader))).toEqual({
      kind: Telnyx.PermissionDeniedError,
      status: 403,
      found: ['10010 -'],
    });
    expect(await refused(reader.messages.retrieve('3fa85f64-5717-4562-b3fc-2c963f66afa6'))).toMatchObject({
      status: 404,
    });
  });

  test('says by Wirebird’s own headers how long a message is of use, and is told when it says so badly', async () => {
    const headers = { 'Wirebird-Valid-For': '90', 'Wirebird-Priority': 'bulk' };
    const client = new Telnyx({
      apiKey: running.key,
      baseURL: `${running.url}/v2`,
      defaultHeaders: headers,
    });
    const { data } = (await send({}, client)) as unknown as {
      data: { received_at: string; valid_until: string };
    };
    expect(Date.parse(data.valid_until) - Date.parse(data.received_at)).toBe(90_000);
    const urgent = new Telnyx({
      apiKey: running.key,
      baseURL: `${running.url}/v2`,
      defaultHeaders: { 'Wirebird-Priority': 'urgent' },
    });
    expect(await refused(send({}, urgent))).toMatchObject({ status: 400, found: ['10015 -'] });
  });

  test('finds no message under an unknown or a malformed id', async () => {
    const expected = { kind: Telnyx.NotFoundError, status: 404, found: ['10005 -'] };
    expect(await refused(client.messages.retrieve('3fa85f64-5717-4562-b3fc-2c963f66afa6'))).toEqual(expected);
    expect(await refused(client.messages.retrieve('nonsense'))).toEqual(expected);
  });
});

describe('what no client of Telnyx sends', () => {
  const json = (): Record<string, string> => ({
    authorization: `Bearer ${running.key}`,
    'content-type': 'application/json',
  });
  const text = (): Record<string, string> => ({
    authorization: `Bearer ${running.key}`,
    'content-type': 'text/plain',
  });

  test.each<[string, string, string, () => Record<string, string>, string | undefined, number, string]>([
    ['broken JSON', 'POST', '/v2/messages/whatsapp', json, '{"from":', 400, '10023'],
    ['an empty body', 'POST', '/v2/messages/whatsapp', json, '', 400, '10023'],
    ['a poisoned prototype', 'POST', '/v2/messages/whatsapp', json, '{"__proto__":{"to":1}}', 400, '10023'],
    ['plain text', 'POST', '/v2/messages/whatsapp', text, 'hello', 415, '10029'],
    ['a body of 10 MB', 'POST', '/v2/messages/whatsapp', json, 'x'.repeat(10_000_000), 413, '10015'],
    ['a list', 'POST', '/v2/messages/whatsapp', json, '[]', 422, '10026'],
    ['another method', 'PUT', '/v2/messages/whatsapp', json, '{}', 405, '10030'],
    ['a read of the sending path', 'GET', '/v2/messages/whatsapp', json, undefined, 405, '10030'],
    ['a bad percent sign', 'GET', '/v2/messages/%zz', json, undefined, 400, '10015'],
    ['an unknown path', 'GET', '/v2/nothing', json, undefined, 404, '10005'],
    ['an unknown path without a key', 'GET', '/v2/nothing', () => ({}), undefined, 404, '10005'],
  ])('%s is refused in Telnyx’s shape', async (_name, method, path, headers, body, status, code) => {
    const answer = await call<Errors>(method, `${running.url}${path}`, body, headers());
    expect([answer.status, answer.body.errors.map(error => error.code)]).toEqual([status, [code]]);
    expect(answer.body.errors[0]).toMatchObject({ title: expect.any(String), detail: expect.any(String) });
  });
});
