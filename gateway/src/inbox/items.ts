import { mended } from '../message/content.ts';

/**
 * A webhook as Meta documents it (meta-cloud-api §5.2), read without trust: any part may be missing or of another type.
 * Each status and each message is an item of its own; one that cannot be read must not take its neighbours along.
 */
export type Item =
  | { readonly kind: 'status'; readonly phoneNumberId: string; readonly value: Json }
  | {
      readonly kind: 'message';
      readonly phoneNumberId: string;
      readonly value: Json;
      /** By phone and by user id: a webhook can hold thousands of each. */
      readonly contacts: ReadonlyMap<string, Json>;
    }
  /** Written in the WhatsApp Business app on a number that is in both. */
  | { readonly kind: 'echo'; readonly phoneNumberId: string; readonly value: Json }
  | { readonly kind: 'call'; readonly phoneNumberId: string; readonly value: Json }
  /** What somebody has set in WhatsApp about this business. */
  | { readonly kind: 'preference'; readonly phoneNumberId: string; readonly value: Json }
  /** About an account, a number or a template. */
  | {
      readonly kind: 'notice';
      readonly wabaId: string;
      readonly field: string;
      /** Of the entry; Unix seconds. */
      readonly time: unknown;
      readonly value: Json;
    }
  | { readonly kind: 'other'; readonly wabaId: string; readonly field: string }
  /** What stands beyond the most that a webhook can hold, together. */
  | { readonly kind: 'excess'; readonly count: number };

export type Json = { readonly [name: string]: unknown };

/** Whom a body claims to be about: all that may be read of it before its signature fits. */
export interface Named {
  readonly wabaIds: ReadonlySet<string>;
  readonly phoneNumberIds: ReadonlySet<string>;
}

/** A status of Meta's has more than a hundred bytes, a webhook at most 3 MB (meta-cloud-api §5.1). */
const ITEMS_MAX = 30_000;

/** Deeper than an item that can be read; what is nested deeper is refused there, and mending it would end the stack. */
const MENDED_DEPTH = 64;

/** @returns undefined when the bytes are not JSON */
export function parseBody(body: Buffer): unknown {
  const text = body.toString('utf8');
  try {
    const parsed = JSON.parse(text) as unknown;
    // A NUL or half an emoji can stand in any string and comes escaped; what has neither needs no walk.
    return /\\u(?:0000|d[89a-f])|\0|\ufffd/i.test(text) ? mendedDeep(parsed, MENDED_DEPTH) : parsed;
  } catch {
    return undefined;
  }
}

export function named(parsed: unknown): Named {
  const wabaIds = new Set<string>();
  const phoneNumberIds = new Set<string>();
  for (const entry of list(object(parsed)?.entry)) {
    const waba = object(entry)?.id;
    if (typeof waba === 'string') wabaIds.add(waba);
    for (const change of list(object(entry)?.changes)) {
      const id = object(object(object(change)?.value)?.metadata)?.phone_number_id;
      if (typeof id === 'string') phoneNumberIds.add(id);
    }
  }
  return { wabaIds, phoneNumberIds };
}

/** Every entry, every change, every status and message in it. An item's place in this list is its name. */
export function itemsOf(parsed: unknown): Item[] {
  const items: Item[] = [];
  let excess = 0;
  for (const item of everyItem(parsed)) {
    if (items.length < ITEMS_MAX) items.push(item);
    else excess++;
  }
  if (excess > 0) items.push({ kind: 'excess', count: excess });
  return items;
}

function* everyItem(parsed: unknown): Generator<Item> {
  for (const entry of list(object(parsed)?.entry)) {
    const wabaId = text(object(entry)?.id) ?? '';
    for (const change of list(object(entry)?.changes)) {
      const field = text(object(change)?.field) ?? '';
      const value = object(object(change)?.value);
      if (value === undefined) yield { kind: 'other', wabaId, field };
      else if (NOTICE_FIELDS.includes(field))
        yield { kind: 'notice', wabaId, field, time: object(entry)?.time, value };
      else yield* ofNumber(value, wabaId, field);
    }
  }
}

/** Fields that tell of an account, a number or a template (meta-cloud-api §5.5). */
const NOTICE_FIELDS: readonly string[] = [
  'account_alerts',
  'account_review_update',
  'account_settings_update',
  'account_update',
  'business_capability_update',
  'message_template_components_update',
  'message_template_quality_update',
  'message_template_status_update',
  'phone_number_name_update',
  'phone_number_quality_update',
  'phone_number_username_update',
  'security',
  'template_category_update',
];

function* ofNumber(value: Json, wabaId: string, field: string): Generator<Item> {
  const phoneNumberId = text(object(value.metadata)?.phone_number_id);
  if (phoneNumberId === undefined) {
    yield { kind: 'other', wabaId, field };
    return;
  }
  switch (field) {
    case 'messages': {
      for (const status of list(value.statuses))
        yield { kind: 'status', phoneNumberId, value: object(status) ?? {} };
      const messages = list(value.messages);
      if (messages.length === 0) return;
      const contacts = contactsOf(value);
      for (const message of messages)
        yield { kind: 'message', phoneNumberId, value: object(message) ?? {}, contacts };
      return;
    }
    case 'smb_message_echoes':
      for (const echo of list(value.message_echoes))
        yield { kind: 'echo', phoneNumberId, value: object(echo) ?? {} };
      return;
    case 'user_preferences':
      for (const one of list(value.user_preferences))
        yield { kind: 'preference', phoneNumberId, value: object(one) ?? {} };
      return;
    case 'calls':
      for (const call of [...list(value.calls), ...list(value.statuses)])
        yield { kind: 'call', phoneNumberId, value: object(call) ?? {} };
      return;
    default:
      yield { kind: 'other', wabaId, field };
  }
}

function contactsOf(value: Json): Map<string, Json> {
  const contacts = new Map<string, Json>();
  for (const one of list(value.contacts)) {
    const contact = object(one);
    for (const id of [text(contact?.wa_id), text(contact?.user_id)]) {
      if (contact !== undefined && id !== undefined && !contacts.has(id)) contacts.set(id, contact);
    }
  }
  return contacts;
}

export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function mendedDeep(value: unknown, levels: number): unknown {
  if (typeof value === 'string') return mended(value);
  if (typeof value !== 'object' || value === null || levels === 0) return value;
  if (Array.isArray(value)) return value.map(inner => mendedDeep(inner, levels - 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [mended(key), mendedDeep(inner, levels - 1)]),
  );
}
