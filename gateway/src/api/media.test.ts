import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_KEY, type ApiGround, apiGround, type Json } from '../../test/api.ts';
import { newId } from '../message/id.ts';

const PDF = Buffer.from('%PDF-1.7\n0123456789');

let g: ApiGround;

beforeAll(async () => {
  g = await apiGround();
});

afterAll(async () => {
  await g.stop();
  await g.close();
});

async function upload(
  bytes: Buffer | undefined,
  type: string,
  more: { key?: string; filename?: string; fields?: Record<string, string> } = {},
): Promise<{ status: number; json: Json }> {
  const form = new FormData();
  for (const [name, value] of Object.entries(more.fields ?? {})) form.set(name, value);
  if (bytes !== undefined)
    form.set('file', new Blob([Uint8Array.from(bytes)], { type }), more.filename ?? 'a.pdf');
  const response = await fetch(`${g.url}/api/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${more.key ?? ADMIN_KEY}` },
    body: form,
  });
  return { status: response.status, json: await response.json() };
}

test('what is uploaded is shown, listed, read and deleted', async () => {
  const { status, json } = await upload(PDF, 'application/pdf', {
    filename: 'Übersicht.pdf',
    fields: { name: 'overview', ttl_seconds: '3600' },
  });
  expect(status).toBe(201);
  expect(json).toMatchObject({
    name: 'overview',
    state: 'stored',
    origin: 'upload',
    mime_type: 'application/pdf',
    size: PDF.length,
    filename: 'Übersicht.pdf',
    send_as: `wbm:${json.id}`,
  });
  expect((await g.call('GET', `/api/media/${json.id}`)).json).toEqual(json);
  expect((await g.call('GET', '/api/media?origin=upload')).json.data).toContainEqual(json);
  const content = await g.call('GET', `/api/media/${json.id}/content`);
  expect(content.text).toBe(PDF.toString());
  expect((await g.call('DELETE', `/api/media/${json.id}`)).status).toBe(204);
  expect((await g.call('GET', `/api/media/${json.id}`)).status).toBe(404);
  expect((await g.call('GET', json.url.slice(g.url.length), { key: null })).status).toBe(404);
});

test.each([
  ['a type that the file is not', () => upload(PDF, 'image/png'), 422],
  ['no file', () => upload(undefined, ''), 422],
  ['an unknown field', () => upload(PDF, 'application/pdf', { fields: { nmae: 'x' } }), 422],
  [
    'a time to live that is no number',
    () => upload(PDF, 'application/pdf', { fields: { ttl_seconds: 'soon' } }),
    422,
  ],
  [
    'a name of 256 characters',
    () => upload(PDF, 'application/pdf', { fields: { name: 'é'.repeat(256) } }),
    422,
  ],
])('%s is refused', async (_, ask, status) => {
  const answer = await ask();
  expect(answer.status).toBe(status);
  expect(answer.json.detail).not.toBe('');
});

test('a name of 255 characters is taken, and taken once', async () => {
  const fields = { name: 'é'.repeat(255) };
  expect((await upload(PDF, 'application/pdf', { fields })).status).toBe(201);
  expect((await upload(PDF, 'application/pdf', { fields })).status).toBe(409);
});

test('a name that no database can hold is refused', async () => {
  const { status } = await upload(PDF, 'application/pdf', { fields: { name: 'a\0b' } });
  expect(status).toBe(422);
});

test('JSON is not a file', async () => {
  expect((await g.call('POST', '/api/media', { body: {} })).status).toBe(415);
});

test('another workspace does not learn that a file exists', async () => {
  const { json } = await upload(PDF, 'application/pdf');
  const other = await g.tenant();
  expect((await g.call('GET', `/api/media/${json.id}`, { key: other.read })).status).toBe(404);
  expect((await g.call('DELETE', `/api/media/${json.id}`, { key: other.send })).status).toBe(404);
  expect((await g.call('GET', `/api/media/${newId()}`, { key: other.read })).status).toBe(404);
  expect((await g.call('GET', '/api/media/nothing', { key: other.read })).status).toBe(404);
});

test('a key that may only read uploads nothing', async () => {
  const { read } = await g.tenant();
  expect((await upload(PDF, 'application/pdf', { key: read })).status).toBe(403);
});

test('a link needs no key, and none that was changed works', async () => {
  const { json } = await upload(PDF, 'application/pdf');
  const path = json.url.slice(g.url.length);
  expect((await g.call('GET', path, { key: null })).text).toBe(PDF.toString());
  expect((await g.call('GET', `${path}0`, { key: null })).status).toBe(403);
  expect((await g.call('GET', `/media/${json.id}`, { key: null })).status).toBe(403);
});

test.each([
  ['bytes=0-3', 206, '%PDF', `bytes 0-3/${PDF.length}`],
  ['bytes=-4', 206, '6789', `bytes ${PDF.length - 4}-${PDF.length - 1}/${PDF.length}`],
  [`bytes=${PDF.length - 1}-999`, 206, '9', `bytes ${PDF.length - 1}-${PDF.length - 1}/${PDF.length}`],
  [`bytes=${PDF.length}-`, 416, '', `bytes */${PDF.length}`],
  ['bytes=0-1,3-4', 200, PDF.toString(), null],
  ['lines=1-2', 200, PDF.toString(), null],
])('a range of %s is answered with %i', async (range, status, text, contentRange) => {
  const { json } = await upload(PDF, 'application/pdf');
  const response = await fetch(json.url, { headers: { range } });
  expect(response.status).toBe(status);
  expect(await response.text()).toBe(text);
  expect(response.headers.get('content-range')).toBe(contentRange);
});

test('HEAD tells the size without the bytes', async () => {
  const { json } = await upload(PDF, 'application/pdf');
  const response = await fetch(json.url, { method: 'HEAD' });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-length')).toBe(String(PDF.length));
  expect(response.headers.get('content-type')).toBe('application/pdf');
});

test('a page that somebody uploaded is saved by browsers, never shown', async () => {
  const page = Buffer.from('<html><script>alert(1)</script></html>');
  const { json } = await upload(page, 'text/html', { filename: 'a "b.html' });
  const response = await fetch(json.url);
  expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="/);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  await response.text();
});
