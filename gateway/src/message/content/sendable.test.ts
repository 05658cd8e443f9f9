import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findUnsendable, mended } from './sendable.ts';

describe('text at the border', () => {
  test.each([
    ['a NUL', { text: { body: 'a\0b' } }, '/text/body'],
    ['half of an emoji', { text: { body: 'a\ud83d' } }, '/text/body'],
    ['the other half', { components: [{ text: '\ude00' }] }, '/components/0/text'],
    ['a NUL in a name', { 'a\0': 1 }, '/a\0'],
    ['a pointer that needs escapes', { 'a/b~c': '\0' }, '/a~1b~0c'],
  ])('%s is found with its pointer', (_, value, pointer) => {
    expect(findUnsendable(value)?.pointer).toBe(pointer);
  });

  test('whole emoji, CJK and control characters other than NUL are fine', () => {
    expect(findUnsendable({ body: '😀 漢字 \u0001\n\t' })).toBeUndefined();
  });

  test('nesting without end is refused, not walked', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 10_000; level++) deep = { deep };
    expect(findUnsendable(deep)?.fault).toBe('depth');
  });

  test('what is mended is sendable, and what was sendable is not changed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(findUnsendable(mended(text))).toBeUndefined();
        if (findUnsendable(text) === undefined) expect(mended(text)).toBe(text);
      }),
    );
  });
});
