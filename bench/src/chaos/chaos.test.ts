import { afterAll, describe, expect, test } from 'vitest';
import type { LedgerRow } from '../ledger.ts';
import { overtaken } from './check.ts';
import { runChaos } from './run.ts';
import { busiestSecond, pairViolations, type Stamp, Stamps } from './stamps.ts';

/** A run takes a minute here; a machine that is busy with other tests takes longer. */
const PATIENCE_MS = 400_000;

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync(), PATIENCE_MS);

test('three nodes keep every promise while nodes, database, network and clocks fail', {
  timeout: PATIENCE_MS,
}, async () => {
  const said: string[] = [];
  const result = await runChaos(stack, {
    nodes: 3,
    senders: 3,
    senderRate: 80,
    perSecond: 40,
    seconds: 15,
    troubles: ['kill-node', 'restart-node', 'kill-database', 'cut', 'webhooks', 'clock'],
    seed: 5,
    say: line => said.push(line),
  });
  expect(result.made.size).toBeGreaterThanOrEqual(4);
  expect(result.accepted).toBeGreaterThan(300);
  expect(result).toMatchObject({
    once: result.accepted,
    never: [],
    twice: [],
    unknown: [],
    outOfOrder: [],
    pairViolations: 0,
    settled: true,
    reportsMissing: 0,
  });
});

test('a node that takes messages and sends none is found out', { timeout: PATIENCE_MS }, async () => {
  const result = await runChaos(stack, {
    nodes: 1,
    senders: 1,
    senderRate: 80,
    perSecond: 20,
    seconds: 2,
    troubles: [],
    seed: 5,
    env: { WIREBIRD_DISPATCH: 'off' },
    settlePatienceMs: 1_000,
    reportPatienceMs: 1_000,
    say: () => {},
  });
  expect(result.accepted).toBeGreaterThan(10);
  expect(result).toMatchObject({ once: 0, settled: false, reportsMissing: 3 * result.accepted });
  expect(result.never).toHaveLength(result.accepted);
});

describe('requests as they enter the network', () => {
  const request = (id: string, to: string): Buffer => {
    const body = `{"messaging_product":"whatsapp","to":"${to}","biz_opaque_callback_data":"wb:${id}:1","type":"text","text":{"body":"ä\\r\\n\\r\\n"}}`;
    return Buffer.from(
      `POST /v23.0/123/messages HTTP/1.1\r\nhost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  };

  test('are read whatever the pieces are in which they come, and others are passed over', () => {
    const bytes = Buffer.concat([
      request('a', '+1'),
      Buffer.from('GET /v23.0/123?fields=x HTTP/1.1\r\nhost: x\r\n\r\n'),
      request('b', '+2'),
    ]);
    for (const size of [1, 7, 100, bytes.length]) {
      const stamps = new Stamps();
      const connection = {};
      for (let at = 0; at < bytes.length; at += size) stamps.take(connection, bytes.subarray(at, at + size));
      expect(stamps.all.map(({ phoneNumberId, to, callback }) => [phoneNumberId, to, callback])).toEqual([
        ['123', '+1', 'wb:a:1'],
        ['123', '+2', 'wb:b:1'],
      ]);
    }
  });

  const at = (ms: number, to = '+1'): Stamp => ({ at: ms, phoneNumberId: '1', to, callback: 'wb:a:1' });

  test('are counted in every window of a second', () => {
    expect(busiestSecond([0, 600, 900, 1_500, 1_599, 1_601].map(ms => at(ms)))).toEqual(new Map([['1', 4]]));
  });

  test('to one person may be 45 at once and one every six seconds', () => {
    const burst = Array.from({ length: 45 }, () => at(0));
    expect(pairViolations([...burst, at(6_000), at(12_000)])).toBe(0);
    expect(pairViolations([...burst, at(1_000)])).toBe(1);
    expect(pairViolations([...burst, at(1_000, '+2')])).toBe(0);
  });
});

describe('the order in which messages reach a person', () => {
  const ledger = (...ids: string[]) => ({
    byMessage: new Map(ids.map((id, seq) => [id, [{ seq } as LedgerRow]])),
  });
  test.each([
    [['a', 'b', 'c'], []],
    [['b', 'a', 'c'], [{ id: 'a', by: 'b' }]],
    [
      ['c', 'a', 'b'],
      [
        { id: 'b', by: 'c' },
        { id: 'a', by: 'c' },
      ],
    ],
    [['a', 'c'], []],
  ])('%j', (arrived, found) => {
    expect(overtaken(['a', 'b', 'c'], ledger(...arrived))).toEqual(found);
  });
});
