import { describe, expect, test } from 'vitest';
import { interactive, MORE_MESSAGES, PAGE_MESSAGES } from '../../../test/telnyx-messages.ts';
import { check } from './check.ts';
import { fromContent } from './content.ts';
import { toAnswer } from './translate.ts';

/** Each rule of Telnyx's page on WhatsApp messages, in the page's order. */

const FROM = '+15550001000';
const TO = '+15557654321';

const envelope = (whatsapp_message: unknown, more: object = {}): object => ({
  from: FROM,
  to: TO,
  whatsapp_message,
  ...more,
});
function found(whatsapp_message: unknown, more: object = {}): string[] {
  // What is undefined is not in JSON.
  const body: unknown = JSON.parse(JSON.stringify(envelope(whatsapp_message, more)));
  const checked = check(body, () => undefined);
  return checked.ok ? [] : checked.faults.map(fault => `${fault.code} ${fault.pointer}`);
}
const at = (place: string, code: string): string[] => [`${code} /whatsapp_message${place}`];
const hi = { type: 'text', text: { body: 'hi' } };
const template = (more: object): object => ({
  type: 'template',
  template: { name: 'order', language: { policy: 'deterministic', code: 'en_US' }, ...more },
});

describe('request structure', () => {
  test.each(['from', 'to', 'whatsapp_message'])('%s is required', name => {
    expect(found(hi, { [name]: undefined })).toEqual([`10004 /${name}`]);
  });
  test('webhook_url is not required', () => {
    expect(found(hi)).toEqual([]);
    expect(found(hi, { webhook_url: 'https://a.example' })).toEqual([]);
  });
  test('from and to are E.164', () => {
    expect(found(hi, { from: '15550001000', to: '5557654321' })).toEqual(['10016 /from', '10016 /to']);
  });
  test('messaging_profile_id need not be passed', () => {
    expect(found(hi, { messaging_profile_id: null })).toEqual([]);
  });
  test('whatsapp_message must include a type', () => {
    expect(found({ text: { body: 'hi' } })).toEqual(at('/type', '10004'));
  });
  test.each([
    'text',
    'template',
    'image',
    'video',
    'document',
    'audio',
    'sticker',
    'location',
    'contacts',
    'interactive',
    'reaction',
  ])('a message of type %s must have its content object', type => {
    expect(found({ type })).toEqual(at(`/${type}`, '10004'));
  });
  test('there is no other type', () => {
    expect(found({ type: 'poll', poll: {} })).toEqual(at('/type', '10032'));
  });
});

describe('template messages', () => {
  test.each<[string, object]>([
    ['a body with text', { type: 'body', parameters: [{ type: 'text', text: 'John' }] }],
    ['a header with text', { type: 'header', parameters: [{ type: 'text', text: 'Hello' }] }],
    ...(['image', 'video', 'document'] as const).map((kind): [string, object] => [
      `a header with ${kind}`,
      { type: 'header', parameters: [{ type: kind, [kind]: { link: 'https://example.com/promo' } }] },
    ]),
    [
      'the structure {link, caption, filename}',
      {
        type: 'header',
        parameters: [
          {
            type: 'document',
            document: { link: 'https://e.example/a.pdf', caption: 'c', filename: 'a.pdf' },
          },
        ],
      },
    ],
    [
      'a quick_reply button’s payload',
      { type: 'button', sub_type: 'quick_reply', index: 0, parameters: [{ type: 'payload', payload: 'p' }] },
    ],
    [
      'a url button’s suffix',
      { type: 'button', sub_type: 'url', index: 1, parameters: [{ type: 'text', text: '42' }] },
    ],
  ])('components pass %s', (_name, component) => {
    expect(found(template({ components: [component] }))).toEqual([]);
  });
  test('a template is named with its language', () => {
    expect(found({ type: 'template', template: {} })).toEqual([
      ...at('/template/name', '10004'),
      ...at('/template/language', '10004'),
    ]);
  });
  test('or by its id alone', () => {
    expect(found({ type: 'template', template: { template_id: '3fa85f64' } })).toEqual([]);
  });
});

describe('every example of the page is sent, and comes back as it was written', () => {
  test.each([...PAGE_MESSAGES, ...MORE_MESSAGES])('%s', (_name, message) => {
    const checked = check(envelope(message), () => undefined);
    if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
    expect(fromContent(checked.content)).toEqual(message);
  });
});

/** One below, at and one past a limit in bytes, in letters of one, two and four bytes. */
function inBytes(max: number): [string, string, boolean][] {
  return [
    ['the most bytes in ASCII', 'a'.repeat(max), true],
    ['one byte more in ASCII', 'a'.repeat(max + 1), false],
    ['the most bytes in two-byte letters', 'é'.repeat(max / 2), true],
    ['one byte more with a two-byte letter', `${'a'.repeat(max - 1)}é`, false],
    ['the most bytes in emoji', '😀'.repeat(max / 4), true],
    ['one byte more with an emoji', `${'a'.repeat(max - 3)}😀`, false],
  ];
}

describe('validation rules', () => {
  test.each([...inBytes(4096), ['nothing', '', false] as const])(
    'text body is 1–4096 bytes: %s',
    (_name, body, ok) => {
      expect(found({ type: 'text', text: { body } })).toEqual(ok ? [] : at('/text/body', '10025'));
    },
  );

  for (const kind of ['image', 'video', 'document']) {
    test.each(inBytes(1024))(`media caption is at most 1024 bytes: ${kind}, %s`, (_name, caption, ok) => {
      const message = { type: kind, [kind]: { link: 'https://e.example/a', caption } };
      expect(found(message)).toEqual(ok ? [] : at(`/${kind}/caption`, '10025'));
    });
    test(`captions are optional: ${kind}`, () => {
      expect(found({ type: kind, [kind]: { id: '1037' } })).toEqual([]);
    });
  }

  test.each(inBytes(1024))('header text is at most 1024 bytes: %s', (_name, text, ok) => {
    const message = interactive('button', {
      header: { type: 'text', text },
      action: { buttons: [{ type: 'reply', reply: { id: 'a', title: 'b' } }] },
    });
    expect(found(message)).toEqual(ok ? [] : at('/interactive/header/text', '10025'));
  });
  test.each(inBytes(1024))('header text of a template is at most 1024 bytes: %s', (_name, text, ok) => {
    const message = template({ components: [{ type: 'header', parameters: [{ type: 'text', text }] }] });
    expect(found(message)).toEqual(ok ? [] : at('/template/components/0/parameters/0/text', '10025'));
  });

  test.each([
    [0, false],
    [1, true],
    [257, true],
    [258, false],
  ])('contacts per message are 1–257: %i', (count, ok) => {
    const contacts = Array.from({ length: count }, () => ({ name: { formatted_name: 'Jane' } }));
    expect(found({ type: 'contacts', contacts })).toEqual(ok ? [] : at('/contacts', '10015'));
  });
  test('a contact’s name may be text, as the package types it', () => {
    const checked = check(envelope({ type: 'contacts', contacts: [{ name: 'Jane' }] }), () => undefined);
    expect(checked).toMatchObject({ content: { contacts: [{ name: { formatted_name: 'Jane' } }] } });
    expect(found({ type: 'contacts', contacts: [{ name: '' }] })).toEqual(at('/contacts/0/name', '10025'));
  });

  test.each([
    ['latitude', '-90', true],
    ['latitude', '90', true],
    ['latitude', '-90.1', false],
    ['latitude', '90.1', false],
    ['latitude', 'north', false],
    ['longitude', '-180', true],
    ['longitude', '180', true],
    ['longitude', '-180.5', false],
    ['longitude', '180.0001', false],
  ])('location %s is within its bounds: %s', (name, value, ok) => {
    const location = { latitude: '40.7128', longitude: '-74.0060', [name]: value };
    expect(found({ type: 'location', location })).toEqual(ok ? [] : at(`/location/${name}`, '10033'));
  });

  for (const kind of ['image', 'video', 'document', 'audio', 'sticker']) {
    test(`media source is exactly one of link and id: ${kind}`, () => {
      const link = 'https://e.example/a';
      expect(found({ type: kind, [kind]: { link } })).toEqual([]);
      expect(found({ type: kind, [kind]: { id: '1037' } })).toEqual([]);
      expect(found({ type: kind, [kind]: { link, id: '1037' } })).toEqual(at(`/${kind}`, '10015'));
      expect(found({ type: kind, [kind]: {} })).toEqual(at(`/${kind}`, '10004'));
    });
    test(`media per message is exactly one: a list of ${kind} is refused`, () => {
      expect(found({ type: kind, [kind]: [{ id: '1' }, { id: '2' }] })).toEqual(at(`/${kind}`, '10026'));
    });
  }
  test.each(['audio', 'sticker'])('%s does not support captions', kind => {
    const message = { type: kind, [kind]: { id: '1037', caption: 'c' } };
    expect(found(message)).toEqual(at(`/${kind}/caption`, '10015'));
  });
});

describe('interactive messages', () => {
  const buttons = (count: number): object =>
    interactive('button', {
      action: {
        buttons: Array.from({ length: count }, (_, n) => ({
          type: 'reply',
          reply: { id: `${n}`, title: `Title ${n}` },
        })),
      },
    });
  test.each([
    [1, true],
    [3, true],
    [4, false],
  ])('up to 3 quick reply buttons: %i', (count, ok) => {
    expect(found(buttons(count))).toEqual(ok ? [] : at('/interactive/action/buttons', '10015'));
  });
  test('an interactive message has a type that is supported', () => {
    expect(found(interactive('dance', {}))).toEqual(at('/interactive/type', '10032'));
    expect(found({ type: 'interactive', interactive: {} })).toEqual(at('/interactive/type', '10004'));
  });
  test.each([
    ['a'.repeat(1024), true],
    ['a'.repeat(1025), false],
    ['😀'.repeat(1024), true],
    ['😀'.repeat(1025), false],
  ])('the body of a list has at most 1024 characters', (text, ok) => {
    const [, list] = PAGE_MESSAGES.find(([name]) => name === 'list')!;
    const message = { type: 'interactive', interactive: { ...(list.interactive as object), body: { text } } };
    expect(found(message)).toEqual(ok ? [] : at('/interactive/body/text', '10025'));
  });
  test('what kind a header is follows from what it holds', () => {
    const message = interactive('cta_url', {
      header: { image: { link: 'https://e.example/a.png' } },
      action: { name: 'cta_url', parameters: { display_text: 'Go', url: 'https://e.example' } },
    });
    const checked = check(envelope(message), () => undefined);
    expect(checked).toMatchObject({ content: { interactive: { header: { type: 'image' } } } });
  });
});

describe('reactions, replies and tracking', () => {
  test('a reaction names a message and an emoji', () => {
    expect(found({ type: 'reaction', reaction: { message_id: 'wamid.A', emoji: '👍' } })).toEqual([]);
    expect(found({ type: 'reaction', reaction: { emoji: '👍' } })).toEqual(
      at('/reaction/message_id', '10004'),
    );
  });
  test('any message may reply by context.message_id', () => {
    const checked = check(envelope({ ...hi, context: { message_id: 'wamid.A' } }), () => undefined);
    expect(checked).toMatchObject({ content: { context: { message_id: 'wamid.A' } } });
    expect(found({ ...hi, context: {} })).toEqual(at('/context/message_id', '10004'));
  });
  test('biz_opaque_callback_data stays here and is not sent as content', () => {
    const checked = check(envelope({ ...hi, biz_opaque_callback_data: 'order_1' }), () => undefined);
    expect(checked).toMatchObject({ ok: true, content: { type: 'text', text: { body: 'hi' } } });
    expect(checked).not.toHaveProperty('content.biz_opaque_callback_data');
  });
});

test('all message types return the same response structure', () => {
  for (const [, message] of PAGE_MESSAGES) {
    const body = envelope(message, { webhook_url: 'https://example.com/webhooks' });
    const checked = check(body, () => undefined);
    if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
    const accepted = {
      kind: 'accepted',
      id: '3fa85f64-5717-4562-b3fc-2c963f66afa6',
      status: 'queued',
      createdAt: new Date(),
      validUntil: new Date('2025-06-02T12:00:00Z'),
    } as const;
    expect(toAnswer(checked.send, accepted, 'w').data).toMatchObject({
      record_type: 'message',
      direction: 'outbound',
      id: accepted.id,
      type: 'WHATSAPP',
      from: { phone_number: FROM },
      to: [{ phone_number: TO, status: 'queued' }],
      webhook_url: 'https://example.com/webhooks',
    });
  }
});
