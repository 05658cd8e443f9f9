import type { Outgoing } from '../outgoing.ts';

/** A file to show; without a source the page knows of it but cannot reach it. */
export interface Media {
  source?: string;
  mimeType?: string;
  filename?: string;
  /** bytes */
  size?: number;
}

export interface Place {
  latitude?: number;
  longitude?: number;
  name?: string;
  address?: string;
  url?: string;
}

export type Header =
  | { kind: 'text'; text: string }
  | { kind: 'image' | 'video' | 'document'; media: Media }
  | { kind: 'location'; place: Place }
  | { kind: 'product'; productId: string };

export interface ListSection {
  title?: string;
  rows: { id: string; title: string; description?: string }[];
}

export interface ProductSection {
  title?: string;
  productIds: string[];
}

export interface Money {
  /** in the smallest unit, to be divided by `offset` */
  value: number;
  offset: number;
}

export interface Order {
  referenceId?: string;
  currency: string;
  items: { name: string; quantity: number; amount?: Money }[];
  /** Subtotal, tax, shipping, discount: those that were given. */
  parts: { label: string; amount: Money }[];
  total?: Money;
}

export interface AddressAsk {
  country: string;
  values: Record<string, string>;
  saved: { id: string; values: Record<string, string> }[];
  errors: Record<string, string>;
}

export interface FlowAsk {
  name?: string;
  screen?: string;
  token: string;
  data?: unknown;
}

/** Something to tap in a message, at most one thing each. */
export type Action =
  | { kind: 'reply'; text: string; choice: string; answer: Outgoing }
  | { kind: 'url'; text: string; url: string | undefined }
  | { kind: 'phone'; text: string; number: string }
  | { kind: 'copy'; text: string; code: string }
  | { kind: 'list'; text: string; sections: ListSection[] }
  | { kind: 'products'; text: string; catalogId: string; sections: ProductSection[] }
  | { kind: 'flow'; text: string; flow: FlowAsk }
  | { kind: 'address'; text: string; ask: AddressAsk }
  | { kind: 'order'; text: string; order: Order }
  | { kind: 'location'; text: string }
  | { kind: 'contact_info'; text: string }
  | { kind: 'call_permission' }
  | { kind: 'voice_call'; text: string }
  | { kind: 'other'; text: string };

/** What stands between header and body. */
export type Block =
  | { kind: 'products'; productIds: string[] }
  | { kind: 'order'; order: Order }
  | { kind: 'order_status'; referenceId?: string; status: string; description?: string };

export interface Offer {
  text: string;
  /** ms since 1970 */
  expiresAt?: number;
  code?: string;
}

export interface Card {
  header?: Header;
  body?: string;
  actions: Action[];
}

/** A message with parts: what interactive messages and rendered templates have in common. */
export interface Rich {
  header?: Header;
  offer?: Offer;
  block?: Block;
  body?: string;
  footer?: string;
  actions: Action[];
  /** A carousel's. */
  cards: Card[];
}
