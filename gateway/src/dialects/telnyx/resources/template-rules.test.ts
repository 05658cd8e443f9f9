import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as rules from './template-rules.ts';

const pointers = (components: unknown[], category = 'UTILITY'): string[] =>
  rules.componentFaults(components, category).map(fault => `${fault.code} ${fault.pointer}`);
const header = (text: string) => ({ type: 'HEADER', format: 'TEXT', text });
const body = (text: string) => ({ type: 'BODY', text });
const buttons = (...all: object[]) => ({ type: 'BUTTONS', buttons: all });
const reply = { type: 'QUICK_REPLY', text: 'Yes' };
const card = { components: [body('x')] };

describe('a text may be as long as its limit and not one longer, in any script', () => {
  test.each<[string, number, string, (text: string) => object]>([
    ['a header', rules.HEADER_TEXT_MAX, '/components/0/text', header],
    ['a body', rules.BODY_TEXT_MAX, '/components/0/text', body],
    ['a footer', rules.FOOTER_TEXT_MAX, '/components/0/text', text => ({ type: 'FOOTER', text })],
    [
      'a button',
      rules.BUTTON_TEXT_MAX,
      '/components/0/buttons/0/text',
      text => buttons({ type: 'QUICK_REPLY', text }),
    ],
    [
      'the URL of a button',
      rules.BUTTON_URL_MAX,
      '/components/0/buttons/0/url',
      url => buttons({ type: 'URL', text: 'Go', url }),
    ],
    [
      'the number of a button',
      rules.BUTTON_PHONE_MAX,
      '/components/0/buttons/0/phone_number',
      phone_number => buttons({ type: 'PHONE_NUMBER', text: 'Call', phone_number }),
    ],
    [
      'the code of a button',
      rules.COPY_CODE_MAX,
      '/components/0/buttons/0/example/0',
      code => buttons({ type: 'COPY_CODE', example: [code] }),
    ],
    [
      'the body of a card',
      rules.BODY_TEXT_MAX,
      '/components/0/cards/1/components/0/text',
      text => ({ type: 'CAROUSEL', cards: [card, { components: [body(text)] }] }),
    ],
  ])('%s', (_name, max, pointer, made) => {
    for (const sign of ['a', 'é', '日', '😀']) {
      expect(pointers([made(sign.repeat(max))])).toEqual([]);
      expect(pointers([made(sign.repeat(max + 1))])).toEqual([`10025 ${pointer}`]);
    }
  });
});

test.each<[string, unknown[], string[]]>([
  ['a text header without text', [{ type: 'HEADER', format: 'TEXT' }], ['10004 /components/0/text']],
  ['a header without a format', [{ type: 'HEADER' }], ['10004 /components/0/format']],
  ['a body without text', [{ type: 'BODY' }], ['10004 /components/0/text']],
  ['a body that is no text', [{ type: 'BODY', text: 7 }], ['10026 /components/0/text']],
  ['buttons without a list', [{ type: 'BUTTONS' }], ['10004 /components/0/buttons']],
  ['buttons that are no list', [{ type: 'BUTTONS', buttons: {} }], ['10026 /components/0/buttons']],
  ['no button', [buttons()], ['10015 /components/0/buttons']],
  ['eleven buttons', [buttons(...Array(11).fill(reply))], ['10015 /components/0/buttons']],
  ['a button without a type', [buttons({})], ['10004 /components/0/buttons/0/type']],
  [
    'a URL button with nothing',
    [buttons({ type: 'URL' })],
    ['10004 /components/0/buttons/0/text', '10004 /components/0/buttons/0/url'],
  ],
  ['one card', [{ type: 'CAROUSEL', cards: [card] }], ['10015 /components/0/cards']],
  ['eleven cards', [{ type: 'CAROUSEL', cards: Array(11).fill(card) }], ['10015 /components/0/cards']],
  [
    'a card of nothing',
    [{ type: 'CAROUSEL', cards: [card, {}] }],
    ['10026 /components/0/cards/1/components'],
  ],
])('%s is refused', (_name, components, faults) => {
  expect(pointers(components)).toEqual(faults);
});

test.each<[string, unknown[], string]>([
  ['ten buttons', [body('x'), buttons(...Array(10).fill(reply))], 'UTILITY'],
  ['two and ten cards', [2, 10].map(n => ({ type: 'CAROUSEL', cards: Array(n).fill(card) })), 'MARKETING'],
  ['an image header', [{ type: 'HEADER', format: 'IMAGE', example: { header_handle: ['4::a'] } }], 'UTILITY'],
  [
    'an authentication body without text',
    [{ type: 'BODY', add_security_recommendation: true }],
    'AUTHENTICATION',
  ],
  ['a footer with an expiry', [{ type: 'FOOTER', code_expiration_minutes: 5 }], 'AUTHENTICATION'],
  ['a one-time code', [buttons({ type: 'OTP', otp_type: 'COPY_CODE' })], 'AUTHENTICATION'],
  ['a component that nobody knows yet', [{ type: 'HOLOGRAM', text: 'x'.repeat(9_999) }], 'UTILITY'],
])('%s is taken', (_name, components, category) => {
  expect(pointers(components, category)).toEqual([]);
});

test.each([
  ['order_1', undefined],
  ['a'.repeat(512), undefined],
  ['a'.repeat(513), '10025'],
  ['Order', '10015'],
  ['order-1', '10015'],
  ['', '10015'],
  ['ördér', '10015'],
  ['order\n', '10015'],
])('the name %j is judged', (name, code) => {
  expect(rules.nameFaults(name)[0]?.code).toBe(code);
});

test('no components make it throw, and the faults are never more than 32', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const known = fc.record(
    {
      type: fc.constantFrom('HEADER', 'BODY', 'FOOTER', 'BUTTONS', 'CAROUSEL'),
      format: json,
      text: json,
      buttons: fc.oneof(json, fc.array(json, { maxLength: 12 })),
      cards: fc.oneof(json, fc.array(json, { maxLength: 12 })),
    },
    { requiredKeys: ['type'] },
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(json, known), { maxLength: 40 }), components => {
      expect(rules.componentFaults(components, 'UTILITY').length).toBeLessThanOrEqual(32);
    }),
  );
});
