import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiGround, apiGround, type Json } from '../../test/api.ts';

let g: ApiGround;
let call: ApiGround['call'];
let tenant: ApiGround['tenant'];
beforeAll(async () => {
  g = await apiGround();
  ({ call, tenant } = g);
});
afterAll(async () => {
  await g.stop();
  await g.close();
});

const endpoint = (more: Record<string, unknown> = {}) => ({
  url: 'https://example.com/hook',
  dialect: 'telnyx',
  events: ['message.sent', 'message.finalized'],
  ...more,
});

test('an endpoint is made, found and deleted; its secret never comes out', async () => {
  const { id, admin, read } = await tenant();
  const body = endpoint({ secret: 'a-long-secret', failover_url: 'https://example.org/' });
  const made = await call('POST', '/api/webhook-endpoints', { key: admin, body });
  expect(made.status).toBe(201);
  expect(made.json).toMatchObject({
    ...endpoint(),
    failover_url: 'https://example.org/',
    has_secret: true,
  });
  expect(made.text).not.toContain('a-long-secret');
  expect(g.directory.endpointSecret(made.json.id)).toBe('a-long-secret');
  const row = await g.store.db
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('workspace_id', '=', id)
    .executeTakeFirstOrThrow();
  // sent 1, delivered 2, read 4, failed 8
  expect(row.mask).toBe(15);
  const path = `/api/webhook-endpoints/${made.json.id}`;
  expect((await call('GET', path, { key: read })).json).toEqual(made.json);
  expect((await call('GET', '/api/webhook-endpoints', { key: read })).json.data).toEqual([made.json]);
  expect((await call('GET', path)).status).toBe(404);
  expect((await call('DELETE', path)).status).toBe(404);
  expect((await call('DELETE', path, { key: admin })).status).toBe(204);
  expect(g.directory.endpointSecret(made.json.id)).toBeUndefined();
  expect((await call('DELETE', path, { key: admin })).status).toBe(404);
});

test.each([
  [{ url: 'http://10.0.0.1/' }, '/url'],
  [{ url: 'ftp://example.com/' }, '/url'],
  [{ failover_url: 'https://u:p@example.com/' }, '/failover_url'],
  [{ dialect: 'morse' }, '/dialect'],
  [{ events: ['message.sent', 'message.eaten'] }, '/events/1'],
  [{ events: ['constructor'] }, '/events/0'],
  [{ events: [] }, '/events'],
])('an endpoint with %j is refused', async (more, pointer) => {
  const refused = await call('POST', '/api/webhook-endpoints', { body: endpoint(more) });
  expect(refused.status).toBe(422);
  expect(refused.json.errors.map((error: Json) => error.pointer)).toEqual([pointer]);
});
