import { describe, expect, test } from 'vitest';
import { BUSINESS, pause, startTestNetwork, statusesOf } from './network.ts';
import { startReceiver } from './receiver.ts';

const PHONE = '+15557770001';

describe('a webhook', () => {
  test('carries a conversation and a price on sent and on the first of delivered and read, as v23 does', async () => {
    const { send, receiver } = await startTestNetwork();
    const template = { name: 'hello_world', language: { code: 'en_US' } };
    const { body } = await send(PHONE, { type: 'template', template });
    await statusesOf(receiver, body.messages[0].id, 3);
    const [sent, delivered, read] = receiver.statuses();
    const pricing = { billable: true, pricing_model: 'PMP', type: 'regular', category: 'utility' };
    expect(sent).toMatchObject({
      pricing,
      conversation: { id: expect.stringMatching(/^[0-9a-f]{32}$/), origin: { type: 'utility' } },
    });
    expect(Number(sent?.conversation?.expiration_timestamp)).toBe(Number(sent?.timestamp) + 86_400);
    expect(delivered).toMatchObject({ pricing, conversation: { id: sent?.conversation?.id } });
    expect(delivered?.conversation?.expiration_timestamp).toBeUndefined();
    expect([read?.pricing, read?.conversation]).toEqual([undefined, undefined]);
  });

  test('has no conversation from v24 on', async () => {
    const { send, receiver, control } = await startTestNetwork();
    await control('PATCH', '/settings', { webhook_version: 'v24.0' });
    const { body } = await send(PHONE);
    await statusesOf(receiver, body.messages[0].id, 3);
    expect(receiver.statuses().map(({ conversation }) => conversation)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(receiver.statuses()[0]?.pricing?.type).toBe('free_customer_service');
  });

  test('is signed over bytes in which everything beyond ASCII is escaped', async () => {
    const { send, receiver } = await startTestNetwork();
    const callback = 'größe 😀 "x" \\';
    const { body } = await send(PHONE, { text: { body: 'x' }, biz_opaque_callback_data: callback });
    await statusesOf(receiver, body.messages[0].id, 1);
    const [post] = receiver.posts;
    expect(post?.raw).toContain('gr\\u00f6\\u00dfe \\ud83d\\ude00');
    expect(post?.raw).toMatch(/^[\x20-\x7e]+$/);
    expect(receiver.statuses()[0]?.biz_opaque_callback_data).toBe(callback);
  });

  test('is sent again with growing gaps until it is answered 200, the same bytes each time', async () => {
    const { send, receiver } = await startTestNetwork({
      settings: { retry_first_ms: 30, delivered_ms: 60_000 },
    });
    // 0 stands for no answer at all.
    receiver.answer = n => [503, 0, 202][n - 1] ?? 200;
    await send(PHONE);
    await receiver.until(() => receiver.posts.length === 4, 'the fourth attempt');
    await pause(300);
    expect(receiver.posts).toHaveLength(4);
    expect(new Set(receiver.posts.map(post => post.raw)).size).toBe(1);
    const [first, second, third, fourth] = receiver.posts.map(post => post.at);
    expect(second! - first!).toBeGreaterThanOrEqual(25);
    expect(third! - second!).toBeGreaterThanOrEqual(55);
    expect(fourth! - third!).toBeGreaterThanOrEqual(115);
  });

  test('is given up after seven days', async () => {
    const { send, receiver, control } = await startTestNetwork({
      settings: { delivered_ms: 1e12, read_ms: 1e12 },
    });
    receiver.answer = () => 500;
    await send(PHONE);
    await receiver.until(() => receiver.posts.length === 1, 'the first attempt');
    await control('POST', '/clock', { advance_ms: 7 * 24 * 3_600_000 + 1000 });
    await receiver.until(() => receiver.posts.length === 2, 'the last attempt');
    await control('POST', '/clock', { advance_ms: 24 * 3_600_000 });
    await pause(50);
    expect(receiver.posts).toHaveLength(2);
  });

  test('can carry several statuses', async () => {
    const { send, receiver, control, addSender } = await startTestNetwork();
    const second = await addSender({
      phone_number: '+15550001001',
      waba_id: '123456789012345',
      webhook_url: receiver.url,
    });
    await control('PATCH', '/settings', {
      status_batch: 4,
      sent_ms: 60_000,
      delivered_ms: 1e9,
      read_ms: 1e9,
    });
    await Promise.all(['1', '2', '3', '4', '5'].map(n => send(`+1555777000${n}`)));
    await send(PHONE, undefined, second);
    // All are due at the same moment, however long the sends have taken.
    await control('POST', '/clock', { advance_ms: 120_000 });
    await receiver.until(() => receiver.statuses().length === 6, 'six statuses');
    expect(receiver.posts.map(post => post.body.entry[0]?.changes[0]?.value.statuses?.length).sort()).toEqual(
      [1, 1, 4],
    );
  });
});

describe('the address of webhooks', () => {
  test("is asked once with Meta's handshake, and gets its webhooks also when it fails", async () => {
    const log: string[] = [];
    const { send, receiver, sender } = await startTestNetwork({ log: line => log.push(line) });
    receiver.verifyToken = 'another';
    for (let i = 0; i < 2; i++) await statusesOf(receiver, (await send(PHONE)).body.messages[0].id, 3);
    expect(receiver.challenges).toHaveLength(1);
    const { searchParams } = receiver.challenges[0]!;
    expect(searchParams.get('hub.mode')).toBe('subscribe');
    expect(searchParams.get('hub.verify_token')).toBe(sender.verify_token);
    expect(searchParams.get('hub.challenge')).toMatch(/^\d+$/);
    expect(log).toEqual([expect.stringContaining('handshake')]);
  });

  test("is the number's override before the account's, and that before the app's", async () => {
    const { send, receiver, sender, graph } = await startTestNetwork();
    const accounts = await startReceiver();
    const numbers = await startReceiver();
    try {
      for (const other of [accounts, numbers]) other.secrets.set(sender.waba_id, sender.app_secret);
      const nextSent = async (expected: typeof receiver) => {
        const { id } = (await send(PHONE)).body.messages[0];
        await expected.until(() => expected.statuses(id).length === 3, 'statuses at the expected address');
      };
      const override = (url: string) => ({ override_callback_uri: url, verify_token: 'mine' });
      const subscriptions = `${sender.waba_id}/subscribed_apps`;
      await nextSent(receiver);
      expect((await graph('POST', subscriptions, override(accounts.url))).body).toEqual({ success: true });
      expect(accounts.challenges[0]?.searchParams.get('hub.verify_token')).toBe('mine');
      await nextSent(accounts);
      await graph('POST', sender.phone_number_id, { webhook_configuration: override(numbers.url) });
      await nextSent(numbers);
      const { body } = await graph('GET', `${sender.phone_number_id}?fields=webhook_configuration`);
      expect(body.webhook_configuration).toEqual({
        phone_number: numbers.url,
        whatsapp_business_account: accounts.url,
        application: receiver.url,
      });
      expect((await graph('GET', subscriptions)).body.data).toEqual([
        {
          whatsapp_business_api_data: expect.objectContaining({ id: sender.app_id }),
          override_callback_uri: accounts.url,
        },
      ]);
      await graph('POST', sender.phone_number_id, { webhook_configuration: { override_callback_uri: '' } });
      await nextSent(accounts);
      await graph('POST', subscriptions);
      await nextSent(receiver);
    } finally {
      await accounts.close();
      await numbers.close();
    }
  });

  test('as an override is refused when it fails the handshake', async () => {
    const { receiver, sender, graph } = await startTestNetwork();
    receiver.verifyToken = 'theirs';
    const { status, body } = await graph('POST', `${sender.waba_id}/subscribed_apps`, {
      override_callback_uri: receiver.url,
      verify_token: 'mine',
    });
    expect([status, body.error.code]).toEqual([400, 2200]);
    expect(
      (await graph('GET', `${sender.waba_id}/subscribed_apps`)).body.data[0].override_callback_uri,
    ).toBeUndefined();
  });

  test('gets nothing while the app is not subscribed', async () => {
    const { send, receiver, sender, graph } = await startTestNetwork();
    const subscriptions = `${sender.waba_id}/subscribed_apps`;
    expect((await graph('DELETE', subscriptions)).body).toEqual({ success: true });
    expect((await graph('GET', subscriptions)).body).toEqual({ data: [] });
    await send(PHONE);
    await pause(100);
    expect(receiver.posts).toEqual([]);
    await graph('POST', subscriptions);
    await statusesOf(receiver, (await send(PHONE)).body.messages[0].id, 3);
  });

  test("comes from --webhook-url when the sender has none, signed with the account's own secret", async () => {
    const receiver = await startReceiver();
    try {
      const { addSender, send } = await startTestNetwork({
        webhookUrl: receiver.url,
        appSecret: 'a shared secret',
      });
      const other = await addSender({ phone_number: '+15550002000' });
      expect(other.app_secret).toBe('a shared secret');
      receiver.secrets.set(other.waba_id, 'a shared secret');
      const { body } = await send(PHONE, undefined, other);
      expect(await statusesOf(receiver, body.messages[0].id, 3)).toEqual(['sent', 'delivered', 'read']);
    } finally {
      await receiver.close();
    }
  });
});

describe('reading at the Graph API', () => {
  test('a number has the default fields or the asked ones, and no others', async () => {
    const { graph, sender } = await startTestNetwork();
    expect((await graph('GET', sender.phone_number_id)).body).toMatchObject({
      id: sender.phone_number_id,
      display_phone_number: '+1 555-000-1000',
      verified_name: sender.display_name,
      quality_rating: 'GREEN',
      throughput: { level: 'STANDARD' },
    });
    const { body } = await graph('GET', `${sender.phone_number_id}?fields=status,display_phone_number`);
    expect(body).toEqual({
      status: 'CONNECTED',
      display_phone_number: '+1 555-000-1000',
      id: sender.phone_number_id,
    });
    const wrong = await graph('GET', `${sender.phone_number_id}?fields=shoe_size`);
    expect([wrong.status, wrong.body.error.code]).toEqual([400, 100]);
  });

  test('an account lists its numbers, and nobody else sees them', async () => {
    const { graph, sender, addSender } = await startTestNetwork();
    const second = await addSender({
      phone_number: '+4915112345678',
      waba_id: sender.waba_id,
      throughput: 1000,
    });
    const other = await addSender({ phone_number: '+15550009000' });
    expect(second.access_token).toBe(sender.access_token);
    const { body } = await graph('GET', `${sender.waba_id}/phone_numbers`);
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([
      sender.phone_number_id,
      second.phone_number_id,
    ]);
    expect(body.data[1]).toMatchObject({
      display_phone_number: '+49 15112345678',
      throughput: { level: 'HIGH' },
    });
    const path = `${sender.waba_id}/phone_numbers`;
    expect((await graph('GET', path, undefined, other.access_token)).body.error).toMatchObject({
      code: 100,
      error_subcode: 33,
    });
    expect((await graph('GET', path, undefined, 'EAAwrong')).status).toBe(401);
  });

  test('a token tells what it is good for', async () => {
    const { graph, sender } = await startTestNetwork();
    const { body } = await graph('GET', `debug_token?input_token=${sender.access_token}`);
    expect(body.data).toMatchObject({ is_valid: true, app_id: sender.app_id });
    expect((await graph('GET', 'debug_token?input_token=EAAold')).body.data.is_valid).toBe(false);
  });

  test("an unknown path has Meta's answer", async () => {
    const { graph, sandbox } = await startTestNetwork();
    const { status, body } = await graph('GET', '1/2/3');
    expect([status, body.error.code]).toEqual([400, 2500]);
    const broken = await fetch(`${sandbox.url}/v23.0/%zz`);
    expect(broken.status).toBe(400);
    expect(((await broken.json()) as { error: { code: number } }).error.code).toBe(2500);
  });

  test('registering the same number again keeps its credentials and takes the new address', async () => {
    const { control, receiver, sender, send } = await startTestNetwork();
    const { status, body } = await control('POST', '/senders', {
      phone_number: BUSINESS,
      throughput: 1000,
      webhook_url: `${receiver.url}/moved`,
    });
    expect([status, body]).toEqual([200, { ...sender, throughput: 1000 }]);
    await statusesOf(receiver, (await send(PHONE)).body.messages[0].id, 3);
    expect(new Set(receiver.posts.map(post => post.path))).toEqual(new Set(['/webhook/moved']));
    const listed = (await control('GET', '/senders')).body.data;
    expect(listed).toEqual([
      {
        phone_number: BUSINESS,
        display_name: sender.display_name,
        phone_number_id: sender.phone_number_id,
        waba_id: sender.waba_id,
        throughput: 1000,
        messaging_limit: 'TIER_UNLIMITED',
      },
    ]);
  });
});
