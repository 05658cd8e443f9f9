import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addSender, addWorkspace, type Ground, ground, putMessage } from '../../test/rows.ts';
import { EVENT, eventName } from '../message/event.ts';
import { derivedId, newId } from '../message/id.ts';
import { STATUS, statusName } from '../message/status.ts';
import { DERIVED_ID } from '../store/derived-id.ts';
import { parametersOf } from './apply.ts';
import { APPLY, type Fact, type InboundRow } from './apply-statement.ts';

let g: Ground;
beforeAll(async () => {
  g = await ground();
});
afterAll(() => g.close());

const T0 = Date.UTC(2026, 10, 21, 8, 0, 0);
/** Seconds after the start of the story. */
const at = (seconds: number): string => new Date(T0 + seconds * 1000).toISOString();

const message = (more: { status?: number; attempt?: number } = {}): Promise<string> =>
  putMessage(g, {
    report_mask: 255,
    webhook_url: 'http://127.0.0.1:9/own',
    created_at: new Date(T0),
    ...more,
  });

const apply = (
  facts: readonly Fact[],
  inbound: readonly InboundRow[] = [],
  journal: readonly string[] = [],
) => g.store.run(APPLY, parametersOf([{ facts, inbound, read: journal }], new Date(at(100))));

const read = (id: string) =>
  g.store.db.selectFrom('messages').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

async function reportsOf(id: string): Promise<string[]> {
  const rows = await g.store.db
    .selectFrom('reports')
    .selectAll()
    .where('message_id', '=', id)
    .orderBy('kind')
    .execute();
  return rows.map(row => `${eventName(row.kind)}@${(row.occurred_at.getTime() - T0) / 1000}`);
}

const fact = (id: string, more: Partial<Fact>): Fact => ({ id, sender: g.sender, attempt: 1, ...more });

describe('what Meta says is applied by rank, whoever says it and however late', () => {
  test('accepted, sent, delivered, read: each with its own time and report', async () => {
    const id = await message();
    await apply([fact(id, { accepted: at(1), wamid: 'w1' })]);
    await apply([fact(id, { sent: at(2) })]);
    await apply([fact(id, { delivered: at(3), pricing: '{"category":"utility"}' })]);
    await apply([fact(id, { read: at(4) })]);
    const row = await read(id);
    expect(statusName(row.status)).toBe('read');
    expect([row.accepted_at, row.sent_at, row.delivered_at, row.read_at]).toEqual(
      [1, 2, 3, 4].map(s => new Date(T0 + s * 1000)),
    );
    expect(row).toMatchObject({ wamid: 'w1', pricing: '{"category":"utility"}' });
    expect(await reportsOf(id)).toEqual(['sent@2', 'delivered@3', 'read@4']);
  });

  test('a late sent does not undo delivered, and is reported with its own time', async () => {
    const id = await message();
    await apply([fact(id, { delivered: at(3) })]);
    await apply([fact(id, { sent: at(2) })]);
    expect(statusName((await read(id)).status)).toBe('delivered');
    expect(await reportsOf(id)).toEqual(['sent@2', 'delivered@3']);
  });

  test('a repeated status changes nothing and reports nothing', async () => {
    const id = await message();
    await apply([fact(id, { sent: at(2) })]);
    const again = await apply([fact(id, { sent: at(9) })]);
    expect(again).toEqual({
      reports: 0,
      taken: [],
      events: [],
      inbound: [],
      woken: [],
      left: [],
      duplicates: 0,
    });
    expect((await read(id)).sent_at).toEqual(new Date(T0 + 2000));
  });

  test('read without delivered reports the delivery first, and a late delivered only brings its time', async () => {
    const id = await message();
    await apply([fact(id, { read: at(5) })]);
    expect(await reportsOf(id)).toEqual(['delivered@5', 'read@5']);
    await apply([fact(id, { delivered: at(4) })]);
    expect((await read(id)).delivered_at).toEqual(new Date(T0 + 4000));
    expect(await reportsOf(id)).toEqual(['delivered@5', 'read@5']);
  });

  test('a status that overtakes the answer to the send is kept, and the answer fills the wamid in', async () => {
    const id = await message();
    await apply([fact(id, { sent: at(2) })]);
    await apply([fact(id, { accepted: at(3), wamid: 'w2' })]);
    expect(await read(id)).toMatchObject({ status: STATUS.sent, wamid: 'w2' });
  });

  test('failed after delivered is not believed', async () => {
    const id = await message();
    await apply([fact(id, { delivered: at(3) })]);
    await apply([fact(id, { failed: at(4), failure: '{"code":"131026"}' })]);
    expect(await read(id)).toMatchObject({ status: STATUS.delivered, failure: null });
    expect(await reportsOf(id)).toEqual(['delivered@3']);
  });

  test('the failure of an earlier attempt does not fail the message', async () => {
    const id = await message({ attempt: 2 });
    await apply([fact(id, { failed: at(4), failure: '{"code":"131026"}' })]);
    expect((await read(id)).status).toBe(STATUS.sending);
    await apply([fact(id, { attempt: 2, failed: at(5), failure: '{"code":"131026"}' })]);
    expect((await read(id)).status).toBe(STATUS.failed);
    expect(await reportsOf(id)).toEqual(['failed@5']);
  });

  test('a status for a message that waits for its retry takes it out of the queue', async () => {
    const id = await message({ status: STATUS.queued });
    await g.store.db
      .updateTable('messages')
      .set({ parked: 'retry', run_at: new Date(T0 + 60_000) })
      .where('id', '=', id)
      .execute();
    await apply([fact(id, { sent: at(2) })]);
    expect(await read(id)).toMatchObject({ status: STATUS.sent, parked: null, run_at: null });
  });

  test('an end of our own stays', async () => {
    const id = await message({ status: STATUS.canceled });
    await apply([fact(id, { delivered: at(3) })]);
    expect((await read(id)).status).toBe(STATUS.canceled);
    expect(await reportsOf(id)).toEqual([]);
  });

  test('a status touches only messages of its own number', async () => {
    const id = await message();
    const stranger = await addSender(g.store, await addWorkspace(g.store));
    await apply([{ ...fact(id, { read: at(3) }), sender: stranger }]);
    expect((await read(id)).status).toBe(STATUS.sending);
  });
});

describe('a batch', () => {
  test('with all statuses of one message stores and reports each', async () => {
    const id = await message();
    await apply([
      fact(id, { read: at(5) }),
      fact(id, { sent: at(2) }),
      fact(id, { delivered: at(3) }),
      fact(id, { sent: at(2) }),
    ]);
    expect(statusName((await read(id)).status)).toBe('read');
    expect(await reportsOf(id)).toEqual(['sent@2', 'delivered@3', 'read@5']);
  });

  test('with a failure of attempt 1 beside a sent of attempt 2 does not fail the message', async () => {
    const id = await message({ attempt: 2 });
    await apply([fact(id, { failed: at(4), failure: '{}' }), fact(id, { attempt: 2, sent: at(5) })]);
    expect(statusName((await read(id)).status)).toBe('sent');
  });

  test('that crosses another over the same messages does not wait for ever', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => message()));
    const all = (order: string[], more: Partial<Fact>) => apply(order.map(id => fact(id, more)));
    await Promise.all([
      all(ids, { sent: at(1) }),
      all(ids.toReversed(), { delivered: at(2) }),
      all(ids, { read: at(3) }),
    ]);
    for (const id of ids) expect((await read(id)).status).toBe(STATUS.read);
    expect(await reportsOf(ids[0]!)).toEqual(expect.arrayContaining(['sent@1', 'read@3']));
  });
});

describe('inbound', () => {
  const row = (wamid: string, more: Partial<InboundRow> = {}): InboundRow => ({
    id: derivedId(newId(), wamid),
    workspace: g.workspace,
    sender: g.sender,
    direction: 1,
    recipient: '+15550009999',
    key: '+15550009999',
    name: 'Ana',
    kind: 'text',
    content: '{}',
    wamid,
    at: at(1),
    ...more,
  });

  beforeEach(async () => {
    await g.store.db.deleteFrom('webhook_endpoints').execute();
    await g.store.db.deleteFrom('windows').execute();
  });

  test('a repeat meets its own row; the window keeps the latest time; the journal is flagged', async () => {
    const journal = newId();
    await g.store.db
      .insertInto('journal')
      .values({ id: journal, received_at: new Date(), body: Buffer.from('{}'), sender_ids: [g.sender] })
      .execute();
    const later = row('w-in', { at: at(50) });
    await apply([], [later, row('w-early', { at: at(10) })], [journal]);
    const again = await apply([], [later]);
    // A repeat is nothing new, and draws nothing from the lane.
    expect(again).toMatchObject({ events: [], inbound: [] });
    const window = await g.store.db
      .selectFrom('windows')
      .selectAll()
      .where('sender_id', '=', g.sender)
      .executeTakeFirstOrThrow();
    expect(window.opened_at).toEqual(new Date(T0 + 50_000));
    const entry = await g.store.db
      .selectFrom('journal')
      .select('state')
      .where('id', '=', journal)
      .executeTakeFirstOrThrow();
    expect(entry.state).toBe(1);
  });

  test('each endpoint of the workspace that asked for it gets a report, and no other one', async () => {
    const endpoint = async (workspace: string, mask: number): Promise<string> => {
      const id = newId();
      await g.store.db
        .insertInto('webhook_endpoints')
        .values({
          id,
          workspace_id: workspace,
          url: 'http://127.0.0.1:9/e',
          failover_url: null,
          dialect: 'telnyx',
          events: [],
          mask,
          secret: null,
          created_at: new Date(),
        })
        .execute();
      return id;
    };
    const wanted = await endpoint(g.workspace, EVENT.inbound);
    await endpoint(g.workspace, EVENT.read);
    await endpoint(await addWorkspace(g.store), EVENT.inbound);
    const inbound = row('w-told');
    await apply([], [inbound]);
    const reports = await g.store.db
      .selectFrom('reports')
      .selectAll()
      .where('message_id', '=', inbound.id)
      .execute();
    expect(reports.map(report => report.endpoint_id)).toEqual([wanted]);
  });
});

test('an id derived in the database is the one derived in Node', async () => {
  const id = newId();
  const { rows } = await sql<{ derived: string; inlined: string }>`
    select derived_id(i.id, i.name) as derived, ${sql.raw(DERIVED_ID('i.id', 'i.name'))} as inlined
    from (select ${id}::uuid as id, 'report:1:own'::text as name) i
  `.execute(g.store.db);
  const derived = derivedId(id, 'report:1:own');
  expect(rows).toEqual([{ derived, inlined: derived }]);
});
