import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const GATEWAY = import.meta.dirname;
const REPOSITORY = join(GATEWAY, '..');

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'wirebird-pack-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** npm as a person runs it, not as a part of the npm that runs these tests; writes nothing outside `root`. */
function npmEnv(): NodeJS.ProcessEnv {
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  return { PATH, HOME: root, npm_config_cache: join(root, 'cache'), npm_config_update_notifier: 'false' };
}

/** The package with its own manifest, launcher and prepack around these sources, in a repository of its own. */
function repository(name: string, sources: Record<string, string>): string {
  const gateway = join(root, name, 'repository/gateway');
  for (const [path, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(gateway, 'src', path)), { recursive: true });
    writeFileSync(join(gateway, 'src', path), text);
  }
  for (const path of ['package.json', 'prepack.js', 'bin'])
    cpSync(join(GATEWAY, path), join(gateway, path), { recursive: true });
  cpSync(join(REPOSITORY, 'LICENSE'), join(gateway, '../LICENSE'));
  return gateway;
}

/** Packs `gateway` and installs the tarball as `node_modules/wirebird`, beside this repository's dependencies. */
function packAndInstall(name: string, gateway: string): string {
  execFileSync('npm', ['pack', '--pack-destination', join(root, name)], {
    cwd: gateway,
    env: npmEnv(),
    stdio: 'pipe',
  });
  const [tarball] = globSync('*.tgz', { cwd: join(root, name) });
  const installed = join(root, name, 'project/node_modules/wirebird');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(root, name, tarball ?? ''), '--strip-components=1', '-C', installed]);
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, name, 'node_modules'));
  return installed;
}

test('a packed and installed package runs as JavaScript, with what its sources name', () => {
  const gateway = repository('small', {
    'main.ts': `import { type Greeting, greet } from './inner/greet.ts';
import { readFileSync } from 'node:fs';
const later = (await import(new URL("./inner/later.ts", import.meta.url).href)) as { later: string };
const sql: string = readFileSync(new URL('./store/one.sql', import.meta.url), 'utf8');
const greeting: Greeting = greet(process.argv[2] ?? '');
console.log(JSON.stringify({ greeting, later: later.later, sql }));
`,
    'inner/greet.ts': `import type { Never } from '../types.ts';
export { later } from './later.ts';
export type Greeting = \`hello \${string}\`;
export const greet = (name: string, _never?: Never): Greeting => \`hello \${name}\`;
`,
    'inner/later.ts': `export const later: string = 'later';\n`,
    'inner/greet.test.ts': `throw new Error('a test was packed');\n`,
    'inner/README.md': 'For readers of the sources.\n',
    'types.ts': 'export type Never = never;\n',
    'store/one.sql': 'select 1',
  });
  const installed = packAndInstall('small', gateway);
  expect(globSync('**/*.*', { cwd: installed }).sort()).toEqual([
    'bin/wirebird.js',
    'dist/inner/greet.js',
    'dist/inner/later.js',
    'dist/main.js',
    'dist/store/one.sql',
    'dist/types.js',
    'package.json',
  ]);
  expect(readFileSync(join(installed, 'dist/LICENSE'), 'utf8')).toContain('Apache License');
  const output = execFileSync(process.execPath, [join(installed, 'bin/wirebird.js'), 'you'], {
    encoding: 'utf8',
  });
  expect(JSON.parse(output)).toEqual({ greeting: 'hello you', later: 'later', sql: 'select 1' });
});

test('a source that names a file outside the package is not packed', () => {
  const gateway = repository('outside', { 'main.ts': `import '../../sandbox/src/main.ts';\n` });
  mkdirSync(join(gateway, '../sandbox/src'), { recursive: true });
  writeFileSync(join(gateway, '../sandbox/src/main.ts'), '');
  const run = spawnSync('npm', ['pack'], { cwd: gateway, env: npmEnv(), encoding: 'utf8' });
  expect(run.status).not.toBe(0);
  expect(run.stderr).toContain('src/main.ts names ../../sandbox/src/main.ts, which is not packed');
});

test('every module of the gateway loads from the installed package', () => {
  const gateway = repository('whole', {});
  cpSync(join(GATEWAY, 'src'), join(gateway, 'src'), { recursive: true });
  const dist = join(packAndInstall('whole', gateway), 'dist');
  // main.js is the command line: loading it runs it.
  const modules = globSync('**/*.js', { cwd: dist }).filter(path => path !== 'main.js');
  expect(modules.length).toBeGreaterThan(20);
  const code = modules.map(path => `await import(${JSON.stringify(join(dist, path))});`).join('\n');
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
});
