import fc from 'fast-check';
import type { Content } from '../src/message/content.ts';
import * as limits from '../src/message/limits.ts';

/** Arbitrary contents that WhatsApp takes, of every kind. */

const chars = (max: number, min = 1) =>
  fc.string({ unit: 'grapheme', minLength: min, maxLength: Math.min(max, 40) }).filter(text => {
    const length = [...text].length;
    return (
      length >= min && length <= max && !text.includes('\n') && !text.includes('\0') && text.isWellFormed()
    );
  });
const digits = fc.integer({ min: 1, max: 9_999_999_999 }).map(String);
const address = fc.webUrl();
const wamid = fc
  .string({ minLength: 8, maxLength: 30 })
  .map(end => `wamid.${Buffer.from(end).toString('base64url')}`);
type Fields = Readonly<Record<string, fc.Arbitrary<unknown>>>;

const maybe = (required: Fields, optional: Fields): fc.Arbitrary<Record<string, unknown>> =>
  fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) });

const file = (more: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc.oneof(maybe({ id: digits }, more), maybe({ link: address }, more));
const caption = { caption: chars(limits.CAPTION_MAX) };
const place = maybe(
  {
    latitude: fc.double({ min: -90, max: 90, noNaN: true }).map(n => n || 0),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }).map(n => n || 0),
  },
  { name: chars(40), address: chars(40) },
);

const body = fc.record({ text: chars(limits.BODY_TEXT_MAX) });
const footer = fc.record({ text: chars(limits.FOOTER_TEXT_MAX) });
const textHeader = fc.record({ type: fc.constant('text'), text: chars(limits.HEADER_TEXT_MAX) });
const header = fc.oneof(
  textHeader,
  fc.record({ type: fc.constant('image'), image: file() }),
  fc.record({ type: fc.constant('video'), video: file() }),
  fc.record({ type: fc.constant('document'), document: file({ filename: chars(20) }) }),
);
const distinct = <T>(item: fc.Arbitrary<T>, by: (item: T) => unknown, min: number, max: number) =>
  fc.uniqueArray(item, { selector: by, minLength: min, maxLength: max });

const reply = fc.record({ id: chars(limits.BUTTON_ID_MAX), title: chars(limits.BUTTON_TITLE_MAX) });
const replies = fc
  .uniqueArray(reply, { selector: one => one.id, minLength: 1, maxLength: limits.REPLY_BUTTONS_MAX })
  .filter(all => new Set(all.map(one => one.title)).size === all.length)
  .map(all => all.map(one => ({ type: 'reply', reply: one })));
const row = maybe(
  { id: chars(limits.ROW_ID_MAX), title: chars(limits.ROW_TITLE_MAX) },
  { description: chars(limits.ROW_DESCRIPTION_MAX) },
);
const product = fc.record({ catalog_id: digits, product_retailer_id: chars(30) });
const ctaUrl = fc.record({ display_text: chars(limits.CTA_TEXT_MAX), url: address });
const mediaCard = (index: number) =>
  maybe(
    {
      card_index: fc.constant(index),
      type: fc.constant('cta_url'),
      header: fc.record({ type: fc.constant('image'), image: file() }),
      action: fc.record({ name: fc.constant('cta_url'), parameters: ctaUrl }),
    },
    { body: fc.record({ text: chars(limits.CARD_BODY_MAX) }) },
  );
const amount = (value: number) => ({ value, offset: 100 });
const order = fc
  .record({
    price: fc.nat(100_000),
    tax: fc.nat(1_000),
    name: chars(limits.ITEM_NAME_MAX),
    reference: fc.stringMatching(/^[\w.-]{1,35}$/),
  })
  .map(({ price, tax, name, reference }) => ({
    reference_id: reference,
    type: 'digital-goods',
    currency: 'INR',
    total_amount: amount(price + tax),
    payment_settings: [{ type: 'payment_gateway' }],
    order: {
      status: 'pending',
      items: [{ name, amount: amount(price), quantity: 1 }],
      subtotal: amount(price),
      tax: amount(tax),
    },
  }));

const framed = { header, footer };
const interactiveOf = (
  type: string,
  action: fc.Arbitrary<unknown>,
  optional: Record<string, fc.Arbitrary<unknown>> = {},
) => maybe({ type: fc.constant(type), body, action }, optional);

/** Each interactive kind by its name. */
export const INTERACTIVES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  button: interactiveOf(
    'button',
    replies.map(buttons => ({ buttons })),
    framed,
  ),
  list: interactiveOf(
    'list',
    fc.record({
      button: chars(limits.LIST_BUTTON_MAX),
      sections: distinct(row, one => (one as { id: string }).id, 1, limits.LIST_ROWS_MAX).map(rows => [
        { title: 'All', rows },
      ]),
    }),
    { header: textHeader, footer },
  ),
  cta_url: interactiveOf('cta_url', fc.record({ name: fc.constant('cta_url'), parameters: ctaUrl }), framed),
  location_request_message: interactiveOf('location_request_message', fc.constant({ name: 'send_location' })),
  product: maybe({ type: fc.constant('product'), action: product }, { body, footer }),
  product_list: maybe(
    {
      type: fc.constant('product_list'),
      header: textHeader,
      body,
      action: fc.record({
        catalog_id: digits,
        sections: fc
          .array(fc.record({ product_retailer_id: chars(20) }), { minLength: 1, maxLength: 30 })
          .map(product_items => [{ title: 'All', product_items }]),
      }),
    },
    { footer },
  ),
  catalog_message: interactiveOf('catalog_message', fc.constant({ name: 'catalog_message' }), { footer }),
  order_details: interactiveOf(
    'order_details',
    order.map(parameters => ({ name: 'review_and_pay', parameters })),
    framed,
  ),
  order_status: interactiveOf(
    'order_status',
    fc.constantFrom('processing', 'shipped', 'completed').map(status => ({
      name: 'review_order',
      parameters: { reference_id: 'inv-17', order: { status } },
    })),
    { footer },
  ),
  flow: interactiveOf(
    'flow',
    maybe(
      { flow_message_version: fc.constant('3'), flow_id: digits, flow_cta: chars(limits.FLOW_CTA_MAX) },
      { flow_token: chars(20), mode: fc.constantFrom('draft', 'published') },
    ).map(parameters => ({ name: 'flow', parameters })),
    framed,
  ),
  carousel: interactiveOf(
    'carousel',
    fc
      .integer({ min: limits.CARDS_MIN, max: limits.CARDS_MAX })
      .chain(count => fc.tuple(...Array.from({ length: count }, (_, at) => mediaCard(at))))
      .map(cards => ({ cards })),
  ),
  call_permission_request: maybe(
    {
      type: fc.constant('call_permission_request'),
      action: fc.constant({ name: 'call_permission_request' }),
    },
    { body },
  ),
  voice_call: interactiveOf(
    'voice_call',
    maybe(
      {},
      {
        display_text: chars(limits.CALL_TEXT_MAX),
        ttl_minutes: fc.integer({ min: 1, max: limits.CALL_TTL_MAX }),
        payload: chars(40),
      },
    ).map(parameters => ({ name: 'voice_call', parameters })),
    framed,
  ),
  address_message: interactiveOf(
    'address_message',
    fc.constant({ name: 'address_message', parameters: { country: 'IN' } }),
    framed,
  ),
  request_contact_info: interactiveOf('request_contact_info', fc.constant({ name: 'request_contact_info' })),
};

const parameter = fc.oneof(
  fc.record({ type: fc.constant('text'), text: chars(60) }),
  fc.record({
    type: fc.constant('currency'),
    currency: fc.record({ fallback_value: chars(10), code: fc.constant('EUR'), amount_1000: fc.integer() }),
  }),
  fc.record({ type: fc.constant('image'), image: file() }),
  fc.record({ type: fc.constant('location'), location: place }),
);
const component = fc.oneof(
  fc.record({ type: fc.constantFrom('header', 'body'), parameters: fc.array(parameter, { maxLength: 3 }) }),
  fc.record({
    type: fc.constant('button'),
    sub_type: fc.constantFrom('url', 'quick_reply'),
    index: fc.integer({ min: 0, max: 9 }).map(String),
    parameters: fc.array(fc.record({ type: fc.constant('text'), text: chars(30) }), { maxLength: 1 }),
  }),
);

/** Each kind of content by its name. */
export const CONTENTS: Readonly<Record<Content['type'], fc.Arbitrary<unknown>>> = {
  text: maybe({ body: chars(limits.TEXT_BODY_MAX) }, { preview_url: fc.boolean() }),
  template: maybe(
    {
      name: fc.stringMatching(/^[a-z0-9_]{1,30}$/),
      language: fc.record({ code: fc.constantFrom('en_US', 'de') }),
    },
    { components: fc.array(component, { maxLength: 5 }) },
  ),
  image: file(caption),
  video: file(caption),
  audio: file({ voice: fc.boolean() }),
  document: file({ ...caption, filename: chars(20) }),
  sticker: file(),
  location: place,
  contacts: fc.array(
    maybe(
      { name: maybe({ formatted_name: chars(30) }, { first_name: chars(20) }) },
      {
        phones: fc.array(maybe({}, { phone: chars(20), type: fc.constant('CELL') }), { maxLength: 2 }),
        birthday: fc.constant('1985-03-21'),
      },
    ),
    { minLength: 1, maxLength: 4 },
  ),
  reaction: fc.record({ message_id: wamid, emoji: fc.constantFrom('👍', '') }),
  interactive: fc.oneof(...Object.values(INTERACTIVES)),
};

/** Any content, now and then a reply. */
export const anyContent: fc.Arbitrary<Content> = fc.oneof(
  ...Object.entries(CONTENTS).map(([type, inner]) =>
    fc.tuple(inner, fc.option(wamid, { nil: undefined })).map(
      ([said, message_id]) =>
        ({
          type,
          [type]: said,
          ...(message_id === undefined ? {} : { context: { message_id } }),
        }) as unknown as Content,
    ),
  ),
);
