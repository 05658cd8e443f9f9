import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, type Running, startRunning } from './running.ts';

/** No request is answered by a fault of ours, whatever stands in its path, query and body. */
let running: Running;
let ids: string[];

beforeAll(async () => {
  running = await startRunning();
  const auth = { authorization: `Bearer ${running.key}` };
  const { body } = await call<{ data: { id: string; waba_id: string }[] }>(
    'GET',
    `${running.url}/api/senders`,
    undefined,
    auth,
  );
  ids = [running.sender, body.data[0]!.waba_id, body.data[0]!.id, 'whatsapp'];
});
afterAll(() => running?.stop());

const PATHS = [
  '/whatsapp/messages',
  '/whatsapp/messages/:id',
  '/whatsapp/inboundMessages/:id/markAsRead',
  '/whatsapp/inboundMessages/:id/typingIndicator',
  '/whatsapp/templates',
  '/whatsapp/templates/:id/:id',
  '/whatsapp/templates/:id/:id/:id',
  '/whatsapp/phoneNumbers',
  '/whatsapp/phoneNumbers/:id/:id',
  '/whatsapp/phoneNumbers/:id/:id/profile',
  '/whatsapp/phoneNumbers/:id/:id/whatsappCommerceSettings',
  '/whatsapp/phoneNumbers/:id/:id/settings',
  '/whatsapp/businessAccounts',
  '/whatsapp/businessAccounts/:id',
  '/whatsapp/media/:id/upload',
  '/whatsapp/calls/connect',
  '/contact/contacts',
  '/contact/contacts/attributes',
  '/contact/contacts/:id',
  '/unsubscribers',
  '/unsubscribers/:id',
  '/unsubscribers/:id/:id',
  '/webhookEndpoints',
  '/webhookEndpoints/:id',
  '/webhookEndpoints/:id/rotateSecret',
  '/balance',
];

/** Fields that bodies know, with values that are sometimes right. */
const FIELDS = [
  'from',
  'to',
  'recipient',
  'type',
  'text',
  'template',
  'image',
  'interactive',
  'contacts',
  'context',
  'externalId',
  'filterUnsubscribed',
  'customer',
  'channel',
  'phoneNumber',
  'nickname',
  'email',
  'tags',
  'customAttributes',
  'url',
  'enabledEvents',
  'status',
  'description',
  'name',
  'language',
  'category',
  'components',
  'wabaId',
  'messageSendTtlSeconds',
  'calling',
  'about',
  'websites',
  'isCartEnabled',
];
const QUERY = [
  'page',
  'limit',
  'includeTotal',
  'pageAfter',
  'filter.wabaId',
  'filter.to',
  'filter.from',
  'filter.externalId',
  'filter.customer',
  'filter.channel',
  'filter.regionCode',
  'filter.tags',
  'filter.phoneNumber',
  'filter.email',
  'filter.status',
  '__proto__',
];

const odd = fc.constantFrom(
  '\0',
  '',
  ' ',
  '1',
  '0',
  '-1',
  '%',
  '+15557654321',
  'text',
  'whatsapp',
  'PHONE_NUMBER',
  'wamid.x',
  'constructor',
  '__proto__',
  '\ud800',
  '00000000-0000-0000-0000-000000000000',
  '-'.repeat(36),
  'contact.created',
  'http://10.0.0.1/',
  '\u{1f600}',
);
const text = fc.oneof(odd, fc.string({ unit: 'binary' }), fc.string());
const value = fc.oneof(text, fc.jsonValue({ maxDepth: 3 }), fc.array(text, { maxLength: 3 }), fc.boolean());
const body = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 6 }) },
  { weight: 1, arbitrary: fc.jsonValue() },
);
const request = fc.record({
  path: fc.constantFrom(...PATHS),
  method: fc.constantFrom('GET', 'POST', 'PATCH', 'PUT', 'DELETE'),
  names: fc.array(fc.oneof(fc.nat({ max: 3 }), text), { minLength: 3, maxLength: 3 }),
  query: fc.dictionary(fc.constantFrom(...QUERY), text, { maxKeys: 4 }),
  body,
});

test('whatever a path, a query and a body hold, the answer is YCloud’s and never a fault of ours', async () => {
  await fc.assert(
    fc.asyncProperty(request, async ({ path, method, names, query, body }) => {
      let at = 0;
      const filled = path.replaceAll(':id', () => {
        const name = names[at++]!;
        return encodeURIComponent(((typeof name === 'number' ? ids[name] : name) ?? '').toWellFormed());
      });
      const search = Object.entries(query).map(
        ([key, said]) => `${encodeURIComponent(key)}=${encodeURIComponent(said.toWellFormed())}`,
      );
      const sent = method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(body);
      const answer = await call<{ error?: { status: number; code: string; requestId: string } }>(
        method,
        `${running.url}/v2${filled}?${search.join('&')}`,
        sent,
        { 'x-api-key': running.key },
      );
      expect(answer.status).toBeLessThan(500);
      const { headers } = answer;
      expect(headers.get('ycloud-request-id')).toMatch(/^req_/);
      if (answer.status === 200) return;
      expect(answer.body.error).toMatchObject({
        status: answer.status,
        code: expect.stringMatching(/^[A-Z_]+$/),
        requestId: headers.get('ycloud-request-id'),
      });
    }),
    { numRuns: 1_500 },
  );
}, 120_000);
