import type { Failure } from '../message/failure.ts';
import { kindOf, type MediaKind } from './kinds.ts';

/** A stored media that content names in the place of Meta's id: `{"image":{"id":"wbm:<uuid>"}}`, at any depth. */
export interface Reference {
  /** The member that it stands in. */
  readonly kind: MediaKind;
  readonly id: string;
}

const OURS = /^wbm:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;

/** The same in JSON text. Within a string the quotes would have a backslash before them. */
const OURS_IN_JSON = /("id"\s*:\s*)"wbm:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"/gi;

const KINDS: readonly string[] = ['image', 'video', 'audio', 'sticker', 'document'] satisfies MediaKind[];

export function references(content: string): Reference[] {
  const found = new Map<string, Reference>();
  const walk = (value: unknown, name: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (const one of value) walk(one, name);
      return;
    }
    const { id } = value as { readonly id?: unknown };
    const ours = typeof id === 'string' && KINDS.includes(name) ? OURS.exec(id)?.[1] : undefined;
    if (ours !== undefined) found.set(`${name} ${ours}`, { kind: name as MediaKind, id: ours.toLowerCase() });
    for (const [key, member] of Object.entries(value)) walk(member, key);
  };
  walk(JSON.parse(content), '');
  return [...found.values()];
}

/** The content with other ids, and not a byte of the rest changed. */
export function withIds(content: string, ids: ReadonlyMap<string, string>): string {
  return content.replace(OURS_IN_JSON, (whole, before: string, id: string) => {
    const other = ids.get(id.toLowerCase());
    return other === undefined ? whole : `${before}${JSON.stringify(other)}`;
  });
}

/** Meta looks into the file and refuses one that is not of the kind that it is sent as; every file may be a document. */
export function misplaced(kind: MediaKind, mimeType: string): Failure | undefined {
  const is = kindOf(mimeType);
  if (kind === 'document' || kind === is) return undefined;
  return {
    code: '131053',
    title: 'Media upload error',
    detail: `The message sends as ${kind} what is ${mimeType}.`,
    outcome: 'final',
    remedy: `Send it as ${is}, or upload a file of the kind.`,
    source: 'wirebird',
  };
}
