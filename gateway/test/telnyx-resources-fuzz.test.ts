import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, type Running, startRunning } from './running.ts';
import { shown } from './telnyx-client.ts';

/** No request to a resource is answered by a fault of ours, whatever stands in its path, query and body. */
let running: Running;
let key: string;
let ids: string[];

beforeAll(async () => {
  running = await startRunning();
  const admin = { authorization: `Bearer ${running.key}` };
  // A workspace that may be broken: its number is deleted by some of what follows.
  const made = await call<{ id: string; first_key: { key: string } }>(
    'POST',
    `${running.url}/api/workspaces`,
    { name: 'fuzz' },
    admin,
  );
  key = made.body.first_key.key;
  const number = '+15550001777';
  const sender = await call<Record<string, string>>('POST', `${running.sandboxUrl}/sandbox/senders`, {
    phone_number: number,
  });
  const { phone_number, phone_number_id, waba_id, access_token, app_secret, graph_url } = sender.body;
  const stored = await call<{ id: string }>(
    'POST',
    `${running.url}/api/senders`,
    { phone_number, phone_number_id, waba_id, access_token, app_secret, graph_url },
    { authorization: `Bearer ${key}` },
  );
  expect(stored.status).toBe(201);
  ids = [number, waba_id ?? '', made.body.id, stored.body.id];
});
afterAll(async () => {
  await running?.stop();
});

const PATHS = [
  '/v2/messaging_profiles',
  '/v2/messaging_profiles/:id',
  '/v2/messaging_profiles/:id/phone_numbers',
  '/v2/phone_numbers/messaging',
  '/v2/phone_numbers/:id/messaging',
  '/v2/whatsapp/phone_numbers',
  '/v2/v2/whatsapp/phone_numbers/:id',
  '/v2/v2/whatsapp/phone_numbers/:id/verify',
  '/v2/whatsapp/phone_numbers/:id/resend_verification',
  '/v2/whatsapp/business_accounts',
  '/v2/v2/whatsapp/business_accounts/:id',
  '/v2/v2/whatsapp/business_accounts/:id/settings',
  '/v2/whatsapp/business_accounts/:id/phone_numbers',
  '/v2/v2/whatsapp/user_data',
  '/v2/webhook_deliveries',
  '/v2/webhook_deliveries/:id',
  '/v2/v2/whatsapp/message_templates',
  '/v2/whatsapp/message_templates/:id',
  '/v2/v2/whatsapp_message_templates/:id',
  '/v2/media',
  '/v2/media/:id',
  '/v2/media/:id/download',
];

/** Fields that bodies know, with values that are sometimes right. */
const FIELDS = [
  'name',
  'whitelisted_destinations',
  'enabled',
  'webhook_url',
  'webhook_failover_url',
  'webhook_api_version',
  'webhook_events',
  'webhook_enabled',
  'timezone',
  'features',
  'messaging_profile_id',
  'code',
  'verification_method',
  'phone_number',
  'display_name',
  'language',
  'waba_id',
  'category',
  'components',
  'media_url',
  'media_name',
  'ttl_secs',
];
const QUERY = [
  'page[number]',
  'page[size]',
  'filter[name]',
  'filter[name][contains]',
  'filter[phone_number]',
  'filter[phone_number][contains]',
  'filter[messaging_profile_id]',
  'sort[phone_number]',
  'filter[status][eq]',
  'filter[event_type]',
  'filter[webhook][contains]',
  'filter[attempts][contains]',
  'filter[started_at][gte]',
  'filter[started_at][lte]',
  'filter[finished_at][gte]',
  'filter[finished_at][lte]',
  'filter[waba_id]',
  'destination_number',
  'filter[category]',
  'filter[status]',
  'filter[search]',
  'filter[content_type]',
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
  '*',
  'US',
  'constructor',
  '__proto__',
  '\ud800',
  '2026-01-01',
  '+275760-09-13T00:00:00Z',
  '0000-01-01',
  'Europe/Berlin',
  'http://10.0.0.1/',
  'https://x.example/',
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
  id: fc.oneof(fc.nat({ max: 3 }), text),
  query: fc.dictionary(fc.constantFrom(...QUERY), text, { maxKeys: 4 }),
  body,
});

test('whatever a path, a query and a body hold, the answer is Telnyx’s and never a fault of ours', async () => {
  await fc.assert(
    fc.asyncProperty(request, async ({ path, method, id, query, body }) => {
      const name = (typeof id === 'number' ? ids[id] : id) ?? '';
      const search = Object.entries(query).map(
        ([key, text]) => `${encodeURIComponent(key)}=${encodeURIComponent(text.toWellFormed())}`,
      );
      const url = `${running.url}${path.replace(':id', () => encodeURIComponent(name.toWellFormed()))}?${search.join('&')}`;
      const sent = method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(body);
      const answer = await call<unknown>(method, url, sent, { authorization: `Bearer ${key}` });
      expect(answer.status).toBeLessThan(500);
      if (answer.status >= 400) shown(answer.status, answer.body);
    }),
    { numRuns: 1_500 },
  );
}, 120_000);
