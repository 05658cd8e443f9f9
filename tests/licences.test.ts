import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** What an Apache-2.0 work may ship with, by SPDX name. A licence that is not here is looked at by a person first. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);

interface LockEntry {
  license?: string;
  /** Only needed by development dependencies: not part of what is shipped. */
  dev?: boolean;
  /** A workspace of this repository. */
  link?: boolean;
}
interface Lock {
  packages: Record<string, LockEntry>;
}

/** An SPDX expression, `(MIT OR GPL-3.0-only) AND ISC`; `AND` binds closer than `OR`. */
function isAllowed(expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const take = (token: string) => tokens[at] === token && ++at > 0;
  function term(): boolean {
    if (!take('(')) return ALLOWED.has(tokens[at++] ?? '');
    const inner = either();
    return take(')') && inner;
  }
  function both(): boolean {
    let result = term();
    while (take('AND')) result = term() && result;
    return result;
  }
  function either(): boolean {
    let result = both();
    while (take('OR')) result = both() || result;
    return result;
  }
  const result = either();
  return result && at === tokens.length;
}

const packageName = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** `name: licence` of each shipped package in a lock file that the list does not allow. */
function refused(lock: Lock): string[] {
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path.includes('node_modules/') && !entry.link && !entry.dev)
    .map(([path, entry]) => [packageName(path), entry.license ?? 'unknown'] as const)
    .filter(([, licence]) => !isAllowed(licence))
    .map(([name, licence]) => `${name}: ${licence}`);
}

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;

test('everything that is shipped has a licence on the list', () => {
  expect(refused(lock)).toEqual([]);
});

test('the installed packages have the licences that the lock file says', () => {
  const shipped = Object.entries(lock.packages).filter(
    ([path, entry]) => path.includes('node_modules/') && !entry.link && !entry.dev,
  );
  const installed = shipped.filter(([path]) => existsSync(join(ROOT, path, 'package.json')));
  expect(installed.length).toBeGreaterThan(50);
  const different = installed.flatMap(([path, entry]) => {
    const { license } = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')) as {
      license?: unknown;
    };
    return license === entry.license ? [] : [`${path}: ${JSON.stringify(license)}, not ${entry.license}`];
  });
  expect(different).toEqual([]);
});

test('a copyleft or unknown licence is refused where it is shipped, and only there', () => {
  const planted: Lock = {
    packages: {
      '': {},
      gateway: {},
      'node_modules/wirebird': { link: true },
      'node_modules/tool': { license: 'GPL-3.0-only', dev: true },
      'node_modules/fine': { license: '(MIT OR GPL-3.0-only)' },
      'node_modules/gpl': { license: 'GPL-2.0-or-later' },
      'node_modules/fine/node_modules/@deep/agpl': { license: 'AGPL-3.0-only' },
      'node_modules/sspl': { license: 'SSPL-1.0' },
      'node_modules/mixed': { license: 'MIT AND GPL-3.0-only' },
      'node_modules/silent': {},
      'node_modules/file': { license: 'SEE LICENSE IN LICENSE.txt' },
      'gateway/node_modules/inner': { license: 'UNLICENSED' },
    },
  };
  expect(refused(planted)).toEqual([
    'gpl: GPL-2.0-or-later',
    '@deep/agpl: AGPL-3.0-only',
    'sspl: SSPL-1.0',
    'mixed: MIT AND GPL-3.0-only',
    'silent: unknown',
    'file: SEE LICENSE IN LICENSE.txt',
    'inner: UNLICENSED',
  ]);
});

test.each([
  ['MIT', true],
  ['(MIT OR Apache-2.0)', true],
  ['MIT AND ISC', true],
  ['GPL-3.0-only OR MIT AND ISC', true],
  ['(GPL-3.0-only OR MIT) AND ISC', true],
  ['MIT AND (GPL-3.0-only OR SSPL-1.0)', false],
  ['Apache-2.0 WITH LLVM-exception', false],
  ['(MIT', false],
  ['', false],
])('the expression %j is judged %s', (expression, allowed) => {
  expect(isAllowed(expression)).toBe(allowed);
});
