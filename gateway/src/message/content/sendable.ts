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
export function findUnsendable(value: unknown): ContentFault | undefined {
  return faultIn(value, 0);
}

/** The pointer is made on the way back from a fault: every request is walked, and hardly any has one. */
function faultIn(value: unknown, depth: number): ContentFault | undefined {
  if (typeof value === 'string') {
    if (value.includes('\0')) return { pointer: '', fault: 'text', message: 'contains a NUL character' };
    if (!value.isWellFormed())
      return { pointer: '', fault: 'text', message: 'contains half of a surrogate pair' };
    return undefined;
  }
  if (value === null || typeof value !== 'object') return undefined;
  if (depth >= DEPTH_MAX)
    return { pointer: '', fault: 'depth', message: `is nested deeper than ${DEPTH_MAX} levels` };
  for (const key of Object.keys(value)) {
    const fault = faultIn(key, depth) ?? faultIn((value as Record<string, unknown>)[key], depth + 1);
    if (fault !== undefined) {
      const step = key.replaceAll('~', '~0').replaceAll('/', '~1');
      return { ...fault, pointer: `/${step}${fault.pointer}` };
    }
  }
  return undefined;
}

/** Makes any text fit for storage: what Meta and receivers send is mended, not refused. */
export function mended(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}
