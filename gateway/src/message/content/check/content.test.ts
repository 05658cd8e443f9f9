import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyContent, CONTENTS, INTERACTIVES } from '../../../../test/contents.ts';
import * as limits from '../../limits.ts';
import { CONTENT_FAULTS_MAX } from '../faults.ts';
import { checkContent } from './content.ts';

/** `fault pointer` of everything that is found wrong. */
const found = (content: unknown): string[] => checkContent(content).map(one => `${one.fault} ${one.pointer}`);

describe('what WhatsApp takes', () => {
  test.each(Object.entries(CONTENTS))('%s, whatever it says', (type, inner) => {
    fc.assert(
      fc.property(inner, said => {
        expect(found({ type, [type]: said })).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
  test.each(Object.entries(INTERACTIVES))('interactive %s, whatever it says', (_, inner) => {
    fc.assert(
      fc.property(inner, interactive => {
        expect(found({ type: 'interactive', interactive })).toEqual([]);
      }),
      {
        numRuns: 50,
      },
    );
  });

  test('unknown fields pass: what Meta adds tomorrow needs no release', () => {
    fc.assert(
      fc.property(anyContent, content => {
        const kind = content.type;
        const said = (content as unknown as Record<string, unknown>)[kind];
        const more = Array.isArray(said) ? said : { ...(said as object), added_tomorrow: { a: 1 } };
        expect(found({ ...content, [kind]: more, also_added: true })).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

test('any JSON gets an answer: at most 32 faults, each pointing to a place in it or to what lacks there', () => {
  const spoilt = fc.oneof(
    fc.jsonValue(),
    fc
      .tuple(fc.constantFrom(...Object.keys(CONTENTS)), fc.jsonValue())
      .map(([type, said]) => ({ type, [type]: said })),
    fc
      .tuple(fc.constantFrom(...Object.keys(INTERACTIVES)), fc.jsonValue(), fc.jsonValue())
      .map(([type, body, action]) => ({ type: 'interactive', interactive: { type, body, action } })),
  );
  fc.assert(
    fc.property(spoilt, content => {
      const faults = checkContent(content);
      expect(faults.length).toBeLessThanOrEqual(CONTENT_FAULTS_MAX);
      for (const { pointer, message } of faults) {
        expect(message).not.toBe('');
        const path = pointer.split('/').slice(1);
        // The last step may name what is missing.
        const holder = path
          .slice(0, -1)
          .reduce<unknown>(
            (value, key) =>
              (value as Record<string, unknown>)[key.replaceAll('~1', '/').replaceAll('~0', '~')],
            content,
          );
        if (path.length > 0) expect(typeof holder).toBe('object');
      }
    }),
    { numRuns: 500 },
  );
});

const a = (count: number) => 'a'.repeat(count);
const feet = (count: number) => '👣'.repeat(count);
const interactive = (type: string, more: object) => ({
  type: 'interactive',
  interactive: { type, body: { text: 'x' }, ...more },
});
const button = (id: string, title: string) => ({ type: 'reply', reply: { id, title } });
const buttons = (...list: object[]) => interactive('button', { action: { buttons: list } });
const listOf = (button: string, sections: unknown) => interactive('list', { action: { button, sections } });
const rows = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => ({ id: `r${from + at}`, title: 'Row' }));
const template = (component: object) => ({
  type: 'template',
  template: { name: 't', language: { code: 'en' }, components: [component] },
});

/** Limits of texts: the content with a text of so many characters, and where it stands. */
describe('limits count characters, at the limit and one past it', () => {
  test.each<[string, number, (text: string) => unknown, string]>([
    ['text body', limits.TEXT_BODY_MAX, body => ({ type: 'text', text: { body } }), '/text/body'],
    [
      'caption',
      limits.CAPTION_MAX,
      caption => ({ type: 'image', image: { id: '1', caption } }),
      '/image/caption',
    ],
    [
      'interactive body',
      limits.BODY_TEXT_MAX,
      text => interactive('button', { body: { text }, action: { buttons: [button('1', 'A')] } }),
      '/interactive/body/text',
    ],
    [
      'list body',
      limits.LIST_BODY_MAX,
      text => interactive('list', { body: { text }, action: { button: 'B', sections: [{ rows: rows(1) }] } }),
      '/interactive/body/text',
    ],
    [
      'header',
      limits.HEADER_TEXT_MAX,
      text =>
        interactive('button', { header: { type: 'text', text }, action: { buttons: [button('1', 'A')] } }),
      '/interactive/header/text',
    ],
    [
      'footer',
      limits.FOOTER_TEXT_MAX,
      text => interactive('button', { footer: { text }, action: { buttons: [button('1', 'A')] } }),
      '/interactive/footer/text',
    ],
    [
      'button title',
      limits.BUTTON_TITLE_MAX,
      title => buttons(button('1', title)),
      '/interactive/action/buttons/0/reply/title',
    ],
    [
      'button id',
      limits.BUTTON_ID_MAX,
      id => buttons(button(id, 'A')),
      '/interactive/action/buttons/0/reply/id',
    ],
    [
      'list button',
      limits.LIST_BUTTON_MAX,
      text => listOf(text, [{ rows: rows(1) }]),
      '/interactive/action/button',
    ],
    [
      'section title',
      limits.SECTION_TITLE_MAX,
      title => listOf('B', [{ title, rows: rows(1) }]),
      '/interactive/action/sections/0/title',
    ],
    [
      'row title',
      limits.ROW_TITLE_MAX,
      title => listOf('B', [{ rows: [{ id: '1', title }] }]),
      '/interactive/action/sections/0/rows/0/title',
    ],
    [
      'row id',
      limits.ROW_ID_MAX,
      id => listOf('B', [{ rows: [{ id, title: 'A' }] }]),
      '/interactive/action/sections/0/rows/0/id',
    ],
    [
      'row description',
      limits.ROW_DESCRIPTION_MAX,
      description => listOf('B', [{ rows: [{ id: '1', title: 'A', description }] }]),
      '/interactive/action/sections/0/rows/0/description',
    ],
    [
      'link label',
      limits.CTA_TEXT_MAX,
      display_text =>
        interactive('cta_url', {
          action: { name: 'cta_url', parameters: { display_text, url: 'https://x.example' } },
        }),
      '/interactive/action/parameters/display_text',
    ],
    [
      'flow label',
      limits.FLOW_CTA_MAX,
      flow_cta =>
        interactive('flow', {
          action: { name: 'flow', parameters: { flow_message_version: '3', flow_id: '1', flow_cta } },
        }),
      '/interactive/action/parameters/flow_cta',
    ],
    [
      'call label',
      limits.CALL_TEXT_MAX,
      display_text =>
        interactive('voice_call', { action: { name: 'voice_call', parameters: { display_text } } }),
      '/interactive/action/parameters/display_text',
    ],
    [
      'template header',
      limits.TEMPLATE_HEADER_TEXT_MAX,
      text => template({ type: 'header', parameters: [{ type: 'text', text }] }),
      '/template/components/0/parameters/0/text',
    ],
    [
      'coupon code',
      limits.COUPON_CODE_MAX,
      coupon_code =>
        template({
          type: 'button',
          sub_type: 'copy_code',
          index: 0,
          parameters: [{ type: 'coupon_code', coupon_code }],
        }),
      '/template/components/0/parameters/0/coupon_code',
    ],
    [
      'template name',
      limits.TEMPLATE_NAME_MAX,
      name => ({ type: 'template', template: { name, language: { code: 'en' } } }),
      '/template/name',
    ],
  ])('%s', (_, max, content, pointer) => {
    for (const write of [a, feet]) {
      expect(found(content(write(max)))).toEqual([]);
      expect(found(content(write(max + 1)))).toEqual([`length ${pointer}`]);
    }
  });
});

describe('counts and rules of several fields', () => {
  test.each<[string, unknown, string[]]>([
    ['no kind', {}, ['missing /type']],
    ['an unknown kind', { type: 'poll' }, ['enum /type']],
    ['nothing under the kind', { type: 'text' }, ['missing /text']],
    ['an empty text', { type: 'text', text: { body: '' } }, ['length /text/body']],
    ['a number as text', { type: 'text', text: { body: 5 } }, ['type /text/body']],
    ['neither id nor link', { type: 'image', image: {} }, ['missing /image']],
    [
      'both id and link',
      { type: 'image', image: { id: '1', link: 'https://x.example' } },
      ['exclusive /image'],
    ],
    ['a link that is none', { type: 'image', image: { link: 'ftp://x' } }, ['pattern /image/link']],
    [
      'a caption on audio',
      { type: 'audio', audio: { id: '1', caption: 'x' } },
      ['unsupported /audio/caption'],
    ],
    [
      'a place off the map',
      { type: 'location', location: { latitude: 91, longitude: 0 } },
      ['range /location/latitude'],
    ],
    ['no contacts', { type: 'contacts', contacts: [] }, ['count /contacts']],
    [
      '258 contacts',
      { type: 'contacts', contacts: Array(258).fill({ name: { formatted_name: 'A' } }) },
      ['count /contacts'],
    ],
    [
      'four reply buttons',
      buttons(button('1', 'A'), button('2', 'B'), button('3', 'C'), button('4', 'D')),
      ['count /interactive/action/buttons'],
    ],
    ['no buttons', buttons(), ['count /interactive/action/buttons']],
    [
      'two buttons of one title',
      buttons(button('1', 'A'), button('2', 'A')),
      ['duplicate /interactive/action/buttons/1/reply/title'],
    ],
    [
      'eleven rows in two sections',
      listOf('B', [
        { title: 'A', rows: rows(6) },
        { title: 'B', rows: rows(5, 6) },
      ]),
      ['count /interactive/action/sections'],
    ],
    [
      'several sections without title',
      listOf('B', [{ title: 'A', rows: rows(1) }, { rows: rows(1, 1) }]),
      ['missing /interactive/action/sections/1/title'],
    ],
    [
      'rows of one id',
      listOf('B', [{ rows: [...rows(1), ...rows(1)] }]),
      ['duplicate /interactive/action/sections/0/rows/1/id'],
    ],
    [
      'a footer under a location request',
      interactive('location_request_message', { footer: { text: 'x' }, action: { name: 'send_location' } }),
      ['unsupported /interactive/footer'],
    ],
    [
      'the wrong name of an action',
      interactive('location_request_message', { action: { name: 'x' } }),
      ['enum /interactive/action/name'],
    ],
    [
      'a payload with data_exchange',
      interactive('flow', {
        action: {
          name: 'flow',
          parameters: {
            flow_message_version: '3',
            flow_name: 'f',
            flow_cta: 'Go',
            flow_action: 'data_exchange',
            flow_action_payload: {},
          },
        },
      }),
      ['exclusive /interactive/action/parameters/flow_action_payload'],
    ],
    [
      'a link button without Direct Send',
      buttons({ type: 'cta_url', cta_url: { display_text: 'Go', url: 'https://x.example' } }),
      ['enum /interactive/action/buttons/0/type'],
    ],
    [
      'ttl without Direct Send',
      { type: 'text', text: { body: 'x' }, ttl_seconds: 60 },
      ['unsupported /ttl_seconds'],
    ],
    [
      'ttl too short',
      { type: 'text', text: { body: 'x' }, category: 'utility', ttl_seconds: 29 },
      ['range /ttl_seconds'],
    ],
    [
      'Direct Send of an image',
      { type: 'image', image: { id: '1' }, category: 'utility' },
      ['unsupported /category'],
    ],
    [
      'a button of a template without its place',
      template({ type: 'button', sub_type: 'url' }),
      ['missing /template/components/0/index'],
    ],
    [
      'a template’s button at place ten',
      template({ type: 'button', sub_type: 'url', index: 10 }),
      ['range /template/components/0/index'],
    ],
    [
      'an order that does not add up',
      interactive('order_details', {
        action: {
          name: 'review_and_pay',
          parameters: {
            reference_id: 'a',
            type: 'digital-goods',
            currency: 'INR',
            total_amount: { value: 3, offset: 100 },
            order: {
              status: 'pending',
              items: [{ name: 'x', amount: { value: 1, offset: 100 }, quantity: 1 }],
              subtotal: { value: 1, offset: 100 },
              tax: { value: 1, offset: 100 },
            },
          },
        },
      }),
      ['range /interactive/action/parameters/total_amount/value'],
    ],
  ])('%s', (_, content, expected) => {
    expect(found(content)).toEqual(expected);
  });
});
