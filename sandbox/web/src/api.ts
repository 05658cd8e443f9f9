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
  [content: string]: unknown;
}

export interface Phone {
  phone: string;
  name: string;
  unread: number;
  last: PhoneMessage | null;
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

export interface Reply {
  sender?: string;
  body: string;
  /** The wamid that the reply quotes. */
  quotes?: string;
}

/** Thrown for every answer but 2xx; the message is the server's own sentence where it gave one. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function call<T>(path: string, init?: { method: string; body: unknown }): Promise<T> {
  const response = await fetch(`/sandbox${path}`, {
    method: init?.method ?? 'GET',
    headers: init ? { 'content-type': 'application/json' } : {},
    body: init ? JSON.stringify(init.body) : undefined,
  });
  if (!response.ok) throw new Refused(response.status, sentence(await response.text(), response.status));
  return (await response.json()) as T;
}

/** The readable part of a refusal: problem+json's detail, Meta's error message, or the bare status. */
function sentence(body: string, status: number): string {
  try {
    const parsed = JSON.parse(body) as {
      detail?: unknown;
      title?: unknown;
      message?: unknown;
      error?: { message?: unknown };
    };
    for (const text of [parsed.detail, parsed.error?.message, parsed.message, parsed.title]) {
      if (typeof text === 'string' && text !== '') return text;
    }
  } catch {
    // Not JSON: a proxy's page, or nothing. The status alone says more than its markup.
  }
  return `The sandbox answered ${status}.`;
}

export async function getPhones(): Promise<Phone[]> {
  return (await call<{ data: Phone[] }>('/phones')).data;
}

/** Oldest first. A phone that the sandbox has not met yet has no messages. */
export async function getMessages(phone: string): Promise<PhoneMessage[]> {
  try {
    return (await call<{ data: PhoneMessage[] }>(`/phones/${encodeURIComponent(phone)}/messages`)).data;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return [];
    throw error;
  }
}

export async function getSenders(): Promise<SenderName[]> {
  return (await call<{ data: SenderName[] }>('/senders')).data;
}

export function getSettings(): Promise<Settings> {
  return call('/settings');
}

export function setAutoRead(autoRead: boolean): Promise<Settings> {
  return call('/settings', { method: 'PATCH', body: { auto_read: autoRead } });
}

export function markRead(phone: string): Promise<{ read: number }> {
  return call(`/phones/${encodeURIComponent(phone)}/read`, { method: 'POST', body: {} });
}

export function writeFrom(phone: string, reply: Reply): Promise<PhoneMessage> {
  return call(`/phones/${encodeURIComponent(phone)}/messages`, {
    method: 'POST',
    body: {
      ...(reply.sender ? { sender: reply.sender } : {}),
      type: 'text',
      text: { body: reply.body },
      ...(reply.quotes ? { context: { message_id: reply.quotes } } : {}),
    },
  });
}
