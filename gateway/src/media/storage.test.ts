import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import S3rver from 's3rver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localStorage } from './local-storage.ts';
import { s3Storage } from './s3-storage.ts';
import type { Storage } from './storage.ts';

const BUCKET = 'wirebird-media';

let folder: string;
let server: S3rver;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wirebird-storage-'));
  server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: join(folder, 's3'),
    configureBuckets: [{ name: BUCKET, configs: [] }],
  });
  ({ port } = await server.run());
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const storages: readonly [string, () => Storage][] = [
  ['a folder', () => localStorage(join(folder, 'local'))],
  [
    'a bucket',
    () =>
      s3Storage({
        bucket: BUCKET,
        region: 'us-east-1',
        endpoint: `http://127.0.0.1:${port}`,
        prefix: 'files/',
        // The server's only key.
        credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
      }),
  ],
];

describe.each(storages)('%s', (_, open) => {
  let storage: Storage;
  beforeAll(() => {
    storage = open();
  });
  afterAll(() => storage.close());

  const text = async (stream: Readable | undefined): Promise<string | undefined> => {
    if (stream === undefined) return undefined;
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  };

  test('gives back what was put', async () => {
    await storage.put('one/a', Buffer.from('höllo'), 'text/plain');
    expect(await text(await storage.get('one/a'))).toBe('höllo');
  });

  test('gives back every byte of a large file', async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024, 'wirebird ');
    await storage.put('large', bytes, 'application/octet-stream');
    const stream = await storage.get('large');
    const chunks: Buffer[] = [];
    for await (const chunk of stream!) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test.each([
    // The test's bucket takes 0-0 for no range at all.
    [{ start: 0, end: 1 }, '01'],
    [{ start: 2, end: 5 }, '2345'],
    [{ start: 9, end: 9 }, '9'],
  ])('gives the part %j, both ends counted in', async (range, part) => {
    await storage.put('digits', Buffer.from('0123456789'), 'text/plain');
    expect(await text(await storage.get('digits', range))).toBe(part);
  });

  test('puts a file in the place of another', async () => {
    await storage.put('two', Buffer.from('a longer first'), 'text/plain');
    await storage.put('two', Buffer.from('second'), 'text/plain');
    expect(await text(await storage.get('two'))).toBe('second');
  });

  test('has nothing under a key that nobody used', async () => {
    expect(await storage.get('never/was')).toBeUndefined();
  });

  test('has nothing under a key that was removed, and removes it again without an error', async () => {
    await storage.put('three', Buffer.from('x'), 'text/plain');
    await storage.remove('three');
    expect(await storage.get('three')).toBeUndefined();
    await storage.remove('three');
  });
});
