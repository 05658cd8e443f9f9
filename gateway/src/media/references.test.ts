import fc from 'fast-check';
import { expect, test } from 'vitest';
import { misplaced, references, withIds } from './references.ts';

const ID = '0198a000-0000-7000-8000-000000000001';

test.each([
  ['a message', { type: 'image', image: { id: `wbm:${ID}`, caption: 'x' } }, 'image'],
  [
    'the header of a template',
    {
      type: 'template',
      template: {
        components: [{ type: 'header', parameters: [{ type: 'video', video: { id: `wbm:${ID}` } }] }],
      },
    },
    'video',
  ],
  [
    'the header of a card',
    {
      type: 'interactive',
      interactive: {
        action: { cards: [{ header: { type: 'image', image: { id: `wbm:${ID}` } } }] },
      },
    },
    'image',
  ],
])('stored media is found in %s', (_, content, kind) => {
  expect(references(JSON.stringify(content))).toEqual([{ kind, id: ID }]);
});

test('a text that reads like a reference is none', () => {
  const content = JSON.stringify({ type: 'text', text: { body: `{"id":"wbm:${ID}"}`, id: `wbm:${ID}` } });
  expect(references(content)).toEqual([]);
  expect(withIds(content, new Map())).toBe(content);
});

test('nothing but the ids changes, whatever else the content says', () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), (json, caption) => {
      const content = (id: string) =>
        `{"type":"image","image":{"id":"${id}","caption":${JSON.stringify(caption)}},"more":${json}}`;
      expect(withIds(content(`wbm:${ID}`), new Map([[ID, '12345']]))).toBe(content('12345'));
    }),
  );
});

test.each([
  ['image', 'image/png', true],
  ['image', 'application/pdf', false],
  ['image', 'image/webp', false],
  ['sticker', 'image/webp', true],
  ['video', 'audio/ogg', false],
  ['document', 'image/png', true],
  ['document', 'application/zip', true],
] as const)('as %s, %s goes: %s', (kind, mimeType, goes) => {
  expect(misplaced(kind, mimeType)?.code).toBe(goes ? undefined : '131053');
});
