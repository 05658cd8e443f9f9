import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import fc from 'fast-check';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import type { PhoneMessage } from './api.ts';
import { Bubble } from './bubble.tsx';
import { ChatContext } from './chat-context.ts';
import { Live, LiveContext } from './live.ts';
import { oneLine } from './summary.ts';

const KINDS =
  'text template image video audio document sticker location contacts reaction interactive button order system unsupported edit revoke hologram'.split(
    ' ',
  );
const INTERACTIVE =
  'button list cta_url location_request_message product product_list catalog_message order_details order_status flow carousel call_permission_request voice_call address_message request_contact_info button_reply list_reply nfm_reply call_permission_reply hologram'.split(
    ' ',
  );

const tools = {
  phone: '+447700900123',
  business: '+15550001000',
  jump: () => {},
  quote: () => {},
  edit: () => {},
  sent: () => {},
};

function markup(message: PhoneMessage): string {
  const queries = new QueryClient();
  const bubble = createElement(Bubble, {
    message,
    quoted: undefined,
    byBusiness: undefined,
    byPerson: undefined,
    choices: undefined,
    pointed: false,
  });
  return renderToStaticMarkup(
    createElement(
      MantineProvider,
      null,
      createElement(
        QueryClientProvider,
        { client: queries },
        createElement(
          LiveContext,
          { value: new Live(queries) },
          createElement(ChatContext, { value: tools }, bubble),
        ),
      ),
    ),
  );
}

const message = (type: string, content: unknown, more: object = {}): PhoneMessage => ({
  wamid: 'wamid.1',
  phone: '+447700900123',
  sender: { phone_number: '+15550001000', display_name: 'Acme' },
  direction: 'to_phone',
  type,
  [type]: content,
  at: '2026-01-01T00:00:00.000Z',
  status: 'read',
  ...more,
});

describe('whatever a message holds, its bubble is drawn', () => {
  const anything = fc.jsonValue({ maxDepth: 3 });
  const direction = fc.constantFrom('to_phone', 'from_phone');

  test('any JSON in any kind', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), anything, anything, direction, (type, content, media, from) => {
        const any = message(type, content, { direction: from, media, reactions: media });
        expect(markup(any)).toContain('<time');
        expect(typeof oneLine(any)).toBe('string');
      }),
      { numRuns: 150 },
    );
  });

  test('any parts in any interactive kind', () => {
    const part = fc.record({ header: anything, body: anything, footer: anything }, { requiredKeys: [] });
    const action = fc.dictionary(
      fc.constantFrom('buttons', 'sections', 'parameters', 'cards', 'button', 'name', 'catalog_id'),
      fc.oneof(
        anything,
        fc.array(fc.dictionary(fc.constantFrom('rows', 'action', 'type', 'reply', 'id'), anything)),
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...INTERACTIVE), part, action, direction, (type, parts, acted, from) => {
        const content = { type, ...parts, action: acted, [type]: acted };
        expect(markup(message('interactive', content, { direction: from }))).toContain('<time');
      }),
      { numRuns: 150 },
    );
  });

  test('any rendered template', () => {
    const rendered = fc.dictionary(
      fc.constantFrom('header', 'body', 'footer', 'buttons', 'cards', 'limited_time_offer'),
      anything,
    );
    fc.assert(
      fc.property(rendered, rendered_template => {
        expect(markup(message('template', { name: 'x' }, { rendered_template }))).toContain('<time');
      }),
      { numRuns: 100 },
    );
  });
});

test('a kind that nobody knows is a card with what was sent', () => {
  expect(markup(message('hologram', { colour: 'blue' }))).toContain('&quot;colour&quot;: &quot;blue&quot;');
});

test('a deleted message shows none of its words', () => {
  const shown = markup(message('text', { body: 'secret' }, { deleted: true }));
  expect(shown).toContain('This message was deleted');
  expect(shown).not.toContain('secret');
});

test('an edited message says so', () => {
  expect(markup(message('text', { body: 'new' }, { edited: true }))).toContain('Edited');
});

test.each([
  [message('image', { link: 'https://x.example/a.jpg', caption: 'Sunset' }), 'Image: Sunset'],
  [message('audio', { id: '1', voice: true }), 'Voice note'],
  [message('contacts', [{ name: { formatted_name: 'Ana' } }]), 'Contact: Ana'],
  [message('contacts', [{}, {}]), '2 contacts'],
  [message('location', { latitude: 1, longitude: 2 }), 'Location'],
  [message('interactive', { type: 'list', body: { text: 'Pick' } }), 'Pick'],
  [message('interactive', { type: 'hologram' }), '[hologram]'],
  [
    message(
      'interactive',
      { type: 'list_reply', list_reply: { id: 'a', title: 'Nine' } },
      { direction: 'from_phone' },
    ),
    'Nine',
  ],
  [message('order', { product_items: [{}] }, { direction: 'from_phone' }), 'Order of 1 product'],
  [message('text', { body: 'x' }, { deleted: true }), 'This message was deleted'],
])('in one line it is %#: %s', (one, expected) => {
  expect(oneLine(one)).toBe(expected);
});
