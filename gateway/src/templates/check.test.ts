import { describe, expect, test } from 'vitest';
import type { TemplateComponent } from '../message/content.ts';
import { misfit } from './check.ts';
import { requirementsOf } from './requirements.ts';

const body = (text: string) => ({ type: 'BODY', text });
const header = (format: string, text?: string) => ({ type: 'HEADER', format, text });
const buttons = (...list: object[]) => ({ type: 'BUTTONS', buttons: list });

const text = (value: string, name?: string) => ({
  type: 'text',
  text: value,
  ...(name && { parameter_name: name }),
});
const filled = (...values: string[]): TemplateComponent => ({
  type: 'body',
  parameters: values.map(v => text(v)),
});
const image = { type: 'image', image: { link: 'https://x.example/a.png' } };
const button = (index: number, sub_type: string, ...parameters: object[]): TemplateComponent => ({
  type: 'button',
  sub_type,
  index: String(index),
  parameters: parameters as never,
});
const withHeader = (...parameters: object[]): TemplateComponent => ({
  type: 'header',
  parameters: parameters as never,
});

const URL_FIXED = { type: 'URL', text: 'Go', url: 'https://x.example/' };
const URL_OPEN = { type: 'URL', text: 'Go', url: 'https://x.example/{{1}}' };
const QUICK = { type: 'QUICK_REPLY', text: 'Yes' };
const COPY = { type: 'COPY_CODE', text: 'Copy', example: ['A'] };
const OTP = { type: 'OTP', otp_type: 'COPY_CODE' };
const card = { components: [header('IMAGE'), body('A card {{1}}'), buttons(QUICK)] };
const CAROUSEL = { type: 'CAROUSEL', cards: [card, card] };
const sentCard = (card_index: number) => ({ card_index, components: [withHeader(image), filled('x')] });
const OFFER = { type: 'LIMITED_TIME_OFFER', limited_time_offer: { text: 'Now', has_expiration: true } };

/** The code of the refusal, or `fits`. */
function judged(
  definition: readonly object[],
  components: readonly TemplateComponent[] | undefined,
  more: { named?: boolean; toUserId?: boolean } = {},
): string {
  const send = { name: 't', language: { code: 'en' }, ...(components && { components }) };
  const failure = misfit(requirementsOf(definition), send, more.named ?? false, more.toUserId ?? false);
  expect(failure === undefined || failure.outcome === 'final').toBe(true);
  return failure?.code ?? 'fits';
}

describe('a send against its template', () => {
  test.each<[string, readonly object[], readonly TemplateComponent[] | undefined, string]>([
    ['nothing asked, nothing given', [body('Hi')], undefined, 'fits'],
    ['as many parameters as variables', [body('Hi {{1}}, {{2}}')], [filled('a', 'b')], 'fits'],
    ['a variable that stands twice is one', [body('{{1}} and {{1}}!')], [filled('a')], 'fits'],
    ['too few parameters', [body('Hi {{1}}, {{2}}')], [filled('a')], '132000'],
    ['too many parameters', [body('Hi {{1}}.')], [filled('a', 'b')], '132000'],
    ['parameters for a body without variables', [body('Hi')], [filled('a')], '132000'],
    ['no components where the body has variables', [body('Hi {{1}}.')], undefined, '132000'],
    ['an image in the body', [body('Hi {{1}}.')], [{ type: 'body', parameters: [image] }], '132012'],
    [
      'a currency in the body',
      [body('Pay {{1}}.')],
      [
        {
          type: 'body',
          parameters: [
            { type: 'currency', currency: { fallback_value: '$1', code: 'USD', amount_1000: 1000 } },
          ],
        },
      ],
      'fits',
    ],
    [
      'types in capitals',
      [body('Hi {{1}}.')],
      [{ type: 'BODY', parameters: [{ type: 'TEXT', text: 'a' }] }],
      'fits',
    ],
    ['a body that becomes too long', [body('Hi {{1}}.')], [filled('x'.repeat(1024))], '132005'],
    ['a body that just fits, in code points', [body('{{1}}')], [filled('👣'.repeat(1024))], 'fits'],
    ['an image header with its image', [header('IMAGE'), body('Hi')], [withHeader(image)], 'fits'],
    ['an image header without', [header('IMAGE'), body('Hi')], undefined, '132012'],
    ['a video header with an image', [header('VIDEO'), body('Hi')], [withHeader(image)], '132012'],
    ['an image header with two', [header('IMAGE'), body('Hi')], [withHeader(image, image)], '132000'],
    [
      'a GIF header with a video',
      [header('GIF'), body('Hi')],
      [withHeader({ type: 'video', video: { id: '1' } })],
      'fits',
    ],
    ['a location header without', [header('LOCATION'), body('Hi')], undefined, '132012'],
    [
      'a text header with its variable',
      [header('TEXT', 'Hi {{1}}'), body('Hi')],
      [withHeader(text('a'))],
      'fits',
    ],
    ['a text header without', [header('TEXT', 'Hi {{1}}'), body('Hi')], undefined, '132000'],
    ['a header where there is none', [body('Hi')], [withHeader(text('a'))], '132000'],
    ['an open link with its end', [body('Hi'), buttons(URL_OPEN)], [button(0, 'url', text('a'))], 'fits'],
    ['an open link without', [body('Hi'), buttons(URL_OPEN)], undefined, '131008'],
    [
      'an open link with an empty end',
      [body('Hi'), buttons(URL_OPEN)],
      [button(0, 'url', text(''))],
      '131008',
    ],
    [
      'a fixed link with a parameter',
      [body('Hi'), buttons(URL_FIXED)],
      [button(0, 'url', text('a'))],
      '132018',
    ],
    [
      'a quick reply with a payload',
      [body('Hi'), buttons(QUICK)],
      [button(0, 'quick_reply', { type: 'payload', payload: 'p' })],
      'fits',
    ],
    ['a quick reply without', [body('Hi'), buttons(QUICK)], undefined, 'fits'],
    ['a link where a quick reply is', [body('Hi'), buttons(QUICK)], [button(0, 'url', text('a'))], '132012'],
    ['a button that is not there', [body('Hi'), buttons(QUICK)], [button(1, 'quick_reply')], '132018'],
    [
      'a code to copy',
      [body('Hi'), buttons(COPY)],
      [button(0, 'copy_code', { type: 'coupon_code', coupon_code: 'A' })],
      'fits',
    ],
    ['no code to copy', [body('Hi'), buttons(COPY)], undefined, '131008'],
    [
      'a password with body and button',
      [body('{{1}} is it.'), buttons(OTP)],
      [filled('1'), button(0, 'url', text('1'))],
      'fits',
    ],
    ['a password without button', [body('{{1}} is it.'), buttons(OTP)], [filled('1')], '131008'],
    [
      'a carousel with its cards',
      [body('Hi'), CAROUSEL],
      [{ type: 'carousel', cards: [sentCard(0), sentCard(1)] }],
      'fits',
    ],
    [
      'a carousel with too few cards',
      [body('Hi'), CAROUSEL],
      [{ type: 'carousel', cards: [sentCard(0)] }],
      '132000',
    ],
    [
      'a carousel with a card too far',
      [body('Hi'), CAROUSEL],
      [{ type: 'carousel', cards: [sentCard(0), sentCard(7)] }],
      '132018',
    ],
    [
      'a card without its image',
      [body('Hi'), CAROUSEL],
      [{ type: 'carousel', cards: [sentCard(0), { card_index: 1, components: [filled('x')] }] }],
      '132012',
    ],
    ['a carousel where there is none', [body('Hi')], [{ type: 'carousel', cards: [] }], '132018'],
    [
      'an offer with its end',
      [body('Hi'), OFFER],
      [
        {
          type: 'limited_time_offer',
          parameters: [{ type: 'limited_time_offer', limited_time_offer: { expiration_time_ms: 1 } }],
        },
      ],
      'fits',
    ],
    ['an offer without', [body('Hi'), OFFER], undefined, '131008'],
    ['a definition that cannot be read asks for nothing', [{}, { type: 7 }], undefined, 'fits'],
  ])('%s', (_, definition, components, expected) => {
    expect(judged(definition, components)).toBe(expected);
  });
});

describe('named parameters', () => {
  const named = (parameters: object[]) =>
    judged([body('Hi {{first}}, {{last}}!')], [{ type: 'body', parameters: parameters as never }], {
      named: true,
    });
  test.each([
    ['in any order', [text('B', 'last'), text('A', 'first')], 'fits'],
    ['one without its name', [text('A'), text('B', 'last')], '100'],
    ['one that the template has not', [text('A', 'first'), text('B', 'middle')], '132012'],
    ['one twice', [text('A', 'first'), text('B', 'first')], '132012'],
    ['one missing', [text('A', 'first')], '132000'],
  ])('%s', (_, parameters, expected) => {
    expect(named(parameters)).toBe(expected);
  });
});

test('a password that is tapped or copied needs a phone number', () => {
  const sent = [filled('1'), button(0, 'url', text('1'))];
  expect(judged([body('{{1}}'), buttons(OTP)], sent, { toUserId: true })).toBe('131062');
  expect(judged([body('Hi')], undefined, { toUserId: true })).toBe('fits');
});
