import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lockFolder } from '../src/lock.ts';
import { startSandbox } from '../src/network.ts';
import { ask, pause, QUICK, startTestNetwork } from './network.ts';

const PHONE = '+15557770001';

function dataFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sandbox-kept-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('senders, phones and the ledger are there again after a restart, and numbers go on', async () => {
  const dataDir = dataFolder();
  const first = await startTestNetwork({ dataDir });
  await first.send(PHONE);
  await first.send('+15552131026');
  await first.control('POST', `/phones/${encodeURIComponent(PHONE)}/messages`, {
    text: 'größe',
    name: 'Zoë',
  });
  await first.receiver.until(
    () => first.receiver.statuses().length === 4 && first.receiver.messages().length === 1,
    'all webhooks',
  );
  await pause(20);
  const before = [
    (await first.control('GET', '/phones')).body,
    await first.chat(PHONE),
    await first.ledger(),
  ];
  await first.stop();

  const second = await startTestNetwork({ dataDir });
  expect(second.sender).toEqual({ ...first.sender, graph_url: second.sandbox.url });
  const after = [
    (await second.control('GET', '/phones')).body,
    await second.chat(PHONE),
    await second.ledger(),
  ];
  expect(after).toEqual(before);
  expect(before[0].data.map(({ name }: { name: string }) => name)).toContain('Zoë');
  await second.send(PHONE);
  expect((await second.ledger('?after=2')).data).toMatchObject([{ seq: 3, to: PHONE }]);
});

test('statuses to come and webhooks without an answer are told after a restart, each once', async () => {
  const dataDir = dataFolder();
  const settings = { read_ms: 400, retry_first_ms: 60_000 };
  const first = await startTestNetwork({ dataDir, settings });
  first.receiver.answer = () => 503;
  const { id } = (await first.send(PHONE)).body.messages[0];
  await first.receiver.until(() => first.receiver.posts.length === 2, 'sent and delivered, both refused');
  await pause(20);
  await first.stop();

  const second = await startTestNetwork({ dataDir, settings });
  await second.control('POST', '/clock', { advance_ms: 60_000 });
  await second.receiver.until(() => second.receiver.statuses(id).length >= 3, 'all three statuses');
  await pause(50);
  expect(
    second.receiver
      .statuses(id)
      .map(({ status }) => status)
      .sort(),
  ).toEqual(['delivered', 'read', 'sent']);
  expect((await second.chat(PHONE))[0].status).toBe('read');
});

test('half a line, as a crash leaves it, loses nothing else', async () => {
  const dataDir = dataFolder();
  const first = await startTestNetwork({ dataDir });
  await first.send(PHONE);
  await first.stop();
  const [ledgerFile] = readdirSync(join(dataDir, 'ledger'));
  for (const file of ['phones.jsonl', 'senders.jsonl', `ledger/${ledgerFile}`]) {
    appendFileSync(join(dataDir, file), '{"wamid":"wam');
  }
  const second = await startTestNetwork({ dataDir });
  expect(second.sender.access_token).toBe(first.sender.access_token);
  await second.send(PHONE);
  await second.stop();
  const third = await startTestNetwork({ dataDir });
  expect(await third.chat(PHONE)).toHaveLength(2);
  expect((await third.ledger()).data.map(({ seq }: { seq: number }) => seq)).toEqual([1, 2]);
});

test('a data folder serves one sandbox at a time; the next one waits for the first to end', async () => {
  const dataDir = dataFolder();
  const first = await startTestNetwork({ dataDir });
  const second = startSandbox({ port: 0, dataDir, settings: QUICK, log: () => {} });
  await pause(100);
  await first.send(PHONE);
  await first.stop();
  const sandbox = await second;
  try {
    const { body } = await ask(`${sandbox.url}/sandbox/ledger`, 'GET');
    expect(body.data).toHaveLength(1);
  } finally {
    await sandbox.stop();
  }
});

test('a data folder in use is refused with a sentence, and one whose sandbox was killed is not', async () => {
  const dataDir = dataFolder();
  const unlock = await lockFolder(dataDir);
  await expect(lockFolder(dataDir, 100)).rejects.toThrow(/Another sandbox is using the data folder/);
  await unlock();
  const code = `import(${JSON.stringify(new URL('../src/lock.ts', import.meta.url))}).then(async lock => {
    await lock.lockFolder(${JSON.stringify(dataDir)});
    process.kill(process.pid, 'SIGKILL');
  })`;
  expect(spawnSync(process.execPath, ['-e', code]).signal).toBe('SIGKILL');
  await (await lockFolder(dataDir, 100))();
});
