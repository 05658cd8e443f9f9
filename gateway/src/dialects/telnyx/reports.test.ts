import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import Telnyx from 'telnyx';
import { TelnyxWebhookVerificationError } from 'telnyx/lib/webhooks';
import { describe, expect, test } from 'vitest';
import type { EventName } from '../../message/event.ts';
import { EVENT } from '../../message/event.ts';
import type { Message } from '../../message/message.ts';
import type { Report, SigningKeys } from '../../reports/encoder.ts';
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
  endedAt: undefined,
  validUntil: undefined,
  parked: undefined,
  runAt: undefined,
};

function report(event: EventName, more: Partial<Report> = {}): Report {
  return {
    eventId: '01939b0b-0000-7000-8000-000000000004',
    event,
    occurredAt: DELIVERED,
    attempt: 1,
    deliveredTo: URL_,
    message,
    senderPhone: FROM,
    ...more,
  };
}

/** The event as a receiver with the official package has it. */
async function received(event: EventName, more: Partial<Report> = {}): Promise<Record<string, unknown>> {
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

  test.each<[EventName, Partial<Message>, string, string, string | null, unknown[]]>([
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
      'suppressed',
      { status: 'suppressed', endedAt: READ },
      'message.finalized',
      'sending_failed',
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

test('every event has exactly one name, and a message’s own URL gets all but inbound', () => {
  const named = Object.values(EVENT_NAMES).flat();
  expect([...named].sort()).toEqual(Object.keys(EVENT).sort());
  expect([...OWN_URL_EVENTS, 'inbound'].sort()).toEqual(Object.keys(EVENT).sort());
});
