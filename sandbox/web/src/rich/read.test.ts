import { describe, expect, test } from 'vitest';
import { readInteractive } from './read-interactive.ts';
import { readTemplate } from './read-template.ts';

const kinds = (content: unknown) => readInteractive(content)?.actions.map(({ kind }) => kind);

describe('an interactive message is read', () => {
  test.each([
    ['button', { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Yes' } }] }, ['reply']],
    ['list', { button: 'Slots', sections: [{ rows: [{ id: 'a', title: 'A' }] }] }, ['list']],
    ['cta_url', { parameters: { display_text: 'See', url: 'https://x.example' } }, ['url']],
    ['location_request_message', { name: 'send_location' }, ['location']],
    ['product', { catalog_id: '1', product_retailer_id: 'a' }, ['products']],
    [
      'product_list',
      { catalog_id: '1', sections: [{ product_items: [{ product_retailer_id: 'a' }] }] },
      ['products'],
    ],
    ['catalog_message', { name: 'catalog_message' }, ['products']],
    ['order_details', { parameters: { reference_id: '1', order: { items: [] } } }, ['order']],
    ['order_status', { parameters: { order: { status: 'shipped' } } }, []],
    ['flow', { parameters: { flow_cta: 'Book', flow_token: 't' } }, ['flow']],
    ['carousel', { cards: [] }, []],
    ['call_permission_request', { name: 'call_permission_request' }, ['call_permission']],
    ['voice_call', { name: 'voice_call' }, ['voice_call']],
    ['address_message', { parameters: { country: 'IN' } }, ['address']],
    ['request_contact_info', { name: 'request_contact_info' }, ['contact_info']],
  ])('%s: its action is what the person can do', (type, action, expected) => {
    expect(kinds({ type, body: { text: 'x' }, action })).toEqual(expected);
  });

  test('a type that nobody knows is nothing to read', () => {
    expect(readInteractive({ type: 'hologram', action: {} })).toBeUndefined();
    expect(readInteractive(null)).toBeUndefined();
  });

  test('a reply button answers as button_reply, and by Direct Send as button', () => {
    const content = {
      type: 'button',
      action: { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Yes' } }] },
    };
    expect(readInteractive(content)?.actions[0]).toMatchObject({
      choice: 'reply y',
      answer: {
        type: 'interactive',
        interactive: { type: 'button_reply', button_reply: { id: 'y', title: 'Yes' } },
      },
    });
    expect(readInteractive(content, true)?.actions[0]).toMatchObject({
      answer: { type: 'button', button: { payload: 'y', text: 'Yes' } },
    });
  });

  test('an address that is no web address is no link', () => {
    const content = {
      type: 'cta_url',
      action: { parameters: { display_text: 'See', url: 'javascript:alert(1)' } },
    };
    expect(readInteractive(content)?.actions[0]).toEqual({ kind: 'url', text: 'See', url: undefined });
  });

  test('an id of media is sought in the sandbox, a link where it leads', () => {
    const header = (image: object) =>
      readInteractive({ type: 'button', header: { type: 'image', image }, action: {} })?.header;
    expect(header({ id: '10/37' })).toMatchObject({ media: { source: '/sandbox/media/10%2F37' } });
    expect(header({ link: 'https://x.example/a.jpg' })).toMatchObject({
      media: { source: 'https://x.example/a.jpg' },
    });
  });

  test('cards of a carousel keep their order, with links or products', () => {
    const cards = readInteractive({
      type: 'carousel',
      action: {
        cards: [
          {
            card_index: 0,
            header: { type: 'image', image: { id: '1' } },
            body: { text: 'A' },
            action: { name: 'cta_url', parameters: { display_text: 'See', url: 'https://x.example' } },
          },
          { card_index: 1, type: 'product', action: { product_retailer_id: 'sku', catalog_id: '9' } },
        ],
      },
    })?.cards;
    expect(cards?.map(({ header, actions }) => [header?.kind, actions[0]?.kind])).toEqual([
      ['image', 'url'],
      ['product', 'products'],
    ]);
  });
});

describe('a rendered template is read', () => {
  test.each([
    ['QUICK_REPLY', { text: 'Stop', payload: 'STOP' }, 'reply'],
    ['URL', { text: 'Track', url: 'https://x.example/17' }, 'url'],
    ['PHONE_NUMBER', { text: 'Call', phone_number: '+15550001000' }, 'phone'],
    ['COPY_CODE', { text: 'Copy code', coupon_code: 'SAVE20' }, 'copy'],
    ['FLOW', { text: 'Book' }, 'flow'],
    ['CATALOG', {}, 'products'],
    ['MPM', {}, 'products'],
    ['SPM', {}, 'products'],
    ['VOICE_CALL', { text: 'Call us' }, 'voice_call'],
    ['REQUEST_CONTACT_INFO', {}, 'contact_info'],
    ['NEW_IN_2030', { text: 'Beam' }, 'other'],
  ])('a button %s', (type, fields, kind) => {
    const rich = readTemplate({ body: 'x', buttons: [{ type, index: 0, ...fields }] });
    expect(rich?.actions.map(action => action.kind)).toEqual([kind]);
  });

  test('a quick reply answers with its payload, else with its text', () => {
    const answer = (button: object) =>
      readTemplate({ buttons: [{ type: 'QUICK_REPLY', text: 'Stop', ...button }] })?.actions[0];
    expect(answer({ payload: 'p' })).toMatchObject({
      answer: { type: 'button', button: { payload: 'p', text: 'Stop' } },
    });
    expect(answer({})).toMatchObject({
      answer: { type: 'button', button: { payload: 'Stop', text: 'Stop' } },
    });
  });

  test("an authentication template's link is a code to copy", () => {
    const url = 'https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp123456';
    const rich = readTemplate({ buttons: [{ type: 'URL', text: 'Copy code', url }] });
    expect(rich?.actions[0]).toEqual({ kind: 'copy', text: 'Copy code', code: '123456' });
  });

  test('what only the send knows is taken from it: tokens of flows, products of catalogues', () => {
    const rendered = {
      buttons: [
        { type: 'MPM', index: 0 },
        { type: 'FLOW', text: 'Book', index: 1 },
      ],
    };
    const button = (index: string, sub_type: string, action: object) => ({
      type: 'button',
      sub_type,
      index,
      parameters: [{ type: 'action', action }],
    });
    const components = [
      button('0', 'mpm', { sections: [{ title: 'S', product_items: [{ product_retailer_id: 'a' }] }] }),
      button('1', 'flow', { flow_token: 'tok', flow_action_data: { day: 1 } }),
    ];
    expect(readTemplate(rendered, { components })?.actions).toMatchObject([
      { kind: 'products', sections: [{ title: 'S', productIds: ['a'] }] },
      { kind: 'flow', flow: { token: 'tok', data: { day: 1 } } },
    ]);
  });

  test.each([
    [
      { format: 'TEXT', text: 'Hi' },
      { kind: 'text', text: 'Hi' },
    ],
    [
      { format: 'IMAGE', media_url: '/sandbox/media/1' },
      { kind: 'image', media: { source: '/sandbox/media/1' } },
    ],
    [
      { format: 'LOCATION', location: { latitude: 1, longitude: '2' } },
      { kind: 'location', place: { latitude: 1, longitude: 2 } },
    ],
    [undefined, undefined],
  ])('its header %j', (header, expected) => {
    const read = readTemplate({ header, body: 'x' })?.header;
    if (expected === undefined) expect(read).toBeUndefined();
    else expect(read).toMatchObject(expected);
  });

  test('an offer has an end and a code', () => {
    const rich = readTemplate({
      body: 'x',
      limited_time_offer: { text: 'Ends soon', expiration_time_ms: 1_800_000_000_000 },
      buttons: [{ type: 'COPY_CODE', text: 'Copy', coupon_code: 'SAVE20' }],
    });
    expect(rich?.offer).toEqual({ text: 'Ends soon', expiresAt: 1_800_000_000_000, code: 'SAVE20' });
  });

  test('one that the registry did not fill in is left to its text', () => {
    expect(readTemplate(undefined)).toBeUndefined();
  });
});
