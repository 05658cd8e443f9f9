import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { check } from './check.ts';
import { TEXT_BODY_MAX_BYTES } from './own-limits.ts';
import { URL_MAX } from './shape.ts';

const FROM = '+15550001000';
const TO = '+15557654321';

/** Stands where the guarded client's shape check is passed in. */
const checkUrl = (url: string): string | undefined =>
  /^https?:\/\//.test(url) ? undefined : 'Only http and https addresses are called.';

const text = (body: unknown, more: object = {}): object => ({
  from: FROM,
  to: TO,
  whatsapp_message: { type: 'text', text: { body }, ...more },
});
const template = (more: object, message: object = {}): object => ({
  from: FROM,
  to: TO,
  whatsapp_message: {
    type: 'template',
    template: { name: 'order', language: { code: 'en_US' }, ...more },
    ...message,
  },
});
const button = (more: object): object => template({ components: [{ type: 'button', ...more }] });
const urlOf = (length: number): string => `https://cb.example/${'a'.repeat(length - 19)}`;

/** `code pointer` of everything that is found wrong. */
function found(body: unknown): string[] {
  const checked = check(body, checkUrl);
  return checked.ok ? [] : checked.faults.map(fault => `${fault.code} ${fault.pointer}`);
}

const deep = (levels: number): unknown => (levels === 0 ? 'x' : { a: deep(levels - 1) });

describe('what is sent', () => {
  test.each<[string, unknown]>([
    ['a text of one byte', text('a')],
    ['a text of the most bytes in ASCII', text('a'.repeat(TEXT_BODY_MAX_BYTES))],
    ['a text of the most bytes in two-byte letters', text('é'.repeat(TEXT_BODY_MAX_BYTES / 2))],
    ['a text of the most bytes in emoji', text('😀'.repeat(TEXT_BODY_MAX_BYTES / 4))],
    [
      'a text with a link preview',
      { ...text('a'), whatsapp_message: { type: 'text', text: { body: 'a', preview_url: true } } },
    ],
    ['a reply', text('a', { context: { message_id: 'wamid.X' } })],
    ['a caller’s tag', text('a', { biz_opaque_callback_data: 'order-1' })],
    ['fields that nobody documents', { ...text('a', { later: { on: true } }), tags: ['x'], send_at: null }],
    ['the type of the envelope', { ...text('a'), type: 'WHATSAPP' }],
    ['a messaging profile', { ...text('a'), messaging_profile_id: '3fa85f64-5717-4562-b3fc-2c963f66afa6' }],
    [
      'a webhook URL and its failover',
      { ...text('a'), webhook_url: 'https://a.example', webhook_failover_url: 'http://b.example' },
    ],
    [
      'null for what is left out',
      { ...text('a'), webhook_url: null, webhook_failover_url: null, messaging_profile_id: null },
    ],
    ['a URL of the most characters', { ...text('a'), webhook_url: urlOf(URL_MAX) }],
    ['a template without components', template({})],
    ['a template with a language policy', template({ language: { policy: 'deterministic', code: 'de' } })],
    ['a template name of the most characters', template({ name: 'a'.repeat(512) })],
    [
      'parameters of kinds nobody types',
      template({
        components: [{ type: 'header', parameters: [{ type: 'hologram', hologram: { link: 'x' } }] }],
      }),
    ],
    ['a button counted by an integer', button({ sub_type: 'url', index: 0 })],
    ['a button counted by text', button({ sub_type: 'quick_reply', index: '9' })],
    ['the longest number', { ...text('a'), to: `+${'1'.repeat(15)}` }],
    ['the shortest number', { ...text('a'), to: '+1234567' }],
  ])('%s', (_name, body) => {
    expect(check(body, checkUrl)).toMatchObject({ ok: true, send: body });
  });
});

describe('what is refused, with its code and pointer', () => {
  test.each<[string, unknown, string[]]>([
    ['nothing', {}, ['10004 /from', '10004 /to', '10004 /whatsapp_message']],
    ['no recipient', { from: FROM, whatsapp_message: { type: 'text', text: { body: 'a' } } }, ['10004 /to']],
    [
      'a message without type',
      { from: FROM, to: TO, whatsapp_message: {} },
      ['10004 /whatsapp_message/type'],
    ],
    [
      'a type without its content',
      { from: FROM, to: TO, whatsapp_message: { type: 'text' } },
      ['10004 /whatsapp_message/text'],
    ],
    [
      'a text without body',
      { from: FROM, to: TO, whatsapp_message: { type: 'text', text: {} } },
      ['10004 /whatsapp_message/text/body'],
    ],
    [
      'an unknown type',
      { from: FROM, to: TO, whatsapp_message: { type: 'poll' } },
      ['10032 /whatsapp_message/type'],
    ],
    [
      'an image at no address',
      { from: FROM, to: TO, whatsapp_message: { type: 'image', image: { link: 'x' } } },
      ['10003 /whatsapp_message/image/link'],
    ],
    [
      'a type that is no text',
      { from: FROM, to: TO, whatsapp_message: { type: 5 } },
      ['10032 /whatsapp_message/type'],
    ],
    ['a list', [], ['10026 ']],
    ['null', null, ['10026 ']],
    ['a text where the body should be', 'hello', ['10026 ']],
    ['a message that is a list', { from: FROM, to: TO, whatsapp_message: [] }, ['10026 /whatsapp_message']],
    ['a recipient that is a number', { ...text('a'), to: 15557654321 }, ['10026 /to']],
    ['several recipients', { ...text('a'), to: [TO] }, ['10026 /to']],
    ['a body that is a number', text(5), ['10026 /whatsapp_message/text/body']],
    [
      'a preview that is text',
      { ...text('a'), whatsapp_message: { type: 'text', text: { body: 'a', preview_url: 'true' } } },
      ['10026 /whatsapp_message/text/preview_url'],
    ],
    [
      'a tag that is a number',
      text('a', { biz_opaque_callback_data: 5 }),
      ['10026 /whatsapp_message/biz_opaque_callback_data'],
    ],
    ['a recipient without plus', { ...text('a'), to: '5557654321' }, ['10016 /to']],
    ['a recipient with spaces', { ...text('a'), to: '+1 555 765 4321' }, ['10016 /to']],
    ['a recipient of 16 digits', { ...text('a'), to: `+${'1'.repeat(16)}` }, ['10016 /to']],
    ['a recipient of 6 digits', { ...text('a'), to: '+123456' }, ['10016 /to']],
    ['a sender that is a name', { ...text('a'), from: 'Wirebird' }, ['10016 /from']],
    ['another type of envelope', { ...text('a'), type: 'SMS' }, ['10032 /type']],
    ['an empty text', text(''), ['10025 /whatsapp_message/text/body']],
    [
      'a text one byte too long in ASCII',
      text('a'.repeat(TEXT_BODY_MAX_BYTES + 1)),
      ['10025 /whatsapp_message/text/body'],
    ],
    [
      'a text one byte too long by a two-byte letter',
      text(`${'a'.repeat(TEXT_BODY_MAX_BYTES - 1)}é`),
      ['10025 /whatsapp_message/text/body'],
    ],
    [
      'a text one byte too long by an emoji',
      text(`${'a'.repeat(TEXT_BODY_MAX_BYTES - 3)}😀`),
      ['10025 /whatsapp_message/text/body'],
    ],
    ['a URL of another scheme', { ...text('a'), webhook_url: 'ftp://a.example' }, ['10003 /webhook_url']],
    [
      'a failover URL of another scheme',
      { ...text('a'), webhook_failover_url: 'nonsense' },
      ['10003 /webhook_failover_url'],
    ],
    [
      'a URL one character too long',
      { ...text('a'), webhook_url: urlOf(URL_MAX + 1) },
      ['10003 /webhook_url'],
    ],
    ['a URL that is a number', { ...text('a'), webhook_url: 5 }, ['10026 /webhook_url']],
    ['a context without its id', text('a', { context: {} }), ['10004 /whatsapp_message/context/message_id']],
    [
      'a context with an empty id',
      text('a', { context: { message_id: '' } }),
      ['10025 /whatsapp_message/context/message_id'],
    ],
    [
      'a template that is empty',
      { from: FROM, to: TO, whatsapp_message: { type: 'template', template: {} } },
      ['10004 /whatsapp_message/template/name', '10004 /whatsapp_message/template/language'],
    ],
    [
      'a language without code',
      template({ language: {} }),
      ['10004 /whatsapp_message/template/language/code'],
    ],
    [
      'a language that is text',
      template({ language: 'en_US' }),
      ['10026 /whatsapp_message/template/language'],
    ],
    ['an empty template name', template({ name: '' }), ['10025 /whatsapp_message/template/name']],
    [
      'a template name one character too long',
      template({ name: 'a'.repeat(513) }),
      ['10025 /whatsapp_message/template/name'],
    ],
    [
      'a template by an id that is a number',
      template({ template_id: 5 }),
      ['10026 /whatsapp_message/template/template_id'],
    ],
    [
      'components that are no list',
      template({ components: {} }),
      ['10026 /whatsapp_message/template/components'],
    ],
    [
      'a component whose type is a number',
      template({ components: [{ type: 1 }] }),
      ['10026 /whatsapp_message/template/components/0/type'],
    ],
    [
      'a component without type',
      template({ components: [{}] }),
      ['10004 /whatsapp_message/template/components/0/type'],
    ],
    [
      'a kind of button that is a number',
      button({ sub_type: 7, index: 0 }),
      ['10026 /whatsapp_message/template/components/0/sub_type'],
    ],
    [
      'a button without kind and index',
      button({}),
      [
        '10004 /whatsapp_message/template/components/0/sub_type',
        '10004 /whatsapp_message/template/components/0/index',
      ],
    ],
    [
      'an eleventh button',
      button({ sub_type: 'url', index: 10 }),
      ['10033 /whatsapp_message/template/components/0/index'],
    ],
    [
      'an eleventh button counted by text',
      button({ sub_type: 'url', index: '10' }),
      ['10033 /whatsapp_message/template/components/0/index'],
    ],
    [
      'a button before the first',
      button({ sub_type: 'url', index: -1 }),
      ['10033 /whatsapp_message/template/components/0/index'],
    ],
    [
      'a button between two',
      button({ sub_type: 'url', index: 0.5 }),
      ['10033 /whatsapp_message/template/components/0/index'],
    ],
    [
      'a parameter that is text',
      template({ components: [{ type: 'body', parameters: ['Ana'] }] }),
      ['10026 /whatsapp_message/template/components/0/parameters/0'],
    ],
    ['a NUL in the text', text('a\0b'), ['10015 /whatsapp_message/text/body']],
    ['half an emoji in the text', text('😀'.slice(0, 1)), ['10015 /whatsapp_message/text/body']],
    ['a NUL in a field that nobody reads', { ...text('a'), 'a/b': ['\0'] }, ['10015 /a~1b/0']],
    ['nesting without end', { ...text('a'), x: deep(40) }, [`10015 /x${'/a'.repeat(31)}`]],
  ])('%s', (_name, body, expected) => {
    expect(found(body)).toEqual(expected);
  });

  test('everything that is wrong is said at once', () => {
    const body = {
      to: '555',
      type: 'SMS',
      webhook_url: 'x:',
      whatsapp_message: { type: 'text', text: { preview_url: 1 } },
    };
    expect(found(body).sort()).toEqual([
      '10003 /webhook_url',
      '10004 /from',
      '10004 /whatsapp_message/text/body',
      '10016 /to',
      '10026 /whatsapp_message/text/preview_url',
      '10032 /type',
    ]);
  });

  test('a refused type says which types are served', () => {
    const checked = check({ from: FROM, to: TO, whatsapp_message: { type: 'poll' } }, checkUrl);
    expect(checked).toMatchObject({ faults: [{ detail: expect.stringContaining('text, template') }] });
  });

  test('twenty wrong components are twenty faults', () => {
    const components = Array.from({ length: 20 }, () => ({ type: 5 }));
    expect(found(template({ components }))).toHaveLength(20);
  });

  test('a body of a hundred thousand faults is answered with a few of them', () => {
    const wrong = check(template({ components: new Array(100_000).fill({ type: 'button' }) }), checkUrl);
    expect(wrong.ok ? 0 : wrong.faults.length).toBeLessThanOrEqual(64);
    const worse = check(template({ components: new Array(100_000).fill(1) }), checkUrl);
    expect(worse.ok ? 0 : worse.faults.length).toBeLessThanOrEqual(64);
  });
});

/** Any text that JSON can carry, halves of surrogate pairs and NULs among it. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 0xd83d, 0xde00)))
    .map(units => String.fromCharCode(...units)),
);

function textsIn(value: unknown): string[] {
  const texts: string[] = [];
  JSON.stringify(value, (key, inner) => {
    texts.push(key);
    if (typeof inner === 'string') texts.push(inner);
    return inner;
  });
  return texts;
}

test('no JSON makes the check throw, and the text in what it takes is fit for storage', () => {
  const { json } = fc.letrec(tie => ({
    json: fc.oneof(
      { depthSize: 'small' },
      anyText,
      fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
      fc.array(tie('json')),
      fc.dictionary(anyText, tie('json')),
    ),
  }));
  const kinds = fc.constantFrom('text', 'template', 'image', '');
  const near = fc.record(
    {
      from: fc.oneof({ weight: 5, arbitrary: fc.constant(FROM) }, json),
      to: fc.oneof({ weight: 5, arbitrary: fc.constant(TO) }, json),
      tags: json,
      whatsapp_message: fc.oneof(
        json,
        fc.record({ type: kinds, text: json, template: json }, { requiredKeys: [] }),
        fc.record({ type: fc.constant('text'), text: fc.record({ body: anyText }) }),
      ),
    },
    { requiredKeys: ['from', 'to', 'whatsapp_message'] },
  );
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(json, near), body => {
      const checked = check(body, checkUrl);
      if (!checked.ok) {
        expect(checked.faults.length).toBeGreaterThan(0);
        return;
      }
      taken++;
      expect(textsIn(checked.send).filter(one => one.includes('\0') || !one.isWellFormed())).toEqual([]);
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(0);
});
