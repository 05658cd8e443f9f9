import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDataDirectory } from './data-directory.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wirebird-directory-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a data directory is made with the folders above it, and found again', async () => {
  const path = join(folder, 'a', 'b', 'data');
  await Promise.all([makeDataDirectory(path), makeDataDirectory(path)]);
  await makeDataDirectory(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});

test('a file in its place is a sentence', async () => {
  const path = join(folder, 'file');
  await writeFile(path, '');
  await expect(makeDataDirectory(path)).rejects.toThrow(/cannot be used: it is a file.*--data/);
  await expect(makeDataDirectory(join(path, 'below'))).rejects.toThrow(/cannot be used/);
});

test.runIf(process.platform === 'linux')(
  'a place where nothing can be made is a sentence and not a loop',
  async () => {
    await expect(makeDataDirectory('/proc/wirebird')).rejects.toThrow(/cannot be used: ENOENT/);
  },
);
