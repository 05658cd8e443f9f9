import { describe, expect, test } from 'vitest';
import { startTestNetwork } from './network.ts';

const PHONE = '+15557770001';
const body = { text: 'Well?' };
const reply = (id: string, title = id) => ({ type: 'reply', reply: { id, title } });
const row = (id: string) => ({ id, title: id });
const rows = (count: number) => Array.from({ length: count }, (_, i) => row(`r${i}`));
const image = { type: 'image', image: { link: 'https://example.com/a.jpg' } };
const link = { name: 'cta_url', parameters: { display_text: 'See', url: 'https://example.com/a' } };
const card = (card_index: number) => ({ card_index, type: 'cta_url', header: image, action: link });
const order = (total: number) => ({
  type: 'order_details',
  body,
  action: {
    name: 'review_and_pay',
    parameters: {
      reference_id: 'inv-17',
      type: 'digital-goods',
      currency: 'INR',
      total_amount: { value: total, offset: 100 },
      payment_settings: [{ type: 'payment_gateway' }],
      order: {
        status: 'pending',
        items: [{ name: 'Plan', amount: { value: 10000, offset: 100 }, quantity: 1 }],
        subtotal: { value: 10000, offset: 100 },
        tax: { value: 1000, offset: 100 },
      },
    },
  },
});
const list = (...sections: object[]) => ({ type: 'list', body, action: { button: 'Slots', sections } });
const flow = (change: object = {}) => ({
  type: 'flow',
  body,
  action: {
    name: 'flow',
    parameters: { flow_message_version: '3', flow_id: '1', flow_cta: 'Book', ...change },
  },
});
const call = (parameters: object) => ({
  type: 'voice_call',
  body,
  action: { name: 'voice_call', parameters },
});

describe('every interactive kind', () => {
  test.each<[string, object]>([
    [
      'three buttons',
      { type: 'button', header: image, body, action: { buttons: ['a', 'b', 'c'].map(id => reply(id)) } },
    ],
    ['a title of 20 emojis', { type: 'button', body, action: { buttons: [reply('a', '😀'.repeat(20))] } }],
    ['ten rows', list({ rows: rows(10) })],
    ['a link', { type: 'cta_url', body, action: link }],
    ['a location request', { type: 'location_request_message', body, action: { name: 'send_location' } }],
    ['a product', { type: 'product', action: { catalog_id: '1', product_retailer_id: 'sku' } }],
    ['a catalog', { type: 'catalog_message', body, action: { name: 'catalog_message' } }],
    [
      'products',
      {
        type: 'product_list',
        header: { type: 'text', text: 'Offers' },
        body,
        action: {
          catalog_id: '1',
          sections: [{ title: 'All', product_items: [{ product_retailer_id: 'sku' }] }],
        },
      },
    ],
    ['an order', order(11000)],
    [
      'the state of an order',
      {
        type: 'order_status',
        body,
        action: {
          name: 'review_order',
          parameters: { reference_id: 'inv-17', order: { status: 'shipped' } },
        },
      },
    ],
    ['a flow', flow()],
    ['a carousel', { type: 'carousel', body, action: { cards: [card(0), card(1)] } }],
    ['a request to call', { type: 'call_permission_request', action: { name: 'call_permission_request' } }],
    ['a call button', call({ display_text: 'Call', ttl_minutes: 43200 })],
    [
      'an address',
      { type: 'address_message', body, action: { name: 'address_message', parameters: { country: 'IN' } } },
    ],
    [
      'a request for the number',
      { type: 'request_contact_info', body, action: { name: 'request_contact_info' } },
    ],
  ])('takes %s', async (_, interactive) => {
    const { send, chat } = await startTestNetwork();
    const answer = await send(PHONE, { type: 'interactive', interactive });
    expect([answer.status, answer.body.error]).toEqual([200, undefined]);
    expect((await chat(PHONE))[0]).toMatchObject({ type: 'interactive', interactive });
  });

  test.each<[string, object, number, string]>([
    ['no action', { type: 'button', body }, 131008, "['action']"],
    ['no body', { type: 'button', action: { buttons: [reply('a')] } }, 131008, "['body']"],
    [
      'four buttons',
      { type: 'button', body, action: { buttons: ['a', 'b', 'c', 'd'].map(id => reply(id)) } },
      131009,
      'more than 3',
    ],
    [
      'equal titles',
      { type: 'button', body, action: { buttons: [reply('a', 'Yes'), reply('b', 'Yes')] } },
      131009,
      'another button',
    ],
    [
      'a title of 21 emojis',
      { type: 'button', body, action: { buttons: [reply('a', '😀'.repeat(21))] } },
      131009,
      '20',
    ],
    ['buttons that are no array', { type: 'button', body, action: { buttons: {} } }, 100, 'an array'],
    [
      'eleven rows',
      list({ title: 'a', rows: rows(6) }, { title: 'b', rows: [...rows(5)].map(({ id }) => row(`x${id}`)) }),
      131009,
      'in all',
    ],
    ['sections without titles', list({ rows: [row('a')] }, { rows: [row('b')] }), 131008, "['title']"],
    ['a picture above a list', { ...list({ rows: rows(1) }), header: image }, 131009, 'not allowed'],
    [
      'a link to nowhere',
      {
        type: 'cta_url',
        body,
        action: { name: 'cta_url', parameters: { display_text: 'See', url: 'ftp://x' } },
      },
      131009,
      "['url']",
    ],
    [
      'another action',
      { type: 'location_request_message', body, action: { name: 'send' } },
      131009,
      'send_location',
    ],
    ['no header above products', { type: 'product_list', body, action: {} }, 131008, "['header']"],
    ['a wrong sum', order(10000), 131009, 'subtotal'],
    ['an emoji on a flow', flow({ flow_cta: 'Go 🚀' }), 131009, 'emoji'],
    ['two names of a flow', flow({ flow_name: 'a' }), 131009, 'both'],
    ['one card', { type: 'carousel', body, action: { cards: [card(0)] } }, 131009, 'fewer than 2'],
    [
      'two cards of one index',
      { type: 'carousel', body, action: { cards: [card(0), card(0)] } },
      131009,
      'another card',
    ],
    ['a call for too long', call({ ttl_minutes: 43201 }), 131009, 'ttl_minutes'],
    [
      'an address abroad',
      { type: 'address_message', body, action: { name: 'address_message', parameters: { country: 'DE' } } },
      131009,
      'IN',
    ],
    ['a kind that is not there', { type: 'poll', action: {} }, 131009, 'poll'],
  ])('refuses %s', async (_, interactive, code, words) => {
    const { send } = await startTestNetwork();
    const { body: answer } = await send(PHONE, { type: 'interactive', interactive });
    expect(answer.error?.code).toBe(code);
    expect(JSON.stringify(answer.error)).toContain(words);
  });
});

describe('Direct Send', () => {
  test.each<[string, object, number | undefined]>([
    ['a text', { category: 'utility', ttl_seconds: 43200 }, undefined],
    ['a life without a category', { ttl_seconds: 60 }, 100],
    ['a life that is too long', { category: 'authentication', ttl_seconds: 901 }, 100],
    ['marketing', { category: 'marketing' }, 100],
    ['a location', { category: 'utility', type: 'location', location: { latitude: 1, longitude: 1 } }, 100],
  ])('%s', async (_, fields, code) => {
    const { send } = await startTestNetwork({ settings: { window: 'sync' } });
    const { body: answer } = await send(PHONE, { type: 'text', text: { body: 'hi' }, ...fields });
    expect(answer.error?.code).toBe(code);
  });
});
