import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiGround, apiGround } from '../../test/api.ts';
import type { Scope } from '../accounts/keys.ts';

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

const ROUTES: [string, string, Scope][] = [
  ['POST', '/api/workspaces', 'admin'],
  ['GET', '/api/workspaces', 'admin'],
  ['GET', '/api/workspaces/x', 'read'],
  ['PATCH', '/api/workspaces/x', 'admin'],
  ['POST', '/api/keys', 'admin'],
  ['GET', '/api/keys', 'admin'],
  ['DELETE', '/api/keys/x', 'admin'],
  ['POST', '/api/senders', 'admin'],
  ['GET', '/api/senders', 'read'],
  ['GET', '/api/senders/x', 'read'],
  ['PATCH', '/api/senders/x', 'admin'],
  ['DELETE', '/api/senders/x', 'admin'],
  ['GET', '/api/messages', 'read'],
  ['GET', '/api/messages/x', 'read'],
  ['POST', '/api/webhook-endpoints', 'admin'],
  ['GET', '/api/webhook-endpoints', 'read'],
  ['GET', '/api/webhook-endpoints/x', 'read'],
  ['DELETE', '/api/webhook-endpoints/x', 'admin'],
];

test.each(ROUTES)('%s %s asks for a key with the scope %s', async (method, path, scope) => {
  const { send, read } = await tenant();
  const body = method === 'POST' || method === 'PATCH' ? {} : undefined;
  const without = await call(method, path, { key: null, body });
  expect(without.status).toBe(401);
  expect(without.headers.get('www-authenticate')).toBe('Bearer');
  expect((await call(method, path, { key: 'wb_unknown', body })).status).toBe(401);
  for (const key of scope === 'admin' ? [send, read] : [send]) {
    const refused = await call(method, path, { key, body });
    expect(refused.status).toBe(403);
    expect(refused.json.detail).toContain(scope);
  }
});

test('every vendor header carries a key here too', async () => {
  const { read } = await tenant();
  const places: Record<string, string>[] = [
    { authorization: `App ${read}` },
    { 'x-api-key': read },
    { 'xi-api-key': read },
  ];
  for (const headers of places) expect((await fetch(`${g.url}/api/messages`, { headers })).status).toBe(200);
});
