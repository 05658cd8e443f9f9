import { chmodSync, chownSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import {
  ask,
  embedded,
  endedChild,
  gatewayProcess,
  isRoot,
  serversIn,
  temporaryFolder,
  unlinkedBinaries,
} from '../../../tests/embedded-folder.ts';
import { startEmbedded } from './embedded.ts';
import { type Binaries, linkLibraries } from './postgres-binaries.ts';
import { canEnter, type ServerUser, serverUsers } from './server-user.ts';

const users = serverUsers();
const namespace = users.find(user => user.way === 'namespace');
const nobody = users.find(user => user.way === 'nobody');
const allowsNamespaces = isRoot && namespace !== undefined && (await canEnter(namespace, '/'));
const allowsNobody = isRoot && nobody !== undefined && (await canEnter(nobody, '/'));

/** A checkout and a data directory in a home that only its owner may enter, and a place apart for what must move. */
async function closedHome(): Promise<{ dataDir: string; binaries: Binaries; apart: string }> {
  const folder = temporaryFolder();
  const home = join(folder, 'home');
  mkdirSync(home, { mode: 0o700 });
  const binaries = unlinkedBinaries(home);
  await linkLibraries(binaries);
  return { dataDir: join(home, 'data'), binaries, apart: join(folder, 'var', 'wirebird') };
}

const ownerOf = (path: string) => statSync(path).uid;
const modeOf = (path: string) => statSync(path).mode & 0o777;

test.skipIf(isRoot)('an ordinary user has data and programs where they are (not as root)', async () => {
  const { dataDir, binaries, apart } = await closedHome();
  const { place, lines } = await embedded({ dataDir, binaries, apart });
  expect(place).toBe(join(dataDir, 'postgres'));
  expect(lines).toEqual([]);
  expect(modeOf(place)).toBe(0o700);
});

test.skipIf(isRoot)('an ordinary user is told whose the data are (not as root)', async () => {
  const dataDir = temporaryFolder();
  chmodSync(dataDir, 0o555);
  await expect(startEmbedded({ dataDir, log: () => {} })).rejects.toThrow(/cannot be used by this user/);
});

test.runIf(allowsNamespaces)(
  'in a closed home nothing moves, and a killed gateway leaves its server to the next (as root)',
  async () => {
    const { dataDir, binaries, apart } = await closedHome();
    mkdirSync(dataDir, { mode: 0o700 });
    const killed = await gatewayProcess(dataDir, { binaries, apart });
    await ask(killed.url, 'create table kept as select 42 as n');
    await endedChild(killed.child, 'SIGKILL');

    const next = await embedded({ dataDir, binaries, apart });
    expect(next).toMatchObject({ adopted: true, place: join(dataDir, 'postgres'), lines: [] });
    expect(existsSync(apart)).toBe(false);
    expect(modeOf(dataDir)).toBe(0o700);
    expect(ownerOf(join(next.place, 'data', 'base'))).toBe(0);
    process.kill(serversIn(dataDir)[0]!, 'SIGKILL');
    await vi.waitFor(() => expect(next.lines.at(-1)).toContain('runs again'), 10_000);
    expect(await ask(next.url, 'select n from kept')).toEqual({ n: 42 });
  },
);

test.runIf(allowsNobody)(
  'without namespaces nobody runs the server where nobody gets to (as root)',
  async () => {
    const folder = temporaryFolder();
    const binaries = unlinkedBinaries(folder);
    const only = { dataDir: join(folder, 'data'), binaries, apart: join(folder, 'apart'), users: [nobody!] };
    const { url, place, lines, stop } = await embedded(only);
    expect(place).toBe(join(only.dataDir, 'postgres'));
    expect(lines).toEqual([]);
    expect(ownerOf(join(place, 'data', 'base'))).toBe(nobody!.owner.uid);
    expect(modeOf(place)).toBe(0o700);
    expect(existsSync(only.apart)).toBe(false);
    await ask(url, 'create table kept as select 42 as n');
    await stop();

    const again = await embedded({ ...only, users });
    expect(again.place).toBe(place);
    expect(await ask(again.url, 'select n from kept')).toEqual({ n: 42 });
  },
);

test.runIf(allowsNobody)(
  'what nobody cannot reach moves apart, is named, and is found again (as root)',
  async () => {
    const { dataDir, binaries, apart } = await closedHome();
    const killed = await gatewayProcess(dataDir, { binaries, apart, users: [nobody!] });
    await ask(killed.url, 'create table kept as select 42 as n');
    await endedChild(killed.child, 'SIGKILL');
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);

    const adopted = await embedded({ dataDir, binaries, apart, users: [nobody!] });
    expect(adopted.adopted).toBe(true);
    expect(adopted.place.startsWith(`${apart}/`)).toBe(true);
    expect(adopted.lines.join()).toContain(adopted.place);
    await adopted.stop();

    // Also when a namespace would have let them stay.
    const again = await embedded({ dataDir, binaries, apart, users });
    expect(again).toMatchObject({ adopted: false, place: adopted.place });
    expect(await ask(again.url, 'select n from kept')).toEqual({ n: 42 });
  },
);

test.runIf(allowsNobody)('programs alone move when nobody gets to the data (as root)', async () => {
  const { binaries, apart } = await closedHome();
  const dataDir = join(apart, '..', '..', 'data');
  const { place, lines } = await embedded({ dataDir, binaries, apart, users: [nobody!] });
  expect(place).toBe(join(dataDir, 'postgres'));
  expect(lines.join()).toContain(join(apart, binaries.name));
});

test.runIf(allowsNamespaces && allowsNobody)('data follow from one way to the other (as root)', async () => {
  const dataDir = temporaryFolder();
  const one: ServerUser[] = [namespace!];
  const other: ServerUser[] = [nobody!];
  const binaries = unlinkedBinaries(temporaryFolder());
  for (const [round, way] of [one, other, one].entries()) {
    const { url, place, stop } = await embedded({ dataDir, binaries, users: way });
    expect(ownerOf(join(place, 'data', 'base'))).toBe(way[0]!.owner.uid);
    if (round === 0) await ask(url, 'create table kept as select 42 as n');
    expect(await ask(url, 'select n from kept')).toEqual({ n: 42 });
    await stop();
  }
});

test.runIf(isRoot)('data of a third user are left alone (as root)', async () => {
  const dataDir = temporaryFolder();
  mkdirSync(join(dataDir, 'postgres'));
  chownSync(join(dataDir, 'postgres'), 12_345, 12_345);
  await expect(startEmbedded({ dataDir, log: () => {} })).rejects.toThrow(/belongs to the user 12345/);
});

test.runIf(isRoot)('where no way leads to a server, the sentence names the ways out (as root)', async () => {
  const dataDir = temporaryFolder();
  const start = startEmbedded({ dataDir, users: [], log: () => {} });
  await expect(start).rejects.toThrow(/does not run as root.*ordinary user.*--database-url/);
});
