import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiGround, apiGround, type Json } from '../../test/api.ts';
import { openSecrets } from '../accounts/secrets.ts';

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

let numbers = 1_000_000;
function senderBody(more: Record<string, unknown> = {}) {
  const id = String(numbers++);
  return {
    phone_number: `+1555${id}`,
    phone_number_id: id,
    waba_id: '77',
    access_token: `token-${id}`,
    app_secret: 'an-app-secret',
    ...more,
  };
}

test('the messaging limit is read when a sender is added or checked, and forgotten with its account', async () => {
  const { admin } = await tenant();
  const read = async (id: string) =>
    (await call('GET', `/api/senders/${id}`, { key: admin })).json.messaging_limit;
  const add = async (more: object) =>
    (await call('POST', '/api/senders', { key: admin, body: senderBody({ waba_id: '78', ...more }) })).json;
  g.says.limit = 'TIER_250';
  const first = await add({});
  expect(first.messaging_limit).toBe('TIER_250');
  expect(g.directory.peopleLimit(g.directory.senderById(first.id)!.workspaceId, '78')).toBe(250);
  g.says.limit = 2_000;
  const second = await add({});
  expect(second.messaging_limit).toBe('2000');
  expect(await read(first.id)).toBe('2000');
  const workspaceId = g.directory.senderById(first.id)!.workspaceId;
  expect(g.directory.peopleLimit(workspaceId, '78')).toBe(2_000);
  g.says.limit = undefined;
  const { status } = await call('PATCH', `/api/senders/${first.id}`, { key: admin, body: { waba_id: '79' } });
  expect(status).toBe(200);
  expect(await read(first.id)).toBeNull();
  expect(await read(second.id)).toBe('2000');
  expect(g.directory.peopleLimit(workspaceId, '79')).toBeUndefined();
});

test('a sender is read at Meta, stored, found, changed and deleted; its secrets never come out', async () => {
  const { admin, read } = await tenant();
  const body = senderBody({ verify_token: 'a-verify-token', throughput: 20, graph_url: g.graphUrl });
  const before = g.sendersChanged();
  const made = await call('POST', '/api/senders', { key: admin, body });
  expect(made.status).toBe(201);
  expect(made.json).toMatchObject({
    phone_number: body.phone_number,
    display_name: 'Nest Ltd',
    throughput: 20,
    has_verify_token: true,
    hold: null,
  });
  expect(g.sendersChanged()).toBe(before + 1);
  expect(g.directory.senderById(made.json.id)?.accessToken).toBe(body.access_token);
  const path = `/api/senders/${made.json.id}`;
  const got = await call('GET', path, { key: read });
  expect(got.json).toEqual(made.json);
  const listed = await call('GET', '/api/senders', { key: read });
  expect(listed.json).toEqual({ data: [made.json], next: null });
  const change = { display_name: null, verify_token: null, throughput: 80, app_secret: 'another' };
  const changed = await call('PATCH', path, { key: admin, body: change });
  expect(changed.json).toMatchObject({ display_name: null, has_verify_token: false, throughput: 80 });
  expect(g.directory.senderById(made.json.id)).toMatchObject({
    appSecret: 'another',
    accessToken: body.access_token,
  });
  for (const { text } of [made, got, listed, changed]) {
    expect(text).not.toMatch(/token-\d|an-app-secret|another|a-verify-token/);
  }
  expect((await call('DELETE', path, { key: admin })).status).toBe(204);
  expect((await call('GET', path, { key: read })).status).toBe(404);
  expect(g.directory.senderById(made.json.id)).toBeUndefined();
});

test('a token that Meta refuses stores nothing', async () => {
  const { admin } = await tenant();
  const refused = await call('POST', '/api/senders', {
    key: admin,
    body: senderBody({ access_token: 'wrong' }),
  });
  expect(refused.status).toBe(422);
  expect(refused.json.errors[0].pointer).toBe('/access_token');
  expect(refused.json.detail).toContain('190');
  expect((await call('GET', '/api/senders', { key: admin })).json.data).toEqual([]);
  const made = await call('POST', '/api/senders', { key: admin, body: senderBody() });
  const change = { access_token: 'wrong' };
  expect((await call('PATCH', `/api/senders/${made.json.id}`, { key: admin, body: change })).status).toBe(
    422,
  );
  expect(g.directory.senderById(made.json.id)?.accessToken).not.toBe('wrong');
});

test('when Meta does not answer, it is said so and nothing is stored', async () => {
  const { admin } = await tenant();
  const closed = createServer();
  await new Promise<void>(resolve => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise(resolve => closed.close(resolve));
  const bodies = [
    senderBody({ graph_url: `http://127.0.0.1:${port}` }),
    senderBody({ access_token: 'busy' }),
  ];
  for (const body of bodies)
    expect((await call('POST', '/api/senders', { key: admin, body })).status).toBe(502);
  expect((await call('GET', '/api/senders', { key: admin })).json.data).toEqual([]);
});

test('a number that is not the one of its id is refused', async () => {
  const refused = await call('POST', '/api/senders', {
    body: senderBody({ phone_number: '+4915112345678' }),
  });
  expect(refused.status).toBe(422);
  expect(refused.json.errors[0].pointer).toBe('/phone_number');
});

test.each([
  ['phone_number', '15550001000'],
  ['phone_number_id', '../me'],
  ['phone_number_id', ''],
  ['access_token', 'a b'],
  ['access_token', 'a\r\nx: y'],
  ['throughput', 1_001],
  ['throughput', '80'],
  ['graph_url', 'http://10.0.0.1/'],
  ['graph_url', 'file:///etc/passwd'],
  ['unknown', 1],
])('a sender with %s %j is refused', async (field, value) => {
  const refused = await call('POST', '/api/senders', { body: senderBody({ [field]: value }) });
  expect(refused.status).toBe(422);
  expect(refused.json.errors).toHaveLength(1);
  expect(refused.json.errors[0].pointer).toBe(`/${field}`);
});

test('a phone-number id exists once in an installation', async () => {
  const [one, two] = [await tenant(), await tenant()];
  const body = senderBody();
  expect((await call('POST', '/api/senders', { key: one.admin, body })).status).toBe(201);
  expect((await call('POST', '/api/senders', { key: two.admin, body })).status).toBe(409);
});

test('a sender of another workspace is not there', async () => {
  const { json } = await call('POST', '/api/senders', { body: senderBody() });
  const { admin } = await tenant();
  const path = `/api/senders/${json.id}`;
  expect((await call('GET', path, { key: admin })).status).toBe(404);
  expect((await call('PATCH', path, { key: admin, body: { throughput: 1 } })).status).toBe(404);
  expect((await call('DELETE', path, { key: admin })).status).toBe(404);
  expect((await call('GET', path)).status).toBe(200);
});

test('lists go on where they ended', async () => {
  const { admin } = await tenant();
  const made: string[] = [];
  for (let n = 0; n < 5; n++) {
    made.unshift((await call('POST', '/api/senders', { key: admin, body: senderBody() })).json.id);
  }
  const seen: string[] = [];
  let after = '';
  do {
    const { json } = await call('GET', `/api/senders?limit=2&after=${after}`, { key: admin });
    expect(json.data.length).toBeLessThanOrEqual(2);
    seen.push(...json.data.map((one: Json) => one.id));
    after = json.next;
  } while (after !== null);
  expect(seen).toEqual(made);
});

test('a sender whose stored secrets cannot be opened is mended by giving them again', async () => {
  const { admin } = await tenant();
  const body = senderBody();
  const { id } = (await call('POST', '/api/senders', { key: admin, body })).json;
  const sealed = openSecrets('another master key').seal('x');
  await g.store.db.updateTable('senders').set({ access_token: sealed }).where('id', '=', id).execute();
  await g.directory.refresh();
  const path = `/api/senders/${id}`;
  const refused = await call('PATCH', path, { key: admin, body: { graph_url: g.graphUrl } });
  expect(refused).toMatchObject({ status: 422, json: { errors: [{ pointer: '/access_token' }] } });
  const mended = await call('PATCH', path, { key: admin, body: { access_token: body.access_token } });
  expect(mended.status).toBe(200);
  expect(g.directory.senderById(id)?.accessToken).toBe(body.access_token);
});
