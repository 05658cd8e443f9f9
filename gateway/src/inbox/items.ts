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
      readonly contacts: readonly Json[];
    }
  | { readonly kind: 'other'; readonly wabaId: string; readonly field: string };

export type Json = { readonly [name: string]: unknown };

/** Whom a body claims to be about: all that may be read of it before its signature fits. */
export interface Named {
  readonly wabaIds: ReadonlySet<string>;
  readonly phoneNumberIds: ReadonlySet<string>;
}

/** @returns undefined when the bytes are not JSON */
export function parseBody(body: Buffer): unknown {
  const text = body.toString('utf8');
  try {
    const parsed = JSON.parse(text) as unknown;
    // A NUL or half an emoji can stand in any string and comes escaped; what has neither needs no walk.
    return /\\u(?:0000|d[89a-f])|\0|\ufffd/i.test(text) ? mendedDeep(parsed) : parsed;
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

/** Every entry, every change, every status and message in it. */
export function itemsOf(parsed: unknown): Item[] {
  const items: Item[] = [];
  for (const entry of list(object(parsed)?.entry)) {
    const wabaId = text(object(entry)?.id) ?? '';
    for (const change of list(object(entry)?.changes)) {
      const field = text(object(change)?.field) ?? '';
      const value = object(object(change)?.value);
      const phoneNumberId = text(object(value?.metadata)?.phone_number_id);
      if (field !== 'messages' || value === undefined || phoneNumberId === undefined) {
        items.push({ kind: 'other', wabaId, field });
        continue;
      }
      const contacts = list(value.contacts)
        .map(object)
        .filter(contact => contact !== undefined);
      for (const status of list(value.statuses)) {
        items.push({ kind: 'status', phoneNumberId, value: object(status) ?? {} });
      }
      for (const message of list(value.messages)) {
        items.push({ kind: 'message', phoneNumberId, value: object(message) ?? {}, contacts });
      }
    }
  }
  return items;
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

function mendedDeep(value: unknown): unknown {
  if (typeof value === 'string') return mended(value);
  if (Array.isArray(value)) return value.map(mendedDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [mended(key), mendedDeep(inner)]));
}
