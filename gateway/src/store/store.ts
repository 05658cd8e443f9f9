import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Tables } from './tables.ts';

/** A hot statement: prepared once per connection, JSON arrays in, one JSON value out. */
export interface Statement<Out> {
  readonly name: string;
  /** Must return one row with one column named `out`. */
  readonly text: string;
  /** Only carries the type of `out`; never set. */
  readonly out?: Out;
}

/**
 * Every hot statement looks rows up by key. A plan made while a table was empty would scan it for ever after, since the
 * statement is planned once for a connection; and with a partition a day, planning anew costs more than running.
 */
export const HOT_OPTIONS = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'jit=off',
  'timezone=UTC',
]
  .map(setting => `-c ${setting}`)
  .join(' ');

/**
 * A statement is planned anew after so many uses, under another name. The first plan is made beside nearly empty tables
 * and may walk a whole table for each batch: seen, 27 ms for 25 statuses after ten seconds of load, 2 ms when planned
 * then. Each connection also ends after a while and plans again, since tables go on growing.
 */
const REPLANS = [100, 1_000, 10_000];
const CONNECTION_LIFE_S = 300;

/**
 * PostgreSQL 18 was seen to end a backend by a segmentation fault in run-time partition pruning (18.4, under load, in
 * `partkey_datum_from_expr`): since 18 a recheck of a row that changed meanwhile shares the pruning state of the query
 * it belongs to. Up to 17 each has its own. Without pruning a look-up probes every partition: slower, and right.
 */
const WITHOUT_PRUNING_ON_18 = `
  select set_config('enable_partition_pruning', 'off', false)
  where current_setting('server_version_num')::integer >= 180000`;

/**
 * One database as the rooms see it: `run` for the hot statements, `db` for everything else.
 *
 * Hot statements have a pool of their own, so that a slow list in the console cannot keep a claim waiting.
 */
export class Store {
  readonly db: Kysely<Tables>;
  readonly #hot: pg.Pool;
  readonly #url: string;
  readonly #uses = new Map<string, number>();
  #closing = false;

  constructor(url: string, options: { hotConnections: number; onError: (error: Error) => void }) {
    this.#url = url;
    // A pool says that it has ended before its connections have; the server may cut them meanwhile.
    const onError = (error: Error): void => {
      if (!this.#closing) options.onError(error);
    };
    this.#hot = openPool(url, 'wirebird hot', options.hotConnections, onError, {
      options: HOT_OPTIONS,
      maxLifetimeSeconds: CONNECTION_LIFE_S,
      // Of pg-pool, run once for each new connection before its first use; pg's types do not know it.
      verify: (client: pg.PoolClient, done: (error?: Error) => void) => {
        client.query(WITHOUT_PRUNING_ON_18).then(() => done(), done);
      },
    } as pg.PoolConfig);
    const ordinary = openPool(url, 'wirebird', 8, onError, { options: '-c timezone=UTC' });
    this.db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: ordinary }) });
  }

  /**
   * Runs a hot statement in a transaction of its own.
   *
   * @param values each parameter: strings go as they are, anything else as JSON
   * @throws pg's error, with its SQLSTATE in `code`; a broken connection means that the outcome is unknown
   */
  async run<Out>(statement: Statement<Out>, values: readonly unknown[]): Promise<Out> {
    const uses = (this.#uses.get(statement.name) ?? 0) + 1;
    this.#uses.set(statement.name, uses);
    const result = await this.#hot.query<{ out: Out }>({
      name: `${statement.name}_${REPLANS.filter(border => uses > border).length}`,
      text: statement.text,
      values: values.map(value => (typeof value === 'string' ? value : JSON.stringify(value))),
    });
    return result.rows[0]?.out as Out;
  }

  /**
   * Listens on a channel with a connection of its own, and connects again when it breaks. Notifications only wake:
   * whoever listens must also look for himself now and then.
   */
  listen(channel: string, onNotify: (payload: string) => void): { stop: () => Promise<void> } {
    let client: pg.Client | undefined;
    let stopped = false;
    let timer: NodeJS.Timeout | undefined;
    const connect = async (): Promise<void> => {
      const fresh = new pg.Client({
        connectionString: this.#url,
        application_name: 'wirebird listen',
        keepAlive: true,
      });
      const again = (): void => {
        if (stopped || client !== fresh) return;
        client = undefined;
        timer = setTimeout(connect, 1_000);
      };
      client = fresh;
      fresh.on('error', again);
      fresh.on('end', again);
      fresh.on('notification', message => onNotify(message.payload ?? ''));
      try {
        await fresh.connect();
        await fresh.query(`listen ${channel}`);
      } catch {
        again();
      }
    };
    void connect();
    return {
      stop: async () => {
        stopped = true;
        clearTimeout(timer);
        await client?.end().catch(() => {});
      },
    };
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.db.destroy();
    await this.#hot.end();
  }
}

/** A host that vanishes silently answers nothing, and TCP alone would wait for a quarter of an hour. */
const QUERY_TIMEOUT_MS = 30_000;

/** A pool whose broken connections are reported and never end the process. */
export function openPool(
  url: string,
  name: string,
  max: number,
  onError: (error: Error) => void,
  more: pg.PoolConfig,
): pg.Pool {
  const made = new pg.Pool({
    connectionString: url,
    application_name: name,
    max,
    connectionTimeoutMillis: 4_000,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    ...more,
  });
  // Without a listener an error ends the process: the pool listens to idle connections only, so each gets its own for
  // the time it is in use. Whoever runs a query on it gets the error too.
  made.on('error', onError);
  made.on('connect', client => client.on('error', onError));
  return made;
}

/** Classes of SQLSTATE that say nothing about the statement: connection, rollback, resources, locks, operator, system. */
const PASSING_STATES = /^(08|40|53|55|57|58)...$|^25006$/;

/** What Node's sockets and pg itself say when the server is away or silent; pg gives these no code. */
const PASSING_CODES = /^E(CONN\w+|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH|NETDOWN|NOENT)$/;
const PASSING_MESSAGES =
  /connection terminated|read timeout|timeout e|connection error|client was closed|client is closed|ended/i;

/**
 * True when the same statement may well succeed later: the connection broke, the server is away, full or in a
 * deadlock. The statement may also have been committed. Everything else is the fault of what was asked.
 */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return PASSING_STATES.test(code) || PASSING_CODES.test(code);
  if (error instanceof AggregateError) return error.errors.some(isPassing);
  return PASSING_MESSAGES.test(error.message);
}
