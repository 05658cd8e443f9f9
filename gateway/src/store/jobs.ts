import type * as GraphileWorker from 'graphile-worker';
import type { Runner, TaskList, WorkerPool, WorkerUtils } from 'graphile-worker';
import { type Kysely, sql } from 'kysely';
import type pg from 'pg';
import { openPool } from './store.ts';
import type { Tables } from './tables.ts';

/** What a task is told beside its payload. */
export interface Run {
  /** Counted from 1. */
  readonly attempt: number;
  /** No other try follows a failure of this one. */
  readonly last: boolean;
  /** Fires when the task has run for too long, or the gateway stops; the job is tried again then. */
  readonly signal: AbortSignal;
}

/**
 * Does one job; a throw is tried again after a growing pause. A crash repeats a job that was under way, so a task must
 * bear to be run twice.
 */
export type Task = (payload: unknown, run: Run) => Promise<void>;

export interface JobOptions {
  /** A job that waits with this key is replaced; one that runs already is not. */
  readonly jobKey?: string | undefined;
  /** Jobs of one queue run one after the other, on whichever nodes. Their names must be few: each is a row that stays. */
  readonly queueName?: string | undefined;
  /** Database time. Default: now. */
  readonly runAt?: Date | undefined;
  /** Default 25, which is about three days of growing pauses. */
  readonly maxAttempts?: number | undefined;
}

export interface JobsOptions {
  /** The database's. */
  readonly url: string;
  /** True when no other gateway can work on this database: whoever holds a job at the start is dead. */
  readonly alone: boolean;
  /** What went wrong and is tried again. */
  readonly onTrouble: (error: unknown, doing: string) => void;
  /** A job that failed for the last time, or one that nobody can do. */
  readonly onError: (error: unknown, doing: string) => void;
}

const SCHEMA = 'graphile_worker';

/** Jobs that one node does at a time: they wait for other machines most of the time. */
const CONCURRENCY = 4;

/** One listens, the others take and finish jobs; the queue wants one for each job. */
const CONNECTIONS = CONCURRENCY;

/** Nothing that is done here takes longer: a download of 100 MB at 3 Mbit/s. */
const TASK_MS = 300_000;

/** The queue itself frees the jobs of a crashed node after four hours only. A task has ended long before this. */
const LOCK_MS = TASK_MS + 60_000;

const SWEEP_MS = 60_000;

/** Sweeps between two deletions of jobs that have failed for good. */
const SWEEPS_PER_CLEANUP = 60;

/** A stop gives tasks this long to end by themselves, then tells them to. */
const STOP_MS = 2_000;

/** The database may be away when it is time to stop. */
const STOP_MAX_MS = 6_000;

/** Between two jobs of one queue: the end of the first is written meanwhile. */
const QUEUE_GAP_MS = 15;

/** Between two starts of the queue's workers, which end when they cannot finish a job: the database was away. */
const RESTART_MS = 2_000;

/**
 * Puts a job into the queue, in a transaction too: then it begins when that commits.
 *
 * @param payload JSON
 */
export async function addJob(
  db: Kysely<Tables>,
  name: string,
  payload: unknown,
  options: JobOptions = {},
): Promise<void> {
  await sql`
    select graphile_worker.add_job(
      identifier => ${name}::text,
      payload => ${JSON.stringify(payload ?? {})}::json,
      queue_name => ${options.queueName ?? null}::text,
      run_at => ${options.runAt?.toISOString() ?? null}::timestamptz,
      max_attempts => ${options.maxAttempts ?? null}::integer,
      job_key => ${options.jobKey ?? null}::text
    )`.execute(db);
}

/** Does in the background what happens later: a graphile-worker in the same database, quiet and with few connections. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #pool: pg.Pool;
  readonly #worker: typeof GraphileWorker;
  readonly #utils: WorkerUtils;
  readonly #ending = new AbortController();
  #runner: Runner | undefined;
  #running: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #sweeps = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #stopped: (() => void) | undefined;

  private constructor(
    options: JobsOptions,
    pool: pg.Pool,
    worker: typeof GraphileWorker,
    utils: WorkerUtils,
  ) {
    this.#options = options;
    this.#pool = pool;
    this.#worker = worker;
    this.#utils = utils;
  }

  /**
   * Brings the queue's own tables to its version, so that jobs can be added.
   *
   * @throws the database's error
   */
  static async open(options: JobsOptions): Promise<Jobs> {
    let jobs: Jobs | undefined;
    const pool = openPool(
      options.url,
      'wirebird jobs',
      CONNECTIONS,
      error => {
        if (jobs === undefined || !jobs.#stopping)
          options.onTrouble(error, 'keep a connection of the job queue');
      },
      { options: '-c timezone=UTC' },
    );
    try {
      // Loaded here, so that commands without a queue start without it.
      const worker = await import('graphile-worker');
      const utils = await worker.makeWorkerUtils({
        pgPool: pool,
        schema: SCHEMA,
        logger: quiet(worker, options),
      });
      jobs = new Jobs(options, pool, worker, utils);
      if (options.alone) await jobs.#free(0);
      return jobs;
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  /** Begins to do jobs. Those with another name stay in the queue. */
  start(tasks: Readonly<Record<string, Task>>): void {
    if (Object.keys(tasks).length === 0) return;
    const bounded = Object.fromEntries(
      Object.entries(tasks).map(([name, task]) => [name, this.#bounded(name, task)]),
    );
    this.#running = this.#run(bounded);
    this.#timer = setInterval(() => {
      this.#sweeping ??= this.#sweep().finally(() => {
        this.#sweeping = undefined;
      });
    }, SWEEP_MS);
    this.#timer.unref();
  }

  /** Lets the jobs under way end, for a few seconds; what has not ended is done again at the next start. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    this.#stopped?.();
    const late = setTimeout(() => this.#ending.abort(new Error('the gateway stops')), STOP_MS);
    await within(STOP_MAX_MS, Promise.all([this.#stopRunner(), this.#running, this.#sweeping]));
    clearTimeout(late);
    this.#ending.abort(new Error('the gateway stops'));
    await within(STOP_MS, this.#pool.end());
  }

  async #stopRunner(): Promise<void> {
    const runner = this.#runner;
    // It may be stopping by itself.
    await runner?.stop().catch(() => runner.promise.catch(() => {}));
  }

  /** Keeps a runner going until the stop. */
  async #run(taskList: TaskList): Promise<void> {
    while (!this.#stopping) {
      try {
        this.#runner = await this.#worker.run({
          pgPool: this.#pool,
          schema: SCHEMA,
          logger: quiet(this.#worker, this.#options),
          concurrency: CONCURRENCY,
          noHandleSignals: true,
          // Otherwise a file `crontab` in the working directory is read.
          parsedCronItems: [],
          taskList,
          // Without batches the end of a job is written by a promise that nobody waits for or catches (0.18): a stop
          // would not see it, and a database that is away would end the process.
          preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
        });
        this.#runner.events.on('job:complete', ({ worker, job }) => {
          if (job.job_queue_id !== null) this.#lookAgain(worker.workerPool);
        });
        if (this.#stopping) await this.#stopRunner();
        await this.#runner.promise;
      } catch (error) {
        if (!this.#stopping) this.#options.onTrouble(error, 'run the job queue');
      }
      this.#runner = undefined;
      if (!this.#stopping) await this.#pause(RESTART_MS);
    }
  }

  /** The next job of a queue is free when the end of this one is written, of which nobody is told. */
  #lookAgain(pool: WorkerPool): void {
    setTimeout(() => {
      try {
        if (!this.#stopping) pool.nudge(1);
      } catch {
        // Its workers are ending; those that follow look by themselves.
      }
    }, QUEUE_GAP_MS).unref();
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      this.#stopped = resolve;
      setTimeout(resolve, ms).unref();
    });
  }

  #bounded(name: string, task: Task) {
    return async (payload: unknown, { job }: { job: { attempts: number; max_attempts: number } }) => {
      const signal = AbortSignal.any([AbortSignal.timeout(TASK_MS), this.#ending.signal]);
      const last = job.attempts >= job.max_attempts;
      const aborted = new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
      try {
        await Promise.race([task(payload, { attempt: job.attempts, last, signal }), aborted]);
      } catch (error) {
        if (last) this.#options.onError(error, `do the job ${name}`);
        else if (!this.#ending.signal.aborted) this.#options.onTrouble(error, `do the job ${name}`);
        throw error;
      }
    };
  }

  async #sweep(): Promise<void> {
    try {
      await this.#free(LOCK_MS);
      this.#sweeps++;
      if (this.#sweeps % SWEEPS_PER_CLEANUP === 0)
        await this.#utils.cleanup({ tasks: ['DELETE_PERMAFAILED_JOBS'] });
    } catch (error) {
      this.#options.onTrouble(error, 'sweep the job queue');
    }
  }

  /** Takes the jobs of crashed nodes back. */
  async #free(olderThanMs: number): Promise<void> {
    await this.#pool.query(
      `select graphile_worker.force_unlock_workers(array(
         select distinct locked_by from graphile_worker.jobs
         where locked_at <= clock_timestamp() - $1 * interval '1 millisecond'))`,
      [olderThanMs],
    );
  }
}

/** Only what an operator must know. A task's own failure is told by whoever runs it. */
function quiet(worker: typeof GraphileWorker, options: JobsOptions) {
  return new worker.Logger(() => (level, message, meta) => {
    if ((level !== 'error' && level !== 'warning') || meta?.failure === true) return;
    options.onTrouble(meta?.error ?? new Error(message), 'run the job queue');
  });
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => {}), late]);
  clearTimeout(timer);
}
