import type { Content } from '../../message/content.ts';
import type { MessageEvent } from '../../message/event.ts';
import type { Message, Outbound } from '../../message/message.ts';
import type { StatusName } from '../../message/status.ts';
import type { Accepted } from '../../outbox/accept.ts';
import { fromContent } from './content.ts';
import { EXPIRED, failureError, type WireError } from './errors.ts';
import type { Send } from './schema.ts';

/** Who sends: the number's ids here. */
export interface From {
  readonly workspaceId: string;
  readonly senderId: string;
}

/** A checked send as the outbox takes it. */
export function toOutbound(send: Send, content: Content, from: From): Outbound {
  return {
    workspaceId: from.workspaceId,
    senderId: from.senderId,
    dialect: 'telnyx',
    recipient: send.to,
    content,
    callbackData: send.whatsapp_message.biz_opaque_callback_data ?? undefined,
    webhookUrl: send.webhook_url ?? undefined,
    webhookFailoverUrl: send.webhook_failover_url ?? undefined,
  };
}

/** The words for both ends that Telnyx's samples have; nothing here looks carriers up. */
const OUR_END = { carrier: 'Telnyx', line_type: 'Wireless' } as const;
const THEIR_END = { carrier: '', line_type: 'Wireless' } as const;

/** The answer to a send: the page's fields and those that the official client types (telnyx §5). */
export function toAnswer(
  send: Send,
  accepted: Accepted,
  workspaceId: string,
  profileId = workspaceId,
): { data: object } {
  return {
    data: {
      record_type: 'message',
      direction: 'outbound',
      id: accepted.id,
      type: 'WHATSAPP',
      organization_id: workspaceId,
      messaging_profile_id: profileId,
      from: { phone_number: send.from, ...OUR_END },
      to: [{ phone_number: send.to, status: accepted.status, ...THEIR_END }],
      body: send.whatsapp_message,
      encoding: 'utf-8',
      webhook_url: send.webhook_url ?? null,
      wait_seconds: 0,
      received_at: time(accepted.createdAt),
      sent_at: null,
      completed_at: null,
      valid_until: time(accepted.validUntil),
    },
  };
}

/** A message as it stood at one moment: now for a GET, the event's own time for a report. */
export interface Moment {
  readonly status: string;
  readonly sentAt: Date | undefined;
  readonly completedAt: Date | undefined;
  readonly errors: readonly WireError[];
}

/** telnyx §5, "Mapping from Meta statuses". */
function wireStatus(status: StatusName, wamid: string | undefined): string {
  switch (status) {
    case 'sending':
    case 'unconfirmed':
    case 'accepted':
      return 'sending';
    case 'failed':
      return wamid === undefined ? 'sending_failed' : 'delivery_failed';
    case 'suppressed':
      // The page's own word for what was found at send.
      return 'delivery_failed';
    case 'canceled':
      return 'cancelled';
    case 'scheduled':
    case 'queued':
    case 'sent':
    case 'delivered':
    case 'read':
    case 'expired':
    case 'received':
      return status;
  }
}

/** WhatsApp took it and has given up on it without a word (telnyx §5). */
function isSilent({ status, endedAt }: Message): boolean {
  return (status === 'accepted' || status === 'sent') && endedAt !== undefined;
}

/** The message as it is now. */
export function now(message: Message): Moment {
  return {
    status: isSilent(message) ? 'delivery_unconfirmed' : wireStatus(message.status, message.wamid),
    sentAt: message.sentAt,
    // A phone may say "read" without ever saying "delivered".
    completedAt: message.deliveredAt ?? message.readAt ?? message.endedAt,
    errors: errorsIn(message.status, message),
  };
}

/** The message as it was when the event happened: what came later is not in it. */
export function at(
  event: Exclude<MessageEvent, 'inbound' | 'echo'>,
  occurredAt: Date,
  message: Message,
): Moment {
  const moment = {
    status: event === 'unreceipted' ? 'delivery_unconfirmed' : wireStatus(event, message.wamid),
    sentAt: message.sentAt,
    completedAt: undefined,
    errors: event === 'unreceipted' ? [] : errorsIn(event, message),
  };
  switch (event) {
    case 'sent':
      return { ...moment, sentAt: message.sentAt ?? occurredAt };
    case 'delivered':
      return { ...moment, completedAt: message.deliveredAt ?? occurredAt };
    case 'read':
      return { ...moment, completedAt: message.deliveredAt ?? occurredAt };
    case 'failed':
    case 'suppressed':
    case 'canceled':
    case 'expired':
    case 'unreceipted':
      return { ...moment, completedAt: message.endedAt ?? occurredAt };
  }
}

/** A delivery may follow a failure of Meta's and undoes it; the failure stays on the row. */
function errorsIn(status: StatusName, message: Message): readonly WireError[] {
  switch (status) {
    case 'failed':
    case 'suppressed':
    case 'canceled':
    case 'expired':
      if (message.failure !== undefined) return [failureError(message.failure)];
      return status === 'expired' ? [EXPIRED] : [];
    default:
      return [];
  }
}

/** An outbound message in the shape of Telnyx's events and of a GET (telnyx §6, §9.3). */
export function toOutboundPayload(message: Message, senderPhone: string, moment: Moment): object {
  const template = message.content.template as { name?: unknown } | undefined;
  return {
    record_type: 'message',
    direction: 'outbound',
    id: message.id,
    type: 'WHATSAPP',
    organization_id: message.workspaceId,
    messaging_profile_id: message.workspaceId,
    from: { phone_number: senderPhone, ...OUR_END },
    to: [{ phone_number: message.recipient, status: moment.status, ...THEIR_END }],
    cc: [],
    body: outboundBody(message),
    ...(message.kind === 'template' && typeof template?.name === 'string'
      ? { template_name: template.name }
      : {}),
    media: [],
    webhook_url: message.webhookUrl ?? null,
    webhook_failover_url: message.webhookFailoverUrl ?? null,
    encoding: 'utf-8',
    parts: 1,
    tags: [],
    // Wirebird charges nothing, and what Meta charges is not in its statuses.
    cost:
      moment.status === 'delivered' || moment.status === 'read'
        ? { amount: '0.0000', currency: 'USD' }
        : null,
    received_at: time(message.createdAt),
    sent_at: time(moment.sentAt),
    completed_at: time(moment.completedAt),
    valid_until: time(message.validUntil),
    errors: moment.errors,
  };
}

/** Back to the words of `whatsapp_message`, with Meta's id where inbound messages have theirs. */
function outboundBody(message: Message): Record<string, unknown> {
  const body = fromContent(message.content);
  if (message.callbackData !== undefined) body.biz_opaque_callback_data = message.callbackData;
  if (message.wamid !== undefined) body.foreign_id = message.wamid;
  return body;
}

/**
 * An inbound message (telnyx §9.3): `to` is one string, and Meta's own object is the body, with plus signs.
 *
 * @param webhookUrl where this copy goes; undefined for a GET
 * @param mediaUrl where its file is to be had
 */
export function toInboundPayload(
  message: Message,
  senderPhone: string,
  webhookUrl: string | undefined,
  mediaUrl: string | undefined,
): object {
  const context = message.content.context as { from?: unknown } | undefined;
  return {
    record_type: 'message',
    direction: 'inbound',
    id: message.id,
    type: 'WHATSAPP',
    organization_id: message.workspaceId,
    messaging_profile_id: message.workspaceId,
    from: { phone_number: message.recipient, ...THEIR_END, status: 'received' },
    to: senderPhone,
    body: {
      ...message.content,
      id: message.id,
      foreign_id: message.wamid,
      from: message.recipient,
      ...(typeof context?.from === 'string' ? { context: { ...context, from: plus(context.from) } } : {}),
    },
    cc: [],
    media: mediaOf(message, mediaUrl),
    encoding: 'utf-8',
    parts: 1,
    tags: [],
    cost: null,
    // The row's own time is when the person wrote; Telnyx means when it came in.
    received_at: time(message.acceptedAt ?? message.createdAt),
    sent_at: null,
    completed_at: null,
    valid_until: null,
    webhook_url: webhookUrl ?? null,
    webhook_failover_url: null,
    errors: [],
  };
}

/** The file of an inbound message (telnyx §9.3). */
function mediaOf({ content, kind }: Message, url: string | undefined): object[] {
  if (url === undefined) return [];
  const file = content[kind] as { mime_type?: unknown; sha256?: unknown } | undefined;
  return [
    {
      url,
      content_type: typeof file?.mime_type === 'string' ? file.mime_type : null,
      hash_sha256: typeof file?.sha256 === 'string' ? file.sha256 : null,
      size: null,
    },
  ];
}

/** What was written in the WhatsApp Business app on a number that is in both (telnyx §9.2). */
export function toEchoPayload(message: Message, senderPhone: string, webhookUrl: string | undefined): object {
  return {
    record_type: 'message',
    direction: 'outbound',
    origin: 'whatsapp_business_app',
    id: message.id,
    type: 'WHATSAPP',
    organization_id: message.workspaceId,
    messaging_profile_id: message.workspaceId,
    from: { phone_number: senderPhone, ...OUR_END },
    to: message.recipient,
    body: { ...message.content, id: message.id, foreign_id: message.wamid },
    cost: { amount: null, currency: null },
    received_at: time(message.acceptedAt ?? message.createdAt),
    tags: [],
    webhook_url: webhookUrl ?? null,
    webhook_failover_url: null,
    errors: [],
  };
}

/** Meta writes phone numbers without the plus sign; business-scoped ids stay as they are. */
function plus(id: string): string {
  return /^\d+$/.test(id) ? `+${id}` : id;
}

/** Telnyx writes UTC as an offset. */
export function time(date: Date): string;
export function time(date: Date | undefined): string | null;
export function time(date: Date | undefined): string | null {
  return date === undefined ? null : `${date.toISOString().slice(0, -1)}+00:00`;
}
