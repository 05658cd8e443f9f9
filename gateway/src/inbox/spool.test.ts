import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../message/id.ts';
import { Overloaded } from '../store/batch.ts';
import type { JournalRow } from '../store/journal-row.ts';
import { Spool, type SpoolOptions } from './spool.ts';

let folder: string;
let journalled: string[];
let broken: string[];
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'wirebird-spool-')), 'spool');
  journalled = [];
  broken = [];
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

const openSpool = (more: Partial<SpoolOptions> = {}): Promise<Spool> =>
  Spool.open({
    folder,
    journal: async rows => void journalled.push(...rows.map(row => row.id)),
    onBroken: name => void broken.push(name),
    ...more,
  });
const row = (bytes = 10): JournalRow => ({
  id: newId(),
  at: new Date().toISOString(),
  body: 'a'.repeat(bytes),
  senders: [],
});
const put = async (spool: Spool, count: number): Promise<string[]> => {
  const rows = Array.from({ length: count }, () => row());
  await Promise.all(rows.map(one => spool.write(one)));
  return rows.map(one => one.id);
};

test('what was written is moved in its order, once, and its files are deleted', async () => {
  const spool = await openSpool();
  const ids = [...(await put(spool, 300)), ...(await put(spool, 300))];
  expect(spool.bytes).toBeGreaterThan(0);
  expect(await spool.empty()).toBe(600);
  expect(journalled).toEqual(ids);
  expect([spool.bytes, await readdir(folder), await spool.empty()]).toEqual([0, [], 0]);
  await spool.close();
});

test('a process that died leaves it to the next, without the line that it was writing', async () => {
  const died = await openSpool();
  const ids = await put(died, 5);
  const [file] = await readdir(folder);
  await appendFile(join(folder, file!), '{"id":"half a line');
  const next = await openSpool();
  const more = await put(next, 5);
  expect(await next.empty()).toBe(10);
  expect(journalled).toEqual([...ids, ...more]);
  await Promise.all([next.close(), died.close()]);
});

test('what the database does not take stays, and is moved later', async () => {
  let away = true;
  const spool = await openSpool({
    journal: async rows => {
      if (away) throw new Error('away');
      journalled.push(...rows.map(one => one.id));
    },
  });
  const ids = await put(spool, 3);
  await expect(spool.empty()).rejects.toThrow('away');
  const more = await put(spool, 3);
  away = false;
  expect(await spool.empty()).toBe(6);
  expect(journalled).toEqual([...ids, ...more]);
  await spool.close();
});

test('what comes while it is emptied is in it afterwards', async () => {
  const spool = await openSpool();
  const ids = await put(spool, 50);
  const [, more] = await Promise.all([spool.empty(), put(spool, 50)]);
  await spool.empty();
  expect(journalled.toSorted()).toEqual([...ids, ...more].toSorted());
  await spool.close();
});

test('a full spool refuses, and takes again when it was emptied', async () => {
  const spool = await openSpool({ maxBytes: 1_000 });
  await spool.write(row(700));
  await expect(spool.write(row(700))).rejects.toThrow(Overloaded);
  await spool.empty();
  await spool.write(row(700));
  await spool.close();
});

test('a disk that takes no more refuses, and what was written before is kept', async () => {
  const spool = await openSpool();
  await rm(folder, { recursive: true });
  await expect(spool.write(row())).rejects.toThrow(Overloaded);
  expect(spool.bytes).toBe(0);
  await spool.close();
});

test('many files are moved one by one, oldest first', async () => {
  const spool = await openSpool();
  const rows = Array.from({ length: 6 }, () => row(4 * 1024 * 1024));
  for (const one of rows) await spool.write(one);
  expect((await readdir(folder)).length).toBeGreaterThan(1);
  await spool.empty();
  expect(journalled).toEqual(rows.map(one => one.id));
  await spool.close();
});

test('a file that cannot be read is set aside and keeps nothing waiting', async () => {
  const first = await openSpool();
  await first.close();
  await writeFile(join(folder, '000000000000001-000000.spool'), 'no JSON\n');
  const spool = await openSpool();
  const ids = await put(spool, 2);
  expect(await spool.empty()).toBe(2);
  expect([journalled, broken.length]).toEqual([ids, 1]);
  expect(await readdir(folder)).toEqual([expect.stringMatching(/\.broken$/)]);
  await spool.close();
});
