import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { test as base, expect, onTestFinished } from 'vitest';
import { startWorld, type World } from '../../../tests/sandbox-world.ts';
import { type Ground, ground } from '../../test/rows.ts';
import { WhatsApp } from '../carriers/whatsapp/client.ts';
import { fetchMedia, uploadMedia } from '../carriers/whatsapp/media.ts';
import { guardedConnector } from '../fetch/connector.ts';
import { createDownloads } from '../fetch/download.ts';
import { newId } from '../message/id.ts';
import type { Clock } from '../store/clock.ts';
import { Jobs } from '../store/jobs.ts';
import { inboundMediaId } from './inbound.ts';
import { localStorage } from './local-storage.ts';
import { Media } from './media.ts';
import type { InboundMedia, MediaSender } from './record.ts';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const DAY_MS = 86_400_000;

interface Here {
  readonly g: Ground;
  readonly world: World;
  readonly media: Media;
  readonly sender: MediaSender;
  readonly folder: string;
  /** Moves the gateway's clock, not the sandbox's. */
  readonly pass: (ms: number) => void;
  /** Uploads that Meta got. */
  readonly uploads: () => number;
}

/** Media of a workspace on real files, with the sandbox in Meta's place. */
const test = base.extend<{ here: Here }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the pattern
  here: async ({}, use) => {
    const g = await ground();
    const world = await startWorld();
    // The queue's tables, without anybody who works on it.
    const jobs = await Jobs.open({ url: g.url, alone: true, onTrouble: () => {}, onError: () => {} });
    const folder = await mkdtemp(join(tmpdir(), 'wirebird-media-'));
    const whatsapp = new WhatsApp({
      graphUrl: world.url,
      graphVersion: 'v23.0',
      timeoutMs: 10_000,
      connections: 4,
      guardedConnect: guardedConnector({ privateTargets: 'loopback', timeoutMs: 2_000 }),
    });
    const downloads = createDownloads({ privateTargets: 'loopback', timeoutMs: 10_000 });
    let passed = 0;
    const clock: Clock = {
      now: () => new Date(Date.now() + passed),
      monotonic: () => performance.now(),
      wall: () => Date.now(),
    };
    const sender: MediaSender = {
      id: g.sender,
      workspaceId: g.workspace,
      phoneNumberId: world.business.phone_number_id,
      accessToken: world.business.access_token,
      graphUrl: undefined,
    };
    let uploads = 0;
    const media = new Media({
      store: g.store,
      clock,
      storage: localStorage(folder),
      linkKey: Buffer.alloc(32, 1),
      publicUrl: () => 'https://gateway.example',
      uploadToMeta: (from, file) => {
        uploads++;
        return uploadMedia(whatsapp, from, file);
      },
      fetchFromMeta: (from, id, max) => fetchMedia(whatsapp, from, id, max),
      senderById: id => (id === sender.id ? sender : undefined),
      download: (url, max) => downloads.get(url, max),
      keepInboundMs: 30 * DAY_MS,
    });
    const pass = (ms: number): void => {
      passed += ms;
    };
    await use({ g, world, media, sender, folder, pass, uploads: () => uploads });
    media.close();
    await jobs.stop();
    await whatsapp.close();
    await downloads.close();
    await g.close();
    await rm(folder, { recursive: true, force: true });
  },
});

async function uploaded(here: Here, more: { name?: string; ttlSeconds?: number } = {}) {
  const outcome = await here.media.upload(here.g.workspace, { bytes: PNG, mimeType: 'image/png', ...more });
  if (outcome.kind !== 'stored') throw new Error(outcome.detail);
  return outcome.media;
}

async function bytes(stream: Readable | undefined): Promise<Buffer | undefined> {
  if (stream === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const image = (id: string): string => JSON.stringify({ type: 'image', image: { id: `wbm:${id}` } });

function idIn(resolved: Awaited<ReturnType<Media['resolve']>>): string {
  if ('failure' in resolved) throw new Error(resolved.failure.title);
  return (JSON.parse(resolved.content) as { image: { id: string } }).image.id;
}

test('an upload is found by id and by name, and by its own workspace only', async ({ here }) => {
  const { media, g } = here;
  const made = await uploaded(here, { name: 'logo' });
  expect(await media.byId(g.workspace, made.id)).toEqual(made);
  expect(await media.byName(g.workspace, 'logo')).toEqual(made);
  expect(await media.byId(newId(), made.id)).toBeUndefined();
  expect(await media.byId(g.workspace, 'no id at all')).toBeUndefined();
  expect(await bytes(await media.open(made.id))).toEqual(PNG);
});

test('a name is given once', async ({ here }) => {
  await uploaded(here, { name: 'logo' });
  expect(await here.media.upload(here.g.workspace, { bytes: PNG, name: 'logo' })).toMatchObject({
    kind: 'conflict',
  });
});

test.each([
  ['an image of more than 5 MB', 'image/png', 5 * 1024 * 1024 + 1, 'size'],
  ['no bytes', 'image/png', 0, 'size'],
  ['a text that says it is an image', 'image/png', -1, 'type'],
])('%s is refused', async (_, mimeType, size, what) => {
  const g = await ground();
  onTestFinished(() => g.close());
  const media = new Media({
    store: g.store,
    clock: { now: () => new Date(), monotonic: () => 0, wall: () => 0 },
    storage: localStorage(tmpdir()),
    linkKey: Buffer.alloc(32),
    publicUrl: () => '',
    uploadToMeta: () => Promise.reject(new Error('nothing goes to Meta')),
    fetchFromMeta: () => Promise.reject(new Error('nothing comes from Meta')),
    senderById: () => undefined,
    download: () => Promise.resolve({ kind: 'refused', reason: 'nothing is fetched' }),
    keepInboundMs: DAY_MS,
  });
  const file =
    size < 0 ? Buffer.from('just text') : Buffer.concat([PNG, Buffer.alloc(size)]).subarray(0, size);
  expect(await media.upload(g.workspace, { bytes: file, mimeType })).toMatchObject({ kind: 'refused', what });
});

test('messages that go out together share one upload, and later ones use it too', async ({ here }) => {
  const { media, sender } = here;
  const { id } = await uploaded(here);
  const ids = await Promise.all(Array.from({ length: 5 }, () => media.resolve(sender, image(id)).then(idIn)));
  ids.push(idIn(await media.resolve(sender, image(id))));
  expect(new Set(ids).size).toBe(1);
  expect(here.uploads()).toBe(1);
});

test('what Meta knows can be sent by its id', async ({ here }) => {
  const { media, sender, world } = here;
  const { id } = await uploaded(here);
  const metaId = idIn(await media.resolve(sender, image(id)));
  expect(await world.send({ type: 'image', image: { id: metaId } })).toMatch(/^wamid\./);
});

test('a copy at Meta is made anew after 29 days', async ({ here }) => {
  const { media, sender } = here;
  const { id } = await uploaded(here);
  const first = idIn(await media.resolve(sender, image(id)));
  here.pass(28 * DAY_MS);
  expect(idIn(await media.resolve(sender, image(id)))).toBe(first);
  here.pass(DAY_MS + 1_000);
  expect(idIn(await media.resolve(sender, image(id)))).not.toBe(first);
});

test('a copy that Meta lost is made anew, one that is minutes old is believed', async ({ here }) => {
  const { media, sender } = here;
  const { id } = await uploaded(here);
  const first = idIn(await media.resolve(sender, image(id)));
  expect(await media.forget(sender, image(id))).toBe(false);
  here.pass(DAY_MS);
  expect(await media.forget(sender, image(id))).toBe(true);
  expect(idIn(await media.resolve(sender, image(id)))).not.toBe(first);
});

test('a replaced file is uploaded anew', async ({ here }) => {
  const { media, sender } = here;
  const made = await uploaded(here);
  const first = idIn(await media.resolve(sender, image(made.id)));
  expect(await media.replace(made, { bytes: PNG, mimeType: 'image/png' })).toMatchObject({ kind: 'stored' });
  expect(idIn(await media.resolve(sender, image(made.id)))).not.toBe(first);
});

test('deleted media, media of others and media of another kind fail the message for good', async ({
  here,
}) => {
  const { media, sender } = here;
  const made = await uploaded(here);
  const final = { failure: { code: '131053', outcome: 'final' } };
  expect(await media.resolve({ ...sender, workspaceId: newId() }, image(made.id))).toMatchObject(final);
  const video = JSON.stringify({ type: 'video', video: { id: `wbm:${made.id}` } });
  expect(await media.resolve(sender, video)).toMatchObject(final);
  await media.remove(made);
  expect(await media.resolve(sender, image(made.id))).toMatchObject(final);
});

/** An inbound media as a webhook names it, of a file that Meta holds. */
async function atMeta({ world, g, sender }: Here, more: { sha256?: string } = {}): Promise<InboundMedia> {
  const form = new FormData();
  form.set('messaging_product', 'whatsapp');
  form.set('file', new Blob([Uint8Array.from(PNG)], { type: 'image/png' }), 'cat.png');
  const response = await fetch(`${world.url}/v23.0/${sender.phoneNumberId}/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sender.accessToken}` },
    body: form,
  });
  const { id } = (await response.json()) as { id: string };
  return {
    messageId: newId(),
    workspaceId: g.workspace,
    senderId: sender.id,
    metaId: id,
    mimeType: 'image/png',
    sha256: createHash('sha256').update(PNG).digest('base64'),
    ...more,
  };
}

const run = { attempt: 1, last: false, signal: new AbortController().signal };

test('what a person sends is fetched in the background and served by its link', async ({ here }) => {
  const { media, g } = here;
  const inbound = await atMeta(here);
  await media.expect([inbound]);
  await media.expect([inbound]);
  const id = inboundMediaId(inbound.messageId);
  expect(await media.byId(g.workspace, id)).toMatchObject({ state: 'pending', origin: 'inbound' });
  await media.fetchTask({ id }, run);
  expect(await media.byId(g.workspace, id)).toMatchObject({ state: 'stored', size: PNG.length });
  expect(await bytes(await media.open(id))).toEqual(PNG);
});

test('a link asked before the fetch fetches by itself', async ({ here }) => {
  const { media } = here;
  const inbound = await atMeta(here);
  await media.expect([inbound]);
  const link = new URL(media.urlOfMessage(inbound.messageId));
  const id = link.pathname.split('/').at(-1)!;
  const query = Object.fromEntries(link.searchParams);
  const both = await Promise.all([media.behindLink(id, query), media.behindLink(id, query)]);
  expect(both).toEqual([
    expect.objectContaining({ state: 'stored' }),
    expect.objectContaining({ state: 'stored' }),
  ]);
});

test('what Meta has deleted is expired and not asked for again', async ({ here }) => {
  const { media, g, world, sender } = here;
  const inbound = await atMeta(here);
  await fetch(`${world.url}/v23.0/${inbound.metaId}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${sender.accessToken}` },
  });
  await media.expect([inbound]);
  const id = inboundMediaId(inbound.messageId);
  await media.fetchTask({ id }, run);
  expect(await media.byId(g.workspace, id)).toMatchObject({ state: 'expired' });
});

test('a file that is not the one of the webhook is not kept', async ({ here }) => {
  const { media, g } = here;
  const inbound = await atMeta(here, { sha256: 'ab'.repeat(32) });
  await media.expect([inbound]);
  const id = inboundMediaId(inbound.messageId);
  await expect(media.fetchTask({ id }, run)).rejects.toThrow();
  expect(await media.byId(g.workspace, id)).toMatchObject({ state: 'pending' });
  await media.fetchTask({ id }, { ...run, last: true });
  expect(await media.byId(g.workspace, id)).toMatchObject({ state: 'failed' });
});

test('a link works for days and not for ever, and none that was not made here', async ({ here }) => {
  const { media } = here;
  const { id } = await uploaded(here);
  const query = Object.fromEntries(new URL(media.urlOf(id)).searchParams);
  here.pass(6 * DAY_MS);
  expect(await media.behindLink(id, query)).toMatchObject({ id });
  expect(await media.behindLink(newId(), query)).toBe('forged');
  expect(await media.behindLink(id, { ...query, expires: '9999999999' })).toBe('forged');
  here.pass(3 * DAY_MS);
  expect(await media.behindLink(id, query)).toBe('expired');
});

test('what has had its time goes, and its file after it', async ({ here }) => {
  const { media, g, folder } = here;
  const short = await uploaded(here, { ttlSeconds: 60 });
  const long = await uploaded(here);
  here.pass(61_000);
  await media.sweep();
  expect(await media.byId(g.workspace, short.id)).toBeUndefined();
  expect(await media.byId(g.workspace, long.id)).toBeDefined();
  here.pass(2 * 3_600_000);
  await media.sweep();
  expect(await readdir(join(folder, g.workspace))).toHaveLength(1);
  expect(await bytes(await media.open(long.id))).toEqual(PNG);
});
