import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { apiGround } from '../../test/api.ts';
import { type EventGround, eventGround, fact, type Tenant } from '../../test/events.ts';
import type { Listening, ListenOptions } from '../../test/listening.ts';
import { type NoticeRow, storeNotices } from '../inbox/notices.ts';
import { EVENT } from '../message/event.ts';
import { newId } from '../message/id.ts';
import { APPLY, type InboundRow } from '../outbox/apply-statement.ts';
import { eventIdOf } from '../reports/encoder.ts';

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
  at: e.now(),
});

describe('what happens is told while it happens', () => {
  test('on another node, well within a second, with a summary of the message', async () => {
    const here = await e.hear(t);
    expect(here.status).toBe(200);
    expect(here.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(here.headers.get('cache-control')).toBe('no-store');
    expect(here.headers.get('x-accel-buffering')).toBe('no');
    const id = await e.message(t, { callback_data: 'tag' });
    const at = e.now();
    const began = performance.now();
    await e.apply([fact(t, id, { accepted: at, sent: at, wamid: 'wamid.1' })]);
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
    const here = await e.hear(t);
    const [read, failed] = [await e.message(t), await e.message(t)];
    const inbound = newId();
    const failure = { code: '131026', title: 'Message undeliverable', source: 'meta' };
    await e.apply(
      [
        fact(t, read, { sent: e.now(), read: e.now() }),
        fact(t, failed, { failed: e.now(), failure: JSON.stringify(failure) }),
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
    const [all, messages] = [
      await e.hear(t),
      await e.hear(t, { query: '?types=message.sent,message.received' }),
    ];
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
      at: e.now(),
    };
    await storeNotices(e.g.store, e.g.clock, [row]);
    await storeNotices(e.g.store, e.g.clock, [row]);
    await e.apply([fact(t, await e.message(t), { sent: e.now() })]);
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
    const second = { ...t, ...(await e.addNumber(t.id)) };
    const [one, two] = [await e.message(t), await e.message(second)];
    const listening = {
      types: await e.hear(t, { query: '?types=message.delivered,message.read' }),
      sender: await e.hear(t, { query: `?sender=${encodeURIComponent(second.phone)}` }),
    };
    const ofMessage = await e.hear(
      t,
      { query: `?message=${one}&types=message.delivered&sender=${t.sender}` },
      e.other,
    );
    await e.apply([fact(t, one, { sent: e.now() }), fact(second, two, { sent: e.now() })]);
    await e.apply([fact(t, one, { delivered: e.now() }), fact(second, two, { delivered: e.now() })]);
    const told = (events: Listening) =>
      events.events.map(event => `${event.data.message.id === one ? 1 : 2} ${event.type}`).sort();
    await Promise.all([listening.types.heard(2), listening.sender.heard(2), ofMessage.heard(1)]);
    expect(told(listening.types)).toEqual(['1 message.delivered', '2 message.delivered']);
    expect(told(listening.sender)).toEqual(['2 message.delivered', '2 message.sent']);
    expect(told(ofMessage)).toEqual(['1 message.delivered']);
  });

  test('never to another workspace', async () => {
    const [mine, stranger] = [await e.hear(t), await e.tenant()];
    const theirs = await e.hear(stranger);
    await e.apply([
      fact(t, await e.message(t), { sent: e.now() }),
      fact(stranger, await e.message(stranger), { sent: e.now() }),
    ]);
    await e.apply([fact(t, await e.message(t), { sent: e.now() })]);
    await mine.heard(2);
    await theirs.heard(1);
    // A place in the log of one workspace opens nothing in that of another.
    const again = await e.hear(stranger, { after: mine.events[0]!.id });
    await e.apply([fact(stranger, await e.message(stranger), { sent: e.now() })]);
    await theirs.heard(2);
    await again.heard(1);
    const senders = (events: Listening) =>
      new Set(events.events.flatMap(one => one.data.message?.sender_id ?? []));
    expect(senders(mine)).toEqual(new Set([t.sender]));
    expect(senders(theirs)).toEqual(new Set([stranger.sender]));
    expect(senders(again)).toEqual(new Set([stranger.sender]));
  });
});

describe('a refusal is a problem that says what is wrong', () => {
  const refused = async (status: number, options: ListenOptions, detail: string) => {
    const here = await e.hear(t, options);
    expect(here.status).toBe(status);
    expect(here.headers.get('content-type')).toContain('application/problem+json');
    expect(here.problem).toMatchObject({ type: 'about:blank', status });
    expect(here.problem.detail).toContain(detail);
    return here;
  };

  test('without a key, with one that does not exist, with one in the address', async () => {
    await refused(401, { key: null }, 'Authorization: Bearer');
    await refused(401, { key: 'wb_nobody' }, 'Authorization: Bearer');
    await refused(401, { key: null, query: `?key=${t.read}` }, 'Authorization: Bearer');
  });

  test('with a key that may not read', () => refused(403, { key: t.send }, 'scope read'));

  test('of a place that was not given here', async () => {
    for (const after of ['x', '-1', '1-', '1-2-3', '1.5', '9'.repeat(40), "1' or 1=1"])
      await refused(400, { after }, 'Last-Event-ID');
  });

  test('of filters that do not exist, or name what the workspace does not have', async () => {
    const stranger = await e.tenant();
    await refused(422, { query: '?types=message.sent,message.heard' }, 'message.delivered');
    await refused(422, { query: '?type=message.sent' }, 'There is no parameter type');
    await refused(422, { query: '?sender=12' }, 'E.164');
    await refused(404, { query: '?sender=%2B15550009999' }, 'sender');
    await refused(404, { query: `?sender=${stranger.sender}` }, 'sender');
    await refused(404, { query: `?message=${await e.message(stranger)}` }, 'message');
    await refused(404, { query: '?message=1' }, 'message');
  });

  test('when the workspace has its part of the streams of a node, and when the node has no more', async () => {
    const all = [t, await e.tenant(), await e.tenant(), await e.tenant()];
    // A quarter of the 64 of a node for each.
    for (const of of all) for (let n = 0; n < 16; n++) expect((await e.hear(of)).status).toBe(200);
    const over = await refused(429, {}, '16 event streams');
    expect(over.headers.get('retry-after')).toBe('10');
    const full = await refused(503, { key: (await e.tenant()).read }, '64 event streams');
    expect(full.headers.get('retry-after')).toBe('10');
    expect((await e.hear(t, {}, e.other)).status).toBe(200);
    await e.quiet();
    expect((await e.hear(t)).status).toBe(200);
  });

  test('of HEAD, which would be a stream that never ends', async () => {
    const { status } = await fetch(`${e.g.url}/api/events`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${t.read}` },
    });
    expect(status).toBe(404);
  });
});

describe('a stream begins', () => {
  test('when all that is committed from then on will be told, also by statements that began before', async () => {
    const id = await e.message(t);
    const early = new pg.Client({ connectionString: e.g.databaseUrl });
    await early.connect();
    await early.query('begin');
    // Nobody listens yet, as far as this one sees.
    await early.query(APPLY.text, [
      JSON.stringify([fact(t, id, { sent: e.now() })]),
      '[]',
      '[]',
      e.now(),
      '[]',
      null,
    ]);
    let begun = false;
    const beginning = e.hear(t).then(here => {
      begun = true;
      return here;
    });
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(begun).toBe(false);
    await early.query('commit');
    await early.end();
    const here = await beginning;
    await e.apply([fact(t, id, { delivered: e.now() })]);
    expect((await here.heard(1)).map(one => one.type)).toEqual(['message.delivered']);
  });

  test('and until then nothing is logged for the workspace', async () => {
    await e.apply([fact(t, await e.message(t), { sent: e.now() })]);
    const here = await e.hear(await e.tenant());
    await e.apply([fact(t, await e.message(t), { sent: e.now() })]);
    const rows = await e.g.store.db
      .selectFrom('event_log')
      .selectAll()
      .where('workspace_id', '=', t.id)
      .execute();
    expect(rows).toEqual([]);
    expect(here.events).toEqual([]);
  });
});

test('a stream that begins without Last-Event-ID does not tell what was logged for others before it', async () => {
  const before = await e.hear(t);
  await e.quiet();
  const [early, late] = [await e.message(t), await e.message(t)];
  await e.apply([fact(t, early, { sent: e.now() })]);
  const [fresh, resumed] = [await e.hear(t), await e.hear(t, { after: before.place() })];
  await e.apply([fact(t, late, { sent: e.now() })]);
  await Promise.all([fresh.heard(1), resumed.heard(2)]);
  expect(fresh.events.map(one => one.data.message.id)).toEqual([late]);
  expect(resumed.events.map(one => one.data.message.id)).toEqual([early, late]);
});

describe('a stream ends', () => {
  test('when its key is revoked, within five seconds', async () => {
    const here = await e.hear(t);
    const { json } = await e.g.call('GET', '/api/keys', { key: t.admin });
    const { id } = json.data.find((key: { scopes: string[] }) => key.scopes.includes('read'));
    await e.g.call('DELETE', `/api/keys/${id}`, { key: t.admin });
    await expect.poll(() => here.isOver(), { timeout: 5_000 }).toBe(true);
    expect((await e.hear(t, { after: here.place() })).status).toBe(401);
  });

  test('for the node when its client goes away, and nothing of it is left', async () => {
    const here = await e.hear(t);
    expect(e.g.feed.listeners).toBe(1);
    here.cut();
    await expect.poll(() => e.g.feed.listeners, { timeout: 1_000 }).toBe(0);
  });

  test('at once when its node stops, which does not wait for it', async () => {
    const node = await apiGround(e.g);
    const here = await e.hear(t, {}, node);
    const began = performance.now();
    await node.stop();
    expect(performance.now() - began).toBeLessThan(2_000);
    await expect.poll(() => here.isOver()).toBe(true);
    const id = await e.message(t);
    await e.apply([fact(t, id, { sent: e.now() })]);
    const again = await e.hear(t, { after: here.place() });
    expect((await again.heard(1))[0]!.data.message.id).toBe(id);
  });
});
