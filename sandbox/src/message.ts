import type { Sender } from './senders.ts';

export type Status = 'accepted' | 'sent' | 'delivered' | 'read' | 'failed';

/** What Meta tells in a webhook of the field `messages`. */
export type ReportedStatus = Exclude<Status, 'accepted'>;

const RANK: Record<Status, number> = { accepted: 0, sent: 1, failed: 2, delivered: 3, read: 4 };

/** Whether a phone that shows `current` moves on to `next`: a late `sent` does not undo `delivered`. */
export function advances(current: Status, next: Status): boolean {
  return RANK[next] > RANK[current];
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
  /** ms since 1970 */
  at: number;
  status: Status;
  /** Meta's code when the status is `failed`. */
  failure: number | undefined;
  /** Meta prices a message on `sent` and on the first of `delivered` and `read`. */
  priced: boolean;
}

/** A message as a line of a file; the sender by its number. */
export interface MessageRow extends Omit<Message, 'sender' | 'priced'> {
  sender: string;
}

export function toRow(message: Message): MessageRow {
  const { sender, priced: _, ...rest } = message;
  return { ...rest, sender: sender.phoneNumber };
}

export function fromRow(
  row: MessageRow,
  senderOf: (number: string) => Sender | undefined,
): Message | undefined {
  const sender = senderOf(row.sender);
  if (sender === undefined) return undefined;
  return {
    wamid: row.wamid,
    direction: row.direction,
    sender,
    phone: row.phone,
    type: row.type,
    content: row.content,
    context: row.context,
    callback: row.callback,
    at: row.at,
    status: row.status,
    failure: row.failure,
    priced: row.status === 'delivered' || row.status === 'read',
  };
}
