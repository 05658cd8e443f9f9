import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Insertable } from 'kysely';
import { openSecrets, type Secrets } from '../src/accounts/secrets.ts';
import { createGuardedClient } from '../src/fetch/guarded.ts';
import { EVENT } from '../src/message/event.ts';
import { derivedId, newId } from '../src/message/id.ts';
import { Deliver, type DeliverOptions } from '../src/reports/deliver.ts';
import { REPORT } from '../src/reports/report-sql.ts';
import type { Clock } from '../src/store/clock.ts';
import type { Tables } from '../src/store/tables.ts';
import { type Ground, ground, putMessage } from './rows.ts';

/** One delivery as a receiver saw it. */
export interface Got {
  /** The path that it came to, without its slash. */
  readonly name: string;
  readonly eventId: string;
  readonly kind: string;
  readonly attempt: number;
  /** By the wall, ms. */
  readonly at: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers a delivery; one that returns without answering hangs. */
export type Behaviour = (response: ServerResponse, got: Got) => void;

export const answering =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  response =>
    void response.writeHead(status, headers).end();

/** Says nothing until its connection closes. */
export const hanging: Behaviour = () => {};

/** The delivery of reports on a database and real sockets, with a clock that a test moves. */
export interface ReportGround extends Ground {
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Moves the clock ahead. */
  readonly pass: (ms: number) => void;
  readonly urlOf: (name: string) => string;
  /** What receivers answer by their names; the others say 200. */
  readonly behaviours: Map<string, Behaviour>;
  readonly got: Got[];
  /** Ids of endpoints whose receivers said 410. */
  readonly gone: string[];
  /** A node that delivers; stopped with the ground. */
  readonly node: (more?: Partial<DeliverOptions>) => Deliver;
  readonly endpoint: (
    name: string,
    more?: Partial<Insertable<Tables['webhook_endpoints']>>,
  ) => Promise<string>;
  /** A report about a message that is due; its id. */
  readonly report: (more?: Partial<Insertable<Tables['reports']>>) => Promise<string>;
  readonly state: (id: string) => Promise<{ state: number; attempt: number; run_at: Date; base: number }>;
  readonly attempts: (
    id: string,
  ) => Promise<{ attempt: number; http_status: number | null; at: Date; url: string }[]>;
  /** Rows of a state. */
  readonly count: (state: keyof typeof REPORT) => Promise<number>;
  /** Ends all connections of receivers and listens anew. */
  readonly restart: (awayMs: number) => Promise<void>;
  /** Forgets nodes, behaviours, rows. */
  readonly clear: () => Promise<void>;
}

export async function reportGround(): Promise<ReportGround> {
  const g = await ground();
  const { store } = g;
  const behaviours = new Map<string, Behaviour>();
  const got: Got[] = [];
  const gone: string[] = [];
  let nodes: Deliver[] = [];
  let ahead = 0;
  const clock: Clock = {
    now: () => new Date(Date.now() + ahead),
    monotonic: () => performance.now() + ahead,
    wall: () => Date.now() + ahead,
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const {
        id: eventId,
        kind,
        attempt,
      } = JSON.parse(body) as { id: string; kind: string; attempt: number };
      const name = request.url!.slice(1).split('?')[0]!;
      const one = { name, eventId, kind, attempt, at: Date.now(), headers: request.headers, body };
      got.push(one);
      (behaviours.get(name) ?? answering(200))(response, one);
    });
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  const client = createGuardedClient({
    privateTargets: 'loopback',
    timeoutMs: 5_000,
    maxResponseBytes: 64 * 1024,
    connectionsPerOrigin: 256,
  });
  const urlOf = (name: string): string => `http://127.0.0.1:${port}/${name}`;

  return {
    ...g,
    secrets: openSecrets('the master key of this test'),
    clock,
    pass: ms => {
      ahead += ms;
    },
    urlOf,
    behaviours,
    got,
    gone,
    node: more => {
      const deliver = new Deliver({
        store,
        clock,
        client,
        encoders: {
          telnyx: report => ({
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ id: report.eventId, kind: report.event, attempt: report.attempt }),
          }),
        },
        keysOf: () => ({ ed25519: () => Buffer.alloc(64), secret: undefined }),
        wabaOf: () => '100200300',
        phoneOf: () => '+15550001000',
        mediaUrlOf: () => undefined,
        timingOf: () => ({ scheduleMs: [5_000, 300_000], timeoutMs: 2_000 }),
        concurrency: 256,
        random: () => 0.5,
        onDelivered: () => {},
        onGone: id => void gone.push(id),
        onError: error => {
          throw error;
        },
        ...more,
      });
      nodes.push(deliver);
      deliver.start();
      return deliver;
    },
    endpoint: async (name, more) => {
      const id = newId();
      await store.db
        .insertInto('webhook_endpoints')
        .values({
          id,
          workspace_id: g.workspace,
          url: urlOf(name),
          dialect: 'telnyx',
          events: ['message.sent', 'message.finalized', 'message.read'],
          mask: EVENT.sent | EVENT.delivered | EVENT.read | EVENT.failed,
          created_at: clock.now(),
          ...more,
        })
        .execute();
      return id;
    },
    report: async (more = {}) => {
      const messageId = more.message_id ?? (await putMessage(g, {}));
      // As everywhere: it begins with the time of its message.
      const id = more.id ?? derivedId(messageId, `report:${newId()}`);
      await store.db
        .insertInto('reports')
        .values({
          id,
          message_id: messageId,
          workspace_id: g.workspace,
          dialect: 'telnyx',
          kind: EVENT.sent,
          occurred_at: clock.now(),
          url: urlOf('own'),
          run_at: clock.now(),
          ...more,
        })
        .execute();
      for (const node of nodes) node.wake();
      return id;
    },
    state: id =>
      store.db
        .selectFrom('reports')
        .select(['state', 'attempt', 'run_at', 'base'])
        .where('id', '=', id)
        .executeTakeFirstOrThrow(),
    attempts: id =>
      store.db
        .selectFrom('report_attempts')
        .select(['attempt', 'http_status', 'at', 'url'])
        .where('report_id', '=', id)
        .orderBy('attempt')
        .execute(),
    count: async state => {
      const row = await store.db
        .selectFrom('reports')
        .select(({ fn }) => fn.countAll<string>().as('count'))
        .where('state', '=', REPORT[state])
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },
    restart: async awayMs => {
      await close();
      await new Promise(resolve => setTimeout(resolve, awayMs));
      await listen(port);
    },
    clear: async () => {
      await Promise.all(nodes.map(node => node.stop()));
      nodes = [];
      behaviours.clear();
      got.length = 0;
      gone.length = 0;
      for (const table of ['reports', 'report_attempts', 'waiting_reports', 'report_lanes'] as const)
        await store.db.deleteFrom(table).execute();
    },
    close: async () => {
      await Promise.all(nodes.map(node => node.stop()));
      await client.close();
      await close();
      await g.close();
    },
  };
}
