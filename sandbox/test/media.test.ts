import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startTestNetwork, type TestNetwork } from './network.ts';

/** A picture of one pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const DAY_MS = 24 * 3600 * 1000;

async function upload(
  { sandbox, sender }: TestNetwork,
  bytes: Buffer = PNG,
  type = 'image/png',
  fields: Record<string, string> = { messaging_product: 'whatsapp' },
) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new File([new Uint8Array(bytes)], 'pixel.png', { type }));
  const response = await fetch(`${sandbox.url}/v23.0/${sender.phone_number_id}/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sender.access_token}` },
    body: form,
  });
  return {
    status: response.status,
    body: (await response.json()) as { id: string; error?: { code: number } },
  };
}

const download = (url: string, token: string) =>
  fetch(url, { headers: { authorization: `Bearer ${token}` } });

describe('media of a business', () => {
  test('what is uploaded has an id, an address with its hash, and the same bytes', async () => {
    const network = await startTestNetwork();
    const { graph, sender } = network;
    const { id } = (await upload(network)).body;
    const { body } = await graph('GET', id);
    expect(body).toMatchObject({
      messaging_product: 'whatsapp',
      mime_type: 'image/png',
      sha256: createHash('sha256').update(PNG).digest('hex'),
      file_size: PNG.length,
      id,
    });
    const file = await download(body.url, sender.access_token);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(PNG);
    expect((await download(body.url, 'wrong')).status).toBe(401);
  });

  test('an address ends after five minutes, an id after 30 days', async () => {
    const network = await startTestNetwork();
    const { graph, sender, control } = network;
    const { id } = (await upload(network)).body;
    const { url } = (await graph('GET', id)).body;
    await control('POST', '/clock', { advance_ms: 6 * 60_000 });
    expect((await download(url, sender.access_token)).status).toBe(404);
    expect((await graph('GET', id)).status).toBe(200);
    await control('POST', '/clock', { advance_ms: 30 * DAY_MS });
    expect((await graph('GET', id)).body.error).toMatchObject({ code: 100, error_subcode: 33 });
  });

  test('what is deleted is unknown', async () => {
    const network = await startTestNetwork();
    const { id } = (await upload(network)).body;
    expect((await network.graph('DELETE', id)).body).toEqual({ success: true });
    expect((await network.graph('GET', id)).body.error).toMatchObject({ code: 100, error_subcode: 33 });
  });

  test.each([
    ['a type that WhatsApp does not carry', PNG, 'image/tiff', undefined, 100],
    ['a content of another type', Buffer.from('%PDF-1.7'), 'image/png', undefined, 131053],
    [
      'a picture above 5 MB',
      Buffer.concat([PNG, Buffer.alloc(5 * 1024 * 1024)]),
      'image/png',
      undefined,
      131053,
    ],
    ['an empty file', Buffer.alloc(0), 'image/png', undefined, 131053],
    ['a form without messaging_product', PNG, 'image/png', {}, 100],
  ])('%s is refused', async (_, bytes, type, fields, code) => {
    const network = await startTestNetwork();
    const { status, body } = await upload(network, bytes, type, fields);
    expect([status, body.error?.code]).toEqual([400, code]);
  });

  test("another account's media is not there", async () => {
    const network = await startTestNetwork();
    const other = await network.addSender({ phone_number: '+15550002000' });
    const { id } = (await upload(network)).body;
    expect((await network.graph('GET', id, undefined, other.access_token)).body.error).toMatchObject({
      code: 100,
      error_subcode: 33,
    });
  });
});

describe('media of a person', () => {
  test('a file given to the page is served to it again, whole and in parts', async () => {
    const { sandbox } = await startTestNetwork();
    const form = new FormData();
    form.set('file', new File([new Uint8Array(PNG)], 'pixel.png', { type: 'image/png' }));
    const posted = await fetch(`${sandbox.url}/sandbox/media`, { method: 'POST', body: form });
    expect(posted.status).toBe(201);
    const { id, size } = (await posted.json()) as { id: string; size: number };
    expect(size).toBe(PNG.length);
    const whole = await fetch(`${sandbox.url}/sandbox/media/${id}`);
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(PNG);
    const part = await fetch(`${sandbox.url}/sandbox/media/${id}`, { headers: { range: 'bytes=1-3' } });
    expect([part.status, await part.text()]).toEqual([206, 'PNG']);
  });
});
