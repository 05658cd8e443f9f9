import { hash } from 'node:crypto';
import { titleOf } from './graph/codes.ts';
import type { Message } from './message.ts';
import type { Account, Sender } from './senders.ts';
import type { StatusEvent } from './statuses.ts';

/** Something a person wrote. */
export interface InboundEvent {
  kind: 'inbound';
  message: Message;
  /** The person's profile at that time. */
  name: string;
  username: string | undefined;
  /** Only the user id is told, not the number. */
  hidden: boolean;
}

/** News of an account, or of one of its numbers, under a field of its own. */
export interface NoticeEvent {
  kind: 'notice';
  account: Account;
  /** The number that it is about, when its field belongs to one. */
  sender: Sender | undefined;
  field: string;
  value: object;
  /** ms */
  at: number;
}

/** What a webhook tells. */
export type WebhookItem = StatusEvent | InboundEvent | NoticeEvent;

/** The number that an item is about, if it is about one. */
export function senderOf(item: WebhookItem): Sender | undefined {
  return item.kind === 'notice' ? item.sender : item.message.sender;
}

export function accountOf(item: WebhookItem): Account {
  return item.kind === 'notice' ? item.account : item.message.sender.account;
}

/** Meta: a conversation is 24 hours. */
const CONVERSATION_S = 24 * 3600;

/**
 * The bytes of a webhook. Built as text, since thousands a second are made; everything beyond ASCII is
 * written as `\uXXXX`, as Meta does in what it signs.
 */
export function webhookBody(items: WebhookItem[], webhookVersion: string): Buffer {
  const withConversation = Number.parseInt(webhookVersion.slice(1), 10) < 24;
  let entries = '';
  for (let i = 0; i < items.length; ) {
    const first = items[i]!;
    if (entries !== '') entries += ',';
    if (first.kind === 'notice') {
      entries += noticeEntry(first);
      i++;
      continue;
    }
    const { kind, message } = first;
    let end = i + 1;
    while (end < items.length && items[end]!.kind === kind && senderOf(items[end]!) === message.sender) end++;
    const value =
      kind === 'status'
        ? statuses(items.slice(i, end) as StatusEvent[], withConversation)
        : inbound(items.slice(i, end) as InboundEvent[]);
    entries += entry(message.sender, value);
    i = end;
  }
  return Buffer.from(ascii(`{"object":"whatsapp_business_account","entry":[${entries}]}`), 'latin1');
}

function entry(sender: Sender, value: string): string {
  return (
    `{"id":"${sender.account.wabaId}","changes":[{"value":{"messaging_product":"whatsapp",` +
    `"metadata":${metadata(sender)},${value}},"field":"messages"}]}`
  );
}

function metadata({ phoneNumber, phoneNumberId }: Sender): string {
  return `{"display_phone_number":"${phoneNumber.slice(1)}","phone_number_id":"${phoneNumberId}"}`;
}

function noticeEntry({ account, sender, field, value, at }: NoticeEvent): string {
  const whole = JSON.stringify(value);
  const text =
    sender === undefined
      ? whole
      : `{"messaging_product":"whatsapp","metadata":${metadata(sender)},${whole.slice(1)}`;
  return `{"id":"${account.wabaId}","time":${seconds(at)},"changes":[{"value":${text},"field":"${field}"}]}`;
}

function statuses(events: StatusEvent[], withConversation: boolean): string {
  let all = '';
  for (const event of events) all += (all === '' ? '' : ',') + statusText(event, withConversation);
  return `"statuses":[${all}]`;
}

function statusText(event: StatusEvent, withConversation: boolean): string {
  const { message, status, at, code } = event;
  let text =
    `{"id":"${message.wamid}","status":"${status}","timestamp":"${seconds(at)}",` +
    `${event.hidden ? '' : `"recipient_id":"${message.phone.slice(1)}",`}"recipient_user_id":"${message.userId}"`;
  if (message.callback !== undefined)
    text += `,"biz_opaque_callback_data":${JSON.stringify(message.callback)}`;
  if (event.priced) text += priceText(event, withConversation);
  if (code !== undefined) text += `,"errors":[${errorText(code, event.details)}]`;
  return `${text}}`;
}

/** What is said freely inside the window costs nothing; a template costs what its category does. */
function priceText({ message, status, at }: StatusEvent, withConversation: boolean): string {
  const { category } = message;
  const paid = category !== 'service';
  const pricing = `,"pricing":{"billable":${paid},"pricing_model":"PMP","category":"${category}","type":"${paid ? 'regular' : 'free_customer_service'}"}`;
  if (!withConversation) return pricing;
  // Up to v23 a conversation of its own for each message.
  const id = hash('sha256', message.wamid).slice(0, 32);
  const expiration = status === 'sent' ? `,"expiration_timestamp":"${seconds(at) + CONVERSATION_S}"` : '';
  return `,"conversation":{"id":"${id}"${expiration},"origin":{"type":"${category}"}}${pricing}`;
}

function errorText(code: number, details: string | undefined): string {
  const title = titleOf(code);
  return JSON.stringify({
    code,
    title,
    message: title,
    error_data: { details: details ?? `${title}. The sandbox was asked for this failure.` },
    href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
  });
}

function inbound(events: InboundEvent[]): string {
  // Meta: news of a changed number come without contacts (meta-cloud-api §5.4).
  const contacts = events
    .filter(({ message }) => message.type !== 'system')
    .map(({ message, name, username, hidden }) => ({
      profile: { name, ...(username !== undefined && { username }) },
      ...(!hidden && { wa_id: message.phone.slice(1) }),
      user_id: message.userId,
    }));
  const messages = events.map(({ message, hidden }) => {
    const { phone, sender, wamid, at, type, content, context } = message;
    return {
      ...(context !== undefined && { context: { from: sender.phoneNumber.slice(1), id: context } }),
      ...(!hidden && { from: phone.slice(1) }),
      from_user_id: message.userId,
      id: wamid,
      timestamp: String(seconds(at)),
      ...(type === 'unsupported' && { errors: [UNSUPPORTED] }),
      type,
      [type]: content,
    };
  });
  const known = contacts.length === 0 ? '' : `"contacts":${JSON.stringify(contacts)},`;
  return `${known}"messages":${JSON.stringify(messages)}`;
}

/** What Meta says of an inbound kind that the Cloud API does not carry. */
const UNSUPPORTED = {
  code: 131051,
  title: 'Message type unknown',
  message: 'Message type unknown',
  error_data: { details: 'Message type is currently not supported.' },
};

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function ascii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
