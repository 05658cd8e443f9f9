import { describe, expect, test } from 'vitest';
import { pause, startTestNetwork, statusesOf, type TestNetwork } from './network.ts';

const PHONE = '+15557770001';

const outcomes = async ({ ledger }: TestNetwork) =>
  (await ledger()).data.map(({ outcome }: { outcome: string }) => outcome);

describe("the recipient's number picks how its phone behaves", () => {
  test.each([
    ['+15551131026', 400, 131026],
    ['+15551000190', 401, 190],
    ['+15551131016', 500, 131016],
    ['+15551132001', 404, 132001],
    ['+15551000002', 503, 2],
    ['+15551130429', 400, 130429],
  ])('%s is refused at once with HTTP %d and code %d', async (to, http, code) => {
    const network = await startTestNetwork();
    const { status, body } = await network.send(to);
    expect([status, body.error.code]).toEqual([http, code]);
    expect(await outcomes(network)).toEqual([`refused:${code}`]);
    expect(await network.chat(to)).toEqual([]);
  });

  test('+15552 and a code is accepted and fails later by webhook', async () => {
    const { send, receiver, chat } = await startTestNetwork();
    const { status, body } = await send('+15552131047');
    expect(status).toBe(200);
    const wamid = body.messages[0].id;
    expect(await statusesOf(receiver, wamid, 1)).toEqual(['failed']);
    const [failed] = receiver.statuses(wamid);
    expect(failed?.errors?.[0]).toMatchObject({ code: 131047, title: 'Re-engagement message' });
    expect(failed?.pricing).toBeUndefined();
    expect((await chat('+15552131047'))[0]).toMatchObject({
      status: 'failed',
      failure: { code: 131047, title: 'Re-engagement message' },
    });
  });

  test("+15551234567 is an ordinary phone, since 234567 is no code of Meta's", async () => {
    const { send, receiver } = await startTestNetwork();
    const { body } = await send('+15551234567');
    expect(await statusesOf(receiver, body.messages[0].id, 3)).toEqual(['sent', 'delivered', 'read']);
  });

  test('+15553000001 never gets a status', async () => {
    const { send, receiver, control } = await startTestNetwork();
    expect((await send('+15553000001')).status).toBe(200);
    await control('POST', '/clock', { advance_ms: 3_600_000 });
    await pause(60);
    expect(receiver.posts).toEqual([]);
  });

  test('+15553000002 is accepted in silence, and its statuses come', async () => {
    const network = await startTestNetwork();
    const { sandbox, sender, receiver } = network;
    const request = fetch(`${sandbox.url}/v23.0/${sender.phone_number_id}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${sender.access_token}` },
      body: JSON.stringify({ messaging_product: 'whatsapp', to: '+15553000002', text: { body: 'x' } }),
      signal: AbortSignal.timeout(300),
    });
    await expect(request).rejects.toThrow(/timeout/);
    expect(await outcomes(network)).toEqual(['timeout']);
    const [row] = (await network.ledger()).data;
    expect(await statusesOf(receiver, row.wamid, 3)).toEqual(['sent', 'delivered', 'read']);
  });

  test('+15553000003 is accepted and its connection reset before the answer', async () => {
    const network = await startTestNetwork();
    await expect(network.send('+15553000003')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    const [row] = (await network.ledger()).data;
    expect(row.outcome).toBe('reset');
    expect(await statusesOf(network.receiver, row.wamid, 3)).toEqual(['sent', 'delivered', 'read']);
  });

  test('+15553000004 gets its statuses 30 s late, with their own times', async () => {
    const { send, receiver, control } = await startTestNetwork();
    const before = Math.floor(Date.now() / 1000);
    const { body } = await send('+15553000004');
    await pause(100);
    expect(receiver.posts).toEqual([]);
    await control('POST', '/clock', { advance_ms: 30_000 });
    await statusesOf(receiver, body.messages[0].id, 3);
    for (const { timestamp } of receiver.statuses())
      expect(Number(timestamp)).toBeLessThanOrEqual(before + 2);
  });

  test('+15553000005 gets its statuses in the wrong order, with their own times', async () => {
    const { send, receiver } = await startTestNetwork({ settings: { read_ms: 1100 } });
    const { body } = await send('+15553000005');
    expect(await statusesOf(receiver, body.messages[0].id, 3)).toEqual(['read', 'delivered', 'sent']);
    const [read, delivered] = receiver.statuses();
    expect(Number(read?.timestamp)).toBeGreaterThan(Number(delivered?.timestamp));
  });

  test('+15553000006 gets every status twice, byte for byte', async () => {
    const { send, receiver } = await startTestNetwork();
    const { body } = await send('+15553000006');
    const told = await statusesOf(receiver, body.messages[0].id, 6);
    expect(told.sort()).toEqual(['delivered', 'delivered', 'read', 'read', 'sent', 'sent']);
    expect(new Set(receiver.posts.map(post => post.raw)).size).toBe(3);
  });

  test('+15553000007 is read without having been delivered', async () => {
    const { send, receiver } = await startTestNetwork();
    const { body } = await send('+15553000007');
    expect(await statusesOf(receiver, body.messages[0].id, 2)).toEqual(['sent', 'read']);
    await pause(50);
    expect(receiver.statuses()).toHaveLength(2);
    expect(receiver.statuses()[1]?.pricing).toBeDefined();
  });
});

describe('a fault', () => {
  test('acts as often as it says, then the phone is ordinary again', async () => {
    const network = await startTestNetwork();
    const { status, body } = await network.control('POST', '/faults', {
      match: { to: PHONE },
      kind: 'refuse',
      code: 131016,
      times: 2,
    });
    expect([status, body]).toEqual([
      201,
      { id: expect.any(String), match: { to: PHONE }, kind: 'refuse', code: 131016, times: 2 },
    ]);
    for (let i = 0; i < 3; i++) await network.send(PHONE);
    await network.send('+15557770002');
    expect(await outcomes(network)).toEqual(['refused:131016', 'refused:131016', 'accepted', 'accepted']);
    expect((await network.control('GET', '/faults')).body.data).toEqual([]);
  });

  test('can be for one number of the business, and is taken away by DELETE', async () => {
    const network = await startTestNetwork();
    const other = await network.addSender({ phone_number: '+15550002000' });
    await network.control('POST', '/faults', {
      match: { phone_number_id: other.phone_number_id },
      kind: 'http_503',
    });
    expect((await network.send(PHONE)).status).toBe(200);
    expect(await network.send(PHONE, undefined, other)).toMatchObject({ status: 503, body: '' });
    expect((await network.control('DELETE', '/faults')).status).toBe(204);
    expect((await network.send(PHONE, undefined, other)).status).toBe(200);
    expect(await outcomes(network)).toEqual(['accepted', 'http_503', 'accepted']);
  });

  test('of the kind drop resets the connection and nothing is accepted', async () => {
    const network = await startTestNetwork();
    await network.control('POST', '/faults', { match: {}, kind: 'drop', times: 1 });
    await expect(network.send(PHONE)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    const [row] = (await network.ledger()).data;
    expect(row).toMatchObject({ outcome: 'dropped', wamid: null, to: PHONE });
    expect(await network.chat(PHONE)).toEqual([]);
  });

  test('of the kind http_500 answers without a body and accepts nothing', async () => {
    const network = await startTestNetwork();
    await network.control('POST', '/faults', { match: {}, kind: 'http_500', times: 1 });
    expect(await network.send(PHONE)).toMatchObject({ status: 500, body: '' });
    expect(await outcomes(network)).toEqual(['http_500']);
  });

  test('of the kind token makes a good token bad', async () => {
    const network = await startTestNetwork();
    await network.control('POST', '/faults', { match: {}, kind: 'token', times: 1 });
    const { status, body } = await network.send(PHONE);
    expect([status, body.error.code]).toEqual([401, 190]);
    expect((await network.send(PHONE)).status).toBe(200);
  });

  test.each([
    ['no_status', []],
    ['read_without_delivered', ['sent', 'read']],
    ['reordered', ['read', 'delivered', 'sent']],
    ['fail', ['failed']],
  ])('of the kind %s gives the statuses %j', async (kind, expected) => {
    const { send, control, receiver } = await startTestNetwork();
    await control('POST', '/faults', {
      match: { to: PHONE },
      kind,
      ...(kind === 'fail' && { code: 131049 }),
    });
    const { body } = await send(PHONE);
    await statusesOf(receiver, body.messages[0].id, expected.length);
    await pause(60);
    expect(receiver.statuses().map(({ status }) => status)).toEqual(expected);
  });

  test('of one phase goes together with a fault of another: accepted in silence, and no status', async () => {
    const network = await startTestNetwork();
    await network.control('POST', '/faults', { match: { to: PHONE }, kind: 'reset', times: 1 });
    await network.control('POST', '/faults', { match: { to: PHONE }, kind: 'no_status', times: 1 });
    await expect(network.send(PHONE)).rejects.toThrow();
    await pause(80);
    expect(await outcomes(network)).toEqual(['reset']);
    expect(network.receiver.posts).toEqual([]);
  });

  test.each([
    [{ match: {}, kind: 'explode' }, 'no fault of the kind "explode"'],
    [{ match: {}, kind: 'refuse' }, 'needs "code"'],
    [{ match: {}, kind: 'reset', code: 5 }, 'takes no "code"'],
    [{ match: {}, kind: 'reset', times: 0 }, '"times"'],
    [{ match: { from: '+1' }, kind: 'reset' }, 'not "from"'],
    [{ match: { to: '5551' }, kind: 'reset' }, 'E.164'],
  ])('%j is refused with a sentence', async (request, sentence) => {
    const { control } = await startTestNetwork();
    const { status, body, headers } = await control('POST', '/faults', request);
    expect(status).toBe(400);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body.detail).toContain(sentence);
    expect((await control('GET', '/faults')).body.data).toEqual([]);
  });
});

test('stopping does not wait for a client that waits in silence', async () => {
  const { send, stop } = await startTestNetwork();
  const cut = expect(send('+15553000002')).rejects.toThrow('fetch failed');
  await pause(50);
  await stop();
  await cut;
});
