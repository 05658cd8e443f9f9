import { rmSync } from 'node:fs';
import { fromRow, type Message, type MessageRow, type Named, toRow } from './message.ts';
import type { NoticeEvent, WebhookItem } from './payload.ts';
import type { Schedule } from './schedule.ts';
import type { Account } from './senders.ts';
import type { StatusEvent } from './statuses.ts';
import { readLines, rewriteLines } from './store.ts';
import type { Delivery } from './webhooks.ts';

/** An item as a line of a file: its message by value, since the phone may have forgotten it. */
type ItemRow =
  | (Omit<Exclude<WebhookItem, NoticeEvent>, 'message'> & { message: MessageRow })
  | (Omit<NoticeEvent, 'account' | 'sender'> & { wabaId: string; number: string | undefined });

type Row =
  | { due: number; event: ItemRow }
  | { due: number; items: ItemRow[]; attempts: number; since: number };

type Later<T> = { due: number; item: T }[];

/** Keeps over a stop what the network has still to tell: statuses to come and webhooks without an answer. */
export function keepPending(
  path: string,
  events: Later<StatusEvent>,
  retries: Later<Delivery>,
  unanswered: Delivery[],
): void {
  const rows: Row[] = [];
  for (const delivery of unanswered) rows.push(deliveryRow(0, delivery));
  for (const { due, item } of retries) rows.push(deliveryRow(due, item));
  for (const { due, item } of events) rows.push({ due, event: itemRow(item) });
  rewriteLines(path, rows);
}

/** Puts back what the last stop has kept. */
export function takePending(
  path: string,
  messageOf: (wamid: string) => Message | undefined,
  accountOf: (wabaId: string) => Account | undefined,
  named: Named,
  events: Schedule<StatusEvent>,
  retries: Schedule<Delivery>,
): void {
  // Messages that no phone holds: still one object for each, shared by its statuses.
  const others = new Map<string, Message>();
  const item = (row: ItemRow): WebhookItem | undefined => {
    if (!('message' in row)) {
      const { wabaId, number, ...notice } = row;
      const account = accountOf(wabaId);
      const sender = number === undefined ? undefined : named.sender(number);
      return account && { ...notice, account, sender };
    }
    const { wamid } = row.message;
    const message = messageOf(wamid) ?? others.get(wamid) ?? fromRow(row.message, named);
    if (message === undefined) return undefined;
    others.set(wamid, message);
    return { ...row, message } as WebhookItem;
  };
  for (const row of readLines(path) as Generator<Row>) {
    if ('event' in row) {
      const event = item(row.event);
      if (event !== undefined) events.at(row.due, event as StatusEvent);
    } else {
      const items = row.items.map(item).filter(found => found !== undefined);
      if (items.length > 0) retries.at(row.due, { items, attempts: row.attempts, since: row.since });
    }
  }
  rmSync(path, { force: true });
}

function deliveryRow(due: number, { items, attempts, since }: Delivery): Row {
  return { due, items: items.map(itemRow), attempts, since };
}

function itemRow(item: WebhookItem): ItemRow {
  if (item.kind === 'notice') {
    const { account, sender, ...notice } = item;
    return { ...notice, wabaId: account.wabaId, number: sender?.phoneNumber };
  }
  return { ...item, message: toRow(item.message) } as ItemRow;
}
