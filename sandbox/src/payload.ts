import { hash } from 'node:crypto';
import { titleOf } from './graph/codes.ts';
import type { Message } from './message.ts';
import type { Sender } from './senders.ts';
import type { StatusEvent } from './statuses.ts';

/** Something a person wrote. */
export interface InboundEvent {
  kind: 'inbound';
  message: Message;
  /** The person's profile name at that time. */
  name: string;
}

/** One item of a webhook of the field `messages`. */
export type WebhookItem = StatusEvent | InboundEvent;

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
    const { kind, message } = items[i]!;
    let end = i + 1;
    while (end < items.length && items[end]!.kind === kind && items[end]!.message.sender === message.sender)
      end++;
    const value =
      kind === 'status'
        ? statuses(items.slice(i, end) as StatusEvent[], withConversation)
        : inbound(items.slice(i, end) as InboundEvent[]);
    if (entries !== '') entries += ',';
    entries += entry(message.sender, value);
    i = end;
  }
  return Buffer.from(ascii(`{"object":"whatsapp_business_account","entry":[${entries}]}`), 'latin1');
}

function entry(sender: Sender, value: string): string {
  const metadata = `{"display_phone_number":"${sender.phoneNumber.slice(1)}","phone_number_id":"${sender.phoneNumberId}"}`;
  return (
    `{"id":"${sender.account.wabaId}","changes":[{"value":{"messaging_product":"whatsapp",` +
    `"metadata":${metadata},${value}},"field":"messages"}]}`
  );
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
    `"recipient_id":"${message.phone.slice(1)}"`;
  if (message.callback !== undefined)
    text += `,"biz_opaque_callback_data":${JSON.stringify(message.callback)}`;
  if (event.priced) text += priceText(event, withConversation);
  if (code !== undefined) text += `,"errors":[${errorText(code)}]`;
  return `${text}}`;
}

/** Answers inside a conversation cost nothing; a template costs. Which category it has, its registry would know. */
function priceText({ message, status, at }: StatusEvent, withConversation: boolean): string {
  const paid = message.type === 'template';
  const category = paid ? 'utility' : 'service';
  const pricing = `,"pricing":{"billable":${paid},"pricing_model":"PMP","category":"${category}","type":"${paid ? 'regular' : 'free_customer_service'}"}`;
  if (!withConversation) return pricing;
  // Up to v23 a conversation of its own for each message.
  const id = hash('sha256', message.wamid).slice(0, 32);
  const expiration = status === 'sent' ? `,"expiration_timestamp":"${seconds(at) + CONVERSATION_S}"` : '';
  return `,"conversation":{"id":"${id}"${expiration},"origin":{"type":"${category}"}}${pricing}`;
}

function errorText(code: number): string {
  const title = titleOf(code);
  return JSON.stringify({
    code,
    title,
    message: title,
    error_data: { details: `${title}. The sandbox was asked for this failure.` },
    href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
  });
}

function inbound(events: InboundEvent[]): string {
  const contacts = events.map(({ message, name }) => ({ profile: { name }, wa_id: message.phone.slice(1) }));
  const messages = events.map(({ message }) => {
    const { phone, sender, wamid, at, type, content, context } = message;
    return {
      ...(context !== undefined && { context: { from: sender.phoneNumber.slice(1), id: context } }),
      from: phone.slice(1),
      id: wamid,
      timestamp: String(seconds(at)),
      type,
      [type]: content,
    };
  });
  return `"contacts":${JSON.stringify(contacts)},"messages":${JSON.stringify(messages)}`;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function ascii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
