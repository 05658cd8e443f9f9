import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inboundRow, statusFact, UnreadableItem } from './facts.ts';
import { itemsOf, named, parseBody } from './items.ts';
import { signingSecret } from './signature.ts';

const change = (phoneNumberId: string, value: object) => ({
  field: 'messages',
  value: { messaging_product: 'whatsapp', metadata: { phone_number_id: phoneNumberId }, ...value },
});
const status = (id: string) => ({ id, status: 'sent', timestamp: '1750030073', recipient_id: '1' });
const message = (id: string) => ({
  id,
  from: '1650',
  timestamp: '1750030073',
  type: 'text',
  text: { body: 'hi' },
});

describe('a webhook is read whole', () => {
  test('every entry, every change, every status and message is an item', () => {
    const body = {
      entry: [
        {
          id: 'waba1',
          changes: [
            change('p1', { statuses: [status('a'), status('b')] }),
            change('p2', { messages: [message('c')] }),
          ],
        },
        {
          id: 'waba2',
          changes: [
            change('p3', { statuses: [status('d')], messages: [message('e')] }),
            { field: 'account_alerts', value: {} },
          ],
        },
      ],
    };
    expect(
      itemsOf(body).map(item =>
        'phoneNumberId' in item
          ? `${item.kind} ${item.phoneNumberId} ${item.value.id}`
          : 'field' in item && `${item.kind} ${item.field}`,
      ),
    ).toEqual([
      'status p1 a',
      'status p1 b',
      'message p2 c',
      'status p3 d',
      'message p3 e',
      'notice account_alerts',
    ]);
    expect(named(body)).toEqual({
      wabaIds: new Set(['waba1', 'waba2']),
      phoneNumberIds: new Set(['p1', 'p2', 'p3']),
    });
  });

  test('no JSON makes it throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const shapes = [
          value,
          { entry: value },
          { entry: [{ changes: value }] },
          {
            entry: [
              {
                id: value,
                changes: [
                  {
                    field: 'messages',
                    value: {
                      metadata: { phone_number_id: 'p' },
                      statuses: value,
                      messages: value,
                      contacts: value,
                    },
                  },
                ],
              },
            ],
          },
        ];
        for (const shape of shapes) {
          named(shape);
          for (const item of itemsOf(shape)) {
            try {
              if (item.kind === 'status') statusFact(item.value);
              if (item.kind === 'message')
                inboundRow(item.value, item.contacts, { id: 's', workspaceId: 'w' });
            } catch (error) {
              expect(error).toBeInstanceOf(UnreadableItem);
            }
          }
        }
      }),
    );
  });

  test('a name cut inside an emoji is mended, a whole emoji is kept, a NUL is dropped', () => {
    const parsed = parseBody(Buffer.from('{"a":"Ana \\ud83d","b":"\\ud83d\\ude00","c":"x\\u0000y"}'));
    expect(parsed).toEqual({ a: 'Ana \ufffd', b: '😀', c: 'xy' });
  });

  test('one message nested without end keeps the rest of its webhook from neither mending nor reading', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const body = `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"p"},"messages":[
      {"id":"a","deep":${deep}},{"id":"b","text":{"body":"half \\ud83d"}}]}}]}]}`;
    expect(itemsOf(parseBody(Buffer.from(body)))[1]).toMatchObject({
      value: { id: 'b', text: { body: 'half \ufffd' } },
    });
  });

  test('more items than a webhook can hold are one item', () => {
    const items = itemsOf({ entry: [{ changes: [change('p', { statuses: new Array(100_000).fill(1) })] }] });
    expect(items).toHaveLength(30_001);
    expect(items.at(-1)).toEqual({ kind: 'excess', count: 70_000 });
  });

  test('what is not JSON is undefined', () => {
    expect(parseBody(Buffer.from('hello'))).toBeUndefined();
  });
});

describe('a status', () => {
  const id = '0193a8c0-0000-7000-8000-000000000001';
  test('with our callback data names its message and attempt', () => {
    expect(statusFact({ ...status('w1'), biz_opaque_callback_data: `wb:${id}:2` })).toMatchObject({
      wamid: 'w1',
      message: { id, attempt: 2 },
      times: { sent: '2025-06-15T23:27:53.000Z' },
    });
  });

  test.each(['job-42', `wb:${id}`, `wb:${id}:x`, `xwb:${id}:1`])(
    'with other callback data (%s) does not',
    callback => {
      expect(statusFact({ ...status('w1'), biz_opaque_callback_data: callback })?.message).toBeUndefined();
    },
  );

  test('in milliseconds, met now and then, is the same time', () => {
    expect(statusFact({ ...status('w1'), timestamp: '1750030073123' })?.times.sent).toBe(
      '2025-06-15T23:27:53.123Z',
    );
  });

  test('that Meta adds tomorrow is passed over; one without id or time is unreadable', () => {
    expect(statusFact({ ...status('w1'), status: 'teleported' })).toBeUndefined();
    expect(() => statusFact({ ...status('w1'), id: undefined })).toThrow(UnreadableItem);
    expect(() => statusFact({ ...status('w1'), timestamp: 'yesterday' })).toThrow(UnreadableItem);
  });

  test.each([
    ['an id longer than an index bears', { id: 'w'.repeat(513) }],
    [
      'an object nested deeper than a stack bears',
      { pricing: JSON.parse(`${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`) },
    ],
  ])('with %s is unreadable', (_, more) => {
    expect(() => statusFact({ ...status('w1'), ...more })).toThrow(UnreadableItem);
    expect(() => inboundRow({ ...message('w1'), ...more }, new Map(), { id: 's', workspaceId: 'w' })).toThrow(
      UnreadableItem,
    );
  });

  test('that failed carries the reason of Meta and what to do about it', () => {
    const failed = statusFact({
      ...status('w1'),
      status: 'failed',
      errors: [{ code: 131047, title: 'Re-engagement message' }],
    });
    expect(JSON.parse(failed?.times.failure ?? '')).toEqual({
      code: '131047',
      title: 'Re-engagement message',
      remedy: 'Send a template: the recipient has not written in the last 24 hours.',
      source: 'meta',
    });
  });
});

describe('an inbound message', () => {
  const sender = { id: 's', workspaceId: 'w' };
  test('has the name that its contact gives, by phone or by user id', () => {
    const body = {
      entry: [
        {
          changes: [
            change('p', {
              contacts: [
                { wa_id: '1650', profile: { name: 'Ana' } },
                { wa_id: '1650', profile: { name: 'Eve' } },
                { user_id: 'US.1', profile: { name: 'Bo' } },
              ],
              messages: [message('a'), { ...message('b'), from: undefined, from_user_id: 'US.1' }],
            }),
          ],
        },
      ],
    };
    const names = itemsOf(body).map(
      item => item.kind === 'message' && inboundRow(item.value, item.contacts, sender).name,
    );
    expect(names).toEqual(['Ana', 'Bo']);
  });

  test('from a sender longer than any id of Meta is unreadable; a type cut inside an emoji is mended', () => {
    const row = (more: object) => inboundRow({ ...message('a'), ...more }, new Map(), sender);
    expect(() => row({ from: '1'.repeat(301) })).toThrow(UnreadableItem);
    expect(row({ type: `${'t'.repeat(31)}😀` }).kind).toBe(`${'t'.repeat(31)}\ufffd`);
  });
});

describe('the signature', () => {
  const body = Buffer.from('{"a":"\\u00e9"}');
  const sign = (secret: string, bytes = body): string =>
    `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`;

  test('names the secret that made it', () => {
    expect(signingSecret(body, sign('b'), ['a', 'b', 'c'])).toBe('b');
  });

  test.each([
    ['another secret', sign('x')],
    ['one byte more', sign('a', Buffer.concat([body, Buffer.from(' ')]))],
    ['no header', undefined],
    ['a short digest', sign('a').slice(0, -1)],
    ['no prefix', sign('a').slice(7)],
  ])('with %s fits nothing', (_, header) => {
    expect(signingSecret(body, header, ['a', 'b'])).toBeUndefined();
  });
});
