import { Webhook } from 'standardwebhooks';
import type { EventName } from '../message/event.ts';
import { type Message, PRIORITY } from '../message/message.ts';
import type { NoticeReport, Report, SignedRequest, SigningKeys } from './encoder.ts';

/** Wirebird's own events, each with what it tells about. */
const EVENT_NAMES: Readonly<Record<string, readonly EventName[]>> = {
  'message.sent': ['sent'],
  'message.delivered': ['delivered'],
  'message.read': ['read'],
  'message.failed': ['failed'],
  'message.suppressed': ['suppressed'],
  'message.canceled': ['canceled'],
  'message.expired': ['expired'],
  'message.unreceipted': ['unreceipted'],
  'message.received': ['inbound'],
  'message.echo': ['echo'],
  'template.updated': ['template'],
  'account.updated': ['account'],
  'number.updated': ['number'],
  'consent.updated': ['consent'],
  'contact.updated': ['contact'],
};

const TYPES = new Map<EventName, string>(
  Object.entries(EVENT_NAMES).flatMap(([type, events]) => events.map(event => [event, type] as const)),
);

/** Standard Webhooks: a key of 24 to 64 bytes, as `whsec_` and base64. */
const SECRET = /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const SECRET_BYTES = [24, 64] as const;

function checkSecret(secret: string): string | undefined {
  const bytes = SECRET.test(secret) ? Buffer.from(secret.slice('whsec_'.length), 'base64').length : 0;
  return bytes >= SECRET_BYTES[0] && bytes <= SECRET_BYTES[1]
    ? undefined
    : `must be whsec_ and ${SECRET_BYTES.join(' to ')} bytes in base64`;
}

/**
 * A report in the form of Standard Webhooks 1.0.0. While two secrets hold, it is signed with both: a receiver accepts the
 * one that it knows.
 *
 * @throws when the endpoint has no secret
 */
function encode(report: Report, keys: SigningKeys, now: Date): SignedRequest {
  if (keys.secret === undefined) throw new Error('the endpoint has no secret');
  const body = JSON.stringify({
    type: TYPES.get(report.event),
    timestamp: report.occurredAt.toISOString(),
    data: report.about === 'message' ? messageData(report) : noticeData(report),
  });
  const secrets = keys.previousSecret === undefined ? [keys.secret] : [keys.secret, keys.previousSecret];
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': report.eventId,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': secrets
        .map(secret => new Webhook(secret).sign(report.eventId, now, body))
        .join(' '),
    },
    body,
  };
}

/** The message as `GET /api/messages/{id}` shows it, and where the file that came with it is. */
function messageData({ message, senderPhone, mediaUrl }: Report & { readonly about: 'message' }): object {
  return { ...shownMessage(message, senderPhone), media_url: mediaUrl ?? null };
}

/** The notice as `GET /api/notices` shows it. */
function noticeData({ event, notice }: NoticeReport): object {
  return {
    id: notice.id,
    about: event,
    waba_id: notice.wabaId,
    sender: notice.senderPhone ?? null,
    field: notice.field,
    event: notice.event ?? null,
    value: notice.value,
    at: notice.at,
  };
}

const PRIORITIES = new Map<number, string>(Object.entries(PRIORITY).map(([name, rank]) => [rank, name]));

/** A message in Wirebird's own words, for `/api` and for its own events. */
export function shownMessage(message: Message, senderPhone: string | undefined) {
  return {
    id: message.id,
    direction: message.direction,
    dialect: message.dialect ?? null,
    status: message.status,
    sender_id: message.senderId,
    sender: senderPhone ?? null,
    recipient: message.recipient,
    type: message.kind,
    content: message.content,
    priority: PRIORITIES.get(message.priority) ?? null,
    attempt: message.attempt,
    wamid: message.wamid ?? null,
    callback_data: message.callbackData ?? null,
    webhook_url: message.webhookUrl ?? null,
    webhook_failover_url: message.webhookFailoverUrl ?? null,
    failure: message.failure ?? null,
    pricing: message.pricing ?? null,
    /** Why it is not in the ready queue, and when it is looked at again. */
    waits: message.parked === undefined ? null : { reason: message.parked, until: message.runAt ?? null },
    created_at: message.createdAt,
    sending_at: message.sendingAt ?? null,
    accepted_at: message.acceptedAt ?? null,
    sent_at: message.sentAt ?? null,
    delivered_at: message.deliveredAt ?? null,
    read_at: message.readAt ?? null,
    played_at: message.playedAt ?? null,
    deleted_at: message.deletedAt ?? null,
    ended_at: message.endedAt ?? null,
    valid_until: message.validUntil ?? null,
  };
}

/** Wirebird's own form of events, for endpoints; it has no routes of a vendor. */
export const OWN = {
  name: 'wirebird',
  eventNames: EVENT_NAMES,
  encode,
  signsWithSecret: true,
  checkSecret,
} as const;
