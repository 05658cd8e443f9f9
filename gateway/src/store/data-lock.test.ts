import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { endedChild, temporaryFolder } from '../../../tests/embedded-folder.ts';
import { DataDirectoryInUse, type DataLock, gatewayOf, lockDataDirectory } from './data-lock.ts';

/** Work for others at the moment between a contender's look at the folder and its next file. */
const between = vi.hoisted(() => ({ work: undefined as undefined | (() => Promise<void>) }));

vi.mock('node:fs/promises', async original => {
  const real = await original<typeof import('node:fs/promises')>();
  const link: typeof real.link = async (from, to) => {
    const work = between.work;
    between.work = undefined;
    await work?.();
    return real.link(from, to);
  };
  return { ...real, link };
});

/** A process that tries for the lock, says whether it got it, and stays. */
async function contender(dataDir: string) {
  const source = new URL('./data-lock.ts', import.meta.url).href;
  const script = `
    const { lockDataDirectory } = await import(${JSON.stringify(source)});
    await lockDataDirectory(${JSON.stringify(dataDir)}).then(() => console.log('held'), error => console.log(error.message));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return { child, said: said.trim() };
}

test('a second process is refused with a sentence that names the first', async () => {
  const dataDir = temporaryFolder();
  const lock = await lockDataDirectory(dataDir);
  expect((await gatewayOf(dataDir))?.pid).toBe(process.pid);
  const { said } = await contender(dataDir);
  expect(said).toContain(`in use by process ${process.pid}`);
  await lock.release();
});

test('the same process is refused too, until it gives the lock back', async () => {
  const dataDir = temporaryFolder();
  const lock = await lockDataDirectory(dataDir);
  await expect(lockDataDirectory(dataDir)).rejects.toThrow(DataDirectoryInUse);
  await lock.release();
  expect(await gatewayOf(dataDir)).toBeUndefined();
  const again = await lockDataDirectory(dataDir);
  await again.release();
});

test('of many that find a killed holder, one takes over', async () => {
  const dataDir = temporaryFolder();
  const first = await contender(dataDir);
  expect(first.said).toBe('held');
  await endedChild(first.child, 'SIGKILL');
  const said = (await Promise.all([1, 2, 3, 4].map(() => contender(dataDir)))).map(each => each.said);
  expect(said.filter(each => each === 'held')).toHaveLength(1);
  expect(said.filter(each => each.includes('in use by process'))).toHaveLength(3);
});

test('two hundred turns of a contended lock never overlap', async () => {
  const dataDir = temporaryFolder();
  let holders = 0;
  let turns = 0;
  const contend = async () => {
    while (turns < 200) {
      const lock = await lockDataDirectory(dataDir).catch(() => undefined);
      if (!lock) continue;
      expect(++holders).toBe(1);
      turns++;
      await new Promise(setImmediate);
      holders--;
      await lock.release();
    }
  };
  await Promise.all(Array.from({ length: 8 }, contend));
  expect(turns).toBeGreaterThanOrEqual(200);
  expect(readdirSync(dataDir)).toHaveLength(1);
});

test('who looked long ago steps back before a holder who came since', async () => {
  const dataDir = temporaryFolder();
  await (await lockDataDirectory(dataDir)).release();
  let holder: DataLock | undefined;
  between.work = async () => {
    // Two turns, so that the number which the contender is about to make has been there and is cleared away.
    await (await lockDataDirectory(dataDir)).release();
    holder = await lockDataDirectory(dataDir);
  };
  await expect(lockDataDirectory(dataDir)).rejects.toThrow(DataDirectoryInUse);
  expect(holder).toBeDefined();
  await holder?.release();
});

test('a holder whose pid has come round to another process is dead', async () => {
  const dataDir = temporaryFolder();
  writeFileSync(
    join(dataDir, 'gateway.lock.1'),
    JSON.stringify({ pid: process.pid, started: 'another boot/1' }),
  );
  expect(await gatewayOf(dataDir)).toBeUndefined();
  await (await lockDataDirectory(dataDir)).release();
});

test('a holder that is a zombie is dead', async () => {
  const dataDir = temporaryFolder();
  // The shell starts the holder, becomes a program that never asks for its children's ends, and so keeps its zombie.
  const source = new URL('./data-lock.ts', import.meta.url).href;
  const script = `const { lockDataDirectory } = await import(${JSON.stringify(source)});
    await lockDataDirectory(${JSON.stringify(dataDir)}); console.log(process.pid); process.kill(process.pid, 'SIGKILL');`;
  const parent = spawn(
    '/bin/sh',
    ['-c', '"$1" --input-type=module --eval "$2" & exec sleep 60', 'sh', process.execPath, script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  onTestFinished(() => void parent.kill('SIGKILL'));
  await once(parent.stdout, 'data');
  await expect.poll(() => gatewayOf(dataDir)).toBeUndefined();
  await (await lockDataDirectory(dataDir)).release();
});
