import { join } from 'node:path';
import type { Feed } from './feed.ts';
import {
  advances,
  fromRow,
  type Message,
  type MessageRow,
  type ReportedStatus,
  type Status,
  toRow,
} from './message.ts';
import { nameOf } from './names.ts';
import type { Sender } from './senders.ts';
import { openState, type StateFile } from './store.ts';

/** Newest messages kept per phone. */
const MESSAGES_MAX = 500;
/** Phones kept; the one that was quiet the longest is forgotten first. */
const PHONES_MAX = 2000;

export interface Phone {
  /** E.164 */
  number: string;
  /** profile name */
  name: string;
  /** delivered and not read */
  unread: number;
  /** oldest first */
  messages: Message[];
}

type Row =
  | { message: MessageRow }
  | { name: string; phone: string }
  | { wamid: string; status: Status; failure?: number };

/** The people's side of the network: what every phone has got and written. */
export class Phones {
  /** The one with the newest activity is last. */
  readonly #phones = new Map<string, Phone>();
  readonly #byWamid = new Map<string, Message>();
  readonly #file: StateFile;
  readonly #feed: Feed;

  constructor(dataDir: string | undefined, feed: Feed, senderOf: (number: string) => Sender | undefined) {
    this.#feed = feed;
    this.#file = openState(
      dataDir && join(dataDir, 'phones.jsonl'),
      row => this.#restore(row as Row, senderOf),
      () => this.#rows(),
    );
  }

  /** Newest activity first. */
  all(): Phone[] {
    return [...this.#phones.values()].reverse();
  }

  get(number: string): Phone | undefined {
    return this.#phones.get(number);
  }

  message(wamid: string): Message | undefined {
    return this.#byWamid.get(wamid);
  }

  /** The phone shows a new message, its own or one that has come. */
  add(message: Message): void {
    this.#hold(message);
    this.#file.add({ message: toRow(message) });
    this.#feed.message(message);
  }

  /** The person's profile name, which inbound webhooks carry. */
  rename(number: string, name: string): void {
    this.#touch(number).name = name;
    this.#file.add({ phone: number, name });
  }

  /** Moves a message on; a status that is not ahead of what the phone shows changes nothing. */
  move(message: Message, status: ReportedStatus, at: number, failure?: number): void {
    if (!advances(message.status, status)) return;
    this.#set(message, status, failure);
    const { wamid } = message;
    if (this.#byWamid.has(wamid)) {
      this.#file.add(failure === undefined ? { wamid, status } : { wamid, status, failure });
    }
    this.#feed.status(message, status, at);
  }

  close(): void {
    this.#file.close();
  }

  #set(message: Message, status: Status, failure: number | undefined): void {
    const phone = this.#phones.get(message.phone);
    if (phone !== undefined && message.direction === 'to_phone' && this.#byWamid.has(message.wamid)) {
      if (message.status === 'delivered') phone.unread--;
      if (status === 'delivered') phone.unread++;
    }
    message.status = status;
    message.failure = failure;
  }

  #hold(message: Message): void {
    const phone = this.#touch(message.phone);
    phone.messages.push(message);
    this.#byWamid.set(message.wamid, message);
    if (message.direction === 'to_phone' && message.status === 'delivered') phone.unread++;
    if (phone.messages.length > MESSAGES_MAX) {
      const forgotten = phone.messages.shift()!;
      this.#byWamid.delete(forgotten.wamid);
      if (forgotten.direction === 'to_phone' && forgotten.status === 'delivered') phone.unread--;
    }
  }

  #touch(number: string): Phone {
    let phone = this.#phones.get(number);
    if (phone === undefined) phone = { number, name: nameOf(number), unread: 0, messages: [] };
    else this.#phones.delete(number);
    this.#phones.set(number, phone);
    if (this.#phones.size > PHONES_MAX) this.#forgetOldest();
    return phone;
  }

  #forgetOldest(): void {
    for (const [number, phone] of this.#phones) {
      for (const message of phone.messages) this.#byWamid.delete(message.wamid);
      this.#phones.delete(number);
      return;
    }
  }

  #restore(row: Row, senderOf: (number: string) => Sender | undefined): void {
    if ('message' in row) {
      const message = fromRow(row.message, senderOf);
      if (message !== undefined) this.#hold(message);
    } else if ('name' in row) {
      this.#touch(row.phone).name = row.name;
    } else {
      const message = this.#byWamid.get(row.wamid);
      if (message !== undefined) this.#set(message, row.status, row.failure);
    }
  }

  *#rows(): Generator<Row> {
    for (const phone of this.#phones.values()) {
      if (phone.name !== nameOf(phone.number)) yield { phone: phone.number, name: phone.name };
      for (const message of phone.messages) yield { message: toRow(message) };
    }
  }
}
