import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, type Receiver, type Running, startReceiver, startRunning } from './running.ts';

/** A photo of a person, from the phone to the customer, through the whole system. */
let running: Running;
let receiver: Receiver;
const PHONE = '+15557650077';
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

beforeAll(async () => {
  [running, receiver] = await Promise.all([startRunning(), startReceiver()]);
  await call(
    'POST',
    `${running.url}/api/webhook-endpoints`,
    { url: receiver.url, dialect: 'telnyx', events: ['message.received'] },
    { authorization: `Bearer ${running.key}` },
  );
});
afterAll(async () => {
  await running?.stop();
  await receiver?.stop();
});

interface Inbound {
  readonly data: {
    readonly payload: {
      readonly body: { type: string };
      readonly media: { url: string; content_type: string }[];
    };
  };
}

async function photo(): Promise<string> {
  const form = new FormData();
  form.set('file', new Blob([Uint8Array.from(PNG)], { type: 'image/png' }), 'photo.png');
  const put = await fetch(`${running.sandboxUrl}/sandbox/media`, { method: 'POST', body: form });
  const { id } = (await put.json()) as { id: string };
  const before = receiver.got.length;
  const sent = await call(
    'POST',
    `${running.sandboxUrl}/sandbox/phones/${encodeURIComponent(PHONE)}/messages`,
    {
      type: 'image',
      sender: running.sender,
      image: { media_id: id, caption: 'look' },
    },
  );
  expect(sent.status).toBeLessThan(300);
  await expect.poll(() => receiver.got.length, { timeout: 20_000 }).toBe(before + 1);
  const { data } = JSON.parse(receiver.got.at(-1)!.body) as Inbound;
  expect(data.payload.body.type).toBe('image');
  expect(data.payload.media).toMatchObject([{ content_type: 'image/png' }]);
  return data.payload.media[0]!.url;
}

test('the report names a link that gives the photo, byte by byte, and needs no key', async () => {
  const url = await photo();
  expect(url.startsWith(`${running.url}/media/`)).toBe(true);
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await response.arrayBuffer()).equals(PNG)).toBe(true);
});

test('a link that was changed gives nothing', async () => {
  const url = await photo();
  for (const bad of [
    url.slice(0, -1) + (url.endsWith('0') ? '1' : '0'),
    url.replace(/expires=\d+/, 'expires=9999999999'),
  ])
    expect((await fetch(bad)).status).toBe(403);
});

test('it is kept, and listed as what came in', async () => {
  await photo();
  const read = { authorization: `Bearer ${running.key}` };
  await expect
    .poll(
      async () =>
        (
          await call<{ data: { state: string }[] }>(
            'GET',
            `${running.url}/api/media?origin=inbound`,
            undefined,
            read,
          )
        ).body.data[0]?.state,
      { timeout: 20_000 },
    )
    .toBe('stored');
});
