import { userIdOf } from './people.ts';
import type { Sender } from './senders.ts';
import type { Component, Template } from './templates/template.ts';

export type Status = 'accepted' | 'sent' | 'delivered' | 'read' | 'failed';

/** What Meta tells in a webhook of the field `messages`. */
export type ReportedStatus = Exclude<Status, 'accepted'>;

const RANK: Record<Status, number> = { accepted: 0, sent: 1, failed: 2, delivered: 3, read: 4 };

/** Whether a phone that shows `current` moves on to `next`: a late `sent` does not undo `delivered`. */
export function advances(current: Status, next: Status): boolean {
  return RANK[next] > RANK[current];
}

export type PriceCategory = 'authentication' | 'marketing' | 'utility' | 'service';

/** An emoji on a message. */
export interface Reaction {
  from: 'business' | 'person';
  emoji: string;
}

/** One thing said between a business number and a phone, in either direction. */
export interface Message {
  wamid: string;
  direction: 'to_phone' | 'from_phone';
  sender: Sender;
  /** E.164 */
  phone: string;
  type: string;
  /** Meta's object of that type, as it was sent. */
  content: unknown;
  /** The wamid that this one answers. */
  context: string | undefined;
  /** `biz_opaque_callback_data` */
  callback: string | undefined;
  /** Business-scoped user id of the person who has the phone. */
  userId: string;
  /** What both sides have put on it, newest last. */
  reactions: Reaction[] | undefined;
  /** The person has changed it after sending … */
  edited: boolean;
  /** … or taken it back. */
  deleted: boolean;
  /** What Meta charges it as. */
  category: PriceCategory;
  /** The template that it was sent with … */
  templateId: string | undefined;
  /** … and its wording at that time. */
  wording: readonly Component[] | undefined;
  /** ms since 1970 */
  at: number;
  status: Status;
  /** Meta's code when the status is `failed`. */
  failure: number | undefined;
  /** Meta prices a message on `sent` and on the first of `delivered` and `read`. */
  priced: boolean;
}

/** A message as a line of a file; the sender by its number. */
export interface MessageRow
  extends Omit<Message, 'sender' | 'priced' | 'wording' | 'userId' | 'reactions' | 'edited' | 'deleted'> {
  sender: string;
}

export function toRow(message: Message): MessageRow {
  return {
    wamid: message.wamid,
    direction: message.direction,
    sender: message.sender.phoneNumber,
    phone: message.phone,
    type: message.type,
    content: message.content,
    context: message.context,
    callback: message.callback,
    category: message.category,
    templateId: message.templateId,
    at: message.at,
    status: message.status,
    failure: message.failure,
  };
}

/** What rows name instead of holding it. */
export interface Named {
  sender(phoneNumber: string): Sender | undefined;
  template(id: string): Template | undefined;
}

/** Undefined when its sender is gone. */
export function fromRow(row: MessageRow, named: Named): Message | undefined {
  const sender = named.sender(row.sender);
  if (sender === undefined) return undefined;
  const { templateId } = row;
  return {
    wamid: row.wamid,
    direction: row.direction,
    sender,
    phone: row.phone,
    type: row.type,
    content: row.content,
    context: row.context,
    callback: row.callback,
    userId: userIdOf(row.phone),
    reactions: undefined,
    edited: false,
    deleted: false,
    category: row.category ?? 'service',
    templateId,
    wording: templateId === undefined ? undefined : named.template(templateId)?.components,
    at: row.at,
    status: row.status,
    failure: row.failure,
    priced: row.status === 'delivered' || row.status === 'read',
  };
}
