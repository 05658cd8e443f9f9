import type { ContentFault } from './faults.ts';

/** Deeper than any documented content; keeps a walk over a hostile body from exhausting the stack. */
const DEPTH_MAX = 32;

/**
 * Finds what PostgreSQL or UTF-8 cannot carry: a NUL, a lone surrogate, nesting without end. Such text is refused and
 * never mended, since only the caller knows what was meant.
 *
 * @param value any parsed JSON
 * @returns the first fault with its pointer, or undefined
 */
export function findUnsendable(value: unknown, pointer = '', depth = 0): ContentFault | undefined {
  if (typeof value === 'string') {
    if (value.includes('\0')) return { pointer, fault: 'text', message: 'contains a NUL character' };
    if (!value.isWellFormed())
      return { pointer, fault: 'text', message: 'contains half of a surrogate pair' };
    return undefined;
  }
  if (value === null || typeof value !== 'object') return undefined;
  if (depth >= DEPTH_MAX)
    return { pointer, fault: 'depth', message: `is nested deeper than ${DEPTH_MAX} levels` };
  for (const [key, inner] of Object.entries(value)) {
    const here = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const fault = findUnsendable(key, here, depth) ?? findUnsendable(inner, here, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Makes any text fit for storage: what Meta and receivers send is mended, not refused. */
export function mended(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}
