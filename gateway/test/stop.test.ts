import { spawnSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { call, dataFolder, type Running, startRunning } from './running.ts';

/** A gateway on its own embedded database, as a newcomer runs it. */
let dataDir: string;
let open: Running[];
beforeEach(async () => {
  dataDir = await dataFolder();
  open = [];
});
afterEach(async () => {
  for (const running of open) await running.end('SIGTERM');
  await rm(dataDir, { recursive: true, force: true });
});

async function start(args: string[] = [], env: Record<string, string> = {}): Promise<Running> {
  const running = await startRunning({ database: 'embedded', dataDir, args, env });
  open.push(running);
  return running;
}

const send = (running: Running, to: string) =>
  call<{ data: { id: string } }>(
    'POST',
    `${running.url}/v2/messages/whatsapp`,
    {
      from: running.sender,
      to,
      whatsapp_message: { type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } },
    },
    { authorization: `Bearer ${running.key}` },
  );

const statusOf = async (running: Running, id: string): Promise<string> =>
  (
    await call<{ data: { to: { status: string }[] } }>('GET', `${running.url}/v2/messages/${id}`, undefined, {
      authorization: `Bearer ${running.key}`,
    })
  ).body.data.to[0]!.status;

/** The server's process id; its folder may lie elsewhere, as root without namespaces. */
async function postmaster(): Promise<number> {
  const { directory } = JSON.parse(await readFile(join(dataDir, 'database.json'), 'utf8')) as {
    directory: string;
  };
  const file = await readFile(join(resolve(dataDir, directory), 'data/postmaster.pid'), 'utf8');
  return Number(file.split('\n')[0]);
}

describe('stopping and starting again', () => {
  test('keeps the messages, the sender, the key and the ledger, and leaves nothing running', async () => {
    const first = await start();
    const { body } = await send(first, '+15557651001');
    await expect.poll(() => statusOf(first, body.data.id), { timeout: 10_000 }).toBe('read');
    const server = await postmaster();
    expect(await first.end('SIGINT')).toBe(0);
    expect(() => process.kill(server, 0)).toThrow();
    const second = await start();
    expect(await statusOf(second, body.data.id)).toBe('read');
    const ledger = await call<{ data: unknown[] }>('GET', `${second.sandboxUrl}/sandbox/ledger`);
    expect(ledger.body.data).toHaveLength(1);
    expect((await send(second, '+15557651002')).status).toBe(200);
  });

  test('a second gateway on the same data is refused with a sentence that names the first', async () => {
    const running = await start();
    const refused = spawnSync(
      process.execPath,
      [join(import.meta.dirname, '../bin/wirebird.js'), 'serve', '--port', '0', '--data', dataDir],
      { encoding: 'utf8' },
    );
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/data directory .* is in use by process \d+/);
    expect(refused.stderr).not.toMatch(/\n\s+at /);
    expect((await send(running, '+15557651003')).status).toBe(200);
  });

  test('a key made by the command beside it works within seconds, and stops when it is revoked', async () => {
    const running = await start();
    const wirebird = (...args: string[]): string =>
      spawnSync(
        process.execPath,
        [join(import.meta.dirname, '../bin/wirebird.js'), ...args, '--data', dataDir],
        {
          encoding: 'utf8',
          env: { ...process.env, WIREBIRD_MASTER_KEY: 'a master key for tests only' },
        },
      ).stdout;
    const key = wirebird('keys', 'create', '--name', 'test').trim();
    expect(key).toMatch(/^wb_\w{32}$/);
    const knows = async (): Promise<number> =>
      (await call('GET', `${running.url}/v2/public_key`, undefined, { authorization: `Bearer ${key}` }))
        .status;
    await expect.poll(knows, { timeout: 5_000 }).toBe(200);
    const id = wirebird('keys', 'list')
      .split('\n')
      .find(line => line.includes(' test '))!
      .split(' ')[0]!;
    expect(wirebird('keys', 'revoke', id)).toBe('Revoked.\n');
    await expect.poll(knows, { timeout: 5_000 }).toBe(401);
  });
});

describe('Ctrl-C', () => {
  /** Meta, taking two seconds for each answer. */
  async function slowGraph(): Promise<{ url: string; waiting: () => number; stop: () => void }> {
    let waiting = 0;
    const server = createServer((request, response) => {
      // Only sends are slow: what is asked about the number and its templates is not what a stop waits for.
      if (request.method === 'GET') {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ display_phone_number: '15550002000', data: [] }));
        return;
      }
      waiting++;
      request.resume().on('end', () =>
        setTimeout(() => {
          waiting--;
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify({ messages: [{ id: `wamid.slow.${Math.random()}` }] }));
        }, 2_000),
      );
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address() as { port: number };
    return { url: `http://127.0.0.1:${address.port}`, waiting: () => waiting, stop: () => server.close() };
  }

  async function slowSender(running: Running, graphUrl: string): Promise<string> {
    const phone = '+15550002000';
    const made = await call(
      'POST',
      `${running.url}/api/senders`,
      {
        phone_number: phone,
        phone_number_id: '4711',
        waba_id: '4712',
        access_token: 'token-for-tests',
        app_secret: 'secret-for-tests',
        graph_url: graphUrl,
        throughput: 1,
      },
      { authorization: `Bearer ${running.key}` },
    );
    expect(JSON.stringify(made.body), JSON.stringify(made.body)).toContain('"id"');
    return phone;
  }

  async function queueSlowly(running: Running, from: string): Promise<string[]> {
    const ids: string[] = [];
    for (const to of ['+15557652001', '+15557652002', '+15557652003', '+15557652004']) {
      const { body } = await call<{ data: { id: string } }>(
        'POST',
        `${running.url}/v2/messages/whatsapp`,
        { from, to, whatsapp_message: { type: 'text', text: { body: 'slow' } } },
        { authorization: `Bearer ${running.key}` },
      );
      ids.push(body.data.id);
    }
    return ids;
  }

  test('finishes the send under way, says what it waits for, and leaves the queue for the next start', async () => {
    const graph = await slowGraph();
    try {
      const running = await start();
      const ids = await queueSlowly(running, await slowSender(running, graph.url));
      await expect.poll(graph.waiting, { timeout: 5_000 }).toBe(1);
      expect(await running.end('SIGINT')).toBe(0);
      expect(running.said()).toContain('Ctrl-C again ends at once');
      expect(running.said()).toMatch(/still waiting: 1 send/);
      const next = await start();
      const statuses = await Promise.all(ids.map(id => statusOf(next, id)));
      // One was answered before the stop was over; nobody was left in doubt, and the others still wait.
      expect(statuses[0]).toBe('sending');
      expect(statuses.at(-1)).toBe('queued');
      const { body } = await call<{ status: string }>(
        'GET',
        `${next.url}/api/messages/${ids[0]}`,
        undefined,
        { authorization: `Bearer ${next.key}` },
      );
      expect(body.status).toBe('accepted');
    } finally {
      graph.stop();
    }
  });

  test('twice ends at once; what was under way is known to be in doubt after the next start', async () => {
    const graph = await slowGraph();
    try {
      const running = await start();
      const ids = await queueSlowly(running, await slowSender(running, graph.url));
      await expect.poll(graph.waiting, { timeout: 5_000 }).toBe(1);
      running.child.kill('SIGINT');
      await new Promise(resolve => setTimeout(resolve, 700));
      const began = performance.now();
      expect(await running.end('SIGINT')).toBe(130);
      expect(performance.now() - began).toBeLessThan(1_000);
      const next = await start();
      const read = async (): Promise<string> =>
        (
          await call<{ status: string }>('GET', `${next.url}/api/messages/${ids[0]}`, undefined, {
            authorization: `Bearer ${next.key}`,
          })
        ).body.status;
      await expect.poll(read, { timeout: 10_000 }).toBe('unconfirmed');
    } finally {
      graph.stop();
    }
  });
});

test('kill -9 of the gateway leaves the database, which the next start adopts with everything in it', async () => {
  const first = await start();
  const { body } = await send(first, '+15557651009');
  await first.end('SIGKILL');
  // It may not have left before the kill: then only the deadline tells.
  const second = await start([], { WIREBIRD_UNCONFIRMED_DEADLINE: '2' });
  await expect.poll(() => statusOf(second, body.data.id), { timeout: 15_000 }).toBe('read');
});
