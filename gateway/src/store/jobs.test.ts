import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Ground, ground } from '../../test/rows.ts';
import { addJob, Jobs, type JobsOptions, type Task } from './jobs.ts';

let g: Ground;
let open: Jobs[];
let trouble: string[];
let errors: string[];
beforeEach(async () => {
  g = await ground();
  open = [];
  trouble = [];
  errors = [];
});
afterEach(async () => {
  await Promise.all(open.map(jobs => jobs.stop()));
  await g.close();
});

async function jobs(tasks: Record<string, Task> | undefined, more: Partial<JobsOptions> = {}): Promise<Jobs> {
  const made = await Jobs.open({
    url: g.url,
    alone: false,
    onTrouble: (error, doing) => trouble.push(`${doing}: ${(error as Error).message}`),
    onError: (error, doing) => errors.push(`${doing}: ${(error as Error).message}`),
    ...more,
  });
  open.push(made);
  if (tasks !== undefined) made.start(tasks);
  return made;
}

const waiting = async (): Promise<number> => {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from graphile_worker.jobs`.execute(
    g.store.db,
  );
  return rows[0]!.n;
};

const soon = { timeout: 10_000, interval: 10 };

test('a job is done once, with its payload, and nothing is said', async () => {
  const done: unknown[] = [];
  await jobs({
    greet: async (payload, { attempt, last }) => {
      done.push([payload, attempt, last]);
    },
  });
  await addJob(g.store.db, 'greet', { name: 'Ana — Übung' });
  await expect.poll(() => done, soon).toEqual([[{ name: 'Ana — Übung' }, 1, false]]);
  await expect.poll(waiting, soon).toBe(0);
  expect([trouble, errors]).toEqual([[], []]);
});

test('a job in a transaction begins when it commits, and not at all when it is rolled back', async () => {
  const done: unknown[] = [];
  await jobs({
    note: async payload => {
      done.push(payload);
    },
  });
  await g.store.db.transaction().execute(async tx => {
    await addJob(tx, 'note', 'first');
    await tx.deleteFrom('settings').where('name', '=', 'none').execute();
    expect(done).toEqual([]);
  });
  await g.store.db
    .transaction()
    .execute(async tx => {
      await addJob(tx, 'note', 'never');
      throw new Error('rolled back');
    })
    .catch(() => {});
  await addJob(g.store.db, 'note', 'second');
  // Two jobs of no queue may run side by side.
  await expect.poll(() => [...done].sort(), soon).toEqual(['first', 'second']);
});

test('a job that waits is replaced by one with its key', async () => {
  const done: unknown[] = [];
  await jobs(undefined);
  const later = new Date(Date.now() + 3_600_000);
  await addJob(g.store.db, 'note', 'early', { jobKey: 'one', runAt: later });
  await addJob(g.store.db, 'note', 'late', { jobKey: 'one' });
  await jobs({
    note: async payload => {
      done.push(payload);
    },
  });
  await expect.poll(waiting, soon).toBe(0);
  expect(done).toEqual(['late']);
});

test('jobs of one queue run one after the other on any number of nodes', async () => {
  let running = 0;
  let most = 0;
  let done = 0;
  const task: Task = async () => {
    running++;
    most = Math.max(most, running);
    await new Promise(resolve => setTimeout(resolve, 20));
    running--;
    done++;
  };
  await jobs({ slow: task });
  await jobs({ slow: task });
  for (let n = 0; n < 6; n++) await addJob(g.store.db, 'slow', n, { queueName: 'narrow' });
  await expect.poll(() => done, soon).toBe(6);
  expect(most).toBe(1);
});

test('a job that fails waits for another try, and the last failure is an error', async () => {
  const tries: boolean[] = [];
  await jobs({
    break: async (_payload, { last }) => {
      tries.push(last);
      throw new Error(`broken ${tries.length}`);
    },
  });
  await addJob(g.store.db, 'break', {}, { maxAttempts: 2 });
  await expect.poll(() => trouble, soon).toEqual(['do the job break: broken 1']);
  // The pause grows; a test cannot wait for it.
  await expect
    .poll(async () => {
      await sql`select graphile_worker.reschedule_jobs(array(select id from graphile_worker.jobs), run_at := now())`.execute(
        g.store.db,
      );
      return errors;
    }, soon)
    .toEqual(['do the job break: broken 2']);
  expect(tries).toEqual([false, true]);
});

test('a stop waits for the job under way', async () => {
  let ended = false;
  let began: () => void = () => {};
  const begun = new Promise<void>(resolve => {
    began = resolve;
  });
  const one = await jobs({
    slow: async () => {
      began();
      await new Promise(resolve => setTimeout(resolve, 200));
      ended = true;
    },
  });
  await addJob(g.store.db, 'slow', {});
  await begun;
  await one.stop();
  expect(ended).toBe(true);
  expect(await waiting()).toBe(0);
});

test('a stop tells a job that does not end, and it is done again', async () => {
  let began: () => void = () => {};
  const begun = new Promise<void>(resolve => {
    began = resolve;
  });
  let told = false;
  const one = await jobs({
    endless: async (_payload, { signal }) => {
      signal.addEventListener('abort', () => {
        told = true;
      });
      began();
      await new Promise(() => {});
    },
  });
  await addJob(g.store.db, 'endless', {});
  await begun;
  await one.stop();
  expect(told).toBe(true);
  const { rows } = await sql`select locked_by, attempts from graphile_worker.jobs`.execute(g.store.db);
  expect(rows).toEqual([{ locked_by: null, attempts: 1 }]);
  expect(errors).toEqual([]);
});

test('what a crashed node held is taken back at the start of a gateway that is alone', async () => {
  await jobs(undefined);
  await addJob(g.store.db, 'note', 'held', { queueName: 'narrow' });
  await sql`update graphile_worker._private_jobs set locked_by = 'dead', locked_at = now(), attempts = 1`.execute(
    g.store.db,
  );
  await sql`update graphile_worker._private_job_queues set locked_by = 'dead', locked_at = now()`.execute(
    g.store.db,
  );
  const done: unknown[] = [];
  await jobs(
    {
      note: async (payload, { attempt }) => {
        done.push([payload, attempt]);
      },
    },
    { alone: true },
  );
  await expect.poll(() => done, soon).toEqual([['held', 2]]);
});

test('the queue goes on when the database has cut every connection', async () => {
  const done: unknown[] = [];
  await jobs({
    note: async payload => {
      done.push(payload);
    },
    cut: async () => {
      await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'wirebird jobs'`.execute(g.store.db);
    },
  });
  await addJob(g.store.db, 'note', 1);
  await expect.poll(() => done, soon).toEqual([1]);
  await addJob(g.store.db, 'cut', {}, { maxAttempts: 1 });
  await expect.poll(() => trouble.length, soon).toBeGreaterThan(0);
  await addJob(g.store.db, 'note', 2);
  await expect.poll(() => done, soon).toEqual([1, 2]);
});
