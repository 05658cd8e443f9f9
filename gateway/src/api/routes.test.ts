import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiGround, apiGround, type Json } from '../../test/api.ts';

let g: ApiGround;
let call: ApiGround['call'];
beforeAll(async () => {
  g = await apiGround();
  call = g.call;
});
afterAll(async () => {
  await g.stop();
  await g.close();
});

test.each([
  ['an unknown path', 'GET', '/api/nothing', undefined, 404],
  ['broken JSON', 'POST', '/api/keys', '{"name":', 400],
  ['no JSON at all', 'POST', '/api/keys', '', 400],
  ['a list where an object belongs', 'POST', '/api/keys', '[]', 422],
  ['a bad percent sign', 'GET', '/api/keys/%zz', undefined, 400],
  ['more than a megabyte', 'POST', '/api/keys', `{"name":"${'x'.repeat(1_100_000)}"}`, 413],
])('%s is refused as a problem', async (_name, method, path, raw, status) => {
  expect((await call(method, path, { ...(raw === undefined ? {} : { raw }) })).status).toBe(status);
});

test('another media type is refused', async () => {
  expect((await call('POST', '/api/keys', { raw: 'name=x', type: 'text/csv' })).status).toBe(415);
});

test('every fault of a body is named with its pointer', async () => {
  const { status, json } = await call('POST', '/api/keys', { body: { scopes: ['send', 'fly'], nam: 'x' } });
  expect(status).toBe(422);
  expect(json.errors).toHaveLength(3);
  expect(json.errors).toEqual(
    expect.arrayContaining([
      { pointer: '/name', detail: '/name is missing.' },
      { pointer: '/nam', detail: '/nam is not a known field.' },
      { pointer: '/scopes/1', detail: '/scopes/1 must be one of send, read, admin.' },
    ]),
  );
});

test('a number is not taken for a text', async () => {
  const { status, json } = await call('POST', '/api/keys', { body: { name: 5, scopes: ['send'] } });
  expect(status).toBe(422);
  expect(json.errors).toEqual([{ pointer: '/name', detail: '/name must be string.' }]);
});

test.each([
  ['a NUL', 'a\0b'],
  ['half of an emoji', '\ud83d'],
])('%s in a text is refused', async (_name, name) => {
  const { status, json } = await call('POST', '/api/keys', { body: { name, scopes: ['send'] } });
  expect(status).toBe(422);
  expect(json.errors[0].pointer).toBe('/name');
});

test('an unknown filter, a wrong limit and a wrong cursor are refused', async () => {
  const { status, json } = await call('GET', '/api/messages?stauts=sent&limit=1000&after=x');
  expect(status).toBe(422);
  expect(json.errors.map((error: Json) => error.parameter).sort()).toEqual(['after', 'limit', 'stauts']);
});
