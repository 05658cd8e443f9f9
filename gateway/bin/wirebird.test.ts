import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFailed, test } from 'vitest';

const GATEWAY = join(import.meta.dirname, '..');
const NODE_MODULES = join(GATEWAY, '../node_modules');

/** Stands for the gateway: does what its first argument says, and tells what it was started as once it listens. */
const PROGRAM = `
import { onParentGone } from './parent.ts';
const say = (what: string) => console.log(what);
const args: string[] = process.argv.slice(2);
if (args[0] === 'exit') process.exitCode = Number(args[1]);
if (args[0] === 'die') process.kill(process.pid, args[1]);
if (args[0] === 'short') onParentGone(() => say('parent gone'));
if (args[0] === 'serve') {
  setInterval(() => {}, 1000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => say(signal));
  process.on('SIGUSR2', () => process.exit(3));
  onParentGone(() => process.exit(0));
}
say(JSON.stringify({ pid: process.pid, major: Number.parseInt(process.versions.node), args }));
`;

let root: string;
const started = new Set<ChildProcess>();

/** A checkout in small: the launcher beside another main.ts, with this repository's packages or none. */
function checkout(name: string, packages: boolean): string {
  const gateway = join(root, name, 'gateway');
  mkdirSync(join(gateway, 'bin'), { recursive: true });
  mkdirSync(join(gateway, 'src'));
  writeFileSync(join(gateway, 'package.json'), '{ "type": "module" }');
  cpSync(join(GATEWAY, 'bin/wirebird.js'), join(gateway, 'bin/wirebird.js'));
  cpSync(join(GATEWAY, 'src/parent.ts'), join(gateway, 'src/parent.ts'));
  writeFileSync(join(gateway, 'src/main.ts'), PROGRAM);
  if (packages) symlinkSync(NODE_MODULES, join(root, name, 'node_modules'));
  return join(gateway, 'bin/wirebird.js');
}

/** Node 18 to 23 on this machine, where there is one: the machine that the launcher is for. */
function olderNode(): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, 'node');
    if (!existsSync(file)) continue;
    const major = Number.parseInt(
      execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' }),
      10,
    );
    if (major >= 18 && major < 24) return file;
  }
  return undefined;
}

interface Starter {
  name: string;
  node: string;
  env: Record<string, string>;
}

const PLAIN_ENV = { HOME: process.env.HOME ?? '/', PATH: '/usr/bin:/bin' };

/** Runs before the launcher, under whichever Node: makes it an old one, or one without glibc. */
const pretend = (code: string) => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
});
const OLD = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.0.0'}});";
const MUSL = 'process.report.getReport=()=>({header:{}});';

const older = olderNode();
const starters: Starter[] = [
  { name: 'a Node named by WIREBIRD_NODE', node: process.execPath, env: { WIREBIRD_NODE: process.execPath } },
  ...(older ? [{ name: `the packaged Node, from ${older}`, node: older, env: {} }] : []),
];

function start({ node, env }: Starter, launcher: string, ...args: string[]) {
  const child = spawn(node, [launcher, ...args], {
    env: { ...PLAIN_ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let stderr = '';
  child.stderr.on('data', data => {
    stderr += data;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value as string;
  const hello = async () => JSON.parse(await line()) as { pid: number; major: number; args: string[] };
  return { child, line, hello, ended, stderr: () => stderr };
}

beforeAll(() => {
  root = mkdtempSync(join(realpathSync(tmpdir()), 'wirebird-launcher-'));
});
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(starters)('under $name', starter => {
  let launcher: string;
  beforeAll(() => {
    launcher = checkout(`full-${starters.indexOf(starter)}`, true);
  });

  test('the program runs in a child, on Node 24 or later, with all arguments', async () => {
    const run = start(starter, launcher, 'exit', '0', '--flag', 'two words');
    const { pid, major, args } = await run.hello();
    expect(pid).not.toBe(run.child.pid);
    expect(major).toBeGreaterThanOrEqual(24);
    expect(args).toEqual(['exit', '0', '--flag', 'two words']);
    expect(await run.ended).toEqual([0, null]);
    expect(run.stderr()).toBe('');
  });

  test('the exit code is passed on', async () => {
    expect(await start(starter, launcher, 'exit', '7').ended).toEqual([7, null]);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGKILL'])(
    'a program that dies of %s takes the launcher with it the same way',
    async signal => {
      expect(await start(starter, launcher, 'die', signal).ended).toEqual([null, signal]);
    },
  );

  test('signals are forwarded, and the launcher waits for the program to end', async () => {
    const run = start(starter, launcher, 'serve');
    const { pid } = await run.hello();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
      run.child.kill(signal);
      expect(await run.line()).toBe(signal);
    }
    process.kill(pid, 'SIGUSR2');
    expect(await run.ended).toEqual([3, null]);
  });

  test('the program ends when the launcher is killed with -9', async () => {
    const run = start(starter, launcher, 'serve');
    const { pid } = await run.hello();
    onTestFailed(() => void process.kill(pid, 'SIGKILL'));
    run.child.kill('SIGKILL');
    // `close` comes when nobody holds the pipes any more, so only after the program's own end.
    expect(await run.ended).toEqual([null, 'SIGKILL']);
  });

  test('listening for the end of the parent does not hold a short command open', async () => {
    expect(await start(starter, launcher, 'short').ended).toEqual([0, null]);
  });
});

test('a Node that is new enough runs the program in the same process', async () => {
  const run = start({ name: '', node: process.execPath, env: {} }, checkout('same', false), 'exit', '4');
  expect((await run.hello()).pid).toBe(run.child.pid);
  expect(await run.ended).toEqual([4, null]);
});

test('an old Node without a packaged one says what to install', async () => {
  const run = start(
    { name: '', node: process.execPath, env: pretend(OLD) },
    checkout('bare', false),
    'serve',
  );
  expect(await run.ended).toEqual([1, null]);
  expect(run.stderr()).toMatch(
    /^wirebird: this machine \(\w+-\w+\) runs Node 20\.0\.0 .*install Node 24 or later.*--database-url\.\n$/,
  );
});

test.runIf(process.platform === 'linux')(
  'on musl the packaged Node is not tried, although npm installs it',
  async () => {
    const env = pretend(OLD + MUSL);
    const run = start({ name: '', node: process.execPath, env }, checkout('musl', true), 'serve');
    expect(await run.ended).toEqual([1, null]);
    expect(run.stderr()).toMatch(/, musl\).*install Node 24 or later.*--database-url\.\n$/);
  },
);

test('a WIREBIRD_NODE that is no program is named in the refusal', async () => {
  const env = { WIREBIRD_NODE: join(root, 'nothing') };
  const run = start({ name: '', node: process.execPath, env }, checkout('wrong', false), 'serve');
  expect(await run.ended).toEqual([1, null]);
  expect(run.stderr()).toContain(`cannot start Node at ${env.WIREBIRD_NODE}`);
});
