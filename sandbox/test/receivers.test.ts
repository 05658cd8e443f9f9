import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { pause } from './network.ts';
import { startReceivers } from './receivers.ts';

const TELNYX = (id: string, attempt = 1) =>
  JSON.stringify({ data: { event_type: 'message.sent', id, payload: {} }, meta: { attempt } });

describe('a receiver', () => {
  test('keeps what comes byte for byte, the newest first, and answers 200', async () => {
    const { post, deliveries } = await startReceivers();
    expect((await post('{"a": 1}\n', { 'X-Own': 'größer' }, 'main?from=shop')).status).toBe(200);
    await post(new Uint8Array([0xff, 0x00, 0x7b]), { 'content-type': 'application/octet-stream' });
    const [second, first] = await deliveries();
    expect(first).toMatchObject({
      receiver: 'main',
      method: 'POST',
      path: '/receiver/main?from=shop',
      body: '{"a": 1}\n',
      size: 9,
      headers: { 'content-type': 'application/json' },
      answer: { behaviour: 'ok', state: 'given', status: 200 },
    });
    expect(Date.parse(first.at)).toBeGreaterThan(Date.now() - 60_000);
    expect(second).toMatchObject({ body_base64: '/wB7', size: 3, dialect: null, type: null, event_id: null });
    expect(second.id).toBeGreaterThan(first.id);
  });

  test('is made by the first request to its name', async () => {
    const { control, post, sandbox } = await startReceivers();
    expect((await control('GET', '/receivers/orders')).status).toBe(404);
    await post('{}', {}, 'orders');
    const { body } = await control('GET', '/receivers');
    expect(body.data.map(({ name }: { name: string }) => name)).toEqual(['main', 'orders']);
    expect(body.data[1]).toMatchObject({ url: `${sandbox.url}/receiver/orders`, received: 1 });
    expect((await post('{}', {}, '%20')).status).toBe(404);
  });

  test.each([
    ['telnyx', TELNYX('e-1', 3), {}, ['message.sent', 'e-1', 3]],
    [
      'ycloud',
      '{"id":"evt_1","type":"whatsapp.message.updated","apiVersion":"v2","createTime":"x"}',
      {},
      ['whatsapp.message.updated', 'evt_1', null],
    ],
    [
      'elevenlabs',
      '{"type":"post_call_transcription","event_timestamp":1760000000,"data":{"conversation_id":"c-1"}}',
      {},
      ['post_call_transcription', 'c-1', null],
    ],
    [
      'standard_webhooks',
      '{"type":"message.sent","timestamp":"2026-01-01T00:00:00Z","data":{}}',
      { 'webhook-id': 'msg_1' },
      ['message.sent', 'msg_1', null],
    ],
    [
      'infobip',
      '{"results":[{"messageId":"m-1","status":{"name":"DELIVERED_TO_HANDSET"}},{"messageId":"m-2"}]}',
      {},
      ['DELIVERED_TO_HANDSET', 'm-1, m-2', null],
    ],
    ['infobip', '{"results":[{"messageId":"m-1","seenAt":"x"}]}', {}, ['SEEN', 'm-1', null]],
    [
      'infobip',
      '{"results":[{"messageId":"in-1","message":{"type":"TEXT","text":"x"}}]}',
      {},
      ['INBOUND TEXT', 'in-1', null],
    ],
    [
      'infobip',
      '{"messageTemplateId":"1","change":{"type":"TEMPLATE_STATUS_UPDATE"}}',
      {},
      ['TEMPLATE_STATUS_UPDATE', null, null],
    ],
    [null, '[1]', {}, [null, null, null]],
    [null, '{', {}, [null, null, null]],
  ])('knows the form %s by %s', async (dialect, body, headers, [type, event_id, attempt]) => {
    const { post, deliveries } = await startReceivers();
    await post(body, headers);
    expect((await deliveries())[0]).toMatchObject({ dialect, type, event_id, attempt });
  });

  test('says how often an event came before; another type of the same id is another event', async () => {
    const { control, post, deliveries } = await startReceivers();
    for (const attempt of [1, 2, 3]) await post(TELNYX('e-1', attempt));
    await post(TELNYX('e-2'));
    await post(TELNYX('e-1').replace('message.sent', 'message.read'));
    await post(TELNYX('e-1'), {}, 'another');
    const seen = (await deliveries()).map((each: { seen_before: number }) => each.seen_before);
    expect(seen).toEqual([0, 0, 2, 1, 0]);
    expect((await control('GET', '/receivers/main')).body).toMatchObject({ received: 5, repeats: 2 });
  });

  test('gives its list in pages, brief when asked, and one delivery by its id', async () => {
    const { control, post } = await startReceivers();
    for (const id of ['1', '2', '3', '4', '5']) await post(TELNYX(id));
    const list = async (query: string) =>
      (await control('GET', `/receivers/main/deliveries?${query}`)).body as {
        data: { id: number; event_id: string; body?: string }[];
        next: number | null;
      };
    const first = await list('limit=2&brief=true');
    expect(first.data.map(({ event_id }) => event_id)).toEqual(['5', '4']);
    expect(first.data[0]?.body).toBeUndefined();
    const second = await list(`limit=3&before=${first.next}`);
    expect([second.data.map(({ event_id }) => event_id), second.next]).toEqual([['3', '2', '1'], null]);
    const one = await control('GET', `/receivers/main/deliveries/${second.data[0]?.id}`);
    expect(one.body.body).toBe(TELNYX('3'));
    expect((await control('GET', '/receivers/main/deliveries/999')).status).toBe(404);
    expect((await control('GET', '/receivers/main/deliveries?limit=0')).status).toBe(400);
  });

  test('is emptied without changing how it behaves, and does not remember what it had', async () => {
    const { control, behave, post, deliveries } = await startReceivers();
    await behave({ kind: 'status', status: 503 });
    await post(TELNYX('e-1'));
    expect((await control('DELETE', '/receivers/main/deliveries')).status).toBe(204);
    expect(await deliveries()).toEqual([]);
    expect((await post(TELNYX('e-1'))).status).toBe(503);
    expect((await deliveries())[0].seen_before).toBe(0);
    expect((await control('GET', '/receivers/main')).body).toMatchObject({ received: 1, repeats: 0 });
  });

  test('keeps the newest 500', async () => {
    const { post, deliveries } = await startReceivers();
    for (let i = 0; i < 520; i += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, j) => post(TELNYX(`e-${i + j}`))));
    }
    const kept = await deliveries('main', '?limit=1000&brief=true');
    expect(kept).toHaveLength(500);
    expect(new Set(kept.map(({ event_id }: { event_id: string }) => event_id)).has('e-0')).toBe(false);
  });

  test('keeps 64 MiB at most, of all receivers together: the oldest go', async () => {
    const { post, deliveries } = await startReceivers();
    const large = Buffer.alloc(15 * 1024 * 1024, 0x20);
    for (const name of ['a', 'b', 'a', 'c', 'c']) expect((await post(large, {}, name)).status).toBe(200);
    const kept = async (name: string) => (await deliveries(name, '?brief=true')).length;
    expect([await kept('a'), await kept('b'), await kept('c')]).toEqual([1, 1, 2]);
    expect((await post(Buffer.alloc(17 * 1024 * 1024), {}, 'a')).status).toBe(413);
  });

  test('shows a person with a browser its page, and takes any other GET for a delivery', async () => {
    const { sandbox, deliveries } = await startReceivers();
    const url = `${sandbox.url}/receiver/main`;
    const shown = await fetch(url, { headers: { accept: 'text/html,*/*' }, redirect: 'manual' });
    expect([shown.status, shown.headers.get('location')]).toEqual([302, '/webhooks/main']);
    expect((await fetch(url)).status).toBe(200);
    expect((await deliveries()).map(({ method }: { method: string }) => method)).toEqual(['GET']);
  });
});

describe('a receiver that misbehaves', () => {
  test.each([[500], [404], [410], [204]])('answers %i', async status => {
    const { behave, post, deliveries } = await startReceivers();
    await behave({ kind: 'status', status });
    const answer = await post(TELNYX('e-1'));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, null]);
    expect((await deliveries())[0].answer).toMatchObject({ behaviour: 'status', state: 'given', status });
  });

  test.each([
    [120, '120'],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 'Wed, 21 Oct 2026 07:28:00 GMT'],
  ])('says by Retry-After when to come back: %s', async (retry_after, header) => {
    const { behave, post, deliveries } = await startReceivers();
    await behave({ kind: 'status', status: 429, retry_after });
    const answer = await post(TELNYX('e-1'));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, header]);
    expect((await deliveries())[0].answer.retry_after).toBe(header);
  });

  test('answers 200 only after a while; one who does not wait for it is seen to have left', async () => {
    const { sandbox, behave, post, deliveries } = await startReceivers();
    await behave({ kind: 'slow', ms: 150 });
    const from = performance.now();
    expect((await post(TELNYX('e-1'))).status).toBe(200);
    expect(performance.now() - from).toBeGreaterThan(140);
    const [waited] = await deliveries();
    expect(waited.answer).toMatchObject({ behaviour: 'slow', state: 'given', status: 200 });
    expect(waited.answer.ms).toBeGreaterThanOrEqual(140);

    await behave({ kind: 'slow', ms: 60_000 });
    await impatient(`${sandbox.url}/receiver/main`, 50);
    await expect
      .poll(async () => (await deliveries())[0].answer)
      .toMatchObject({ behaviour: 'slow', state: 'left', status: null, ms: expect.any(Number) });
  });

  test('never answers, and does not hold up the others', async () => {
    const { sandbox, behave, post, deliveries } = await startReceivers();
    await behave({ kind: 'hang', times: 1 });
    const left = impatient(`${sandbox.url}/receiver/main`, 200);
    await expect.poll(async () => (await deliveries())[0]?.answer.state).toBe('waiting');
    expect((await post(TELNYX('e-2'))).status).toBe(200);
    await left;
    await expect.poll(async () => (await deliveries())[1].answer.state).toBe('left');
  });

  test('keeps nobody waiting beyond the end of the sandbox', async () => {
    const { sandbox, behave, deliveries, stop } = await startReceivers();
    await behave({ kind: 'hang', times: 1 });
    const hanging = expect(fetch(`${sandbox.url}/receiver/main`, { method: 'POST' })).rejects.toThrow();
    await expect.poll(async () => (await deliveries()).length).toBe(1);
    await behave({ kind: 'slow', ms: 60_000 });
    const slow = expect(fetch(`${sandbox.url}/receiver/main`, { method: 'POST' })).rejects.toThrow();
    await expect.poll(async () => (await deliveries()).length).toBe(2);
    const from = performance.now();
    await stop();
    await Promise.all([hanging, slow]);
    expect(performance.now() - from).toBeLessThan(10_000);
  });

  test('drops the connection', async () => {
    const { behave, post, deliveries } = await startReceivers();
    await behave({ kind: 'close' });
    await expect(post(TELNYX('e-1'))).rejects.toThrow();
    expect((await deliveries())[0].answer).toMatchObject({
      behaviour: 'close',
      state: 'closed',
      status: null,
    });
  });

  test('redirects to itself or elsewhere, and sees who follows', async () => {
    const { sandbox, behave, post, deliveries } = await startReceivers();
    await behave({ kind: 'redirect' });
    const itself = await post(TELNYX('e-1'), {}, 'main?a=1');
    expect([itself.status, itself.headers.get('location')]).toEqual([
      302,
      `${sandbox.url}/receiver/main?a=1`,
    ]);
    const to = `${sandbox.url}/receiver/elsewhere`;
    await behave({ kind: 'redirect', to, status: 307 });
    const elsewhere = await post(TELNYX('e-2'));
    expect([elsewhere.status, elsewhere.headers.get('location')]).toEqual([307, to]);
    expect((await deliveries())[0].answer).toMatchObject({ status: 307, location: to });
    const followed = await fetch(`${sandbox.url}/receiver/main`, { method: 'POST', body: TELNYX('e-3') });
    expect(followed.status).toBe(200);
    expect((await deliveries('elsewhere'))[0].event_id).toBe('e-3');
  });

  test('does so for as many requests as it is told, and then well again', async () => {
    const { control, behave, post } = await startReceivers();
    await behave({ kind: 'status', status: 500, times: 3 });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) {
      if (i === 1) expect((await control('GET', '/receivers/main')).body.behaviour.times).toBe(2);
      statuses.push((await post('{}')).status);
    }
    expect(statuses).toEqual([500, 500, 500, 200, 200]);
    expect((await control('GET', '/receivers/main')).body.behaviour).toEqual({
      kind: 'ok',
      times: null,
      share: 1,
    });
  });

  test('does so for a share of the requests, spread evenly; a count then counts those', async () => {
    const { behave, post } = await startReceivers();
    const statusesOf = async (count: number) => {
      const statuses: number[] = [];
      for (let i = 0; i < count; i++) statuses.push((await post('{}')).status);
      return statuses;
    };
    await behave({ kind: 'status', status: 500, share: 0.25 });
    expect(await statusesOf(8)).toEqual([200, 200, 200, 500, 200, 200, 200, 500]);
    await behave({ kind: 'status', status: 500, share: 0.5, times: 2 });
    expect(await statusesOf(6)).toEqual([200, 500, 200, 500, 200, 200]);
  });

  test('is one of several: the others answer well', async () => {
    const { behave, post } = await startReceivers();
    await behave({ kind: 'status', status: 500 }, 'sick');
    expect([(await post('{}', {}, 'sick')).status, (await post('{}', {}, 'well')).status]).toEqual([
      500, 200,
    ]);
  });

  test.each([
    [{ kind: 'weird' }, '"behaviour.kind"'],
    [{ kind: 'status' }, 'from 200 to 599'],
    [{ kind: 'status', status: 101 }, 'from 200 to 599'],
    [{ kind: 'status', status: 500, retry_after: 'a\nb' }, 'Retry-After'],
    [{ kind: 'slow', ms: 1.5 }, 'milliseconds'],
    [{ kind: 'redirect', to: 'javascript:alert(1)' }, 'http or https'],
    [{ kind: 'redirect', status: 200 }, '301'],
    [{ kind: 'ok', times: 0 }, '"behaviour.times"'],
    [{ kind: 'hang', share: 0 }, '"behaviour.share"'],
    [{ kind: 'hang', after: 1 }, 'no "after"'],
  ])('is not told to by %j', async (behaviour, sentence) => {
    const { behave, post } = await startReceivers();
    const { status, body } = await behave(behaviour);
    expect([status, body.detail]).toEqual([400, expect.stringContaining(sentence)]);
    expect((await post('{}')).status).toBe(200);
  });
});

describe('the stream of events', () => {
  test('tells of a delivery, of its answer when that comes later, and of a change of the receiver', async () => {
    const { sandbox, behave, post } = await startReceivers();
    const told = await watch(`${sandbox.url}/sandbox/events`);
    await behave({ kind: 'slow', ms: 30, times: 1 });
    await post(TELNYX('e-1'));
    await post(TELNYX('e-1', 2));
    await expect.poll(() => told.length).toBe(4);
    expect(told).toEqual([
      ['receiver', { name: 'main' }],
      [
        'delivery',
        expect.objectContaining({ event_id: 'e-1', answer: expect.objectContaining({ state: 'waiting' }) }),
      ],
      [
        'delivery',
        expect.objectContaining({ event_id: 'e-1', answer: expect.objectContaining({ state: 'given' }) }),
      ],
      ['delivery', expect.objectContaining({ attempt: 2, seen_before: 1, receiver: 'main' })],
    ]);
    expect(told[1]?.[1]).not.toHaveProperty('body');
  });
});

/** Posts and hangs up when no answer has come after so many ms. */
async function impatient(url: string, ms: number): Promise<void> {
  const sent = request(url, { method: 'POST' });
  const failed = once(sent, 'error').catch(() => {});
  sent.end('{}');
  await pause(ms);
  sent.destroy(new Error('no answer'));
  await failed;
}

/** The events of a stream, as they come. */
async function watch(url: string): Promise<[event: string, data: object][]> {
  const events: [string, object][] = [];
  const asked = request(url).end();
  const [stream] = (await once(asked, 'response')) as [IncomingMessage];
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? [];
      if (event !== '') events.push([event, JSON.parse(data)]);
    }
  });
  stream.on('error', () => {});
  asked.on('error', () => {});
  return events;
}
