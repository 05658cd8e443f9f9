import { spawnSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { CLOSED_FILES, DIALECTS, floors, OPEN_FILES, ROOMS, ROOT } from './floors.ts';

const BIOME = join(ROOT, 'node_modules/.bin/biome');
const RESTRICTED = 'lint/style/noRestrictedImports';
const CYCLE = 'lint/suspicious/noImportCycles';

/** The law once more, written out and not computed: what each room may import beside itself and config.ts. */
const ALLOWED: Record<string, string> = {
  message: '',
  store: 'message',
  carriers: 'message store',
  recipients: 'message store',
  templates: 'message store',
  media: 'message store',
  accounts: 'message store',
  fetch: 'message store',
  reports: 'message store carriers recipients templates media accounts fetch',
  outbox: 'message store carriers recipients templates media accounts fetch reports',
  inbox: 'message store carriers recipients templates media accounts fetch reports outbox',
  calls: 'message store carriers recipients templates media accounts fetch reports outbox inbox',
  agents: 'message store carriers recipients templates media accounts fetch reports outbox inbox',
  dialects:
    'message store carriers recipients templates media accounts fetch reports outbox inbox calls agents',
  api: 'message store carriers recipients templates media accounts fetch reports outbox inbox calls agents',
};

interface Found {
  rule: string;
  path: string;
  line: number;
}

/** Lints a temporary repository that has this one's rules and only these files; each line of a file is one import. */
function lint(files: Record<string, readonly string[]>): Found[] {
  const root = mkdtempSync(join(tmpdir(), 'wirebird-floors-'));
  try {
    cpSync(join(ROOT, 'biome.floors.json'), join(root, 'biome.floors.json'));
    const { $schema, ...config } = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'));
    writeFileSync(join(root, 'biome.json'), JSON.stringify({ ...config, vcs: { enabled: false } }));
    for (const [path, lines] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), `${lines.join('\n')}\n`);
    }
    const run = spawnSync(BIOME, ['lint', '--reporter=json', '--max-diagnostics=none', '.'], {
      cwd: root,
      encoding: 'utf8',
    });
    const report = JSON.parse(run.stdout) as {
      summary: { unchanged: number };
      diagnostics: { category: string; location: { path: string; start: { line: number } } }[];
    };
    // Biome that looked at fewer files has checked nothing for the rest.
    expect(report.summary.unchanged).toBe(Object.keys(files).length + 2);
    return report.diagnostics
      .map(({ category, location }) => ({ rule: category, path: location.path, line: location.start.line }))
      .sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Of the specifiers that each file imports, those that the floors refuse. */
function refusedIn(files: Record<string, readonly string[]>): Record<string, string[]> {
  const imports = (specifiers: readonly string[]) => specifiers.map(name => `import '${name}';`);
  const found = lint(
    Object.fromEntries(Object.entries(files).map(([path, names]) => [path, imports(names)])),
  );
  const lines = (path: string) =>
    found.filter(one => one.rule === RESTRICTED && one.path === path).map(({ line }) => line);
  return Object.fromEntries(
    Object.entries(files).map(([path, names]) => [path, lines(path).map(line => names[line - 1] ?? '')]),
  );
}

const refused = (path: string, specifiers: readonly string[]) => refusedIn({ [path]: specifiers })[path];

test('biome.floors.json is what the table says', () => {
  expect(JSON.parse(readFileSync(join(ROOT, 'biome.floors.json'), 'utf8'))).toEqual(floors());
});

test('each room, dialect and file of gateway/src stands in the table', () => {
  const folders = (path: string) =>
    readdirSync(join(ROOT, path), { withFileTypes: true }).flatMap(entry =>
      entry.isDirectory() ? [entry.name] : [],
    );
  expect(ROOMS).toEqual(expect.arrayContaining(folders('gateway/src')));
  expect(DIALECTS).toEqual(expect.arrayContaining(folders('gateway/src/dialects')));
  const files = globSync('*.ts', { cwd: join(ROOT, 'gateway/src') }).filter(
    name => !name.endsWith('.test.ts'),
  );
  expect([...OPEN_FILES, ...CLOSED_FILES].map(name => `${name}.ts`)).toEqual(expect.arrayContaining(files));
});

test('the table of rooms and the written law name the same rooms', () => {
  expect([...ROOMS].sort()).toEqual(Object.keys(ALLOWED).sort());
});

describe('from each room to each room, from whatever depth', () => {
  const planted: Record<string, readonly string[]> = {};
  for (const room of ROOMS)
    for (const depth of [0, 1, 2]) {
      const path = `gateway/src/${room}/${'inner/'.repeat(depth)}plant.ts`;
      planted[path] = ROOMS.filter(other => other !== room).map(
        other => `${'../'.repeat(depth + 1)}${other}/x.ts`,
      );
    }
  let found: Record<string, string[]>;
  beforeAll(() => {
    found = refusedIn(planted);
  });

  test.each(Object.entries(ALLOWED))('%s imports only what lies below it', (room, allowed) => {
    const open = new Set(allowed.split(' '));
    const paths = Object.keys(planted).filter(path => path.startsWith(`gateway/src/${room}/`));
    expect(paths).toHaveLength(3);
    for (const path of paths)
      expect(found[path], path).toEqual(
        planted[path]?.filter(name => !open.has(name.split('/').at(-2) ?? '')),
      );
  });
});

test('an import counts in every form: types, re-exports, a whole module later', () => {
  const found = lint({
    'gateway/src/store/plant.ts': [
      `import type { A } from '../outbox/a.ts';`,
      `import { type B } from '../outbox/b.ts';`,
      `export { C } from '../outbox/c.ts';`,
      `export type { D } from '../outbox/d.ts';`,
      `export * from '../outbox/e.ts';`,
      `export const F = await import('../outbox/f.ts');`,
      `import G from '../message/../outbox/g.ts';`,
    ],
  });
  expect(found.filter(({ rule }) => rule === RESTRICTED).map(({ line }) => line)).toEqual([
    1, 2, 3, 4, 5, 6, 7,
  ]);
});

/** `import('./a.ts').A` and `typeof import('./a.ts')`, but not a module that is awaited. */
const IMPORT_TYPE = /\btypeof import\(|\bimport\(\s*['"][^'"]+['"]\s*\)\.(?!then\b|catch\b|finally\b)/;

test('no room names a type by import("…"), the one form that Biome does not see', () => {
  expect(`type A = import('../outbox/a.ts').A;`).toMatch(IMPORT_TYPE);
  expect(`let a: typeof import('../outbox/a.ts');`).toMatch(IMPORT_TYPE);
  expect(`const { a } = await import('./a.ts');`).not.toMatch(IMPORT_TYPE);
  const sources = globSync('gateway/src/*/**/*.ts', { cwd: ROOT }).filter(path => !path.endsWith('.test.ts'));
  expect(sources).not.toEqual([]);
  expect(sources.filter(path => IMPORT_TYPE.test(readFileSync(join(ROOT, path), 'utf8')))).toEqual([]);
});

test('a dialect imports neither another dialect nor what lies beside it', () => {
  for (const own of DIALECTS) {
    const others = DIALECTS.filter(name => name !== own).map(name => `../${name}/schema.ts`);
    const good = ['./schema.ts', '../dialect.ts', '../../config.ts', '../../outbox/accept.ts'];
    const bad = [
      ...others,
      '../../api/routes.ts',
      '../../gateway.ts',
      '../../../../sandbox/src/clock.ts',
      '@wirebird/sandbox',
    ];
    expect(refused(`gateway/src/dialects/${own}/plant.ts`, [...good, ...bad])).toEqual(bad);
  }
});

test('what dialects share knows no dialect', () => {
  const bad = [...DIALECTS.map(name => `./${name}/index.ts`), '../api/routes.ts', '../gateway.ts'];
  expect(refused('gateway/src/dialects/plant.ts', ['./dialect.ts', '../reports/encoder.ts', ...bad])).toEqual(
    bad,
  );
});

test('api imports no dialect', () => {
  const bad = ['../dialects/dialect.ts', '../dialects/telnyx/index.ts'];
  expect(refused('gateway/src/api/plant.ts', ['../outbox/accept.ts', ...bad])).toEqual(bad);
});

test('message does no I/O, and uses no package that does', () => {
  const good = ['./status.ts', '../config.ts', 'typebox', 'typebox/value', 'uuid', 'node:crypto'];
  const bad = [
    'node:fs',
    'node:fs/promises',
    'fs',
    'node:net',
    'node:http',
    'node:dns',
    'pg',
    'undici',
    'kysely',
    '@fastify/static',
  ];
  expect(refused('gateway/src/message/plant.ts', [...good, ...bad])).toEqual(bad);
});

test('gateway.ts is imported by main.ts alone, main.ts by nobody', () => {
  const bad = [...CLOSED_FILES.map(name => `../${name}.ts`), '../../src/gateway.ts'];
  const paths = ROOMS.map(room => `gateway/src/${room}/plant.ts`);
  const found = refusedIn(Object.fromEntries(paths.map(path => [path, ['../config.ts', ...bad]])));
  expect(found).toEqual(Object.fromEntries(paths.map(path => [path, bad])));
  for (const file of ['config', 'signals', 'parent']) {
    const bad = ['./gateway.ts', './main.ts', './store/store.ts', './dialects/telnyx/index.ts'];
    expect(refused(`gateway/src/${file}.ts`, [...bad, './clock.ts'])).toEqual(bad);
  }
  expect(refused('gateway/src/gateway.ts', ['./main.ts', './signals.ts', './api/routes.ts'])).toEqual([
    './main.ts',
  ]);
  expect(refused('gateway/src/main.ts', ['./gateway.ts', './signals.ts', './store/store.ts'])).toEqual([]);
});

test('a test in gateway imports any room, and never the sandbox', () => {
  const bad = ['../../../sandbox/src/clock.ts', '@wirebird/sandbox', 'wirebird/src/store/store.ts'];
  const good = ['../gateway.ts', '../api/routes.ts', '../dialects/telnyx/index.ts', 'node:fs', 'pg'];
  expect(refused('gateway/src/message/plant.test.ts', [...good, ...bad])).toEqual(bad);
  expect(refused('gateway/bin/plant.test.ts', ['../src/main.ts', '../../sandbox/src/clock.ts'])).toEqual([
    '../../sandbox/src/clock.ts',
  ]);
  expect(refused('gateway/src/main.ts', bad)).toEqual(bad);
  expect(refused('gateway/src/gateway.ts', bad)).toEqual(bad);
  expect(refused('gateway/src/config.ts', bad)).toEqual(bad);
});

test('sandbox, bench and gateway do not know each other', () => {
  const packages = ['wirebird', 'wirebird/src/main.ts', '@wirebird/bench'];
  for (const path of [
    'sandbox/src/plant.ts',
    'sandbox/src/graph/plant.test.ts',
    'sandbox/web/src/plant.tsx',
  ]) {
    const bad = ['../../../gateway/src/config.ts', '../../../bench/src/main.ts', ...packages];
    expect(refused(path, ['./clock.ts', '../src/clock.ts', 'fastify', ...bad])).toEqual(bad);
  }
  const bad = ['../../gateway/src/config.ts', '../../sandbox/src/clock.ts', '@wirebird/sandbox', ...packages];
  expect(refused('bench/src/plant.ts', ['./table.ts', 'pg', ...bad])).toEqual(bad);
});

test('an import cycle is refused, also one of types alone', () => {
  const found = lint({
    'gateway/src/store/a.ts': [`import type { B } from './b.ts';`, 'export type A = B | 1;'],
    'gateway/src/store/b.ts': [`import type { A } from './a.ts';`, 'export type B = A | 2;'],
    'gateway/src/store/c.ts': [`import type { A } from './a.ts';`, 'export type C = A;'],
  });
  expect(found).toEqual([
    { rule: CYCLE, path: 'gateway/src/store/a.ts', line: 1 },
    { rule: CYCLE, path: 'gateway/src/store/b.ts', line: 1 },
  ]);
});
