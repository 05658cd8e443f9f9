import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiGround, apiGround, type Json } from '../../test/api.ts';
import { sliceEndpoints, stopEndpoint } from '../accounts/endpoints.ts';

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

const own = (more: Record<string, unknown> = {}) =>
  endpoint({ dialect: 'wirebird', events: ['message.sent', 'template.updated'], ...more });

test('a secret that we make is told once, and then only by its own route to an admin', async () => {
  const { admin, read } = await tenant();
  const made = await call('POST', '/api/webhook-endpoints', { key: admin, body: own() });
  expect(made.json.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const path = `/api/webhook-endpoints/${made.json.id}`;
  expect((await call('GET', path, { key: admin })).text).not.toContain(made.json.secret);
  expect((await call('GET', `${path}/secret`, { key: admin })).json).toEqual({ secret: made.json.secret });
  expect((await call('GET', `${path}/secret`, { key: read })).status).toBe(403);
  expect((await call('GET', `${path}/secret`)).status).toBe(404);
});

test('a secret that is given is not told back, and must fit the dialect', async () => {
  const { admin } = await tenant();
  const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
  const made = await call('POST', '/api/webhook-endpoints', { key: admin, body: own({ secret }) });
  expect(made.status).toBe(201);
  expect(made.text).not.toContain(secret);
  for (const unfit of ['short', 'whsec_', 'whsec_c2hvcnQ=', `whsec_${'A'.repeat(100)}`]) {
    const refused = await call('POST', '/api/webhook-endpoints', {
      key: admin,
      body: own({ secret: unfit }),
    });
    expect(refused.json.errors).toMatchObject([{ pointer: '/secret' }]);
  }
});

test('after a rotation both secrets hold for a day, or for as long as was asked for', async () => {
  const { admin } = await tenant();
  const made = await call('POST', '/api/webhook-endpoints', { key: admin, body: own() });
  const path = `/api/webhook-endpoints/${made.json.id}/rotate-secret`;
  const rotated = await call('POST', path, { key: admin });
  expect(rotated.status).toBe(200);
  expect(rotated.json.secret).not.toBe(made.json.secret);
  const after = (ms: number) => new Date(g.clock.now().getTime() + ms);
  const secrets = (now: Date) => g.directory.endpointSecrets(made.json.id, now);
  const both = { secret: rotated.json.secret, previous: made.json.secret };
  expect(secrets(after(86_300_000))).toEqual(both);
  expect(secrets(after(86_500_000))).toEqual({ secret: rotated.json.secret, previous: undefined });
  const again = await call('POST', path, { key: admin, body: { overlap_seconds: 60 } });
  expect(secrets(after(50_000))).toEqual({ secret: again.json.secret, previous: rotated.json.secret });
  expect(secrets(after(70_000))?.previous).toBeUndefined();
  const last = await call('POST', path, { key: admin, body: { overlap_seconds: 0 } });
  expect(last.json.previous_secret_until).toBeNull();
  expect(secrets(after(0))).toEqual({ secret: last.json.secret, previous: undefined });
});

test('what is signed with the workspace’s key pair has no secret to rotate', async () => {
  const made = await call('POST', '/api/webhook-endpoints', { body: endpoint() });
  expect(made.json.secret).toBeUndefined();
  const refused = await call('POST', `/api/webhook-endpoints/${made.json.id}/rotate-secret`, { body: {} });
  expect(refused.status).toBe(409);
});

test('a change touches what it names', async () => {
  const { id, admin, read } = await tenant();
  const made = await call('POST', '/api/webhook-endpoints', {
    key: admin,
    body: endpoint({ failover_url: 'https://example.org/', description: 'orders' }),
  });
  const path = `/api/webhook-endpoints/${made.json.id}`;
  const change = (body: unknown) => call('PATCH', path, { key: admin, body });
  expect(made.json.description).toBe('orders');
  expect((await change({ url: 'https://example.com/new' })).json).toMatchObject({
    ...endpoint({ url: 'https://example.com/new' }),
    failover_url: 'https://example.org/',
    description: 'orders',
    enabled: true,
  });
  expect((await change({ failover_url: null, description: null, enabled: false })).json).toMatchObject({
    url: 'https://example.com/new',
    failover_url: null,
    description: null,
    enabled: false,
  });
  expect((await change({ events: ['message.sent'] })).json.events).toEqual(['message.sent']);
  const row = await g.store.db
    .selectFrom('webhook_endpoints')
    .select('mask')
    .where('workspace_id', '=', id)
    .executeTakeFirstOrThrow();
  expect(row.mask).toBe(1);
  expect((await change({ events: ['message.eaten'] })).json.errors).toMatchObject([{ pointer: '/events/0' }]);
  expect((await change({ url: 'http://10.0.0.1/' })).json.errors).toMatchObject([{ pointer: '/url' }]);
  expect((await change({ dialect: 'ycloud' })).status).toBe(422);
  expect((await call('PATCH', path, { key: read, body: {} })).status).toBe(403);
  expect((await call('PATCH', path, { body: {} })).status).toBe(404);
});

test('an endpoint that we disabled says why, and is taken up again when somebody enables it or gives it another URL', async () => {
  const { admin } = await tenant();
  const made = await call('POST', '/api/webhook-endpoints', { key: admin, body: endpoint() });
  const path = `/api/webhook-endpoints/${made.json.id}`;
  for (const change of [{ enabled: true }, { url: 'https://example.com/other' }]) {
    expect(
      await stopEndpoint(g.store, made.json.id, 'its receiver answered 410', g.clock.now()),
    ).toBeDefined();
    expect(await stopEndpoint(g.store, made.json.id, 'again', g.clock.now())).toBeUndefined();
    expect((await call('GET', path, { key: admin })).json).toMatchObject({
      enabled: false,
      disabled_reason: 'its receiver answered 410',
    });
    expect((await call('PATCH', path, { key: admin, body: { description: 'x' } })).json.enabled).toBe(false);
    expect((await call('PATCH', path, { key: admin, body: change })).json).toMatchObject({
      enabled: true,
      disabled_reason: null,
      disabled_at: null,
    });
  }
});

test('a dialect finds its own endpoints by position', async () => {
  const { id, admin } = await tenant();
  const made: string[] = [];
  for (const body of [endpoint(), own(), own(), own()])
    made.push((await call('POST', '/api/webhook-endpoints', { key: admin, body })).json.id);
  const slice = await sliceEndpoints(g.store, id, 'wirebird', { limit: 2, offset: 1 });
  expect(slice.total).toBe(3);
  expect(slice.rows.map(row => row.id)).toEqual([made[2], made[1]]);
  expect(slice.rows[0]?.status).toBe('active');
});
