import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { metaOf } from './meta.ts';
import { call, type Receiver, type Running, startReceiver, startRunning } from './running.ts';
import { refused as refusedByTelnyx, clientOf as telnyxOf } from './telnyx-client.ts';
import { refused as refusedByYcloud, clientOf as ycloudOf } from './ycloud-client.ts';

/** Opting out, from a phone to the next message, in every dialect. */
let running: Running;
let receiver: Receiver;
let last = 0;
let to: string;

const SALE = 'autumn_sale';

beforeAll(async () => {
  running = await startRunning();
  receiver = await startReceiver();
  await call('PATCH', `${running.sandboxUrl}/sandbox/settings`, { window: 'off' });
  const { body } = await call<{ data: { waba_id: string }[] }>('GET', api('/senders'), undefined, auth());
  const made = await call(
    'POST',
    api('/templates'),
    {
      waba_id: body.data[0]!.waba_id,
      name: SALE,
      language: 'en_US',
      category: 'MARKETING',
      components: [{ type: 'BODY', text: 'Everything is half the price.' }],
    },
    auth(),
  );
  expect(made.status).toBe(201);
});
afterAll(async () => {
  await running?.stop();
  await receiver?.stop();
});
beforeEach(async () => {
  to = `+1555840${String(1000 + ++last)}`;
  await expect.poll(async () => (await send(`+1555840${String(1000 + ++last)}`)).status).toBe(200);
});

const auth = () => ({ authorization: `Bearer ${running.key}` });
const api = (path: string): string => `${running.url}/api${path}`;
const template = { name: SALE, language: { code: 'en_US' } };

interface Answer {
  readonly status: number;
  readonly id: string | undefined;
  readonly code: string | undefined;
  readonly retry: string | null;
}

/** A marketing template by Telnyx's route. */
async function send(recipient: string, more: object = {}): Promise<Answer> {
  const { status, body, headers } = await call<{ data?: { id: string }; errors?: { code: string }[] }>(
    'POST',
    `${running.url}/v2/messages/whatsapp`,
    { from: running.sender, to: recipient, whatsapp_message: { type: 'template', template }, ...more },
    auth(),
  );
  return { status, id: body.data?.id, code: body.errors?.[0]?.code, retry: headers.get('x-should-retry') };
}

/** The same by YCloud's. */
async function enqueue(recipient: string, route = 'messages'): Promise<Answer> {
  const { status, body, headers } = await call<{ id?: string; error?: { code: string } }>(
    'POST',
    `${running.url}/v2/whatsapp/${route}`,
    { from: running.sender, to: recipient, type: 'template', template },
    { 'x-api-key': running.key },
  );
  return { status, id: body.id, code: body.error?.code, retry: headers.get('x-should-retry') };
}

const write = (phone: string, body: string) =>
  call('POST', `${running.sandboxUrl}/sandbox/phones/${encodeURIComponent(phone)}/messages`, {
    type: 'text',
    text: { body },
  });

const standing = async (recipient: string): Promise<{ reason: string; source: string }[]> => {
  const list = await call<{ data: { reason: string; source: string }[] }>(
    'GET',
    api(`/consents?recipient=${encodeURIComponent(recipient)}`),
    undefined,
    auth(),
  );
  return list.body.data.map(({ reason, source }) => ({ reason, source }));
};

const message = async (id: string) =>
  (
    await call<{ status: string; failure: { code: string } | null }>(
      'GET',
      api(`/messages/${id}`),
      undefined,
      auth(),
    )
  ).body;

const got = async (phone: string): Promise<number> => {
  const url = `${running.sandboxUrl}/sandbox/phones/${encodeURIComponent(phone)}/messages`;
  const { body } = await call<{ data: { direction: string }[] }>('GET', url);
  return (body.data ?? []).filter(one => one.direction === 'to_phone').length;
};

describe('a STOP from a phone', () => {
  test('refuses the next marketing message in Telnyx’s words within a second: 409 40300, not to be tried again', async () => {
    await write(to, 'STOP');
    await expect
      .poll(() => send(to), { timeout: 1_000, interval: 50 })
      .toMatchObject({
        status: 409,
        code: '40300',
        retry: 'false',
      });
    const { telnyx } = telnyxOf(running);
    const asked = { from: running.sender, to, whatsapp_message: { type: 'template', template } };
    expect(await refusedByTelnyx(telnyx.messages.whatsapp(asked as never))).toBe('409 40300 /to');
  });

  test('ends the next marketing message in YCloud as RECIPIENT_UNSUBSCRIBED, without any flag', async () => {
    await write(to, 'stop!');
    await expect
      .poll(() => standing(to), { timeout: 1_000, interval: 50 })
      .toEqual([{ reason: 'stopped', source: 'keyword' }]);
    const { status, id } = await enqueue(to);
    expect(status).toBe(200);
    await expect.poll(async () => (await message(id!)).status).toBe('suppressed');
    const { body } = await call<{ errorCode: string }>(
      'GET',
      `${running.url}/v2/whatsapp/messages/${id}`,
      undefined,
      { 'x-api-key': running.key },
    );
    expect(body.errorCode).toBe('RECIPIENT_UNSUBSCRIBED');
    expect(await got(to)).toBe(0);
  });

  test('is told at once by YCloud’s direct route', async () => {
    await write(to, 'unsubscribe');
    await expect.poll(() => standing(to)).toHaveLength(1);
    const asked = { from: running.sender, to, type: 'template', template };
    const sending = ycloudOf(running).messages.sendDirectly(asked as never);
    expect(await refusedByYcloud(sending)).toBe('403 RECIPIENT_UNSUBSCRIBED');
  });

  test('suppresses what is in the queue already, and the report says why', async () => {
    // So slow that the opt-out comes between accept and send.
    const senders = await call<{ data: { id: string }[] }>('GET', api('/senders'), undefined, auth());
    const pace = (throughput: number) =>
      call('PATCH', api(`/senders/${senders.body.data[0]!.id}`), { throughput }, auth());
    await pace(1);
    for (let others = 0; others < 4; others++) await send(`+1555840${String(1000 + ++last)}`);
    const second = await send(to, { webhook_url: receiver.url });
    await write(to, 'STOP');
    await expect.poll(async () => (await message(second.id!)).status).toBe('suppressed');
    await pace(80);
    expect((await message(second.id!)).failure?.code).toBe('recipient_stopped');
    await expect
      .poll(() =>
        receiver.got
          .map(
            ({ body }) =>
              (
                JSON.parse(body) as {
                  data: {
                    event_type: string;
                    payload: { id: string; to: { status: string }[]; errors: { code: string }[] };
                  };
                }
              ).data,
          )
          .filter(({ payload }) => payload.id === second.id)
          .map(({ event_type, payload }) => [event_type, payload.to[0]?.status, payload.errors[0]?.code]),
      )
      .toEqual([['message.finalized', 'delivery_failed', '40300']]);
    expect(await got(to)).toBe(0);
  });

  test('is lifted by START, and service messages were never held back', async () => {
    await write(to, 'STOP');
    await expect.poll(() => standing(to)).toHaveLength(1);
    const service = await send(to, { whatsapp_message: { type: 'text', text: { body: 'Your parcel' } } });
    expect(service.status).toBe(200);
    await write(to, 'Start');
    await expect.poll(() => standing(to)).toEqual([]);
    expect((await send(to)).status).toBe(200);
  });
});

test('WhatsApp’s own switch holds advertisements back, and lets them go again', async () => {
  const meta = await metaOf(running);
  const tell = (value: string) =>
    meta.tell('user_preferences', {
      user_preferences: [
        {
          wa_id: to.slice(1),
          detail: `User requested to ${value} marketing messages`,
          category: 'marketing_messages',
          value,
          timestamp: Math.floor(Date.now() / 1000),
        },
      ],
    });
  await tell('stop');
  await expect.poll(() => standing(to)).toEqual([{ reason: 'marketing', source: 'meta' }]);
  expect(await send(to)).toMatchObject({ status: 409, code: '40300' });
  await tell('resume');
  await expect.poll(() => send(to)).toMatchObject({ status: 200 });
});

test('what Meta says of a message, 131050, is kept for the next', async () => {
  const phone = `${running.sandboxUrl}/sandbox/phones/${encodeURIComponent(to)}`;
  await call('POST', `${phone}/profile`, { marketing: 'stop' });
  const { id } = await send(to);
  expect(id).toBeDefined();
  await expect.poll(async () => (await message(id!)).failure?.code).toBe('131050');
  await expect.poll(() => standing(to)).toEqual([{ reason: 'marketing', source: 'meta' }]);
  expect((await send(to)).code).toBe('40300');
});

describe('the ledger by /api', () => {
  test('takes an entry by hand, keeps its history, and lets it go', async () => {
    const entry = { recipient: to, reason: 'unsubscribed', note: 'by telephone' };
    expect((await call('POST', api('/consents'), entry, auth())).status).toBe(201);
    expect((await call('POST', api('/consents'), entry, auth())).status).toBe(200);
    expect((await send(to)).code).toBe('40300');
    expect(
      (await call('DELETE', api('/consents'), { recipient: to, reason: 'unsubscribed' }, auth())).status,
    ).toBe(204);
    expect(
      (await call('DELETE', api('/consents'), { recipient: to, reason: 'unsubscribed' }, auth())).status,
    ).toBe(404);
    const history = await call<{ data: { active: boolean; note: string | null }[] }>(
      'GET',
      api(`/consents/history?recipient=${encodeURIComponent(to)}`),
      undefined,
      auth(),
    );
    expect(history.body.data.map(({ active, note }) => [active, note])).toEqual([
      [false, null],
      [true, 'by telephone'],
    ]);
  });

  test('comes and goes as CSV, with what is wrong told by its line', async () => {
    const csv = (text: string) =>
      call<{ read: number; changed: number; errors: { detail: string }[] }>(
        'POST',
        api('/consents.csv'),
        text,
        {
          ...auth(),
          'content-type': 'text/csv',
        },
      );
    const file = `\ufeffreason,recipient,note\r\nblocked,${to},"a ""quoted"", note"\r\n\r\n,+15558409999,\r\n`;
    expect((await csv(file)).body).toEqual({ read: 2, changed: 2 });
    expect((await csv(file)).body).toEqual({ read: 2, changed: 0 });
    const wrong = await csv(`recipient,reason\n${to},blocked\nAna,blocked\n${to},bored\n`);
    expect(wrong.status).toBe(422);
    expect(wrong.body.errors.map(one => one.detail)).toEqual([
      'Line 3: "Ana" is no number in E.164.',
      'Line 4: the reason must be one of unsubscribed, blocked, stopped, marketing.',
    ]);
    for (const [row, said] of [
      [
        `${to},whatsapp,2999-01-01`,
        'Line 2: "2999-01-01" is no time between 2009, when WhatsApp began, and now.',
      ],
      [`${to},whatsapp,+200000-01-01T00:00:00Z`, /no time between/],
      [`${to},${'x'.repeat(4_000)},`, /is no channel/],
    ] as const) {
      const { status, body } = await csv(`recipient,channel,at\n${row}\n`);
      expect(status).toBe(422);
      expect(body.errors[0]!.detail).toMatch(said);
    }
    const { body: text, headers } = await call<string>('GET', api('/consents.csv'), undefined, auth());
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const lines = text.split('\r\n');
    expect(lines[0]).toBe('recipient,channel,reason,source,note,at');
    expect(lines.some(line => line.startsWith(`${to},whatsapp,blocked,import,"a ""quoted"", note",2`))).toBe(
      true,
    );
  });

  test('a block list keeps people from every message, at WhatsApp too when they wrote today', async () => {
    await write(to, 'hello');
    await expect
      .poll(
        async () =>
          (
            await call<{ data: object[] }>(
              'GET',
              api(`/messages?recipient=${encodeURIComponent(to)}`),
              undefined,
              auth(),
            )
          ).body.data,
      )
      .toHaveLength(1);
    const blocked = await call('POST', api('/block-list'), { recipient: to }, auth());
    expect(blocked).toMatchObject({ status: 201, body: { recipient: to, blocked_at_whatsapp: 1 } });
    const text = { whatsapp_message: { type: 'text', text: { body: 'hi' } } };
    expect((await send(to, text)).code).toBe('40300');
    const path = api(`/block-list/${encodeURIComponent(to)}`);
    expect((await call('DELETE', path, undefined, auth())).status).toBe(204);
    expect((await send(to, text)).status).toBe(200);
  });

  test('its settings: other words, a policy for all, and a reply to who stops', async () => {
    const settings = (body: object) => call('PATCH', api('/consent-settings'), body, auth());
    const changed = await settings({ stop_words: { en: ['enough'] }, stop_reply: 'You get no more.' });
    expect(changed).toMatchObject({
      status: 200,
      body: { opt_outs: 'marketing', stop_words: { en: ['enough'] } },
    });
    await write(to, 'Enough!');
    await expect.poll(() => standing(to)).toHaveLength(1);
    await expect.poll(() => got(to)).toBe(1);
    await call('POST', api('/block-list'), { recipient: to }, auth());
    await write(to, 'start');
    await expect.poll(() => standing(to)).toEqual([{ reason: 'blocked', source: 'manual' }]);
    await write(to, 'enough');
    await expect.poll(() => standing(to)).toHaveLength(2);
    // Somebody on the block list gets not even the answer.
    expect(await got(to)).toBe(1);
    await call('DELETE', api(`/block-list/${encodeURIComponent(to)}`), undefined, auth());
    await settings({ opt_outs: 'all' });
    expect((await send(to, { whatsapp_message: { type: 'text', text: { body: 'hi' } } })).code).toBe('40300');
    await settings({ opt_outs: 'marketing', stop_reply: null });
    expect((await send(to, { whatsapp_message: { type: 'text', text: { body: 'hi' } } })).status).toBe(200);
    expect((await settings({ opt_outs: 'sometimes' })).status).toBe(422);
  });
});
