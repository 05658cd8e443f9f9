import fc from 'fast-check';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ApiGround } from '../../test/api.ts';
import { type EventGround, eventGround, fact, type Tenant } from '../../test/events.ts';
import { type Heard, listen } from '../../test/listening.ts';
import { APPLY } from '../outbox/apply-statement.ts';
import { REACH_MS } from '../reports/event-feed.ts';
import { PLACE_MAX } from '../reports/event-log.ts';

let e: EventGround;
let t: Tenant;
beforeAll(async () => {
  e = await eventGround();
});
beforeEach(async () => {
  t = await e.tenant();
});
afterEach(() => e.quiet());
afterAll(() => e.close());

const logged = () =>
  e.g.store.db.selectFrom('event_log').selectAll().where('workspace_id', '=', t.id).execute();
/** What happened so far happened so long ago. */
async function age(ms: number): Promise<void> {
  const then = new Date(e.g.clock.now().getTime() - ms);
  await e.g.store.db
    .updateTable('event_log')
    .set({ logged_at: then })
    .where('workspace_id', '=', t.id)
    .execute();
  await e.g.store.db
    .updateTable('event_streams')
    .set({ seen_at: then })
    .where('workspace_id', '=', t.id)
    .execute();
}

describe('a client that comes again with Last-Event-ID', () => {
  test('gets what it missed, once, also on another node, and then what happens', async () => {
    const ids = [await e.message(t), await e.message(t), await e.message(t), await e.message(t)];
    const first = await e.hear(t);
    await e.apply(ids.slice(0, 2).map(id => fact(t, id, { sent: e.now() })));
    const [heard] = await first.heard(1);
    first.cut();
    await e.apply([fact(t, ids[2]!, { sent: e.now() })]);
    const second = await e.hear(t, { after: heard!.id }, e.other);
    await e.apply([fact(t, ids[3]!, { sent: e.now() })]);
    await second.heard(3);
    const told = [heard!, ...second.events].map(one => one.data.message.id);
    expect(new Set(told)).toEqual(new Set(ids));
    expect(told).toHaveLength(4);
  });

  test('resumes from before the first event, when it has heard none', async () => {
    const first = await e.hear(t);
    first.cut();
    const id = await e.message(t);
    await e.apply([fact(t, id, { sent: e.now() })]);
    const second = await e.hear(t, { after: first.place() });
    expect((await second.heard(1))[0]!.data.message.id).toBe(id);
  });

  test('does not miss what was stored before and committed after what it has seen', async () => {
    const [early, late] = [await e.message(t), await e.message(t)];
    const here = await e.hear(t);
    const slow = new pg.Client({ connectionString: e.g.databaseUrl });
    await slow.connect();
    await slow.query('begin');
    await slow.query(APPLY.text, [
      JSON.stringify([fact(t, early, { sent: e.now() })]),
      '[]',
      '[]',
      e.now(),
      '[]',
      null,
    ]);
    await e.apply([fact(t, late, { sent: e.now() })]);
    const [heard] = await here.heard(1);
    expect(heard!.data.message.id).toBe(late);
    await slow.query('commit');
    await slow.end();
    await here.heard(2);
    const resumed = await e.hear(t, { after: heard!.id }, e.other);
    await resumed.heard(1);
    expect(here.events.map(one => one.data.message.id)).toEqual([late, early]);
    expect(resumed.events.map(one => one.data.message.id)).toEqual([early]);
  });

  test('is told of a gap behind which the log does not reach, and goes on', async () => {
    const first = await e.hear(t);
    const ids = [await e.message(t), await e.message(t), await e.message(t)];
    for (const id of ids.slice(0, 2)) await e.apply([fact(t, id, { sent: e.now() })]);
    await first.heard(2);
    await age(REACH_MS + 1_000);
    await e.g.feed.keep();
    await e.g.feed.trim();
    expect(await logged()).toEqual([]);
    const [old, last] = [
      await e.hear(t, { after: first.events[0]!.id }),
      await e.hear(t, { after: first.events[1]!.id }),
    ];
    await e.apply([fact(t, ids[2]!, { sent: e.now() })]);
    expect((await old.heard(2)).map(one => one.type)).toEqual(['gap', 'message.sent']);
    expect(old.events[0]!.data).toMatchObject({ type: 'gap', detail: expect.stringContaining('60 minutes') });
    // After the last that there was, nothing is missing, however long ago it was.
    expect((await last.heard(1)).map(one => one.type)).toEqual(['message.sent']);
  });

  test('is told of a gap when nothing was logged meanwhile, because nobody had listened for an hour', async () => {
    const first = await e.hear(t);
    await e.apply([fact(t, await e.message(t), { sent: e.now() })]);
    await first.heard(1);
    first.cut();
    await expect.poll(() => e.g.feed.listeners).toBe(0);
    await age(REACH_MS + 1_000);
    await e.other.feed.trim();
    await e.apply([fact(t, await e.message(t), { sent: e.now() })]);
    expect(await logged()).toEqual([]);
    const again = await e.hear(t, { after: first.place() });
    const id = await e.message(t);
    await e.apply([fact(t, id, { sent: e.now() })]);
    expect((await again.heard(2)).map(one => one.type)).toEqual(['gap', 'message.sent']);
    expect(again.events[1]!.data.message.id).toBe(id);
  });

  test('is told of a gap when its place is of a log that is no more: a database was put back', async () => {
    const here = await e.hear(t, { after: '999999' });
    expect((await here.heard(1))[0]!.type).toBe('gap');
    const id = await e.message(t);
    await e.apply([fact(t, id, { sent: e.now() })]);
    expect((await here.heard(2))[1]!.data.message.id).toBe(id);
  });
});

test('a stream stays open when the connections to the database break, and goes on', async () => {
  const here = await e.hear(t);
  const ids = [await e.message(t), await e.message(t)];
  await e.apply([fact(t, ids[0]!, { sent: e.now() })]);
  await here.heard(1);
  const admin = new pg.Client({ connectionString: e.g.databaseUrl });
  await admin.connect();
  await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`);
  await admin.query(APPLY.text, [
    JSON.stringify([fact(t, ids[1]!, { sent: e.now() })]),
    '[]',
    '[]',
    e.now(),
    '[]',
    null,
  ]);
  await admin.end();
  await here.heard(2);
  expect(here.isOver()).toBe(false);
  expect(here.events.map(one => one.data.message.id)).toEqual(ids);
});

test('the log is put in order without a listener too, however much there is of it', async () => {
  await e.hear(t);
  await e.quiet();
  const id = await e.message(t);
  await sql`
    insert into event_log (workspace_id, logged_at, ids, kinds, times)
    select ${t.id}::uuid, now(), array[${id}::uuid], array[1], array[now()] from generate_series(1, ${2 * PLACE_MAX + 1}::integer)
  `.execute(e.g.store.db);
  await e.g.feed.trim();
  const positions = (await logged()).map(row => row.position);
  expect(positions).not.toContain(null);
  expect(new Set(positions).size).toBe(2 * PLACE_MAX + 1);
});

describe('whoever is cut off at any moment and resumes at any node', () => {
  test('has each event once, and those of a message in their order, while events flow on', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 3, maxLength: 12 });
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 4, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(cuts, { minLength: 6, maxLength: 6 }), sizes, async (cuts, sizes) => {
        t = await e.tenant();
        const ids: string[] = [];
        for (let n = 0; n < 150; n++) ids.push(await e.message(t));
        // The first is never cut off.
        const patient = await e.hear(t);
        const consumers = cuts.map((counts, n) =>
          consumer(n % 2 === 0 ? [e.g, e.other] : [e.other, e.g], counts),
        );
        await Promise.all(consumers.map(one => one.started));
        // Three writers beside each other: what they commit crosses.
        await Promise.all(
          (['sent', 'delivered', 'read'] as const).map(async (field, writer) => {
            for (let from = 0, n = writer; from < ids.length; n++) {
              const size = sizes[n % sizes.length]!;
              await e.apply(ids.slice(from, from + size).map(id => fact(t, id, { [field]: e.now() })));
              from += size;
            }
          }),
        );
        const rows = await logged();
        const total = rows.flatMap(row => row.ids).length;
        const told = (events: readonly Heard[]) => events.map(one => one.data.id).sort();
        const all = told(await patient.heard(total));
        expect(new Set(all).size).toBe(total);
        for (const one of consumers) {
          const events = await one.hasHeard(total);
          expect(told(events)).toEqual(all);
          for (const id of ids) {
            const ofMessage = (list: readonly Heard[]) =>
              list.filter(event => event.data.message.id === id).map(event => event.type);
            expect(ofMessage(events)).toEqual(ofMessage(patient.events));
          }
        }
        patient.cut();
      }),
      { numRuns: 4 },
    );
  });

  /** Somebody who dies again and again, after he has worked off so many events of a connection. */
  function consumer(nodes: readonly ApiGround[], counts: readonly number[]) {
    const done: Heard[] = [];
    let place: string | undefined;
    let total = Number.POSITIVE_INFINITY;
    let started = (): void => {};
    const start = new Promise<void>(resolve => {
      started = resolve;
    });
    const run = async (): Promise<void> => {
      for (let n = 0; done.length < total; n++) {
        const node = nodes[n % nodes.length]!;
        const here = await listen(node.url, {
          key: t.read,
          ...(place === undefined ? {} : { after: place }),
        });
        expect(here.status).toBe(200);
        place ??= here.place();
        started();
        const count = counts[n % counts.length]!;
        const isEnough = () => here.events.length >= Math.min(count, total - done.length);
        while (!isEnough()) await new Promise(resolve => setTimeout(resolve, 2));
        here.cut();
        done.push(...here.events.slice(0, count));
        place = done.at(-1)!.id;
      }
    };
    const running = run();
    return {
      started: start,
      hasHeard: async (count: number) => {
        total = count;
        await running;
        return done;
      },
    };
  }
});
