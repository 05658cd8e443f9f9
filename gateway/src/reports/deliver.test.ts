import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Ground, ground, putMessage } from '../../test/rows.ts';
import { createGuardedClient, type GuardedClient } from '../fetch/guarded.ts';
import { EVENT } from '../message/event.ts';
import { newId } from '../message/id.ts';
import { databaseClock } from '../store/clock.ts';
import { Deliver } from './deliver.ts';
import { REPORT } from './report-sql.ts';

/** What is kept of deliveries, with a receiver on a real socket. */
let g: Ground;
let client: GuardedClient;
let server: Server;
let deliver: Deliver;
let answer: { status: number; body: string | Buffer };
let asked: number;

beforeAll(async () => {
  g = await ground();
  server = createServer((request, response) => {
    asked++;
    request.resume();
    request.on('end', () => response.writeHead(answer.status).end(answer.body));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  client = createGuardedClient({
    privateTargets: 'loopback',
    timeoutMs: 5_000,
    maxResponseBytes: 64 * 1024,
    connectionsPerOrigin: 2,
  });
  deliver = new Deliver({
    store: g.store,
    clock: await databaseClock(g.store.db),
    client,
    encoders: { telnyx: report => ({ headers: {}, body: JSON.stringify({ id: report.eventId }) }) },
    keysOf: () => ({ ed25519: () => Buffer.alloc(64), secret: undefined }),
    wabaOf: () => '100200300',
    phoneOf: () => '+15550001000',
    mediaUrlOf: () => undefined,
    timingOf: () => ({ scheduleMs: [], timeoutMs: 5_000 }),
    concurrency: 4,
    random: Math.random,
    onDelivered: () => {},
    onGone: () => {},
    onError: error => {
      throw error;
    },
  });
  deliver.start();
});
afterAll(async () => {
  await deliver.stop();
  await client.close();
  await new Promise(resolve => server.close(resolve));
  await g.close();
});
beforeEach(() => {
  asked = 0;
  answer = { status: 200, body: '' };
});

/** A report that waits, about a message of its own; its id. */
async function report(endpointId: string | null, dialect = 'telnyx'): Promise<string> {
  const id = newId();
  const now = new Date();
  await g.store.db
    .insertInto('reports')
    .values({
      id,
      message_id: await putMessage(g, {}),
      workspace_id: g.workspace,
      endpoint_id: endpointId,
      dialect,
      kind: EVENT.sent,
      occurred_at: now,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      failover_url: null,
      run_at: now,
    })
    .execute();
  deliver.wake();
  return id;
}

const ended = (id: string) =>
  expect
    .poll(async () => {
      const row = await g.store.db
        .selectFrom('reports')
        .select('state')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return row.state;
    })
    .not.toBe(REPORT.pending);
const attempts = (id: string) =>
  g.store.db.selectFrom('report_attempts').selectAll().where('report_id', '=', id).execute();

test.each<[string, string | Buffer, string | null]>([
  ['a sentence', 'no such order', 'no such order'],
  ['two thousand and some characters', 'ä'.repeat(3_000), 'ä'.repeat(2_048)],
  ['what no column of text holds', 'half \u0000 an answer', 'half  an answer'],
  ['bytes that are no text', Buffer.from([0x68, 0x69, 0xff]), 'hi\ufffd'],
  ['nothing', '', null],
])('the beginning of a receiver’s answer is kept: %s', async (_, body, kept) => {
  answer = { status: 500, body };
  const id = await report(null);
  await ended(id);
  expect(await attempts(id)).toMatchObject([
    { attempt: 1, http_status: 500, error: 'answered 500', answer: kept },
  ]);
});

test('the answer to a report that was taken is kept as well', async () => {
  answer = { status: 202, body: 'queued' };
  const id = await report(null);
  await ended(id);
  expect(await attempts(id)).toMatchObject([{ http_status: 202, error: null, answer: 'queued' }]);
});

test('what an endpoint was to hear that is deleted ends without an attempt', async () => {
  const id = await report(newId());
  await ended(id);
  expect(await attempts(id)).toEqual([]);
  expect(asked).toBe(0);
});

test('a report in a form that nobody here speaks is an attempt that says so, and keeps none from the others', async () => {
  const id = await report(null, 'morse');
  const other = await report(null);
  await ended(id);
  await ended(other);
  expect(await attempts(id)).toMatchObject([{ error: 'nothing can sign for morse here' }]);
  expect(await attempts(other)).toMatchObject([{ http_status: 200 }]);
});
