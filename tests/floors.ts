/**
 * Who may import whom, in one table, and Biome's rules made from it. Biome does the checking; `node tests/floors.ts`
 * writes biome.floors.json, which biome.json extends, and floors.test.ts says when the two differ and plants bad
 * imports. The rules are made, not written, because Biome replaces the list of an overlapping override instead of
 * adding to it: each file must be matched by exactly one override, which holds its whole list.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

/** Rooms of gateway/src, the lowest floor first. A room imports from lower floors only. */
const FLOORS = [
  ['message', 'store'],
  ['carriers', 'recipients', 'templates', 'media', 'accounts', 'fetch'],
  ['outbox', 'inbox', 'reports'],
  ['calls', 'agents'],
  ['dialects', 'api'],
] as const;

type Room = (typeof FLOORS)[number][number];
export const ROOMS: readonly Room[] = FLOORS.flat();

/** What is open on the same floor: inbox → outbox → reports, store → message, and nothing else. */
const SAME_FLOOR: Partial<Record<Room, readonly Room[]>> = {
  store: ['message'],
  inbox: ['outbox', 'reports'],
  outbox: ['reports'],
};

export const DIALECTS: readonly string[] = ['telnyx', 'infobip', 'ycloud', 'elevenlabs'];

/** Files beside the rooms: config.ts and problem.ts are open to all; no room imports the others. */
export const OPEN_FILES: readonly string[] = ['config', 'problem', 'remembered', 'within'];
/** The composition root: gateway.ts knows every room, the rest of it the rooms it names. */
const ROOT_FILES = [
  'gateway',
  'parts',
  'sending',
  'receiving',
  'reporting',
  'keeping',
  'draining',
  'hearing',
  'blocking',
  'front',
  'main',
  'serve',
  'seed',
  'database',
  'dialects',
  'http',
  'keys-command',
  'workspaces-command',
  'reports-command',
  'visit',
];
/** These know no room. */
const PLAIN_FILES = ['heap', 'metrics', 'parent', 'sandbox-child', 'signals', 'upkeep', 'version'];
export const CLOSED_FILES: readonly string[] = [...ROOT_FILES, ...PLAIN_FILES];

/** What `message` may use of other people's code: it computes, it does not read, write or wait. */
const PURE = ['node:crypto', 'typebox', 'typebox/**', 'uuid'];

interface Ban {
  group: string[];
  message: string;
}

const oneOf = (names: readonly string[]) => (names.length === 1 ? `${names[0]}` : `{${names.join(',')}}`);

const foreign = (...folders: string[]): Ban => ({
  group: [`../**/${oneOf(folders)}/**`, 'wirebird', 'wirebird/**', '@wirebird/**'],
  message: 'The packages of this repository meet over HTTP only.',
});
const FOREIGN_TO_GATEWAY = foreign('sandbox', 'bench');

function roomBans(room: Room): Ban[] {
  const floor = FLOORS.findIndex(rooms => rooms.some(name => name === room));
  const open: readonly Room[] = [room, ...FLOORS.slice(0, floor).flat(), ...(SAME_FLOOR[room] ?? [])];
  const closed = ROOMS.filter(other => !open.includes(other));
  const bans = [
    {
      group: [`../**/${oneOf(closed)}/**`, `../**/${oneOf(CLOSED_FILES)}.ts`],
      message: `${room}: imports go down only, see tests/floors.ts.`,
    },
    FOREIGN_TO_GATEWAY,
  ];
  if (room !== 'message') return bans;
  const impure = [':NODE:', ':PACKAGE:', ...PURE.map(name => `!${name}`)];
  return [...bans, { group: impure, message: 'message is pure: no I/O, and no package that does any.' }];
}

/** For one dialect's folder, or for the files beside them, which say what dialects have in common. */
function dialectBans(own?: string): Ban[] {
  const others = oneOf(DIALECTS.filter(name => name !== own));
  return [
    ...roomBans('dialects'),
    {
      group: [`./**/${others}/**`, `../**/${others}/**`],
      message: 'A dialect is known to no other one, only to gateway.ts.',
    },
  ];
}

const override = (includes: string[], ...patterns: Ban[]) => ({
  includes,
  linter: { rules: { style: { noRestrictedImports: { level: 'error', options: { patterns } } } } },
});

const SRC = 'gateway/src';
const NO_TESTS = '!**/*.test.ts';

/** The content of biome.floors.json. */
export function floors() {
  return {
    root: false,
    overrides: [
      ...ROOMS.filter(room => room !== 'dialects').map(room =>
        override([`${SRC}/${room}/**`, NO_TESTS], ...roomBans(room)),
      ),
      ...DIALECTS.map(name => override([`${SRC}/dialects/${name}/**`, NO_TESTS], ...dialectBans(name))),
      override([`${SRC}/dialects/**`, `!${SRC}/dialects/${oneOf(DIALECTS)}/**`, NO_TESTS], ...dialectBans()),
      override(
        [`${SRC}/*`, `!${SRC}/${oneOf(ROOT_FILES)}.ts`, NO_TESTS],
        {
          group: [`./${oneOf(ROOMS)}/**`, `./${oneOf(ROOT_FILES)}.ts`],
          message: 'Only the files of the composition root know the rooms.',
        },
        FOREIGN_TO_GATEWAY,
      ),
      override(
        [`${SRC}/${oneOf(ROOT_FILES.filter(name => name !== 'main'))}.ts`],
        { group: ['./main.ts'], message: 'Nothing imports main.ts.' },
        FOREIGN_TO_GATEWAY,
      ),
      override(
        [`${SRC}/main.ts`, `${SRC}/**/*.test.ts`, 'gateway/*', 'gateway/{bin,test}/**'],
        FOREIGN_TO_GATEWAY,
      ),
      override(['sandbox/**'], foreign('gateway', 'bench')),
      override(['bench/**'], foreign('gateway', 'sandbox')),
    ],
  };
}

if (import.meta.main) {
  const file = join(ROOT, 'biome.floors.json');
  writeFileSync(file, JSON.stringify(floors()));
  execFileSync(join(ROOT, 'node_modules/.bin/biome'), ['format', '--write', file], { stdio: 'inherit' });
}
