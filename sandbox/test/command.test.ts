import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ask, startTestNetwork } from './network.ts';

const COMMAND = fileURLToPath(new URL('../bin/wirebird-sandbox.js', import.meta.url));

interface Run {
  child: ChildProcess;
  out: () => string;
  err: () => string;
  /** exit code, or the signal */
  ended: Promise<number | string>;
}

function run(args: string[], ipc = false): Run {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ipc ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout!.on('data', chunk => (out += chunk));
  child.stderr!.on('data', chunk => (err += chunk));
  // After `disconnect` Node tells no `close` of a child, only its exit; the others' output is whole at `close`.
  const ended = once(child, ipc ? 'exit' : 'close').then(([code, signal]) => code ?? signal);
  return { child, out: () => out, err: () => err, ended };
}

async function printed(process: Run, what: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = what.exec(process.out());
    if (found !== null) return found;
    await once(process.child.stdout!, 'data', { signal: AbortSignal.timeout(10_000) });
  }
}

describe('the command run alone', () => {
  test('prints a business number, its credentials and a line to try, and the line works', async () => {
    const sandbox = run(['--port', '0', '--sent-ms', '1']);
    const [line] = await printed(sandbox, /curl \S+ [\s\S]*?\n\n/);
    const url = /curl (\S+)/.exec(line!)![1]!;
    const token = /Bearer (\S+)'/.exec(line!)![1]!;
    const body = /-d '(.*)'/.exec(line!)![1]!;
    expect(sandbox.out()).toContain(token);
    expect(sandbox.out()).toMatch(/app secret {7}[0-9a-f]{32}\n/);
    const { status, body: answer } = await ask(url, 'POST', body, token);
    expect([status, answer.messages[0].message_status]).toEqual([200, 'accepted']);
    sandbox.child.kill('SIGTERM');
    expect(await sandbox.ended).toBe(0);
    expect(sandbox.err()).toBe('');
  });

  test('takes the secret it is given, ends by SIGINT with its files flushed, and has them the next time', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-command-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true }));
    const args = ['--port', '0', '--data', dataDir, '--app-secret', 'hush'];
    const first = run(args);
    const [, url] = await printed(first, /sandbox: (\S+)/);
    const [, token] = await printed(first, /access token {5}(\S+)/);
    await printed(first, /app secret {7}hush\n/);
    await ask(`${url}/sandbox/phones/%2B15557770001/messages`, 'POST', { text: 'hi' });
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);
    const second = run([...args, '--no-auto-read']);
    const [, secondUrl] = await printed(second, /sandbox: (\S+)/);
    expect((await printed(second, /access token {5}(\S+)/))[1]).toBe(token);
    expect((await ask(`${secondUrl}/sandbox/phones`, 'GET')).body.data[0].last.text.body).toBe('hi');
    expect((await ask(`${secondUrl}/sandbox/settings`, 'GET')).body.auto_read).toBe(false);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  });

  test.each([
    [['--port', 'x'], /whole number/],
    [['--webhook-url', 'nowhere'], /http or https URL/],
    [['--colour', 'red'], /unknown option/],
  ])('%j is refused with a sentence', async (args, sentence) => {
    const sandbox = run(args);
    expect(await sandbox.ended).toBe(1);
    expect(sandbox.err()).toMatch(sentence);
  });

  test('says so when its port is taken', async () => {
    const { sandbox } = await startTestNetwork();
    const second = run(['--port', String(sandbox.port)]);
    expect(await second.ended).toBe(1);
    expect(second.err()).toBe(
      `The sandbox cannot start: port ${sandbox.port} is in use. Stop what listens there, or give another --port.\n`,
    );
  });
});

describe('the command started by another process', () => {
  test('tells its port, prints nothing, leaves Ctrl-C to the other, and ends when the other is gone', async () => {
    const sandbox = run(['--port', '0'], true);
    const [ready] = await once(sandbox.child, 'message');
    expect(ready).toEqual({ ready: true, port: expect.any(Number) });
    sandbox.child.kill('SIGINT');
    const senders = await ask(`http://127.0.0.1:${ready.port}/sandbox/senders`, 'GET');
    expect(senders.body).toEqual({ data: [] });
    expect(sandbox.out()).toBe('');
    sandbox.child.disconnect();
    expect(await sandbox.ended).toBe(0);
  });
});

describe('the page', () => {
  test('is served at / and for its own paths, and a Graph path stays a Graph path', async () => {
    const pageDir = mkdtempSync(join(tmpdir(), 'sandbox-page-'));
    onTestFinished(() => rmSync(pageDir, { recursive: true }));
    writeFileSync(join(pageDir, 'index.html'), '<title>phones</title>');
    writeFileSync(join(pageDir, 'app.js'), 'let page;');
    const { sandbox } = await startTestNetwork({ pageDir });
    const get = async (path: string, accept: string) => {
      const response = await fetch(sandbox.url + path, { headers: { accept } });
      return [response.status, await response.text()];
    };
    expect(await get('/', 'text/html')).toEqual([200, '<title>phones</title>']);
    expect(await get('/phones/%2B15557770001', 'text/html')).toEqual([200, '<title>phones</title>']);
    expect(await get('/app.js', '*/*')).toEqual([200, 'let page;']);
    expect((await get('/sandbox/nothing', 'text/html'))[0]).toBe(404);
    expect((await get('/v23.0/1', 'text/html'))[0]).toBe(401);
    expect((await get('/missing.js', '*/*'))[0]).toBe(400);
  });

  test('that is not built says how to build it', async () => {
    const { sandbox } = await startTestNetwork({ pageDir: join(tmpdir(), 'no-such-page') });
    const response = await fetch(sandbox.url);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('node sandbox/web/build.js');
  });
});
