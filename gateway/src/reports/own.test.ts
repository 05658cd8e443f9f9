import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { newEndpointSecret } from '../accounts/endpoints.ts';
import { EVENT } from '../message/event.ts';
import type { Message } from '../message/message.ts';
import type { MessageReport, NoticeReport, SigningKeys } from './encoder.ts';
import { OWN } from './own.ts';

const MESSAGE = {
  id: '0190a000-0000-7000-8000-000000000001',
  direction: 'outbound',
  status: 'delivered',
  senderId: 's',
  recipient: '+15557654321',
  kind: 'text',
  content: { type: 'text', text: { body: 'Grüße 👋' } },
  createdAt: new Date('2026-03-01T12:00:00Z'),
  priority: 1,
} as unknown as Message;

const report: MessageReport = {
  about: 'message',
  event: 'delivered',
  eventId: '0190a000-0000-7000-8000-0000000000ee',
  occurredAt: new Date('2026-03-01T12:00:04Z'),
  attempt: 1,
  deliveredTo: 'https://example.com/',
  endpointId: undefined,
  message: MESSAGE,
  senderPhone: '+15550001000',
  senderWaba: '100200300',
};

const keys = (secret: string | undefined, previousSecret?: string): SigningKeys => ({
  ed25519: () => Buffer.alloc(64),
  secret,
  previousSecret,
});

test('a report is accepted by the package of Standard Webhooks, with the message as /api shows it', () => {
  const secret = newEndpointSecret();
  const { headers, body } = OWN.encode(report, keys(secret), new Date());
  expect(new Webhook(secret).verify(body, { ...headers })).toMatchObject({
    type: 'message.delivered',
    timestamp: '2026-03-01T12:00:04.000Z',
    data: {
      id: MESSAGE.id,
      status: 'delivered',
      sender: '+15550001000',
      content: MESSAGE.content,
      media_url: null,
    },
  });
  expect(headers['webhook-id']).toBe(report.eventId);
  expect(() => new Webhook(secret).verify(`${body} `, { ...headers })).toThrow('No matching signature');
  expect(() => new Webhook(newEndpointSecret()).verify(body, { ...headers })).toThrow(
    'No matching signature',
  );
});

test('while two secrets hold, a receiver that knows either accepts a report', () => {
  const [now, before] = [newEndpointSecret(), newEndpointSecret()];
  const { headers, body } = OWN.encode(report, keys(now, before), new Date());
  expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
  for (const secret of [now, before]) expect(new Webhook(secret).verify(body, { ...headers })).toBeDefined();
  expect(() => new Webhook(newEndpointSecret()).verify(body, { ...headers })).toThrow();
});

test('an attempt is signed with its own time', () => {
  const secret = newEndpointSecret();
  const old = OWN.encode(report, keys(secret), new Date(Date.now() - 600_000));
  expect(() => new Webhook(secret).verify(old.body, { ...old.headers })).toThrow('too old');
});

test('a notice is told as /api shows it', () => {
  const secret = newEndpointSecret();
  const notice: NoticeReport = {
    about: 'notice',
    event: 'template',
    eventId: 'e',
    occurredAt: new Date('2026-03-01T12:00:04Z'),
    attempt: 1,
    deliveredTo: 'https://example.com/',
    endpointId: undefined,
    subscribed: ['template.updated'],
    notice: {
      id: 'n',
      workspaceId: 'w',
      wabaId: '42',
      senderPhone: undefined,
      field: 'message_template_status_update',
      event: 'APPROVED',
      value: { reason: 'NONE' },
      at: new Date('2026-03-01T12:00:04Z'),
    },
  };
  const { headers, body } = OWN.encode(notice, keys(secret), new Date());
  expect(new Webhook(secret).verify(body, { ...headers })).toMatchObject({
    type: 'template.updated',
    data: { about: 'template', waba_id: '42', field: 'message_template_status_update', event: 'APPROVED' },
  });
});

test('every event has a name of its own', () => {
  expect(Object.values(OWN.eventNames).flat().sort()).toEqual(Object.keys(EVENT).sort());
});

test('without a secret nothing is signed', () => {
  expect(() => OWN.encode(report, keys(undefined), new Date())).toThrow('no secret');
});
