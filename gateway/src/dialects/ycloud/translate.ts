import { CONSENT, OPTED_OUT } from '../../message/consent.ts';
import type { Content } from '../../message/content.ts';
import type { MessageEvent } from '../../message/event.ts';
import type { StoredFailure } from '../../message/failure.ts';
import type { Message, Outbound } from '../../message/message.ts';
import type { StatusName } from '../../message/status.ts';
import type { Accepted } from '../../outbox/accept.ts';
import { countriesOf } from '../countries.ts';
import { withoutMediaIds } from '../media-names.ts';
import type { Send } from './check.ts';
import { apiErrorOf, errorOf } from './errors.ts';

/** Our end: the number's ids here and its account. */
export interface From {
  readonly workspaceId: string;
  readonly senderId: string;
  readonly phoneNumber: string;
  readonly wabaId: string;
}

/** What a STOP word or WhatsApp's own switch holds back here too: an advertisement. */
export const MARKETING = OPTED_OUT & ~CONSENT.unsubscribed;

/** A checked send as the outbox takes it: what is known to stand against it is told by an event (ycloud §6). */
export function toOutbound(send: Send, content: Content, from: From): Outbound {
  const { filterUnsubscribed, filterBlocked } = send;
  return {
    workspaceId: from.workspaceId,
    senderId: from.senderId,
    dialect: 'ycloud',
    recipient: send.to,
    content,
    callbackData: send.externalId,
    known: 'report',
    // The two flags of the page, false where they are not given.
    consent: {
      mask:
        (filterUnsubscribed ? CONSENT.unsubscribed | CONSENT.stopped : 0) |
        (filterBlocked ? CONSENT.blocked : 0),
      marketingMask: MARKETING,
    },
  };
}

/** The answer to a send (ycloud §7): what was asked for, taken. */
export function toAnswer(
  send: Send,
  accepted: Accepted,
  from: From,
): { readonly id: string; readonly from: string } & Readonly<Record<string, unknown>> {
  return {
    id: accepted.id,
    wabaId: from.wabaId,
    from: from.phoneNumber,
    to: send.to,
    ...send.echo,
    ...(send.externalId === undefined ? {} : { externalId: send.externalId }),
    status: 'accepted',
    createTime: time(accepted.createdAt),
    updateTime: time(accepted.createdAt),
    ...regionOf(send.to),
    ...NO_CHARGE,
    bizType: 'whatsapp',
  };
}

/** Wirebird charges nothing, and what Meta charges is not in its statuses. */
const NO_CHARGE = { totalPrice: 0, currency: 'USD' } as const;

type Sender = Pick<From, 'phoneNumber' | 'wabaId'>;

/** Undefined for a number that was deleted since. */
export type SenderOf = (senderId: string) => Sender | undefined;

/** A message as it is now. */
export function toMessage(message: Message, sender: Sender | undefined): object {
  return show(message, sender, statusOf(message.status), {
    sent: message.sentAt,
    delivered: message.deliveredAt,
    read: message.readAt,
    updated: latest(message),
  });
}

/** A message as it was when the event happened: what came later is not in it. */
export function toMessageAt(
  event: Exclude<MessageEvent, 'inbound' | 'echo' | 'unreceipted'>,
  occurredAt: Date,
  message: Message,
  sender: Sender | undefined,
): object {
  const status = statusOf(event);
  const after = RANK[status];
  return show(message, sender, status, {
    sent: after >= RANK.sent && status !== 'failed' ? (message.sentAt ?? occurredAt) : message.sentAt,
    delivered: after >= RANK.delivered ? (message.deliveredAt ?? occurredAt) : undefined,
    read: after >= RANK.read ? (message.readAt ?? occurredAt) : undefined,
    updated: occurredAt,
  });
}

type WireStatus = 'accepted' | 'failed' | 'sent' | 'delivered' | 'read';

const RANK: Readonly<Record<WireStatus, number>> = { accepted: 0, failed: 1, sent: 1, delivered: 2, read: 3 };

/** ycloud §7, "Lifecycle". */
function statusOf(status: StatusName): WireStatus {
  switch (status) {
    case 'sent':
    case 'delivered':
    case 'read':
    case 'failed':
      return status;
    case 'suppressed':
    case 'canceled':
    case 'expired':
      return 'failed';
    case 'scheduled':
    case 'queued':
    case 'sending':
    case 'unconfirmed':
    case 'accepted':
    case 'received':
      return 'accepted';
  }
}

interface Times {
  readonly sent: Date | undefined;
  readonly delivered: Date | undefined;
  readonly read: Date | undefined;
  readonly updated: Date;
}

function show(message: Message, sender: Sender | undefined, status: WireStatus, times: Times): object {
  const { type, context, ...said } = message.content;
  const kind = String(type);
  const failed = status === 'failed' && message.failure !== undefined;
  return {
    id: message.id,
    ...(message.wamid === undefined ? {} : { wamid: message.wamid }),
    wabaId: sender?.wabaId ?? '',
    from: sender?.phoneNumber ?? '',
    to: message.recipient,
    type,
    [kind]: withoutMediaIds(said[kind]),
    ...(context === undefined ? {} : { context }),
    ...(message.callbackData === undefined ? {} : { externalId: message.callbackData }),
    status,
    ...(failed ? failureFields(message.failure) : {}),
    createTime: time(message.createdAt),
    updateTime: time(times.updated),
    ...(times.sent === undefined ? {} : { sendTime: time(times.sent) }),
    ...(times.delivered === undefined ? {} : { deliverTime: time(times.delivered) }),
    ...(times.read === undefined ? {} : { readTime: time(times.read) }),
    ...(status === 'failed' ? {} : NO_CHARGE),
    ...regionOf(message.recipient),
    ...(status === 'failed' ? {} : pricingFields(message.pricing)),
    bizType: 'whatsapp',
  };
}

function failureFields(failure: StoredFailure): object {
  const whatsappApiError = apiErrorOf(failure);
  return { ...errorOf(failure), ...(whatsappApiError === undefined ? {} : { whatsappApiError }) };
}

/** Meta's pricing object (meta-cloud-api §5.2) in YCloud's words. */
function pricingFields(pricing: Message['pricing']): object {
  const word = (name: string): string | undefined => {
    const value = pricing?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const [category, model, type] = [word('category'), word('pricing_model'), word('type')];
  return {
    ...(category === undefined ? {} : { pricingCategory: category.replace('-', '_') }),
    ...(model === undefined ? {} : { pricingModel: model }),
    ...(type === undefined ? {} : { pricingType: type }),
  };
}

/** ISO 3166-1 alpha-2; nothing for a person's id, whose country it begins with, or a number of no country. */
function regionOf(recipient: string): { readonly regionCode?: string } {
  const region = recipient.startsWith('+') ? countriesOf(recipient)[0] : recipient.slice(0, 2);
  return region === undefined ? {} : { regionCode: region };
}

function latest(message: Message): Date {
  const { createdAt, sendingAt, acceptedAt, sentAt, deliveredAt, readAt, endedAt } = message;
  const times = [sendingAt, acceptedAt, sentAt, deliveredAt, readAt, endedAt].filter(at => at !== undefined);
  return new Date(Math.max(createdAt.getTime(), ...times.map(at => at.getTime())));
}

/** RFC 3339, UTC, with milliseconds (ycloud §3). */
export function time(date: Date): string {
  return date.toISOString();
}
