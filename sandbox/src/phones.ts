import { join } from 'node:path';
import type { Feed } from './feed.ts';
import {
  advances,
  fromRow,
  type Message,
  type MessageRow,
  type Named,
  type ReportedStatus,
  type Status,
  toRow,
} from './message.ts';
import { nameOf } from './names.ts';
import { openState, type StateFile } from './store.ts';
import type { Windows } from './window.ts';

/** Newest messages kept per phone. */
const MESSAGES_MAX = 500;
/** Phones kept; the one that was quiet the longest is forgotten first. */
const PHONES_MAX = 2000;

export interface Phone {
  /** E.164 */
  number: string;
  /** profile name */
  name: string;
  username: string | undefined;
  /** Businesses learn the user id only. */
  hidesNumber: boolean;
  /** Has stopped the marketing messages of businesses (131050). */
  noMarketing: boolean;
  /** Nothing can be delivered (131026). */
  unreachable: boolean;
  /** delivered and not read */
  unread: number;
  /** oldest first */
  messages: Message[];
}

/** What the person has set; what is absent stays as it is. */
export type Profile = Partial<
  Pick<Phone, 'name' | 'username' | 'hidesNumber' | 'noMarketing' | 'unreachable'>
>;

type Row =
  | { message: MessageRow }
  | (Profile & { phone: string })
  | { wamid: string; status: Status; failure?: number };

/** The people's side of the network: what every phone has got and written. */
export class Phones {
  /** The one with the newest activity is last. */
  readonly #phones = new Map<string, Phone>();
  readonly #byWamid = new Map<string, Message>();
  readonly #file: StateFile;
  readonly #feed: Feed;
  readonly #windows: Windows;
  /** Numbers of those who hide it; asked for at every status. */
  readonly #hidden = new Set<string>();

  constructor(dataDir: string | undefined, feed: Feed, named: Named, windows: Windows) {
    this.#feed = feed;
    this.#windows = windows;
    this.#file = openState(
      dataDir && join(dataDir, 'phones.jsonl'),
      row => this.#restore(row as Row, named),
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
    const target = this.#hold(message);
    this.#file.add({ message: toRow(message) });
    this.#feed.message(message);
    if (target !== undefined) this.#feed.message(target);
  }

  /** What the person wants to be called, and to be told; inbound webhooks carry it. */
  change(number: string, profile: Profile): Phone {
    this.#file.add({ phone: number, ...profile });
    return this.#change(number, profile);
  }

  /** Whether businesses get this person's user id only. */
  hides(number: string): boolean {
    return this.#hidden.size > 0 && this.#hidden.has(number);
  }

  /** Moves a message on; a status that is not ahead of what the phone shows changes nothing. */
  move(message: Message, status: ReportedStatus, at: number, failure?: number): void {
    if (!advances(message.status, status)) return;
    const target = this.#set(message, status, failure);
    const { wamid } = message;
    if (this.#byWamid.has(wamid)) {
      this.#file.add(failure === undefined ? { wamid, status } : { wamid, status, failure });
    }
    this.#feed.status(message, status, at);
    if (target !== undefined) this.#feed.message(target);
  }

  close(): void {
    this.#file.close();
  }

  #change(number: string, profile: Profile): Phone {
    const phone = Object.assign(this.#touch(number), profile);
    if (phone.hidesNumber) this.#hidden.add(number);
    else this.#hidden.delete(number);
    return phone;
  }

  /** What a message does to an earlier one: a reaction to it, its new wording, its end. Returns that one. */
  #affect({ type, content, direction }: Message): Message | undefined {
    if (type !== 'reaction' && type !== 'edit' && type !== 'revoke') return undefined;
    const { message_id, original_message_id, emoji, message } = content as Record<string, unknown>;
    const target = this.#byWamid.get(String(message_id ?? original_message_id));
    if (target === undefined) return undefined;
    if (type === 'reaction') {
      const from = direction === 'to_phone' ? 'business' : 'person';
      const others = (target.reactions ?? []).filter(reaction => reaction.from !== from);
      target.reactions = emoji ? [...others, { from, emoji: String(emoji) }] : others;
    } else if (type === 'revoke') target.deleted = true;
    else {
      const changed = message as Record<string, unknown> | undefined;
      if (changed?.[target.type] !== undefined) target.content = changed[target.type];
      target.edited = true;
    }
    return target;
  }

  #set(message: Message, status: Status, failure: number | undefined): Message | undefined {
    const phone = this.#phones.get(message.phone);
    if (phone !== undefined && message.direction === 'to_phone' && this.#byWamid.has(message.wamid)) {
      if (message.status === 'delivered') phone.unread--;
      if (status === 'delivered') phone.unread++;
    }
    // What a business has put on a message shows once it has got there.
    const arrives = message.status === 'accepted' && status !== 'failed' && message.direction === 'to_phone';
    message.status = status;
    message.failure = failure;
    return arrives ? this.#affect(message) : undefined;
  }

  #hold(message: Message): Message | undefined {
    const phone = this.#touch(message.phone);
    phone.messages.push(message);
    this.#byWamid.set(message.wamid, message);
    if (message.direction === 'to_phone' && message.status === 'delivered') phone.unread++;
    if (phone.messages.length > MESSAGES_MAX) {
      const forgotten = phone.messages.shift()!;
      this.#byWamid.delete(forgotten.wamid);
      if (forgotten.direction === 'to_phone' && forgotten.status === 'delivered') phone.unread--;
    }
    if (message.direction === 'from_phone') this.#windows.open(message);
    else if (message.status === 'accepted' || message.status === 'failed') return undefined;
    return this.#affect(message);
  }

  #touch(number: string): Phone {
    let phone = this.#phones.get(number);
    if (phone === undefined) phone = newPhone(number);
    else this.#phones.delete(number);
    this.#phones.set(number, phone);
    if (this.#phones.size > PHONES_MAX) this.#forgetOldest();
    return phone;
  }

  #forgetOldest(): void {
    for (const [number, phone] of this.#phones) {
      for (const message of phone.messages) this.#byWamid.delete(message.wamid);
      this.#hidden.delete(number);
      this.#phones.delete(number);
      return;
    }
  }

  #restore(row: Row, named: Named): void {
    if ('message' in row) {
      const message = fromRow(row.message, named);
      if (message !== undefined) this.#hold(message);
    } else if ('phone' in row) {
      const { phone, ...profile } = row;
      this.#change(phone, profile);
    } else {
      const message = this.#byWamid.get(row.wamid);
      if (message !== undefined) this.#set(message, row.status, row.failure);
    }
  }

  *#rows(): Generator<Row> {
    for (const phone of this.#phones.values()) {
      const { number, name, username, hidesNumber, noMarketing, unreachable } = phone;
      if (name !== nameOf(number) || username !== undefined || hidesNumber || noMarketing || unreachable) {
        yield { phone: number, name, username, hidesNumber, noMarketing, unreachable };
      }
      for (const message of phone.messages) yield { message: toRow(message) };
    }
  }
}

function newPhone(number: string): Phone {
  return {
    number,
    name: nameOf(number),
    username: undefined,
    hidesNumber: false,
    noMarketing: false,
    unreachable: false,
    unread: 0,
    messages: [],
  };
}
