import { isFields } from '../checks.ts';
import { MEDIA_KINDS, type MediaKind } from './kinds.ts';

/** A file that a message names, by id or by link. */
export interface MediaUse {
  kind: MediaKind;
  id: string | undefined;
  link: string | undefined;
}

/** Types that never name a file; looked at first, since most messages are of these. */
const WITHOUT_MEDIA = new Set(['text', 'location', 'contacts', 'reaction']);

/** Every file that a message names: its own, those of headers, and those of cards. */
export function mediaIn(type: string, content: unknown): MediaUse[] {
  const uses: MediaUse[] = [];
  if (!WITHOUT_MEDIA.has(type)) collect(type, content, uses);
  return uses;
}

function collect(key: string, value: unknown, uses: MediaUse[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect('', item, uses);
  } else if (isFields(value)) {
    const kind = MEDIA_KINDS.find(known => known === key);
    const { id, link } = value;
    if (kind !== undefined && (typeof id === 'string' || typeof link === 'string')) {
      uses.push({
        kind,
        id: typeof id === 'string' ? id : undefined,
        link: typeof link === 'string' ? link : undefined,
      });
      return;
    }
    for (const name in value) collect(name, value[name], uses);
  }
}
