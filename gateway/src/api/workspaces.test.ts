import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiGround, apiGround } from '../../test/api.ts';
import { newId } from '../message/id.ts';

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

test('an operator makes a workspace, whose first key works at once and reaches nothing else', async () => {
  const name = newId();
  const made = await call('POST', '/api/workspaces', { body: { name, unconfirmed_policy: 'fail' } });
  expect(made.status).toBe(201);
  expect(made.json).toMatchObject({ name, unconfirmed_policy: 'fail', first_key: { scopes: ['admin'] } });
  expect(Buffer.from(made.json.public_key, 'base64')).toHaveLength(32);
  const key: string = made.json.first_key.key;
  expect((await call('GET', `/api/workspaces/${made.json.id}`, { key })).json.name).toBe(name);
  expect((await call('GET', '/api/workspaces', { key })).status).toBe(403);
  expect((await call('POST', '/api/workspaces', { key, body: { name: 'x' } })).status).toBe(403);
  expect((await call('GET', `/api/workspaces/${g.directory.defaultWorkspaceId}`, { key })).status).toBe(404);
  expect(
    (await call('PATCH', `/api/workspaces/${g.directory.defaultWorkspaceId}`, { key, body: { name: 'x' } }))
      .status,
  ).toBe(404);
  expect((await call('GET', '/api/workspaces?limit=1')).json).toMatchObject({ data: [{ name }] });
});

test('a name is given once, and nothing is left of a workspace that was refused', async () => {
  const name = newId();
  await call('POST', '/api/workspaces', { body: { name } });
  const { rows } = { rows: (await call('GET', '/api/workspaces?limit=200')).json.data.length };
  expect((await call('POST', '/api/workspaces', { body: { name } })).status).toBe(409);
  expect((await call('GET', '/api/workspaces?limit=200')).json.data).toHaveLength(rows);
});

test('an admin changes the policy of its own workspace', async () => {
  const { id, admin } = await tenant();
  const changed = await call('PATCH', `/api/workspaces/${id}`, {
    key: admin,
    body: { unconfirmed_policy: 'fail' },
  });
  expect(changed.json).toMatchObject({ id, unconfirmed_policy: 'fail' });
  expect(g.directory.workspace(id)?.unconfirmedPolicy).toBe('fail');
});

test('a key is shown once, works when it is shown, and ends when it is deleted', async () => {
  const { id, admin } = await tenant();
  const made = await call('POST', '/api/keys', { key: admin, body: { name: 'app', scopes: ['read'] } });
  expect(made.status).toBe(201);
  const { key, hint }: { key: string; hint: string } = made.json;
  expect(made.json).toMatchObject({ workspace_id: id, name: 'app', scopes: ['read'], hint: key.slice(-4) });
  expect((await call('GET', '/api/messages', { key })).status).toBe(200);
  const listed = await call('GET', '/api/keys', { key: admin });
  expect(listed.text).not.toContain(key.slice(3));
  expect(listed.text).not.toContain(createHash('sha256').update(key).digest('hex'));
  expect(listed.json.data[0]).toMatchObject({ hint, revoked_at: null });
  expect((await call('DELETE', `/api/keys/${made.json.id}`)).status).toBe(404);
  expect((await call('DELETE', `/api/keys/${made.json.id}`, { key: admin })).status).toBe(204);
  expect((await call('GET', '/api/messages', { key })).status).toBe(401);
  expect((await call('DELETE', `/api/keys/${made.json.id}`, { key: admin })).status).toBe(404);
});

test('only an operator makes a key in another workspace', async () => {
  const [one, two] = [await tenant(), await tenant()];
  const body = { name: 'k', scopes: ['send'], workspace_id: two.id };
  expect((await call('POST', '/api/keys', { key: one.admin, body })).status).toBe(404);
  expect((await call('POST', '/api/keys', { body })).json.workspace_id).toBe(two.id);
  expect((await call('POST', '/api/keys', { body: { ...body, workspace_id: newId() } })).status).toBe(404);
});
