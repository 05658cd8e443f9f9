import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accepted, type OutboxGround, type OutboxNode, outboxGround } from '../../test/outbox.ts';
import { up } from '../store/migrations/0007-repeats.ts';
import type { Acceptance, Accepted } from './accept.ts';
import { type Key, KeyTaken, type Mark } from './repeats.ts';

/** Which request is another one come again (design §4, front-door repeats). */
let o: OutboxGround;
beforeEach(async () => {
  o = await outboxGround();
});
afterEach(() => o.close());

/** An outbox that sends nothing. */
async function door(more: Parameters<OutboxGround['node']>[1] = {}): Promise<OutboxNode> {
  const node = await o.node(accepted, more);
  await node.dispatch.stop();
  await node.repeats.beat();
  return node;
}

const like = (hash: string, more: Partial<Mark> = {}): Mark => ({
  hash,
  retried: false,
  isOpen: () => true,
  key: undefined,
  ...more,
});
const ask = (node: OutboxNode, mark: Mark): Promise<Acceptance[]> => node.accept.accept([o.hello()], mark);
const idsOf = (answers: readonly Acceptance[]): string[] => answers.map(one => (one as Accepted).id);
const stored = async (): Promise<number> =>
  (await o.g.store.db.selectFrom('messages').select('id').execute()).length;

describe('without a key', () => {
  test('equal requests are separate messages, side by side and one after the other', async () => {
    const node = await door();
    await Promise.all([ask(node, like('1')), ask(node, like('1'))]);
    await ask(node, like('1'));
    expect(await stored()).toBe(3);
  });

  test('one that says that it is a repeat is the first one, for two minutes', async () => {
    const node = await door();
    const first = await ask(node, like('1'));
    const again = await ask(node, like('1', { retried: true }));
    expect(again).toEqual([{ ...first[0], repeated: true }]);
    o.step(119_000);
    expect(idsOf(await ask(node, like('1', { retried: true })))).toEqual(idsOf(first));
    o.step(2_000);
    expect(idsOf(await ask(node, like('1', { retried: true })))).not.toEqual(idsOf(first));
    expect(await stored()).toBe(2);
  });

  test('one that says so and has no first one is stored', async () => {
    const node = await door();
    await ask(node, like('-9223372036854775808'));
    expect((await ask(node, like('9223372036854775807', { retried: true })))[0]).not.toHaveProperty(
      'repeated',
    );
    expect(await stored()).toBe(2);
  });

  test('one that says so while the first is being stored waits for it', async () => {
    const node = await door();
    const [first, again] = await Promise.all([ask(node, like('1')), ask(node, like('1', { retried: true }))]);
    expect(idsOf(again)).toEqual(idsOf(first));
    expect(await stored()).toBe(1);
  });

  test('one that comes while the caller of the first has gone is the first one', async () => {
    const node = await door();
    const [first, again] = await Promise.all([
      ask(node, like('1', { isOpen: () => false })),
      ask(node, like('1')),
    ]);
    expect(idsOf(again)).toEqual(idsOf(first));
  });

  test.each(['the same node', 'another node'])(
    'one whose first was not answered is the first one, once, on %s',
    async where => {
      const node = await door({ alone: false });
      const other = where === 'the same node' ? node : await door({ alone: false });
      const first = await ask(node, like('1'));
      await node.repeats.doubt('1');
      expect(idsOf(await ask(other, like('1')))).toEqual(idsOf(first));
      // That one was answered: the next is a message of its own.
      if (other === node) expect(idsOf(await ask(other, like('1')))).not.toEqual(idsOf(first));
      expect(await o.g.store.db.selectFrom('doubtful_requests').selectAll().execute()).toEqual([]);
    },
  );

  test('a doubt about what was never stored changes nothing', async () => {
    const node = await door();
    await node.repeats.doubt('1');
    await node.repeats.doubt('1');
    const first = await ask(node, like('1'));
    expect(first[0]).not.toHaveProperty('repeated');
  });

  test('one whose first was taken in the last second of a node that died is the first one', async () => {
    const dead = await door({ alone: false });
    const long = await ask(dead, like('1'));
    o.step(1_500);
    await dead.repeats.beat();
    const last = await ask(dead, like('2'));
    const other = await door({ alone: false });
    expect(idsOf(await ask(other, like('2')))).not.toEqual(idsOf(last));
    o.step(4_000);
    await other.repeats.beat();
    expect(idsOf(await ask(other, like('2')))).toEqual(idsOf(last));
    expect(idsOf(await ask(other, like('1')))).not.toEqual(idsOf(long));
  });

  test('on the embedded database whoever was there before is dead at once', async () => {
    const dead = await door();
    const last = await ask(dead, like('1'));
    const next = await door();
    expect(idsOf(await ask(next, like('1')))).toEqual(idsOf(last));
  });

  test('a node that stopped cleanly leaves no doubt', async () => {
    const left = await door({ alone: false });
    const first = await ask(left, like('1'));
    await left.repeats.leave();
    const other = await door({ alone: false });
    o.step(4_000);
    expect(idsOf(await ask(other, like('1')))).not.toEqual(idsOf(first));
  });

  test('a request of several messages is repeated as a whole, in its order', async () => {
    const node = await door();
    const messages = ['1', '2', '3'].map(n => o.hello({ recipient: `+1555765432${n}` }));
    const first = await node.accept.accept(messages, like('1'));
    expect(idsOf(await node.accept.accept(messages, like('1', { retried: true })))).toEqual(idsOf(first));
  });
});

describe('with a key', () => {
  const key = (more: Partial<Key> = {}): Key => ({
    workspaceId: o.g.workspace,
    route: 'POST /x',
    key: 'k',
    bodyHash: 'ab'.repeat(32),
    ...more,
  });
  const keyed = (one: Key): Mark => ({ hash: undefined, retried: false, isOpen: () => true, key: one });
  const send = (node: OutboxNode, one: Key): Promise<Acceptance[]> =>
    node.accept.accept([o.hello()], keyed(one), ([message]) => ({ id: message?.id }));

  test('the answer is kept in the commit of the messages, for a day', async () => {
    const node = await door();
    const [id] = idsOf(await send(node, key()));
    expect(await node.repeats.answered(key())).toEqual({ answer: JSON.stringify({ id }) });
    expect(await node.repeats.answered(key({ bodyHash: 'cd'.repeat(32) }))).toBe('reused');
    expect(await node.repeats.answered(key({ route: 'POST /y' }))).toBeUndefined();
    o.step(24 * 3_600_000 + 1_000);
    expect(await node.repeats.answered(key())).toBeUndefined();
    await send(node, key({ bodyHash: 'cd'.repeat(32) }));
    expect(await stored()).toBe(2);
  });

  test('of two nodes that take the same key one stores, and the other says that it was taken', async () => {
    const [one, other] = [await door({ alone: false }), await door({ alone: false })];
    const outcomes = await Promise.allSettled([send(one, key()), send(other, key())]);
    expect(outcomes.map(outcome => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
    const [lost] = outcomes.filter(outcome => outcome.status === 'rejected');
    expect(lost?.reason).toBeInstanceOf(KeyTaken);
    expect(await stored()).toBe(1);
  });

  test('what was refused keeps no answer', async () => {
    const node = await door({ closedIsKnown: () => true });
    expect(await send(node, key())).toMatchObject([{ kind: 'refused' }]);
    expect(await node.repeats.answered(key())).toBeUndefined();
    const unsendable = await door({
      checkTemplate: () => ({ ok: false, failure: { code: '132001' } as never }),
    });
    const template = o.hello({
      content: { type: 'template', template: { name: 'a', language: { code: 'en' } } },
    });
    await unsendable.accept.accept([template], keyed(key()), () => ({}));
    expect(await unsendable.repeats.answered(key())).toBeUndefined();
  });

  test('a key runs once at a time on a node', async () => {
    const node = await door();
    expect(node.repeats.begin(key())).toBe(true);
    expect(node.repeats.begin(key())).toBe(false);
    expect(node.repeats.begin(key({ key: 'other' }))).toBe(true);
    node.repeats.end(key());
    expect(node.repeats.begin(key())).toBe(true);
  });

  test('neighbours in one commit keep their own answers', async () => {
    const node = await door();
    const keys = Array.from({ length: 20 }, (_, n) => key({ key: `k${n}` }));
    const answers = await Promise.all(keys.map(one => send(node, one)));
    for (const [index, one] of keys.entries())
      expect(await node.repeats.answered(one)).toEqual({
        answer: JSON.stringify({ id: idsOf(answers[index]!)[0] }),
      });
  });
});

test('everything that is kept for repeats is forgotten in its time', async () => {
  const node = await door();
  await node.repeats.doubt('1');
  await o.g.store.db
    .insertInto('idempotency_keys')
    .values(
      Array.from({ length: 3 }, (_, n) => ({
        workspace_id: o.g.workspace,
        route: 'POST /x',
        key: `k${n}`,
        body_hash: Buffer.alloc(32),
        answer: '{}',
        created_at: o.clock.now(),
      })),
    )
    .execute();
  await node.repeats.tidy();
  const counts = async () => {
    const { rows } = await sql<Record<string, number>>`
      select (select count(*)::int from idempotency_keys) as keys, (select count(*)::int from doubtful_requests) as doubts,
        (select count(*)::int from accepting_nodes) as nodes
    `.execute(o.g.store.db);
    return rows[0];
  };
  expect(await counts()).toEqual({ keys: 3, doubts: 1, nodes: 1 });
  o.step(24 * 3_600_000 + 1_000);
  await node.repeats.tidy();
  expect(await counts()).toEqual({ keys: 0, doubts: 0, nodes: 0 });
});

test('the days from yesterday on are indexed by request, on a database that has them already and on a new one', async () => {
  const { db } = o.g.store;
  const indexed = async (): Promise<string[]> => {
    const { rows } = await sql<{ name: string }>`
      select tablename as name from pg_indexes where indexdef like '%(request_hash)%' and tablename <> 'messages'
    `.execute(db);
    return rows.map(row => row.name).sort();
  };
  const fresh = await indexed();
  expect(fresh.length).toBeGreaterThan(7);
  await sql`
    drop index messages_requested;
    alter table messages drop column request_hash, drop column node_id;
    drop table idempotency_keys, doubtful_requests, accepting_nodes, receipts_due;
  `.execute(db);
  expect(await indexed()).toEqual([]);
  await up(db as never);
  const days = fresh.filter(name => /_\d{8}$/.test(name));
  expect(await indexed()).toEqual(days);
});
