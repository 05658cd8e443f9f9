import { createHmac } from 'node:crypto';
import { CONSENT } from '../../message/consent.ts';
import type { EventName } from '../../message/event.ts';
import type {
  MessageReport,
  NoticeReport,
  Report,
  SignedRequest,
  SigningKeys,
} from '../../reports/encoder.ts';
import { toEcho, toInbound } from './inbound.ts';
import { time, toMessageAt } from './translate.ts';

/** YCloud's events (ycloud §8), each with what it tells about. */
export const EVENT_NAMES: Readonly<Record<string, readonly EventName[]>> = {
  // What its owner took back is no news to the owner.
  'whatsapp.message.updated': ['sent', 'delivered', 'read', 'failed', 'suppressed', 'expired'],
  'whatsapp.inbound_message.received': ['inbound'],
  'whatsapp.smb.message.echoes': ['echo'],
  'whatsapp.template.reviewed': ['template'],
  'whatsapp.template.category_updated': ['template'],
  'whatsapp.template.quality_updated': ['template'],
  'whatsapp.phone_number.name_updated': ['number'],
  'whatsapp.phone_number.quality_updated': ['number'],
  'whatsapp.business_account.updated': ['account'],
  'whatsapp.business_account.reviewed': ['account'],
  'whatsapp.business_account.deleted': ['account'],
  'whatsapp.user.preferences': ['consent'],
  'contact.unsubscribe.created': ['consent'],
  'contact.unsubscribe.deleted': ['consent'],
  'contact.created': ['contact'],
  'contact.deleted': ['contact'],
  'contact.attributes_changed': ['contact'],
};

/** Names of YCloud's for what does not happen here: taken, since its own service takes them (ycloud §8). */
export const QUIET_EVENT_NAMES =
  /^(whatsapp\.(phone_number\.deleted|smb\.(history|message\.created)|payment\.updated|flow\.status_change|call\..+|group\..+|message\..+)|contact\.note\..+|(email|sms|voice|verification)\..+)$/;

/** Pauses between attempts (ycloud §8, "Delivery"): 10 s, 30 s, 5 min, 30 min, 1 h, 2 h, 2 h. */
export const SCHEDULE_MS: readonly number[] = [10, 30, 300, 1_800, 3_600, 7_200, 7_200].map(s => s * 1_000);

/** Slower than this a receiver is a burden to YCloud. */
export const TIMEOUT_MS = 10_000;

/**
 * A report as YCloud sends it: each attempt is signed afresh, over its own time and the exact body (ycloud §8).
 *
 * @returns undefined for a notice that YCloud has no event for, or none that the endpoint asked for
 */
export function encode(report: MessageReport, keys: SigningKeys, now: Date): SignedRequest | undefined;
export function encode(report: Report, keys: SigningKeys, now: Date): SignedRequest | undefined;
export function encode(report: Report, keys: SigningKeys, now: Date): SignedRequest | undefined {
  const told = report.about === 'message' ? messageEvent(report) : noticeEvent(report);
  if (told === undefined) return undefined;
  if (report.about === 'notice' && !report.subscribed.includes(told.type)) return undefined;
  const { type, ...payload } = told;
  const body = JSON.stringify({
    id: `evt_${report.eventId.replaceAll('-', '')}`,
    type,
    apiVersion: 'v2',
    createTime: time(report.occurredAt),
    ...payload,
  });
  return {
    headers: {
      'content-type': 'application/json',
      ...(keys.secret === undefined ? {} : { 'ycloud-signature': signature(keys.secret, body, now) }),
      ...(report.endpointId === undefined ? {} : { 'x-webhook-endpoint-id': report.endpointId }),
    },
    body,
  };
}

/** `t=<unix seconds>,s=<hex>`; the key is the secret with its `whsec_` (ycloud §8, "Signature"). */
export function signature(secret: string, body: string, now: Date): string {
  const t = Math.floor(now.getTime() / 1_000);
  return `t=${t},s=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
}

type Told = { readonly type: string } & Readonly<Record<string, unknown>>;

function messageEvent(report: MessageReport): Told | undefined {
  const { event, message, occurredAt, senderPhone, senderWaba, personName, mediaUrl } = report;
  const sender = { phoneNumber: senderPhone, wabaId: senderWaba };
  switch (event) {
    case 'inbound':
      return {
        type: 'whatsapp.inbound_message.received',
        whatsappInboundMessage: toInbound(message, sender, personName, mediaUrl),
      };
    case 'echo':
      return { type: 'whatsapp.smb.message.echoes', whatsappMessage: toEcho(message, sender) };
    case 'unreceipted':
    case 'canceled':
      return undefined;
    default:
      return {
        type: 'whatsapp.message.updated',
        whatsappMessage: toMessageAt(event, occurredAt, message, sender),
      };
  }
}

function noticeEvent({ event, notice, properties }: NoticeReport): Told | undefined {
  const { value, wabaId, field } = notice;
  switch (event) {
    case 'template':
      return templateEvent(notice);
    case 'number': {
      const type =
        field === 'phone_number_quality_update'
          ? 'whatsapp.phone_number.quality_updated'
          : field === 'phone_number_name_update'
            ? 'whatsapp.phone_number.name_updated'
            : undefined;
      if (type === undefined) return undefined;
      return {
        type,
        whatsappPhoneNumber: {
          wabaId,
          ...(notice.senderPhone === undefined ? {} : { phoneNumber: notice.senderPhone }),
          ...given({
            displayPhoneNumber: value.display_phone_number,
            messagingLimit: value.current_limit,
            qualityUpdateEvent: notice.event,
            decision: value.decision,
            requestedVerifiedName: value.requested_verified_name,
            rejectionReason: value.rejection_reason,
          }),
        },
      };
    }
    case 'account': {
      const type =
        field === 'account_review_update'
          ? 'whatsapp.business_account.reviewed'
          : notice.event === 'ACCOUNT_DELETED'
            ? 'whatsapp.business_account.deleted'
            : 'whatsapp.business_account.updated';
      const ban = value.ban_info as Readonly<Record<string, unknown>> | undefined;
      return {
        type,
        whatsappBusinessAccount: {
          id: wabaId,
          ...given({
            updateEvent: notice.event,
            decision: value.decision,
            banState: ban?.waba_ban_state,
            banDate: ban?.waba_ban_date,
            restrictions: value.restriction_info,
          }),
        },
      };
    }
    case 'consent':
      return consentEvent(notice);
    case 'contact':
      return contactEvent(notice, properties);
  }
}

/** Meta's events that are statuses too (ycloud §9); the others leave the status open. */
const STATUSES: readonly string[] = ['PENDING', 'REJECTED', 'APPROVED', 'PAUSED', 'DISABLED', 'IN_APPEAL'];

function templateEvent({ field, value, wabaId, at }: NoticeReport['notice']): Told | undefined {
  const about = {
    wabaId,
    ...given({
      officialTemplateId: textOf(value.message_template_id),
      name: value.message_template_name,
      language: value.message_template_language,
      category: value.message_template_category ?? value.new_category,
    }),
  };
  switch (field) {
    case 'message_template_status_update':
      return {
        type: 'whatsapp.template.reviewed',
        whatsappTemplate: {
          ...about,
          ...given({
            status: STATUSES.includes(String(value.event)) ? value.event : undefined,
            statusUpdateEvent: value.event,
            reason: value.reason,
            disableDate: (value.disable_info as { disable_date?: unknown } | undefined)?.disable_date,
          }),
          updateTime: time(at),
        },
      };
    case 'template_category_update':
      return {
        type: 'whatsapp.template.category_updated',
        whatsappTemplate: { ...about, ...given({ previousCategory: value.previous_category }) },
      };
    case 'message_template_quality_update':
      return {
        type: 'whatsapp.template.quality_updated',
        whatsappTemplate: { ...about, ...given({ qualityRating: value.new_quality_score }) },
      };
    default:
      return undefined;
  }
}

/** Where an entry came from, in YCloud's words (ycloud §8.1). */
const SOURCES: Readonly<Record<string, string>> = {
  keyword: 'Whatsapp',
  meta: 'Whatsapp',
  api: 'API',
  import: 'Manual',
  manual: 'Manual',
};

function consentEvent({ event, value, at }: NoticeReport['notice']): Told | undefined {
  const { id, customer, source } = value as { id: string; customer: string; source: string };
  switch (value.reason) {
    case CONSENT.unsubscribed:
    case CONSENT.stopped:
      return {
        type: `contact.unsubscribe.${event}`,
        unsubscriberChanged: {
          id,
          phoneNumber: customer,
          source: SOURCES[source] ?? 'API',
          updateTime: time(at),
        },
      };
    case CONSENT.marketing:
      return {
        type: 'whatsapp.user.preferences',
        whatsappUserPreferences: {
          userId: customer,
          category: 'marketing_messages',
          value: event === 'created' ? 'stop' : 'resume',
          timestamp: time(at),
        },
      };
    default:
      // YCloud tells nobody of its block list.
      return undefined;
  }
}

const CONTACT_EVENTS: Readonly<Record<string, readonly [string, string]>> = {
  created: ['contact.created', 'contactCreated'],
  deleted: ['contact.deleted', 'contactDeleted'],
  changed: ['contact.attributes_changed', 'contactAttributesChanged'],
};

function contactEvent(
  { event, value }: NoticeReport['notice'],
  properties: NoticeReport['properties'],
): Told | undefined {
  const [type, key] = CONTACT_EVENTS[event ?? ''] ?? [];
  if (type === undefined || key === undefined) return undefined;
  const wanted = properties?.[type];
  const changed = value.changedAttributes as Readonly<Record<string, unknown>> | undefined;
  if (wanted === undefined || changed === undefined) return { type, [key]: value };
  const told = Object.entries(changed).filter(([name]) => wanted.includes(name));
  if (told.length === 0) return undefined;
  return { type, [key]: { ...value, changedAttributes: Object.fromEntries(told) } };
}

/** Fields without those that nobody gave: YCloud leaves them out. */
function given(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : undefined;
}
