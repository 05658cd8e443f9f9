import type { EventName, MessageEvent } from '../../message/event.ts';
import type {
  MessageReport,
  NoticeReport,
  Report,
  SignedRequest,
  SigningKeys,
} from '../../reports/encoder.ts';
import { at, time, toEchoPayload, toInboundPayload, toOutboundPayload } from './translate.ts';

/** Telnyx's events (telnyx §9.2), each with what it tells about. */
export const EVENT_NAMES: Readonly<Record<string, readonly EventName[]>> = {
  'message.sent': ['sent'],
  'message.finalized': ['delivered', 'failed', 'expired', 'canceled', 'suppressed', 'unreceipted'],
  'message.read': ['read'],
  'message.received': ['inbound'],
  'message.echo': ['echo'],
  'whatsapp.account.update': ['account'],
  'whatsapp.account.restricted': ['account'],
  'whatsapp.phone_number.quality_changed': ['number'],
  'whatsapp.template.approved': ['template'],
  'whatsapp.template.rejected': ['template'],
  'whatsapp.template.disabled': ['template'],
};

/** Three attempts at each URL; Telnyx does not publish the pauses (telnyx §9.5). */
export const SCHEDULE_MS: readonly number[] = [1_000, 5_000];

/** A receiver has to answer within 2 s (telnyx §9.5). */
export const TIMEOUT_MS = 2_000;

/** A message's own URL gets everything that happens to what was sent here. */
export const OWN_URL_EVENTS: readonly MessageEvent[] = [
  'sent',
  'delivered',
  'read',
  'failed',
  'suppressed',
  'canceled',
  'expired',
  'unreceipted',
];

function eventType(event: MessageEvent): string {
  switch (event) {
    case 'sent':
      return 'message.sent';
    case 'read':
      return 'message.read';
    case 'inbound':
      return 'message.received';
    case 'echo':
      return 'message.echo';
    case 'delivered':
    case 'failed':
    case 'suppressed':
    case 'canceled':
    case 'expired':
    case 'unreceipted':
      return 'message.finalized';
  }
}

/** Telnyx's word for a notice (telnyx §9.2); undefined where it has none. */
function noticeType({ event, notice }: NoticeReport): string | undefined {
  switch (event) {
    case 'template':
      if (notice.field !== 'message_template_status_update') return undefined;
      return ['APPROVED', 'REJECTED', 'DISABLED'].includes(notice.event ?? '')
        ? `whatsapp.template.${notice.event?.toLowerCase()}`
        : undefined;
    case 'number':
      return notice.field === 'phone_number_quality_update'
        ? 'whatsapp.phone_number.quality_changed'
        : undefined;
    case 'account':
      return notice.event === 'ACCOUNT_RESTRICTION' || notice.event === 'DISABLED_UPDATE'
        ? 'whatsapp.account.restricted'
        : 'whatsapp.account.update';
    case 'consent':
    case 'contact':
      return undefined;
  }
}

/** Everything that a business account's settings may ask for, beside the names of events and of Meta's fields. */
const EVERYTHING = '*';

/**
 * The settings of a business account name events by Meta's fields too, as in Telnyx's own sample (telnyx §7).
 */
function asksFor(subscribed: readonly string[], type: string, field: string): boolean {
  return subscribed.includes(type) || subscribed.includes(field) || subscribed.includes(EVERYTHING);
}

/**
 * A report as Telnyx sends it (telnyx §9.3, §9.4): the body names the attempt, so each attempt is signed afresh, which
 * also keeps its timestamp inside the 300 s that the official client allows.
 *
 * @returns undefined for a notice that Telnyx has no event for, or none that the endpoint asked for
 */
export function encode(report: MessageReport, keys: SigningKeys, now: Date): SignedRequest;
export function encode(report: Report, keys: SigningKeys, now: Date): SignedRequest | undefined;
export function encode(report: Report, keys: SigningKeys, now: Date): SignedRequest | undefined {
  const type = report.about === 'message' ? eventType(report.event) : noticeType(report);
  if (type === undefined) return undefined;
  if (report.about === 'notice' && !asksFor(report.subscribed, type, report.notice.field)) return undefined;
  const body = JSON.stringify({
    data: {
      event_type: type,
      id: report.eventId,
      occurred_at: time(report.occurredAt),
      record_type: 'event',
      payload: report.about === 'message' ? payload(report) : noticePayload(report),
    },
    meta: { attempt: report.attempt, delivered_to: report.deliveredTo },
  });
  // Seconds: the client takes milliseconds for a time in the future.
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return {
    headers: {
      'content-type': 'application/json',
      'telnyx-signature-ed25519': keys.ed25519(Buffer.from(`${timestamp}|${body}`)).toString('base64'),
      'telnyx-timestamp': timestamp,
    },
    body,
  };
}

function payload(report: MessageReport): object {
  const { event, message, senderPhone, occurredAt, deliveredTo, mediaUrl } = report;
  if (event === 'inbound') return toInboundPayload(message, senderPhone, deliveredTo, mediaUrl);
  if (event === 'echo') return toEchoPayload(message, senderPhone, deliveredTo);
  return toOutboundPayload(message, senderPhone, at(event, occurredAt, message));
}

/** The three fields that the official client types, with Meta's own beside them. */
function noticePayload({ event, notice }: NoticeReport): object {
  return {
    ...notice.value,
    record_type: RECORD_TYPES[event],
    event: notice.event ?? notice.field,
    waba_id: notice.wabaId,
    ...(notice.senderPhone === undefined ? {} : { phone_number: notice.senderPhone }),
  };
}

const RECORD_TYPES = {
  account: 'whatsapp_account',
  number: 'whatsapp_phone_number',
  template: 'whatsapp_template',
  consent: 'whatsapp_consent',
  contact: 'whatsapp_contact',
} as const;
