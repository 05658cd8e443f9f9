import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';

/** What a first visit may weigh, compressed. */
const PAGE_MAX_BYTES = 250_000;

const run = promisify(execFile);

/** The page's sources in a repository of their own, so that the real `dist` stays as it is. */
function copyOfSources(withPackages = true) {
  const root = mkdtempSync(join(tmpdir(), 'page-build-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const web = join(root, 'sandbox', 'web');
  cpSync(import.meta.dirname, web, {
    recursive: true,
    filter: path => !/[\\/](dist|\.build-[^\\/]*)$/.test(path.slice(import.meta.dirname.length)),
  });
  cpSync(join(import.meta.dirname, '../package.json'), join(root, 'sandbox', 'package.json'));
  if (withPackages) symlinkSync(join(import.meta.dirname, '../../node_modules'), join(root, 'node_modules'));
  const build = () => run(process.execPath, [join(web, 'build.js'), '--when-missing']);
  return { web, dist: join(web, 'dist'), build };
}

test('two builds at once leave one whole page; a fresh page is left alone; a newer source makes it stale', async () => {
  const { web, dist, build } = copyOfSources();
  const both = await Promise.all([build(), build()]);
  for (const { stdout, stderr } of both) {
    expect([stdout, stderr]).toEqual(["Building the sandbox's page of phones …\n", '']);
  }
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const assets = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, path = '']) => path);
  expect(assets.length).toBeGreaterThanOrEqual(4);
  for (const asset of assets) expect(existsSync(join(dist, asset)), asset).toBe(true);
  expect(readdirSync(web).filter(name => name.startsWith('.build'))).toEqual([]);
  const weight = assets.reduce((sum, asset) => sum + gzipSync(readFileSync(join(dist, asset))).length, 0);
  expect(weight).toBeLessThan(PAGE_MAX_BYTES);

  const inode = statSync(dist).ino;
  expect(await build()).toEqual({ stdout: '', stderr: '' });
  expect(statSync(dist).ino).toBe(inode);

  const later = new Date(Date.now() + 2_000);
  utimesSync(join(web, 'src', 'main.tsx'), later, later);
  expect((await build()).stdout).toMatch(/^Building/);
  expect(statSync(dist).ino).not.toBe(inode);
}, 60_000);

test('without the development dependencies a page that is there serves, and a missing one is named without failing', async () => {
  const { dist, build } = copyOfSources(false);
  const { stdout, stderr } = await build();
  expect([stdout, stderr]).toEqual(['', expect.stringContaining('npm ci')]);
  cpSync(join(import.meta.dirname, 'public'), dist, { recursive: true });
  expect(await build()).toEqual({ stdout: '', stderr: '' });
});
