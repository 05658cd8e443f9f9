import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Running, startRunning } from '../gateway/test/running.ts';
import { ROOT } from './floors.ts';

/**
 * The README is a promise: its commands are run as they stand, in their order, with only the addresses of this run put
 * in. Blocks marked `sh` and `js` are run here; the plain ones are the start, the tests themselves, and what they show of a
 * stream that does not end.
 */
interface Block {
  readonly language: string;
  readonly code: string;
}

const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
const blocks: Block[] = [...readme.matchAll(/^```(\w*)\n(.*?)^```/gms)].map(match => ({
  language: match[1]!,
  code: match[2]!,
}));

let running: Running;
let folder: string;
beforeAll(async () => {
  running = await startRunning({ database: 'embedded' });
  // A file beside node_modules, as the reader's own project has it.
  folder = await mkdtemp(join(tmpdir(), 'wirebird-readme-'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'bin/curl'), STAND_IN, { mode: 0o755 });
});
afterAll(async () => {
  await running?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** For machines without curl: what the README's commands use of it. The real one comes first where there is one. */
const STAND_IN = `#!/usr/bin/env node
const args = process.argv.slice(2);
const headers = {};
let url, body;
while (args.length > 0) {
  const arg = args.shift();
  if (arg === '-H') { const [name, value] = args.shift().split(/: ?/); headers[name] = value; }
  else if (arg === '-d') body = args.shift();
  else if (!arg.startsWith('-')) url = arg;
}
const answer = await fetch(url, body === undefined ? { headers } : { method: 'POST', headers, body });
for await (const part of answer.body) process.stdout.write(part);
`;

const here = (code: string): string =>
  code
    .replaceAll('http://127.0.0.1:8080', running.url)
    .replaceAll('http://127.0.0.1:8081', running.sandboxUrl);

const environment = () => ({
  ...process.env,
  PATH: `${process.env.PATH}:${join(folder, 'bin')}`,
  TELNYX_CLIENT_ID: '',
  TELNYX_CLIENT_SECRET: '',
});

async function run(
  command: string,
  args: string[],
): Promise<{ code: number | null; out: string; error: string }> {
  const child = spawn(command, args, {
    cwd: folder,
    env: environment(),
  });
  let out = '';
  let error = '';
  child.stdout.on('data', chunk => {
    out += chunk;
  });
  child.stderr.on('data', chunk => {
    error += chunk;
  });
  const code = await new Promise<number | null>(resolve => child.once('close', resolve));
  return { code, out, error };
}

/** What each command must answer, by the start of its code. */
const EXPECTED: [starts: RegExp, answers: RegExp][] = [
  [/curl .*\/v2\/messages\/whatsapp/, /"status":"queued"/],
  [/curl .*\/sandbox\/phones\//, /"direction":"from_phone"/],
  [/import Telnyx/, /queued\nread\n$/],
  [/curl .*\/api\/consent-settings/, /"opt_outs":"marketing"/],
  [/curl .*\/api\/webhook-endpoints/, /"dialect":"telnyx"/],
  [/curl .*\/v2\/public_key/, /"public":"[A-Za-z0-9+/]{43}="/],
  [/curl .*\/api\/reports\/replay/, /"scheduled":\d+,"skipped":\d+/],
  [/curl .*\/api\/messages\?/, /"timeline"|"status"/],
];

describe('every command of the README does what it says', () => {
  test('curl -N follows what happens until it is ended', async () => {
    const command = blocks.find(block => block.code.startsWith('curl -N'))!.code;
    // In a group of its own: bash and what it started are ended together.
    const child = spawn('bash', ['-c', here(command)], { cwd: folder, env: environment(), detached: true });
    let out = '';
    child.stdout.on('data', chunk => {
      out += chunk;
    });
    const over = new Promise(resolve => child.once('close', resolve));
    await expect.poll(() => out).toMatch(/^retry: 1000\nid: \d+\nevent: stream\.place\ndata: .*\n\n/);
    process.kill(-child.pid!);
    await over;
  });

  const runnable = blocks.filter(block => block.language !== '');

  test('each is known to this test, and each that is known stands in it', () => {
    for (const block of runnable) expect(['sh', 'js']).toContain(block.language);
    expect(runnable.map(block => EXPECTED.findIndex(([starts]) => starts.test(block.code)))).toEqual(
      EXPECTED.map((_, index) => index),
    );
  });

  test.each(
    runnable.map(
      (block, index) => [block.code.split('\n')[0]!, block, EXPECTED[index]?.[1] ?? /$^/] as const,
    ),
  )('%s', async (_, block, answers) => {
    if (block.language === 'sh') {
      const { code, out, error } = await run('bash', ['-c', here(block.code)]);
      expect({ code, error }).toEqual({ code: 0, error: '' });
      expect(out).toMatch(answers);
      return;
    }
    const file = join(folder, 'example.mjs');
    await writeFile(file, here(block.code));
    const { code, out, error } = await run(process.execPath, [file]);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(out).toMatch(answers);
  });

  test('what the start prints to try works as it is printed', async () => {
    const printed = /^ {2}curl [\s\S]*?'\n/m.exec(running.said())?.[0];
    const { code, out } = await run('bash', ['-c', printed!.replace('curl ', 'curl -s ')]);
    expect(code).toBe(0);
    expect(out).toMatch(/"status":"queued"/);
  });

  test('the address of one message in the text shows its steps', async () => {
    const api = { authorization: `Bearer ${running.key}` };
    const list = await call<{ data: { id: string }[] }>(
      'GET',
      `${running.url}/api/messages?limit=1`,
      undefined,
      api,
    );
    const one = await call<{ timeline: unknown[] }>(
      'GET',
      `${running.url}/api/messages/${list.body.data[0]!.id}`,
      undefined,
      api,
    );
    expect(one.body.timeline.length).toBeGreaterThan(0);
  });
});

test('each file that a page of ours links to exists', async () => {
  const pages = globSync('{*.md,{docs,gateway,sandbox,bench}/**/*.md}', {
    cwd: ROOT,
    exclude: ['**/node_modules/**'],
  });
  expect(pages.length).toBeGreaterThanOrEqual(4);
  for (const page of pages) {
    const text = await readFile(join(ROOT, page), 'utf8');
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      expect(globSync(join(page, '..', target!), { cwd: ROOT }), `${page} → ${target}`).toHaveLength(1);
    }
  }
});

test('the commands in plain blocks are commands of the repository', async () => {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const commands = blocks
    .filter(block => block.language === '')
    .flatMap(block => block.code.split('\n'))
    .filter(line => /^(npm|node) /.test(line));
  expect(commands).toContain('npm ci && npm start');
  expect(commands).toContain('npm ci && npm test');
  for (const [, script] of readme.matchAll(/`npm run (\w+)`/g))
    expect(Object.keys(manifest.scripts)).toContain(script);
});
