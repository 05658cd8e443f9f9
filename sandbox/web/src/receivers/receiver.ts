import { call } from '../call.ts';

/** The receiver that is there from the start. */
export const MAIN = 'main';

export type Behaviour = {
  /** How many requests more are met so; null: all. */
  times: number | null;
  /** The part of the requests that are met so. */
  share: number;
} & (
  | { kind: 'ok' | 'hang' | 'close' }
  | { kind: 'status'; status: number; retry_after?: string }
  | { kind: 'slow'; ms: number }
  | { kind: 'redirect'; to: string | null; status: number }
);

/** What signatures are checked with: Telnyx's key is public, of secrets only the end is told. */
export type KeyName = 'telnyx' | 'ycloud' | 'standard_webhooks' | 'elevenlabs';

export interface Receiver {
  name: string;
  url: string;
  received: number;
  repeats: number;
  invalid: number;
  behaviour: Behaviour;
  keys: Record<KeyName, string | null>;
}

export interface Answer {
  behaviour: Behaviour['kind'];
  state: 'waiting' | 'given' | 'closed' | 'left';
  status: number | null;
  retry_after?: string;
  location?: string;
  ms: number | null;
}

export interface Signature {
  verdict: 'valid' | 'invalid' | 'not_signed' | 'no_key';
  sentence: string;
}

/** A request that came, without its headers and body. */
export interface Delivery {
  id: number;
  receiver: string;
  at: string;
  method: string;
  path: string;
  size: number;
  dialect: string | null;
  type: string | null;
  event_id: string | null;
  attempt: number | null;
  seen_before: number;
  signature: Signature;
  answer: Answer;
}

export interface WholeDelivery extends Delivery {
  headers: Record<string, string | string[]>;
  body?: string;
  /** Instead of `body`, when it is no UTF-8. */
  body_base64?: string;
}

const pathOf = (name: string) => `/receivers/${encodeURIComponent(name)}`;

export async function getReceivers(): Promise<Receiver[]> {
  return (await call<{ data: Receiver[] }>('/receivers')).data;
}

/** Newest first. */
export async function getDeliveries(name: string): Promise<Delivery[]> {
  return (await call<{ data: Delivery[] }>(`${pathOf(name)}/deliveries?brief=true&limit=500`)).data;
}

export function getDelivery(name: string, id: string): Promise<WholeDelivery> {
  return call(`${pathOf(name)}/deliveries/${encodeURIComponent(id)}`);
}

export interface Change {
  behaviour?: Behaviour;
  keys?: Partial<Record<KeyName, string | null>>;
}

/** Makes it when there is none of this name. */
export function changeReceiver(name: string, change: Change): Promise<Receiver> {
  return call(pathOf(name), { method: 'PATCH', body: change });
}

export function emptyReceiver(name: string): Promise<void> {
  return call(`${pathOf(name)}/deliveries`, { method: 'DELETE', body: {} });
}

/** Before anything came to it, a receiver is like this. */
export function blank(name: string, origin: string): Receiver {
  return {
    name,
    url: `${origin}/receiver/${name}`,
    received: 0,
    repeats: 0,
    invalid: 0,
    behaviour: { kind: 'ok', times: null, share: 1 },
    keys: { telnyx: null, ycloud: null, standard_webhooks: null, elevenlabs: null },
  };
}
