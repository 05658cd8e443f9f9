import type { Phone, PhoneMessage, Status, StatusUpdate } from './api.ts';
import type { Delivery } from './receivers/receiver.ts';

export type LiveEvent =
  | { kind: 'message'; message: PhoneMessage }
  | { kind: 'status'; update: StatusUpdate }
  | { kind: 'delivery'; delivery: Delivery };

/** Whose phone an event is about; undefined for what comes to receivers of webhooks. */
export function phoneOf(event: LiveEvent): string | undefined {
  switch (event.kind) {
    case 'message':
      return event.message.phone;
    case 'status':
      return event.update.phone;
    case 'delivery':
      return undefined;
  }
}

/** The sandbox keeps this many messages of a phone, newest; the page keeps no more. */
export const KEPT_PER_PHONE = 500;

/** Of two statuses the higher stands, however late the lower one comes. */
const RANK: Record<Status, number> = { accepted: 0, sent: 1, failed: 2, delivered: 3, read: 4 };

function withStatus(message: PhoneMessage, update: StatusUpdate): PhoneMessage {
  if (RANK[update.status] <= RANK[message.status]) return message;
  return { ...message, status: update.status, failure: update.failure };
}

/** What the stream says of a message that is there already: an edit, a reaction, a deletion. */
function renewed(message: PhoneMessage, news: PhoneMessage | undefined): PhoneMessage {
  if (!news || JSON.stringify(news) === JSON.stringify(message)) return message;
  return RANK[news.status] < RANK[message.status]
    ? { ...news, status: message.status, failure: message.failure }
    : news;
}

/** A phone's messages after the events; the same array when none of them concerns it. */
export function applyToMessages(
  messages: PhoneMessage[],
  phone: string,
  events: readonly LiveEvent[],
): PhoneMessage[] {
  const updates = new Map<string, StatusUpdate>();
  const told = new Map<string, PhoneMessage>();
  for (const event of events) {
    if (event.kind === 'message') {
      if (event.message.phone === phone) told.set(event.message.wamid, event.message);
    } else if (event.kind === 'status' && event.update.phone === phone) {
      const known = updates.get(event.update.wamid);
      if (!known || RANK[event.update.status] > RANK[known.status]) {
        updates.set(event.update.wamid, event.update);
      }
    }
  }
  if (updates.size === 0 && told.size === 0) return messages;
  const known = new Set(messages.map(({ wamid }) => wamid));
  const added = [...told.values()].filter(({ wamid }) => !known.has(wamid));
  let changed = added.length > 0;
  const next = [...messages, ...added].map(message => {
    const news = renewed(message, told.get(message.wamid));
    const update = updates.get(message.wamid);
    const after = update ? withStatus(news, update) : news;
    if (after !== message) changed = true;
    return after;
  });
  return changed ? next.slice(-KEPT_PER_PHONE) : messages;
}

/**
 * The list of phones after the events, newest activity first. Unread counts, and phones that are new here, are the
 * sandbox's to say: the list is asked for again soon after.
 */
export function applyToPhones(phones: Phone[], events: readonly LiveEvent[]): Phone[] {
  const byNumber = new Map(phones.map(phone => [phone.phone, phone]));
  const raised = new Set<string>();
  for (const event of events) {
    if (event.kind === 'delivery') continue;
    const number = event.kind === 'message' ? event.message.phone : event.update.phone;
    const phone = byNumber.get(number);
    if (!phone) continue;
    if (event.kind === 'status') {
      if (phone.last?.wamid !== event.update.wamid) continue;
      byNumber.set(number, { ...phone, last: withStatus(phone.last, event.update) });
    } else if (phone.last?.wamid === event.message.wamid) {
      byNumber.set(number, { ...phone, last: renewed(phone.last, event.message) });
    } else if (!phone.last || event.message.at >= phone.last.at) {
      byNumber.set(number, { ...phone, last: event.message });
      raised.delete(number);
      raised.add(number);
    }
  }
  const order = [...[...raised].reverse(), ...phones.map(({ phone }) => phone).filter(n => !raised.has(n))];
  return order.flatMap(number => byNumber.get(number) ?? []);
}
