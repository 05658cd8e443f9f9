import type { EventName } from '../../message/event.ts';
import type { Report, ReportEncoder, SigningKeys } from '../../reports/encoder.ts';
import { at, time, toInboundPayload, toOutboundPayload } from './translate.ts';

/** Telnyx's events (telnyx §9.2), each with what it tells about. */
export const EVENT_NAMES: Readonly<Record<string, readonly EventName[]>> = {
  'message.sent': ['sent'],
  'message.finalized': ['delivered', 'failed', 'expired', 'canceled', 'suppressed'],
  'message.read': ['read'],
  'message.received': ['inbound'],
};

/** A message's own URL gets everything but inbound messages. */
export const OWN_URL_EVENTS: readonly EventName[] = [
  'sent',
  'delivered',
  'read',
  'failed',
  'suppressed',
  'canceled',
  'expired',
];

function eventType(event: EventName): string {
  switch (event) {
    case 'sent':
      return 'message.sent';
    case 'read':
      return 'message.read';
    case 'inbound':
      return 'message.received';
    case 'delivered':
    case 'failed':
    case 'suppressed':
    case 'canceled':
    case 'expired':
      return 'message.finalized';
  }
}

/**
 * A report as Telnyx sends it (telnyx §9.3, §9.4): the body names the attempt, so each attempt is signed afresh, which
 * also keeps its timestamp inside the 300 s that the official client allows.
 */
export const encode: ReportEncoder = (report: Report, keys: SigningKeys, now: Date) => {
  const body = JSON.stringify({
    data: {
      event_type: eventType(report.event),
      id: report.eventId,
      occurred_at: time(report.occurredAt),
      record_type: 'event',
      payload: payload(report),
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
};

function payload(report: Report): object {
  const { event, message, senderPhone, occurredAt, deliveredTo } = report;
  if (event === 'inbound') return toInboundPayload(message, senderPhone, deliveredTo);
  return toOutboundPayload(message, senderPhone, at(event, occurredAt, message));
}
