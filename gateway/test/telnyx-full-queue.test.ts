import Telnyx from 'telnyx';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Running, startRunning } from './running.ts';
import { clientOf } from './telnyx-client.ts';

/** What the official package sees of a queue that is full, and of a key that was used before. */
let running: Running;
let client: Telnyx;

beforeAll(async () => {
  running = await startRunning({ env: { WIREBIRD_QUEUE_MAX: '5', WIREBIRD_DISPATCH: 'off' } });
  client = clientOf(running).telnyx;
});
afterAll(() => running?.stop());

const send = (to: string, key?: string): Promise<unknown> =>
  client.messages.whatsapp(
    {
      from: running.sender,
      to,
      whatsapp_message: { type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } },
    } as never,
    key === undefined ? {} : { headers: { 'Idempotency-Key': key } },
  );
const failure = (calling: Promise<unknown>): Promise<InstanceType<typeof Telnyx.APIError>> =>
  calling.then(
    () => {
      throw new Error('it was not refused');
    },
    error => error,
  );

test('a key with another body is unprocessable, and one that is none a bad request', async () => {
  await send('+15557650401', 'one');
  const reused = await failure(send('+15557650402', 'one'));
  expect(reused).toBeInstanceOf(Telnyx.UnprocessableEntityError);
  expect(reused.error).toMatchObject({ errors: [{ code: '10027' }] });
  const malformed = await failure(send('+15557650402', 'no key'));
  expect(malformed).toBeInstanceOf(Telnyx.BadRequestError);
  expect(malformed.error).toMatchObject({ errors: [{ code: '10015' }] });
});

test('a full queue is a rate limit, with the time to ask again', async () => {
  // What is accepted while the queue is being counted may count twice until the next time.
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, (_, n) => send(`+1555765041${n}`).catch((error: unknown) => error)),
  );
  for (const one of outcomes) if (one instanceof Error) expect(one).toBeInstanceOf(Telnyx.RateLimitError);
  const full = await failure(send('+15557650420'));
  expect(full).toBeInstanceOf(Telnyx.RateLimitError);
  expect(full.error).toMatchObject({
    errors: [{ code: '10011', detail: expect.stringContaining('5 messages') }],
  });
  expect(full.headers?.get('retry-after')).toBe('30');
});

test('when some of its messages end, there is room for another soon', async () => {
  const asked = (path: string, method = 'GET'): Promise<Response> =>
    fetch(`${running.url}${path}`, { method, headers: { authorization: `Bearer ${running.key}` } });
  const { data } = (await (await asked('/api/messages')).json()) as { data: { id: string }[] };
  // Requests that came together were all let in.
  for (const { id } of data.slice(4))
    expect((await asked(`/api/messages/${id}/cancel`, 'POST')).status).toBe(200);
  // Long before the next count, were nobody refused.
  await expect
    .poll(() => send('+15557650430').then(() => 'taken', String), { timeout: 5_000, interval: 200 })
    .toBe('taken');
});
