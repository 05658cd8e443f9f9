import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import Telnyx from 'telnyx';
import { TelnyxWebhookVerificationError } from 'telnyx/lib/webhooks';
import { describe, expect, test } from 'vitest';
import { EVENT, type MessageEvent } from '../../message/event.ts';
import type { Message } from '../../message/message.ts';
import type { MessageReport, NoticeReport, SigningKeys } from '../../reports/encoder.ts';
import { EVENT_NAMES, encode, OWN_URL_EVENTS } from './reports.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
/** The raw 32 bytes stand at the end of the SPKI form. */
const PUBLIC = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
const OTHER = createHash('sha256').update('another key').digest('base64');
const keys: SigningKeys = { ed25519: bytes => sign(null, bytes, privateKey), secret: undefined };

const client = new Telnyx({ apiKey: 'unused', publicKey: PUBLIC, clientID: null, clientSecret: null });

const FROM = '+15550001000';
const TO = '+15557654321';
const URL_ = 'https://cb.example/wa';
const CREATED = new Date('2026-03-01T12:00:00.123Z');
const SENT = new Date('2026-03-01T12:00:01.000Z');
const DELIVERED = new Date('2026-03-01T12:00:04.000Z');
const READ = new Date('2026-03-01T12:00:09.000Z');

/** A message of which everything is known by now. */
const message: Message = {
  id: '01939b0b-0000-7000-8000-000000000003',
  workspaceId: '01939b0b-0000-7000-8000-000000000001',
  senderId: '01939b0b-0000-7000-8000-000000000002',
  direction: 'outbound',
  dialect: 'telnyx',
  recipient: TO,
  kind: 'text',
  content: { type: 'text', text: { body: 'Grüße 👋' } },
  status: 'read',
  attempt: 1,
  priority: 1,
  wamid: 'wamid.A',
  callbackData: 't1',
  webhookUrl: URL_,
  webhookFailoverUrl: undefined,
  failure: undefined,
  pricing: undefined,
  createdAt: CREATED,
  sendingAt: CREATED,
  acceptedAt: CREATED,
  sentAt: SENT,
  deliveredAt: DELIVERED,
  readAt: READ,
  playedAt: undefined,
  deletedAt: undefined,
  endedAt: undefined,
  validUntil: undefined,
  parked: undefined,
  runAt: undefined,
};

function report(event: MessageEvent, more: Partial<MessageReport> = {}): MessageReport {
  return {
    about: 'message',
    eventId: '01939b0b-0000-7000-8000-000000000004',
    event,
    occurredAt: DELIVERED,
    attempt: 1,
    deliveredTo: URL_,
    endpointId: undefined,
    message,
    senderPhone: FROM,
    senderWaba: '100200300',
    ...more,
  };
}

/** The event as a receiver with the official package has it. */
async function received(
  event: MessageEvent,
  more: Partial<MessageReport> = {},
): Promise<Record<string, unknown>> {
  const { body, headers } = encode(report(event, more), keys, new Date());
  return (await client.webhooks.unwrap(body, { headers })) as unknown as Record<string, unknown>;
}

const failure = { code: '131026', title: 'Message undeliverable', source: 'meta' } as const;

describe('each event, as the official package unwraps it', () => {
  test('delivered: the whole of it', async () => {
    expect(await received('delivered')).toEqual({
      data: {
        event_type: 'message.finalized',
        id: '01939b0b-0000-7000-8000-000000000004',
        occurred_at: '2026-03-01T12:00:04.000+00:00',
        record_type: 'event',
        payload: {
          record_type: 'message',
          direction: 'outbound',
          id: message.id,
          type: 'WHATSAPP',
          organization_id: message.workspaceId,
          messaging_profile_id: message.workspaceId,
          from: { phone_number: FROM, carrier: 'Telnyx', line_type: 'Wireless' },
          to: [{ phone_number: TO, status: 'delivered', carrier: '', line_type: 'Wireless' }],
          cc: [],
          body: {
            type: 'text',
            text: { body: 'Grüße 👋' },
            biz_opaque_callback_data: 't1',
            foreign_id: 'wamid.A',
          },
          media: [],
          webhook_url: URL_,
          webhook_failover_url: null,
          encoding: 'utf-8',
          parts: 1,
          tags: [],
          cost: { amount: '0.0000', currency: 'USD' },
          received_at: '2026-03-01T12:00:00.123+00:00',
          sent_at: '2026-03-01T12:00:01.000+00:00',
          completed_at: '2026-03-01T12:00:04.000+00:00',
          valid_until: null,
          errors: [],
        },
      },
      meta: { attempt: 1, delivered_to: URL_ },
    });
  });

  test.each<[MessageEvent, Partial<Message>, string, string, string | null, unknown[]]>([
    ['sent', {}, 'message.sent', 'sent', null, []],
    ['read', {}, 'message.read', 'read', '2026-03-01T12:00:04.000+00:00', []],
    [
      'failed',
      { status: 'failed', failure, deliveredAt: undefined, endedAt: READ },
      'message.finalized',
      'delivery_failed',
      '2026-03-01T12:00:09.000+00:00',
      [{ code: '41000', detail: '(#131026) Message undeliverable' }],
    ],
    [
      'failed',
      { status: 'failed', failure, wamid: undefined, endedAt: READ },
      'message.finalized',
      'sending_failed',
      '2026-03-01T12:00:09.000+00:00',
      [{ code: '41000' }],
    ],
    [
      'expired',
      { status: 'expired', endedAt: READ },
      'message.finalized',
      'expired',
      '2026-03-01T12:00:09.000+00:00',
      [{ code: '40014' }],
    ],
    [
      'canceled',
      { status: 'canceled', endedAt: READ },
      'message.finalized',
      'cancelled',
      '2026-03-01T12:00:09.000+00:00',
      [],
    ],
    [
      'unreceipted',
      { status: 'sent', deliveredAt: undefined, readAt: undefined, endedAt: READ },
      'message.finalized',
      'delivery_unconfirmed',
      '2026-03-01T12:00:09.000+00:00',
      [],
    ],
    [
      'suppressed',
      { status: 'suppressed', endedAt: READ },
      'message.finalized',
      'delivery_failed',
      '2026-03-01T12:00:09.000+00:00',
      [],
    ],
  ])('%s', async (event, more, event_type, status, completed_at, errors) => {
    const got = await received(event, { message: { ...message, ...more }, occurredAt: SENT });
    expect(got).toMatchObject({ data: { event_type, payload: { to: [{ status }], completed_at, errors } } });
  });

  test('an event shows its own time and nothing of what came later', async () => {
    const later = { ...message, failure, endedAt: READ };
    expect(await received('sent', { message: later, occurredAt: SENT })).toMatchObject({
      data: {
        occurred_at: '2026-03-01T12:00:01.000+00:00',
        payload: { sent_at: '2026-03-01T12:00:01.000+00:00', completed_at: null, cost: null, errors: [] },
      },
    });
  });

  test('a read without a delivery is delivered at that time', async () => {
    const undelivered = { ...message, deliveredAt: undefined };
    expect(await received('delivered', { message: undelivered, occurredAt: READ })).toMatchObject({
      data: { payload: { to: [{ status: 'delivered' }], completed_at: '2026-03-01T12:00:09.000+00:00' } },
    });
  });

  test('inbound: the recipient is one text and Meta’s object is the body', async () => {
    const inbound: Message = {
      ...message,
      direction: 'inbound',
      dialect: undefined,
      content: {
        from: '15557654321',
        id: 'wamid.B',
        timestamp: '1772366700',
        type: 'text',
        text: { body: 'Hello' },
      },
      status: 'received',
      wamid: 'wamid.B',
      callbackData: undefined,
      webhookUrl: undefined,
    };
    expect(await received('inbound', { message: inbound })).toMatchObject({
      data: {
        event_type: 'message.received',
        payload: {
          direction: 'inbound',
          from: { phone_number: TO, status: 'received' },
          to: FROM,
          body: { id: inbound.id, foreign_id: 'wamid.B', from: TO, type: 'text', text: { body: 'Hello' } },
          webhook_url: URL_,
        },
      },
    });
  });

  test('a later attempt at another address has the same event id and says so', async () => {
    expect(await received('delivered', { attempt: 4, deliveredTo: 'https://other.example' })).toMatchObject({
      data: { id: '01939b0b-0000-7000-8000-000000000004' },
      meta: { attempt: 4, delivered_to: 'https://other.example' },
    });
  });
});

describe('what the official package refuses', () => {
  const now = new Date();
  const { body, headers } = encode(report('delivered'), keys, now);

  test.each<[string, () => Promise<unknown>]>([
    [
      'a changed byte',
      () =>
        client.webhooks.unwrap(body.replace('delivered', 'Delivered'), {
          headers,
        }),
    ],
    [
      'a moved timestamp',
      () =>
        client.webhooks.unwrap(body, {
          headers: { ...headers, 'telnyx-timestamp': String(Number(headers['telnyx-timestamp']) + 1) },
        }),
    ],
    [
      'a report 301 seconds old',
      () => {
        const old = encode(report('delivered'), keys, new Date(now.getTime() - 301_000));
        return client.webhooks.unwrap(old.body, { headers: old.headers });
      },
    ],
    ['another key', () => client.webhooks.unwrap(body, { headers, key: OTHER })],
  ])('%s', async (_name, unwrap) => {
    await expect(unwrap()).rejects.toThrow(TelnyxWebhookVerificationError);
  });

  test('but not a report 290 seconds old', async () => {
    const aged = encode(report('delivered'), keys, new Date(Date.now() - 290_000));
    await expect(client.webhooks.unwrap(aged.body, { headers: aged.headers })).resolves.toBeDefined();
  });

  test('the timestamp is in seconds and the signature in padded base64', () => {
    expect(headers['telnyx-timestamp']).toMatch(/^\d{10}$/);
    expect(headers['telnyx-signature-ed25519']).toMatch(/^[A-Za-z0-9+/]{86}==$/);
  });
});

test('every event has a name, and a message’s own URL gets all that happens to what was sent here', () => {
  const named = new Set(Object.values(EVENT_NAMES).flat());
  // Telnyx has no word for what happens to a person.
  const unnamed = ['consent', 'contact'];
  expect([...named, ...unnamed].sort()).toEqual(Object.keys(EVENT).sort());
  const others = ['inbound', 'echo', 'template', 'account', 'number', ...unnamed];
  expect([...OWN_URL_EVENTS, ...others].sort()).toEqual(Object.keys(EVENT).sort());
});

describe('notices of accounts, numbers and templates', () => {
  const notice = (
    event: NoticeReport['event'],
    field: string,
    value: Record<string, unknown>,
    subscribed: readonly string[],
  ): NoticeReport => ({
    about: 'notice',
    eventId: '01939b0b-0000-7000-8000-000000000009',
    event,
    occurredAt: SENT,
    attempt: 1,
    deliveredTo: URL_,
    endpointId: undefined,
    subscribed,
    notice: {
      id: '01939b0b-0000-7000-8000-000000000008',
      workspaceId: message.workspaceId,
      wabaId: '102',
      senderPhone: event === 'number' ? FROM : undefined,
      field,
      event: typeof value.event === 'string' ? value.event : undefined,
      value,
      at: SENT,
    },
  });

  const STATUS = 'message_template_status_update';
  const QUALITY = 'phone_number_quality_update';
  test.each<[NoticeReport['event'], string, Record<string, unknown>, string | undefined]>([
    ['template', STATUS, { event: 'APPROVED' }, 'whatsapp.template.approved'],
    ['template', STATUS, { event: 'REJECTED', reason: 'SCAM' }, 'whatsapp.template.rejected'],
    ['template', STATUS, { event: 'DISABLED' }, 'whatsapp.template.disabled'],
    ['template', STATUS, { event: 'PAUSED' }, undefined],
    ['template', 'message_template_quality_update', { event: 'APPROVED' }, undefined],
    [
      'number',
      QUALITY,
      { event: 'FLAGGED', current_limit: 'TIER_1K' },
      'whatsapp.phone_number.quality_changed',
    ],
    ['number', 'phone_number_name_update', { decision: 'APPROVED' }, undefined],
    ['account', 'account_update', { event: 'VERIFIED_ACCOUNT' }, 'whatsapp.account.update'],
    ['account', 'account_update', { event: 'ACCOUNT_RESTRICTION' }, 'whatsapp.account.restricted'],
    ['account', 'account_review_update', { decision: 'APPROVED' }, 'whatsapp.account.update'],
  ])('%s: %s with %j', async (event, field, value, expected) => {
    const encoded = encode(notice(event, field, value, ['*']), keys, new Date());
    if (expected === undefined) {
      expect(encoded).toBeUndefined();
      return;
    }
    const { body, headers } = encoded!;
    expect(await client.webhooks.unwrap(body, { headers })).toMatchObject({
      data: {
        event_type: expected,
        id: '01939b0b-0000-7000-8000-000000000009',
        record_type: 'event',
        occurred_at: '2026-03-01T12:00:01.000+00:00',
        payload: {
          ...value,
          waba_id: '102',
          event: value.event ?? field,
          ...(event === 'number' ? { phone_number: FROM } : {}),
        },
      },
      meta: { attempt: 1, delivered_to: URL_ },
    });
  });

  test.each<[string, readonly string[], boolean]>([
    ['Telnyx’s event', ['whatsapp.template.approved'], true],
    ['Meta’s field', [STATUS], true],
    ['another event', ['whatsapp.template.rejected', QUALITY], false],
    ['nothing', [], false],
  ])('are sent to who asked for %s: only what was asked for', (_name, subscribed, sent) => {
    const encoded = encode(notice('template', STATUS, { event: 'APPROVED' }, subscribed), keys, new Date());
    expect(encoded !== undefined).toBe(sent);
  });
});

const KINDS: [string, Record<string, unknown>][] = [
  ['image', { id: '1', mime_type: 'image/jpeg', sha256: 'c2g=', caption: 'x' }],
  ['video', { id: '1', mime_type: 'video/mp4', sha256: 'c2g=' }],
  ['audio', { id: '1', mime_type: 'audio/ogg; codecs=opus', sha256: 'c2g=', voice: true }],
  ['document', { id: '1', mime_type: 'application/pdf', sha256: 'c2g=', filename: 'a.pdf' }],
  ['sticker', { id: '1', mime_type: 'image/webp', sha256: 'c2g=', animated: false }],
  ['location', { latitude: 1, longitude: 2 }],
  ['contacts', { name: { formatted_name: 'A' } }],
  ['button', { payload: 'ack', text: 'OK' }],
  ['interactive', { type: 'button_reply', button_reply: { id: 'yes', title: 'Yes' } }],
  ['reaction', { message_id: 'wamid.A', emoji: '👍' }],
  ['order', { catalog_id: '1', product_items: [] }],
  ['system', { body: 'changed', type: 'user_changed_number', wa_id: '15550009' }],
  ['edit', { original_message_id: 'wamid.A', message: { type: 'text', text: { body: 'b' } } }],
  ['revoke', { original_message_id: 'wamid.A' }],
  ['unsupported', { type: 'poll' }],
];

test.each(KINDS)(
  'an inbound %s has Meta’s object in its body, and its file as media',
  async (kind, value) => {
    const hasFile = 'mime_type' in value;
    const inbound: Message = {
      ...message,
      direction: 'inbound',
      dialect: undefined,
      kind,
      content: { from: '15557654321', id: 'wamid.B', timestamp: '1772366700', type: kind, [kind]: value },
      status: 'received',
      wamid: 'wamid.B',
    };
    const mediaUrl = hasFile ? 'https://gw.example/media/1?expires=1&signature=2' : undefined;
    expect(await received('inbound', { message: inbound, mediaUrl })).toMatchObject({
      data: {
        event_type: 'message.received',
        payload: {
          body: { type: kind, [kind]: value, foreign_id: 'wamid.B' },
          media: hasFile ? [{ url: mediaUrl, content_type: value.mime_type, hash_sha256: 'c2g=' }] : [],
        },
      },
    });
  },
);

test('an echo says where it was written, and its recipient is one text', async () => {
  const echo: Message = {
    ...message,
    direction: 'echo',
    dialect: undefined,
    content: {
      from: '15550001000',
      to: '15557654321',
      id: 'wamid.E',
      type: 'text',
      text: { body: 'From the app' },
    },
    wamid: 'wamid.E',
  };
  expect(await received('echo', { message: echo })).toMatchObject({
    data: {
      event_type: 'message.echo',
      payload: {
        origin: 'whatsapp_business_app',
        direction: 'outbound',
        from: { phone_number: FROM },
        to: TO,
        body: { type: 'text', text: { body: 'From the app' }, foreign_id: 'wamid.E' },
      },
    },
  });
});
