import fc from 'fast-check';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ApiGround, apiGround } from '../../test/api.ts';
import { type Heard, type Listening, type ListenOptions, listen } from '../../test/listening.ts';
import { putMessage } from '../../test/rows.ts';
import { createSender } from '../accounts/senders.ts';
import { type NoticeRow, storeNotices } from '../inbox/notices.ts';
import { EVENT } from '../message/event.ts';
import { newId } from '../message/id.ts';
import { STATUS } from '../message/status.ts';
import { APPLY, type Fact, type InboundRow, mergeFacts } from '../outbox/apply.ts';
import { eventIdOf } from '../reports/encoder.ts';
import { REACH_MS } from '../reports/event-feed.ts';

/** Two nodes on one database. What a test stores wakes neither: it comes as from a third. */
let g: ApiGround;
let other: ApiGround;
beforeAll(async () => {
  g = await apiGround();
  other = await apiGround(g);
});
afterAll(async () => {
  await other.stop();
  await g.stop();
  await g.close();
});

interface Tenant {
  readonly id: string;
  readonly read: string;
  readonly send: string;
  readonly admin: string;
  readonly sender: string;
  readonly phone: string;
}

let phones = 0;

async function tenant(): Promise<Tenant> {
  const made = await g.tenant();
  const number = await addNumber(made.id);
  return { ...made, ...number };
}

async function addNumber(workspaceId: string): Promise<{ sender: string; phone: string }> {
  const phone = `+1555600${String(++phones).padStart(4, '0')}`;
  const made = await createSender(
    g.store,
    g.secrets,
    {
      workspaceId,
      phoneNumber: phone,
      phoneNumberId: newId(),
      wabaId: `waba ${phone}`,
      accessToken: 't',
      appSecret: 's',
    },
    g.clock.now(),
  );
  if ('kind' in made) throw new Error(made.detail);
  await Promise.all([g.directory.refresh(), other.directory.refresh()]);
  return { sender: made.id, phone };
}

let t: Tenant;
const open: Listening[] = [];
beforeEach(async () => {
  t = await tenant();
});
afterEach(async () => {
  for (const one of open.splice(0)) one.cut();
  await expect.poll(() => g.feed.listeners + other.feed.listeners).toBe(0);
});

async function hear(options: ListenOptions = {}, at: ApiGround = g): Promise<Listening> {
  const listening = await listen(at.url, { key: t.read, ...options });
  open.push(listening);
  return listening;
}

const message = (of: Tenant = t, more: object = {}): Promise<string> =>
  putMessage(g, { workspace_id: of.id, sender_id: of.sender, status: STATUS.accepted, ...more });

const now = () => g.clock.now().toISOString();
const fact = (id: string, more: Partial<Fact>, of: Tenant = t): Fact => ({
  id,
  sender: of.sender,
  attempt: 1,
  ...more,
});
const apply = (facts: readonly Fact[], inbound: readonly InboundRow[] = []) =>
  g.store.run(APPLY, [mergeFacts(facts), inbound, [], now()]);
const logged = () =>
  g.store.db.selectFrom('event_log').selectAll().where('workspace_id', '=', t.id).execute();
/** What happened so far happened so long ago. */
async function age(ms: number): Promise<void> {
  const then = new Date(g.clock.now().getTime() - ms);
  await g.store.db
    .updateTable('event_log')
    .set({ logged_at: then })
    .where('workspace_id', '=', t.id)
    .execute();
  await g.store.db
    .updateTable('event_streams')
    .set({ seen_at: then })
    .where('workspace_id', '=', t.id)
    .execute();
}

const received = (id: string): InboundRow => ({
  id,
  workspace: t.id,
  sender: t.sender,
  direction: 1,
  recipient: '+15557654321',
  key: '+15557654321',
  name: 'Ann',
  kind: 'text',
  content: '{"type":"text","text":{"body":"hello"}}',
  wamid: `wamid.${id}`,
  at: now(),
});

describe('what happens is told while it happens', () => {
  test('on another node, well within a second, with a summary of the message', async () => {
    const here = await hear();
    expect(here.status).toBe(200);
    expect(here.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(here.headers.get('cache-control')).toBe('no-store');
    expect(here.headers.get('x-accel-buffering')).toBe('no');
    const id = await message(t, { callback_data: 'tag' });
    const at = now();
    const began = performance.now();
    await apply([fact(id, { accepted: at, sent: at, wamid: 'wamid.1' })]);
    const [sent] = await here.heard(1);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(sent).toMatchObject({ type: 'message.sent' });
    expect(sent!.data).toEqual({
      id: eventIdOf(id, EVENT.sent),
      type: 'message.sent',
      at,
      message: {
        id,
        direction: 'outbound',
        dialect: 'telnyx',
        status: 'sent',
        sender_id: t.sender,
        sender: t.phone,
        recipient: '+15557654321',
        type: 'text',
        wamid: 'wamid.1',
        callback_data: 'tag',
        failure: null,
      },
    });
  });

  test('in the order of each message, a status for an event, the reason of a failure, and what comes in', async () => {
    const here = await hear();
    const [read, failed] = [await message(), await message()];
    const inbound = newId();
    const failure = { code: '131026', title: 'Message undeliverable', source: 'meta' };
    await apply(
      [
        fact(read, { sent: now(), read: now() }),
        fact(failed, { failed: now(), failure: JSON.stringify(failure) }),
      ],
      [received(inbound)],
    );
    await here.heard(5);
    const told = (id: string) =>
      here.events.filter(one => one.data.message.id === id).map(one => [one.type, one.data.message.status]);
    expect(told(read)).toEqual([
      ['message.sent', 'sent'],
      ['message.delivered', 'delivered'],
      ['message.read', 'read'],
    ]);
    expect(told(failed)).toEqual([['message.failed', 'failed']]);
    expect(here.events.find(one => one.type === 'message.failed')!.data.message.failure).toEqual(failure);
    expect(told(inbound)).toEqual([['message.received', 'received']]);
  });

  test('what Meta says of an account, for those who want it', async () => {
    const [all, messages] = [await hear(), await hear({ query: '?types=message.sent,message.received' })];
    const row: NoticeRow = {
      id: newId(),
      workspace: t.id,
      waba: 'waba',
      sender: t.sender,
      senders: [t.sender],
      kind: EVENT.number,
      field: 'phone_number_quality_update',
      event: 'FLAGGED',
      value: '{"event":"FLAGGED"}',
      at: now(),
    };
    await storeNotices(g.store, g.clock, [row]);
    await storeNotices(g.store, g.clock, [row]);
    await apply([fact(await message(), { sent: now() })]);
    expect((await all.heard(2)).map(one => one.type)).toEqual(['notice.number', 'message.sent']);
    expect(all.events[0]!.data.notice).toEqual({
      id: row.id,
      waba_id: 'waba',
      sender_id: t.sender,
      sender: t.phone,
      field: 'phone_number_quality_update',
      event: 'FLAGGED',
    });
    expect((await messages.heard(1)).map(one => one.type)).toEqual(['message.sent']);
  });

  test('by type, by sender and by message', async () => {
    const second = { ...t, ...(await addNumber(t.id)) };
    const [one, two] = [await message(), await message(second)];
    const listening = {
      types: await hear({ query: '?types=message.delivered,message.read' }),
      sender: await hear({ query: `?sender=${encodeURIComponent(second.phone)}` }),
    };
    const ofMessage = await hear(
      { query: `?message=${one}&types=message.delivered&sender=${t.sender}` },
      other,
    );
    await apply([fact(one, { sent: now() }), fact(two, { sent: now() }, second)]);
    await apply([fact(one, { delivered: now() }), fact(two, { delivered: now() }, second)]);
    const told = (events: Listening) =>
      events.events.map(event => `${event.data.message.id === one ? 1 : 2} ${event.type}`).sort();
    await Promise.all([listening.types.heard(2), listening.sender.heard(2), ofMessage.heard(1)]);
    expect(told(listening.types)).toEqual(['1 message.delivered', '2 message.delivered']);
    expect(told(listening.sender)).toEqual(['2 message.delivered', '2 message.sent']);
    expect(told(ofMessage)).toEqual(['1 message.delivered']);
  });

  test('never to another workspace', async () => {
    const [mine, stranger] = [await hear(), await tenant()];
    const theirs = await hear({ key: stranger.read });
    await apply([
      fact(await message(), { sent: now() }),
      fact(await message(stranger), { sent: now() }, stranger),
    ]);
    await apply([fact(await message(), { sent: now() })]);
    await mine.heard(2);
    await theirs.heard(1);
    // A place in the log of one workspace opens nothing in that of another.
    const again = await hear({ key: stranger.read, after: mine.events[0]!.id });
    await apply([fact(await message(stranger), { sent: now() }, stranger)]);
    await theirs.heard(2);
    await again.heard(1);
    const senders = (events: Listening) =>
      new Set(events.events.flatMap(one => one.data.message?.sender_id ?? []));
    expect(senders(mine)).toEqual(new Set([t.sender]));
    expect(senders(theirs)).toEqual(new Set([stranger.sender]));
    expect(senders(again)).toEqual(new Set([stranger.sender]));
  });
});

describe('a client that comes again with Last-Event-ID', () => {
  test('gets what it missed, once, also on another node, and then what happens', async () => {
    const ids = [await message(), await message(), await message(), await message()];
    const first = await hear();
    await apply(ids.slice(0, 2).map(id => fact(id, { sent: now() })));
    const [heard] = await first.heard(1);
    first.cut();
    await apply([fact(ids[2]!, { sent: now() })]);
    const second = await hear({ after: heard!.id }, other);
    await apply([fact(ids[3]!, { sent: now() })]);
    await second.heard(3);
    const told = [heard!, ...second.events].map(one => one.data.message.id);
    expect(new Set(told)).toEqual(new Set(ids));
    expect(told).toHaveLength(4);
  });

  test('resumes from before the first event, when it has heard none', async () => {
    const first = await hear();
    first.cut();
    const id = await message();
    await apply([fact(id, { sent: now() })]);
    const second = await hear({ after: first.place() });
    expect((await second.heard(1))[0]!.data.message.id).toBe(id);
  });

  test('does not miss what was stored before and committed after what it has seen', async () => {
    const [early, late] = [await message(), await message()];
    const here = await hear();
    const slow = new pg.Client({ connectionString: g.databaseUrl });
    await slow.connect();
    await slow.query('begin');
    await slow.query(APPLY.text, [JSON.stringify([fact(early, { sent: now() })]), '[]', '[]', now()]);
    await apply([fact(late, { sent: now() })]);
    const [heard] = await here.heard(1);
    expect(heard!.data.message.id).toBe(late);
    await slow.query('commit');
    await slow.end();
    await here.heard(2);
    const resumed = await hear({ after: heard!.id }, other);
    await resumed.heard(1);
    expect(here.events.map(one => one.data.message.id)).toEqual([late, early]);
    expect(resumed.events.map(one => one.data.message.id)).toEqual([early]);
  });

  test('is told of a gap behind which the log does not reach, and goes on', async () => {
    const first = await hear();
    const ids = [await message(), await message(), await message()];
    for (const id of ids.slice(0, 2)) await apply([fact(id, { sent: now() })]);
    await first.heard(2);
    await age(REACH_MS + 1_000);
    await g.feed.keep();
    await g.feed.trim();
    expect(await logged()).toEqual([]);
    const [old, last] = [
      await hear({ after: first.events[0]!.id }),
      await hear({ after: first.events[1]!.id }),
    ];
    await apply([fact(ids[2]!, { sent: now() })]);
    expect((await old.heard(2)).map(one => one.type)).toEqual(['gap', 'message.sent']);
    expect(old.events[0]!.data).toMatchObject({ type: 'gap', detail: expect.stringContaining('60 minutes') });
    // After the last that there was, nothing is missing, however long ago it was.
    expect((await last.heard(1)).map(one => one.type)).toEqual(['message.sent']);
  });

  test('is told of a gap when nothing was logged meanwhile, because nobody had listened for an hour', async () => {
    const first = await hear();
    await apply([fact(await message(), { sent: now() })]);
    await first.heard(1);
    first.cut();
    await expect.poll(() => g.feed.listeners).toBe(0);
    await age(REACH_MS + 1_000);
    await other.feed.trim();
    await apply([fact(await message(), { sent: now() })]);
    expect(await logged()).toEqual([]);
    const again = await hear({ after: first.place() });
    const id = await message();
    await apply([fact(id, { sent: now() })]);
    expect((await again.heard(2)).map(one => one.type)).toEqual(['gap', 'message.sent']);
    expect(again.events[1]!.data.message.id).toBe(id);
  });

  test('is told of a gap when its place is of a log that is no more: a database was put back', async () => {
    const here = await hear({ after: '999999' });
    expect((await here.heard(1))[0]!.type).toBe('gap');
    const id = await message();
    await apply([fact(id, { sent: now() })]);
    expect((await here.heard(2))[1]!.data.message.id).toBe(id);
  });
});

describe('whoever is cut off at any moment and resumes at any node', () => {
  test('has each event once, and those of a message in their order, while events flow on', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 3, maxLength: 12 });
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 4, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(cuts, { minLength: 6, maxLength: 6 }), sizes, async (cuts, sizes) => {
        t = await tenant();
        const ids: string[] = [];
        for (let n = 0; n < 150; n++) ids.push(await message());
        // The first is never cut off.
        const patient = await hear();
        const consumers = cuts.map((counts, n) => consumer(n % 2 === 0 ? [g, other] : [other, g], counts));
        await Promise.all(consumers.map(one => one.started));
        // Three writers beside each other: what they commit crosses.
        await Promise.all(
          (['sent', 'delivered', 'read'] as const).map(async (field, writer) => {
            for (let from = 0, n = writer; from < ids.length; n++) {
              const size = sizes[n % sizes.length]!;
              await apply(ids.slice(from, from + size).map(id => fact(id, { [field]: now() })));
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
