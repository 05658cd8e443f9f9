import { call, Refused } from './call.ts';
import { bodyOf, type Outgoing } from './outgoing.ts';

/** What a message has come to. A message from the phone is `accepted` until the business has taken its webhook. */
export type Status = 'accepted' | 'sent' | 'delivered' | 'read' | 'failed';

export interface Failure {
  code: number;
  title: string;
}

export interface SenderName {
  phone_number: string;
  display_name: string;
}

export interface Sender extends SenderName {
  waba_id: string;
}

/** One message of a phone. Its content stands under the key that `type` names, in Meta's words. */
export interface PhoneMessage {
  wamid: string;
  phone: string;
  sender: SenderName;
  direction: 'to_phone' | 'from_phone';
  type: string;
  rendered?: string;
  context?: { id?: string };
  at: string;
  status: Status;
  failure?: Failure;
  edited?: boolean;
  deleted?: boolean;
  /** Of the kinds with a file, of templates and of reactions: `media`, `rendered_template`, `reactions` too. */
  [content: string]: unknown;
}

export interface Phone {
  phone: string;
  name: string;
  unread: number;
  last: PhoneMessage | null;
}

/** The person who holds a phone. */
export interface Profile {
  name?: string;
  username?: string;
  /** Business-scoped user id: what a business knows of a person who hides their number. */
  user_id?: string;
  hide_number?: boolean;
}

export interface StatusUpdate {
  wamid: string;
  phone: string;
  status: Status;
  at: string;
  failure?: Failure;
}

export interface Settings {
  auto_read: boolean;
  /** From accepting a message to reading it, ms. */
  read_ms: number;
}

export interface KeptFile {
  id: string;
  mime_type: string;
  size: number;
}

const pathOf = (phone: string) => `/phones/${encodeURIComponent(phone)}`;

export async function getPhones(): Promise<Phone[]> {
  return (await call<{ data: Phone[] }>('/phones')).data;
}

/** Oldest first. A phone that the sandbox has not met yet has no messages. */
export async function getMessages(phone: string): Promise<PhoneMessage[]> {
  try {
    return (await call<{ data: PhoneMessage[] }>(`${pathOf(phone)}/messages`)).data;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return [];
    throw error;
  }
}

/** Null for a phone that the sandbox has not met yet. */
export async function getProfile(phone: string): Promise<Profile | null> {
  try {
    return await call<Profile>(pathOf(phone));
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

export function setProfile(phone: string, profile: Omit<Profile, 'user_id'>): Promise<Profile> {
  return call(`${pathOf(phone)}/profile`, { method: 'POST', body: profile });
}

export async function getSenders(): Promise<Sender[]> {
  return (await call<{ data: Sender[] }>('/senders')).data;
}

export function getSettings(): Promise<Settings> {
  return call('/settings');
}

export function setAutoRead(autoRead: boolean): Promise<Settings> {
  return call('/settings', { method: 'PATCH', body: { auto_read: autoRead } });
}

export function markRead(phone: string): Promise<{ read: number }> {
  return call(`${pathOf(phone)}/read`, { method: 'POST', body: {} });
}

/** The person sends; the answer is the message as the phone shows it. */
export function sendFrom(
  phone: string,
  business: string,
  outgoing: Outgoing,
  quotes?: string,
): Promise<PhoneMessage> {
  return call(`${pathOf(phone)}/messages`, { method: 'POST', body: bodyOf(outgoing, business, quotes) });
}

/** Keeps a person's file in the sandbox, to be sent by its id. */
export function keepFile(file: File): Promise<KeptFile> {
  const form = new FormData();
  form.append('file', file, file.name);
  return call('/media', { method: 'POST', body: form });
}
