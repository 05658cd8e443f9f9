import { describe, expect, test } from 'vitest';
import { readKeys } from '../src/receivers/keys.ts';
import { judge } from '../src/receivers/signature.ts';
import { seconds, signers, startReceivers, telnyxPair } from './receivers.ts';

const TELNYX = JSON.stringify({
  data: { event_type: 'message.sent', id: 'e-1', record_type: 'event', payload: { text: 'größe 😀' } },
  meta: { attempt: 2, delivered_to: 'http://127.0.0.1/receiver/main' },
});
const ELEVENLABS =
  '{"type":"post_call_transcription","event_timestamp":1760000000,"data":{"conversation_id":"c-1"}}';
const STANDARD = '{"type":"message.sent","timestamp":"2026-01-01T00:00:00Z","data":{}}';
const WHSEC = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`;

/** Made apart from this code (ycloud §8). */
const VECTOR = {
  secret: 'whsec_test_6c2f0f6c3a6d4b16',
  time: 1_700_000_000,
  body: '{"id":"evt_01","type":"whatsapp.inbound_message.received","apiVersion":"v2"}',
  header: 't=1700000000,s=4ee5dc4c43b9d27aa16b9e46a59ea8700d0b3b90d9da6139a302aa7a55cbdaa1',
};

describe("the verdict on YCloud's signature", () => {
  const at = (now: number, body = VECTOR.body) => {
    const keys = readKeys({ ycloud: VECTOR.secret });
    if (typeof keys === 'string') throw new Error(keys);
    return judge('ycloud', { 'ycloud-signature': VECTOR.header }, Buffer.from(body), keys, now * 1000);
  };

  test('is valid for its test vector, for 300 seconds each way', () => {
    for (const now of [VECTOR.time - 300, VECTOR.time, VECTOR.time + 300]) {
      expect(at(now)).toEqual({ verdict: 'valid', sentence: 'valid' });
    }
    expect(at(VECTOR.time + 301).sentence).toBe('invalid: it fits, but is 301 s old; 300 s are allowed');
    expect(at(VECTOR.time - 301).sentence).toContain("301 s ahead of this machine's");
  });

  test('is invalid for the test vector with one byte more', () => {
    expect(at(VECTOR.time, `${VECTOR.body} `).sentence).toBe(
      'invalid: it does not fit these bytes under the key given here',
    );
  });

  test('over the wire: the vector fits and is old, a fresh one is valid, a tampered body is not', async () => {
    const { receiver, post, verdict } = await startReceivers();
    await receiver('main', { keys: { ycloud: VECTOR.secret } });
    await post(VECTOR.body, { 'YCloud-Signature': VECTOR.header });
    expect((await verdict()).sentence).toMatch(/^invalid: it fits, but is \d+ s old/);
    const headers = signers.ycloud(VECTOR.secret, VECTOR.body);
    await post(VECTOR.body, headers);
    expect(await verdict()).toEqual({ verdict: 'valid', sentence: 'valid' });
    await post(VECTOR.body.replace('evt_01', 'evt_02'), headers);
    expect((await verdict()).sentence).toContain('does not fit these bytes');
    await post(VECTOR.body, { 'YCloud-Signature': `${headers['YCloud-Signature']}.` });
    expect((await verdict()).sentence).toBe(
      'invalid: YCloud-Signature has no s=<64 lower-case hexadecimal digits>',
    );
  });
});

describe("the verdict on Telnyx's signature", () => {
  test('goes by the public key, the bytes and the time, and one key of main does for every receiver', async () => {
    const { receiver, post, verdict } = await startReceivers();
    const { publicKey, headers } = telnyxPair();
    await post(TELNYX, headers(TELNYX), 'orders');
    expect(await verdict('orders')).toEqual({
      verdict: 'no_key',
      sentence: expect.stringMatching(/^no key to check with: .*\/v2\/public_key/),
    });
    await receiver('main', { keys: { telnyx: publicKey } });
    await post(TELNYX, headers(TELNYX), 'orders');
    expect(await verdict('orders')).toEqual({ verdict: 'valid', sentence: 'valid' });

    await post(TELNYX.replace('größe', 'groesse'), headers(TELNYX));
    expect((await verdict()).sentence).toContain('does not fit these bytes');
    await post(TELNYX, headers(TELNYX, seconds(301)));
    expect((await verdict()).sentence).toMatch(/^invalid: it fits, but is 30[1-9] s old/);
    await post(TELNYX, headers(TELNYX, String(Date.now())));
    expect((await verdict()).sentence).toContain('s ahead of');
    // It is lent, not given.
    expect((await receiver('orders', {})).body.keys.telnyx).toBeNull();
    await receiver('orders', { keys: { telnyx: telnyxPair().publicKey } });
    await post(TELNYX, headers(TELNYX), 'orders');
    expect((await verdict('orders')).sentence).toContain('under the key given here');
  });

  test('says which header is missing or unreadable', async () => {
    const { receiver, post, verdict } = await startReceivers();
    const { publicKey, headers } = telnyxPair();
    await receiver('main', { keys: { telnyx: publicKey } });
    await post(TELNYX);
    expect(await verdict()).toEqual({
      verdict: 'not_signed',
      sentence: 'not signed: the header telnyx-signature-ed25519 is missing',
    });
    const { 'telnyx-signature-ed25519': signature } = headers(TELNYX);
    await post(TELNYX, { 'telnyx-signature-ed25519': signature });
    expect((await verdict()).sentence).toBe('invalid: the header telnyx-timestamp is missing');
    await post(TELNYX, { ...headers(TELNYX), 'telnyx-signature-ed25519': signature.slice(0, -2) });
    expect((await verdict()).sentence).toBe(
      'invalid: telnyx-signature-ed25519 is not the padded base64 of 64 bytes',
    );
  });
});

describe('the verdict on a Standard Webhooks signature', () => {
  test('is valid for the vector of its own libraries', () => {
    const keys = readKeys({ standard_webhooks: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' });
    if (typeof keys === 'string') throw new Error(keys);
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const body = Buffer.from('{"test": 2432232314}');
    expect(judge('standard_webhooks', headers, body, keys, 1_614_265_330_000).sentence).toBe('valid');
  });

  test('covers id, time and body, and any of several signatures will do', async () => {
    const { receiver, post, verdict } = await startReceivers();
    await receiver('main', { keys: { standard_webhooks: WHSEC } });
    const headers = signers.standardWebhooks(WHSEC, 'msg_1', STANDARD);
    await post(STANDARD, headers);
    expect((await verdict()).verdict).toBe('valid');
    const other = `whsec_${Buffer.from('another one').toString('base64')}`;
    const both = `${signers.standardWebhooks(other, 'msg_1', STANDARD)['webhook-signature']} ${headers['webhook-signature']}`;
    await post(STANDARD, { ...headers, 'webhook-signature': both });
    expect((await verdict()).verdict).toBe('valid');
    await post(STANDARD, { ...headers, 'webhook-id': 'msg_2' });
    expect((await verdict()).sentence).toContain('does not fit these bytes');
    await post(`${STANDARD}\n`, headers);
    expect((await verdict()).sentence).toContain('does not fit these bytes');
    await post(STANDARD, { ...headers, 'webhook-signature': 'v1a,abc' });
    expect((await verdict()).sentence).toBe('invalid: webhook-signature has no signature of the version v1');
    await post(STANDARD, signers.standardWebhooks(WHSEC, 'msg_1', STANDARD, seconds(301)));
    expect((await verdict()).sentence).toMatch(/it fits, but is 30\d s old/);
  });
});

describe("the verdict on ElevenLabs' signature", () => {
  test('allows half an hour, and any time ahead, as its client does', async () => {
    const { receiver, post, verdict } = await startReceivers();
    await receiver('main', { keys: { elevenlabs: 'wsec_0123456789abcdef' } });
    const send = (ago: number, body = ELEVENLABS) =>
      post(body, signers.elevenlabs('wsec_0123456789abcdef', ELEVENLABS, seconds(ago)));
    for (const ago of [0, 1790, -100_000]) {
      await send(ago);
      expect((await verdict()).verdict).toBe('valid');
    }
    await send(1801);
    expect((await verdict()).sentence).toMatch(/it fits, but is 180\d s old/);
    await send(0, ELEVENLABS.replace('c-1', 'c-2'));
    expect((await verdict()).sentence).toContain('does not fit these bytes');
  });
});

describe('a dialect that signs nothing', () => {
  test("is said to: Infobip's reports, and what no dialect is", async () => {
    const { post, verdict } = await startReceivers();
    await post('{"results":[{"messageId":"m-1","status":{"name":"DELIVERED_TO_HANDSET"}}]}', {
      authorization: 'Basic dTpw',
    });
    expect(await verdict()).toEqual({
      verdict: 'not_signed',
      sentence: expect.stringMatching(/^not signed: Infobip publishes no signature/),
    });
    await post('hello');
    expect((await verdict()).sentence).toBe('not signed: it looks like no dialect that is known here');
  });
});

describe('the keys of a receiver', () => {
  test('are shown as much as tells one from another, changed one by one, and forgotten by null', async () => {
    const { receiver } = await startReceivers();
    const { publicKey } = telnyxPair();
    await receiver('main', { keys: { telnyx: publicKey, ycloud: VECTOR.secret } });
    const { body } = await receiver('main', { keys: { elevenlabs: 'short', standard_webhooks: WHSEC } });
    expect(body.keys).toEqual({
      telnyx: publicKey,
      ycloud: '…4b16',
      standard_webhooks: `…${WHSEC.slice(-4)}`,
      elevenlabs: '…',
    });
    const emptied = await receiver('main', { keys: { telnyx: null, ycloud: null } });
    expect(emptied.body.keys).toMatchObject({ telnyx: null, ycloud: null, elevenlabs: '…' });
  });

  test.each([
    ['a PEM key of Telnyx', { telnyx: '-----BEGIN PUBLIC KEY-----' }, 'the base64 of 32 bytes'],
    ['a secret that is no base64', { standard_webhooks: 'whsec_%' }, 'whsec_<base64>'],
    ['a vendor that signs nothing', { infobip: 'x' }, 'not "infobip"'],
    ['an empty text', { ycloud: ' ' }, 'must be a text'],
  ])('may not be %s', async (_, keys, sentence) => {
    const { receiver } = await startReceivers();
    const { status, body } = await receiver('main', { keys });
    expect([status, body.detail]).toEqual([400, expect.stringContaining(sentence)]);
  });
});
