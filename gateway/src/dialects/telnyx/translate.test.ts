import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message, Outbound } from '../../message/message.ts';
import type { StatusName } from '../../message/status.ts';
import { check } from './check.ts';
import type { Send } from './schema.ts';
import { now, toAnswer, toInboundPayload, toOutbound, toOutboundPayload } from './translate.ts';

const FROM = '+15550001000';
const TO = '+15557654321';
const HERE = {
  workspaceId: '01939b0b-0000-7000-8000-000000000001',
  senderId: '01939b0b-0000-7000-8000-000000000002',
};
const CREATED = new Date('2026-03-01T12:00:00.123Z');
const LATER = new Date('2026-03-01T12:00:04.100Z');

function outbound(whatsapp_message: object, more: object = {}): Outbound {
  const checked = check({ from: FROM, to: TO, whatsapp_message, ...more }, () => undefined);
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
  return toOutbound(checked.send, checked.content, HERE);
}

/** The message that the outbox would read back, content through JSON as the database keeps it. */
function stored(sent: Outbound, more: Partial<Message> = {}): Message {
  return {
    id: '01939b0b-0000-7000-8000-000000000003',
    workspaceId: sent.workspaceId,
    senderId: sent.senderId,
    direction: 'outbound',
    dialect: sent.dialect,
    recipient: sent.recipient,
    kind: sent.content.type,
    content: JSON.parse(JSON.stringify(sent.content)) as Record<string, unknown>,
    status: 'queued',
    attempt: 0,
    priority: 1,
    wamid: undefined,
    callbackData: sent.callbackData,
    webhookUrl: sent.webhookUrl,
    webhookFailoverUrl: sent.webhookFailoverUrl,
    failure: undefined,
    pricing: undefined,
    createdAt: CREATED,
    sendingAt: undefined,
    acceptedAt: undefined,
    sentAt: undefined,
    deliveredAt: undefined,
    readAt: undefined,
    playedAt: undefined,
    deletedAt: undefined,
    endedAt: undefined,
    validUntil: undefined,
    parked: undefined,
    runAt: undefined,
    ...more,
  };
}

describe('a send becomes what Meta knows', () => {
  test.each<[string, object, object]>([
    ['a text', { type: 'text', text: { body: 'hi' } }, { type: 'text', text: { body: 'hi' } }],
    [
      'a text with preview',
      { type: 'text', text: { body: 'hi', preview_url: false } },
      { type: 'text', text: { body: 'hi', preview_url: false } },
    ],
    [
      'a reply',
      { type: 'text', text: { body: 'hi' }, context: { message_id: 'wamid.A', x: 1 } },
      { type: 'text', text: { body: 'hi' }, context: { message_id: 'wamid.A', x: 1 } },
    ],
    [
      'a text with what Meta may know tomorrow, without what is beside it',
      { type: 'text', text: { body: 'hi', bold: true }, to: '+15550000000', biz_opaque_callback_data: 't' },
      { type: 'text', text: { body: 'hi', bold: true } },
    ],
    [
      'a template',
      { type: 'template', template: { name: 'n', language: { policy: 'deterministic', code: 'de' } } },
      { type: 'template', template: { name: 'n', language: { policy: 'deterministic', code: 'de' } } },
    ],
    [
      'a button’s integer as Meta’s text',
      {
        type: 'template',
        template: {
          name: 'n',
          language: { code: 'de' },
          components: [
            { type: 'button', sub_type: 'url', index: 0, parameters: [{ type: 'text', text: '42' }] },
          ],
        },
      },
      {
        type: 'template',
        template: {
          name: 'n',
          language: { code: 'de' },
          components: [
            { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: '42' }] },
          ],
        },
      },
    ],
    [
      'a button’s text as it is',
      {
        type: 'template',
        template: {
          name: 'n',
          language: { code: 'de' },
          components: [{ type: 'button', sub_type: 'quick_reply', index: '9' }],
        },
      },
      {
        type: 'template',
        template: {
          name: 'n',
          language: { code: 'de' },
          components: [{ type: 'button', sub_type: 'quick_reply', index: '9' }],
        },
      },
    ],
    [
      'parameters of every kind, whole',
      {
        type: 'template',
        template: {
          name: 'n',
          language: { code: 'de' },
          components: [
            {
              type: 'header',
              parameters: [
                { type: 'document', document: { link: 'https://x.example/i.pdf', filename: 'i.pdf' } },
              ],
            },
          ],
        },
      },
      {
        type: 'template',
        template: {
          name: 'n',
          language: { code: 'de' },
          components: [
            {
              type: 'header',
              parameters: [
                { type: 'document', document: { link: 'https://x.example/i.pdf', filename: 'i.pdf' } },
              ],
            },
          ],
        },
      },
    ],
  ])('%s', (_name, wire, content) => {
    expect(outbound(wire).content).toEqual(content);
  });

  test('sender, recipient, tag and addresses go beside it', () => {
    const sent = outbound(
      { type: 'text', text: { body: 'hi' }, biz_opaque_callback_data: 't1' },
      {
        webhook_url: 'https://a.example',
        webhook_failover_url: 'https://b.example',
        messaging_profile_id: 'x',
      },
    );
    expect(sent).toEqual({
      ...HERE,
      dialect: 'telnyx',
      recipient: TO,
      content: { type: 'text', text: { body: 'hi' } },
      callbackData: 't1',
      webhookUrl: 'https://a.example',
      webhookFailoverUrl: 'https://b.example',
    });
  });

  test('null addresses are none', () => {
    const sent = outbound(
      { type: 'text', text: { body: 'hi' } },
      { webhook_url: null, webhook_failover_url: null },
    );
    expect(sent.webhookUrl).toBeUndefined();
    expect(sent.webhookFailoverUrl).toBeUndefined();
  });
});

test('the answer has the page’s fields, and the message as the caller wrote it', () => {
  const whatsapp_message = {
    type: 'text',
    text: { body: 'hi', bold: true },
    biz_opaque_callback_data: 't1',
  } as const;
  const send: Send = { from: FROM, to: TO, whatsapp_message, webhook_url: 'https://cb.example/wa' };
  const accepted = {
    kind: 'accepted',
    id: 'id',
    status: 'queued',
    createdAt: CREATED,
    validUntil: new Date('2026-01-02T00:00:00Z'),
  } as const;
  expect(toAnswer(send, accepted, HERE.workspaceId)).toEqual({
    data: {
      record_type: 'message',
      direction: 'outbound',
      id: 'id',
      type: 'WHATSAPP',
      organization_id: HERE.workspaceId,
      messaging_profile_id: HERE.workspaceId,
      from: { phone_number: FROM, carrier: 'Telnyx', line_type: 'Wireless' },
      to: [{ phone_number: TO, status: 'queued', carrier: '', line_type: 'Wireless' }],
      body: whatsapp_message,
      encoding: 'utf-8',
      webhook_url: 'https://cb.example/wa',
      wait_seconds: 0,
      received_at: '2026-03-01T12:00:00.123+00:00',
      sent_at: null,
      completed_at: null,
      valid_until: '2026-01-02T00:00:00.000+00:00',
    },
  });
});

describe('a message read back', () => {
  const sent = outbound({ type: 'text', text: { body: 'hi' }, biz_opaque_callback_data: 't1' });
  const read = (more: Partial<Message>): object => {
    const message = stored(sent, more);
    return toOutboundPayload(message, FROM, now(message));
  };

  test.each<[StatusName, string | undefined, string]>([
    ['scheduled', undefined, 'scheduled'],
    ['queued', undefined, 'queued'],
    ['sending', undefined, 'sending'],
    ['unconfirmed', undefined, 'sending'],
    ['accepted', 'wamid.A', 'sending'],
    ['sent', 'wamid.A', 'sent'],
    ['delivered', 'wamid.A', 'delivered'],
    ['read', 'wamid.A', 'read'],
    ['failed', undefined, 'sending_failed'],
    ['failed', 'wamid.A', 'delivery_failed'],
    ['expired', undefined, 'expired'],
    ['canceled', undefined, 'cancelled'],
    ['suppressed', undefined, 'delivery_failed'],
  ])('%s with wamid %s is %s to Telnyx', (status, wamid, expected) => {
    expect(read({ status, wamid })).toMatchObject({ to: [{ phone_number: TO, status: expected }] });
  });

  test('Meta’s id and the caller’s tag are in its body', () => {
    expect(read({ wamid: 'wamid.A' })).toMatchObject({
      body: { type: 'text', text: { body: 'hi' }, biz_opaque_callback_data: 't1', foreign_id: 'wamid.A' },
    });
  });

  test('a failure of Meta’s is told with its code', () => {
    const failure = { code: '131026', title: 'Message undeliverable', source: 'meta' } as const;
    expect(read({ status: 'failed', wamid: 'wamid.A', failure, endedAt: LATER })).toMatchObject({
      completed_at: '2026-03-01T12:00:04.100+00:00',
      cost: null,
      errors: [
        {
          code: '41000',
          title: 'WhatsApp Error',
          detail: '(#131026) Message undeliverable',
          source: { pointer: '/to/0' },
          meta: { whatsapp_error_code: '131026' },
        },
      ],
    });
  });

  test('a delivery after a failure has no errors', () => {
    const failure = { code: '131026', title: 'Message undeliverable', source: 'meta' } as const;
    expect(read({ status: 'delivered', failure, deliveredAt: LATER })).toMatchObject({ errors: [] });
  });

  test('what WhatsApp took and gave up on is an unconfirmed delivery, and complete', () => {
    const moment = read({ status: 'sent', endedAt: LATER });
    expect(moment).toMatchObject({
      to: [{ status: 'delivery_unconfirmed' }],
      completed_at: '2026-03-01T12:00:04.100+00:00',
    });
  });

  test('read without delivered is complete', () => {
    expect(read({ status: 'read', readAt: LATER })).toMatchObject({
      completed_at: '2026-03-01T12:00:04.100+00:00',
    });
  });

  test('a template’s name is told, and its buttons are counted with integers', () => {
    const components = [{ type: 'button', sub_type: 'url', index: 3 }];
    const message = stored(
      outbound({ type: 'template', template: { name: 'n', language: { code: 'de' }, components } }),
    );
    expect(toOutboundPayload(message, FROM, now(message))).toMatchObject({
      template_name: 'n',
      body: { template: { components } },
    });
  });

  test('an inbound message keeps Meta’s object, with plus signs, and one recipient as text', () => {
    const content = {
      from: '15557654321',
      id: 'wamid.B',
      timestamp: '1772366760',
      type: 'interactive',
      interactive: { type: 'button_reply', button_reply: { id: 'yes_callback', title: 'Yes, call me' } },
      context: { from: '15550001000', id: 'wamid.A' },
    };
    const message = stored(sent, {
      direction: 'inbound',
      dialect: undefined,
      kind: 'interactive',
      content,
      status: 'received',
      wamid: 'wamid.B',
      acceptedAt: LATER,
    });
    expect(toInboundPayload(message, FROM, undefined, undefined)).toEqual({
      record_type: 'message',
      direction: 'inbound',
      id: message.id,
      type: 'WHATSAPP',
      organization_id: HERE.workspaceId,
      messaging_profile_id: HERE.workspaceId,
      from: { phone_number: TO, carrier: '', line_type: 'Wireless', status: 'received' },
      to: FROM,
      body: {
        id: message.id,
        foreign_id: 'wamid.B',
        from: TO,
        timestamp: '1772366760',
        type: 'interactive',
        interactive: { type: 'button_reply', button_reply: { id: 'yes_callback', title: 'Yes, call me' } },
        context: { from: FROM, id: 'wamid.A' },
      },
      cc: [],
      media: [],
      encoding: 'utf-8',
      parts: 1,
      tags: [],
      cost: null,
      received_at: '2026-03-01T12:00:04.100+00:00',
      sent_at: null,
      completed_at: null,
      valid_until: null,
      webhook_url: null,
      webhook_failover_url: null,
      errors: [],
    });
  });
});

const label = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter(text => !text.includes('\0'));
const common = {
  context: fc.record({ message_id: label }),
  biz_opaque_callback_data: label,
};
const textMessage = fc.record(
  {
    type: fc.constant('text'),
    text: fc.record({ body: label, preview_url: fc.boolean() }, { requiredKeys: ['body'] }),
    ...common,
  },
  { requiredKeys: ['type', 'text'] },
);
const parameters = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('text'), text: label }),
    fc.record({ type: fc.constant('payload'), payload: label }),
    fc.record({ type: fc.constant('hologram'), hologram: fc.jsonValue({ maxDepth: 2 }) }),
  ),
  { maxLength: 3 },
);
const component = fc.oneof(
  fc.record({ type: fc.constantFrom('header', 'body'), parameters }, { requiredKeys: ['type'] }),
  fc.record(
    {
      type: fc.constant('button'),
      sub_type: fc.constantFrom('quick_reply', 'url'),
      index: fc.integer({ min: 0, max: 9 }),
      parameters,
    },
    { requiredKeys: ['type', 'sub_type', 'index'] },
  ),
);
const templateMessage = fc.record(
  {
    type: fc.constant('template'),
    template: fc.record(
      {
        name: label,
        language: fc.record({ code: label, policy: label }, { requiredKeys: ['code'] }),
        components: fc.array(component, { maxLength: 3 }),
      },
      { requiredKeys: ['name', 'language'] },
    ),
    ...common,
  },
  { requiredKeys: ['type', 'template'] },
);

test('a message comes back as it was written', () => {
  fc.assert(
    fc.property(
      fc.oneof(textMessage, templateMessage),
      fc.option(fc.webUrl(), { nil: undefined }),
      (wire, url) => {
        const message = stored(outbound(wire, { webhook_url: url ?? null }));
        expect(toOutboundPayload(message, FROM, now(message))).toMatchObject({
          from: { phone_number: FROM },
          to: [{ phone_number: TO, status: 'queued' }],
          webhook_url: url ?? null,
        });
        const { body } = toOutboundPayload(message, FROM, now(message)) as { body: unknown };
        expect(body).toEqual(JSON.parse(JSON.stringify(wire)));
      },
    ),
  );
});
