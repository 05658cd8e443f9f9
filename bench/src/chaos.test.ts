import { afterAll, expect, test } from 'vitest';
import { campaign } from './campaign.ts';
import { runChaos } from './chaos-run.ts';
import { sendThrough } from './client.ts';
import { Ledger } from './ledger.ts';
import { judge } from './verdict.ts';
import { startWorld } from './world.ts';

/** A run takes 15 s here; a machine that is busy with other tests takes longer. */
const PATIENCE_MS = 180_000;

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync(), PATIENCE_MS);

test('what was accepted is sent once and reported in full, also when gateway and database are killed meanwhile', {
  timeout: PATIENCE_MS,
}, async () => {
  const said: string[] = [];
  const result = await runChaos(stack, {
    messages: 2_000,
    perSecond: 500,
    kills: [
      { victim: 'gateway', afterAccepted: 600, awayMs: 100 },
      { victim: 'database', afterAccepted: 1_300, awayMs: 0 },
    ],
    say: line => said.push(line),
  });
  expect(said.filter(line => line.startsWith('kill '))).toHaveLength(2);
  expect(result).toMatchObject({ accepted: 2_000, sent: 2_000, lost: [], settled: true, reportsMissing: 0 });
  expect(result.twice).toEqual([]);
});

test('accepted messages that never leave are called lost', { timeout: PATIENCE_MS }, async () => {
  const { gateway, network, receiver, senders } = await startWorld(stack, {
    senders: 1,
    times: { sentMs: 0, deliveredMs: 0, readMs: 0 },
    env: { WIREBIRD_DISPATCH: 'off' },
  });
  const plan = { messages: 50, perSecond: 500, onAccepted: () => {} };
  const known = await sendThrough(gateway.url, gateway.key, campaign(senders, receiver.url), plan);
  const ledger = new Ledger(network.url);
  await ledger.read();
  const verdict = await judge(known, ledger, gateway);
  expect(verdict).toMatchObject({ accepted: 50, sent: 0, twice: [] });
  expect(verdict.lost).toHaveLength(50);
});
