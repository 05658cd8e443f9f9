import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, accepted, failing, type OutboxGround, outboxGround } from '../../test/outbox.ts';
import type { SendResult } from '../carriers/whatsapp/client.ts';
import { CONSENT_POLICY } from '../message/consent.ts';
import type { Outbound } from '../message/message.ts';
import { STATUS } from '../message/status.ts';

/** Order and Meta's limit between one sender and one recipient, and the end of a message's validity. */
let o: OutboxGround;

beforeEach(async () => {
  o = await outboxGround();
});
afterEach(() => o.close());

const text = (body: string, more: Partial<Outbound> = {}): Outbound =>
  o.hello({ content: { type: 'text', text: { body } }, ...more });
const bodies = (sent: readonly { content: string }[]): string[] =>
  sent.map(send => (JSON.parse(send.content) as { text: { body: string } }).text.body);
const parkedOf = async (id: string): Promise<string | null> => (await o.row(id)).parked;

const SWEEPS = { sweeps: true };

/** A carrier that answers when it is told to. */
function held(): { answer: Answer; release: (result?: SendResult) => void } {
  const waiting: ((result: SendResult) => void)[] = [];
  return {
    answer: () => new Promise(resolve => waiting.push(resolve)),
    release: (result = { kind: 'accepted', wamid: `wamid.${Math.random()}` }) => waiting.shift()?.(result),
  };
}

describe('one sender and one recipient', () => {
  test('get one message at a time, in the order of their acceptance', async () => {
    const carrier = held();
    const node = await o.node(carrier.answer, SWEEPS);
    const ids = await node.put(text('1'), text('2'), text('3'));
    for (const count of [1, 2, 3]) {
      await expect.poll(() => node.sent.length).toBe(count);
      for (const id of ids.slice(count)) await expect.poll(() => parkedOf(id)).toBe('order');
      carrier.release();
    }
    for (const id of ids) await o.becomes(id, 'accepted');
    expect(bodies(node.sent)).toEqual(['1', '2', '3']);
  });

  test('are held apart from other recipients and other priorities', async () => {
    const carrier = held();
    const node = await o.node(carrier.answer, SWEEPS);
    await node.put(text('first'), text('second'));
    await expect.poll(() => node.sent.length).toBe(1);
    await node.put(text('other', { recipient: '+15550000009' }), text('urgent', { priority: 'reply' }));
    await expect.poll(() => bodies(node.sent).sort()).toEqual(['first', 'other', 'urgent']);
    for (let n = 0; n < 4; n++) carrier.release();
    await expect.poll(() => node.sent.length).toBe(4);
    carrier.release();
  });

  test('are the same pair under both spellings of a Brazilian number', async () => {
    const carrier = held();
    const node = await o.node(carrier.answer, SWEEPS);
    await node.put(text('1', { recipient: '+5511987654321' }), text('2', { recipient: '+551187654321' }));
    await expect.poll(() => node.sent.length).toBe(1);
    carrier.release();
    await expect.poll(() => bodies(node.sent)).toEqual(['1', '2']);
    expect(node.sent.map(send => send.recipient)).toEqual(['+5511987654321', '+551187654321']);
    carrier.release();
  });

  test('get 45 at once, then one every 6 s, while others are not slowed', async () => {
    const node = await o.node(accepted, SWEEPS);
    const ids = await node.put(...Array.from({ length: 60 }, (_, n) => text(String(n))));
    await expect.poll(() => node.sent.length, { timeout: 20_000 }).toBe(45);
    await expect.poll(() => parkedOf(ids[45]!)).toBe('pair');
    const [other] = await node.put(text('other', { recipient: '+15550000009' }));
    await o.becomes(other!, 'accepted');
    expect(node.sent).toHaveLength(46);
    for (const count of [47, 48]) {
      o.step(6_000);
      await node.dispatch.renew();
      await node.sweeper.sweep();
      await expect.poll(() => node.sent.length).toBe(count);
    }
    await expect.poll(() => parkedOf(ids[47]!)).toBe('pair');
    expect(bodies(node.sent.filter(send => send.recipient !== '+15550000009'))).toEqual(
      Array.from({ length: 47 }, (_, n) => String(n)),
    );
    const waits = await o.g.store.db
      .selectFrom('timeline')
      .selectAll()
      .where('message_id', '=', ids[45]!)
      .orderBy('at')
      .execute();
    expect(waits.map(({ step, detail }) => `${step}: ${detail}`)).toContain('waiting: pair limit');
  });

  test('keep their limit when another node takes over', async () => {
    const first = await o.node(accepted, SWEEPS);
    const ids = await first.put(...Array.from({ length: 46 }, (_, n) => text(String(n))));
    await expect.poll(() => first.sent.length, { timeout: 20_000 }).toBe(45);
    await expect.poll(() => parkedOf(ids[45]!)).toBe('pair');
    await first.dispatch.stop();
    const second = await o.node(accepted);
    const [late] = await second.put(text('late'));
    await expect.poll(() => parkedOf(late!)).toBe('order');
    expect(second.sent).toEqual([]);
  });

  test('a claim that is given back gives its place in the limit back', async () => {
    const node = await o.node(() => failing({ code: 'ECONNREFUSED', outcome: 'retry', neverLeft: true }));
    const [one] = await node.put(text('1'));
    await expect.poll(() => parkedOf(one!)).toBe('retry');
    const [pair] = await o.g.store.db.selectFrom('pairs').selectAll().execute();
    expect(pair!.tat.getTime()).toBeLessThanOrEqual(o.clock.now().getTime());
  });

  test('wait as a pair when Meta finds them over its limit, whatever the priority', async () => {
    const node = await o.node((send, count) =>
      count === 1
        ? failing({
            code: '131056',
            outcome: 'retry',
            retry: { kind: 'after', ms: 1_000 },
            hold: 'pair',
          })
        : accepted(send, count),
    );
    const [one] = await node.put(text('1'));
    await expect.poll(() => parkedOf(one!)).toBe('pair');
    const [behind, urgent] = await node.put(text('2'), text('urgent', { priority: 'reply' }));
    await expect.poll(() => parkedOf(behind!)).toBe('order');
    await expect.poll(() => parkedOf(urgent!)).toBe('pair');
    const [other] = await node.put(text('other', { recipient: '+15550000009' }));
    await o.becomes(other!, 'accepted');
    o.step(8_000);
    await node.dispatch.renew();
    await node.sweeper.sweep();
    await o.becomes(one!, 'accepted');
  });
});

describe('what waits behind a message', () => {
  test('passes it after 15 s when its outcome is unknown', async () => {
    const node = await o.node((send, count) =>
      count === 1 ? failing({ outcome: 'unknown' }) : accepted(send, count),
    );
    const [head, follower] = await node.put(text('1'), text('2'));
    await o.becomes(head!, 'unconfirmed');
    await node.sweeper.sweep();
    expect(await parkedOf(follower!)).toBe('order');
    o.step(15_500);
    await node.dispatch.renew();
    await node.sweeper.sweep();
    await o.becomes(follower!, 'accepted');
    expect((await o.row(head!)).status).toBe(STATUS.unconfirmed);
  });

  test('leaves in its turn when one that came later finds the way free', async () => {
    const node = await o.node((_send, count) =>
      count === 1 ? failing({ code: 'ECONNRESET', outcome: 'unknown' }) : accepted(_send, count),
    );
    const [head] = await node.put(text('head'));
    await o.becomes(head!, 'unconfirmed');
    const [first, second] = await node.put(text('first'), text('second'));
    for (const id of [first!, second!]) await expect.poll(() => parkedOf(id)).toBe('order');
    // The head holds nobody any more, and the next sweep has not come yet.
    o.step(15_100);
    await node.dispatch.renew();
    const [late] = await node.put(text('late'));
    await expect.poll(() => parkedOf(late!)).toBe('order');
    await node.sweeper.sweep();
    for (const id of [first!, second!, late!]) await o.becomes(id, 'accepted');
    expect(bodies(node.sent)).toEqual(['head', 'first', 'second', 'late']);
  });

  test('is not passed while another node has it in its hands', async () => {
    const carrier = held();
    const node = await o.node(carrier.answer);
    const ids = await node.put(text('head'), text('first'), text('second'));
    for (const id of ids.slice(1)) await expect.poll(() => parkedOf(id)).toBe('order');
    const other = new pg.Client({ connectionString: o.g.url });
    await other.connect();
    await other.query('begin');
    await other.query('select from messages where id = $1 for update', [ids[1]]);
    carrier.release();
    await o.becomes(ids[0]!, 'accepted');
    await node.sweeper.sweep();
    expect(node.sent).toHaveLength(1);
    await other.query('commit');
    await other.end();
    await node.sweeper.sweep();
    await expect.poll(() => bodies(node.sent)).toEqual(['head', 'first']);
    carrier.release();
    await expect.poll(() => bodies(node.sent)).toEqual(['head', 'first', 'second']);
    carrier.release();
  });

  test('goes first where two commits that crossed have called a later one', async () => {
    const quiet = await o.node(accepted);
    await quiet.dispatch.stop();
    const [first, later] = await quiet.put(text('first'), text('later'));
    const { db } = o.g.store;
    await db.updateTable('messages').set({ parked: 'order' }).where('id', '=', first!).execute();
    await db
      .insertInto('pairs')
      .values({
        sender_id: o.g.sender,
        recipient: '+15557654321',
        priority: 1,
        tat: o.clock.now(),
        head: later!,
        followed: true,
      })
      .execute();
    const node = await o.node(accepted);
    await expect.poll(() => parkedOf(later!)).toBe('order');
    await node.sweeper.sweep();
    for (const id of [first!, later!]) await o.becomes(id, 'accepted');
    expect(bodies(node.sent)).toEqual(['first', 'later']);
  });

  test('waits for a retry within a minute, and does not wait for a later one', async () => {
    const tries = new Map<string, number>();
    const node = await o.node((send, count) => {
      const [body] = bodies([send]);
      const nth = (tries.get(body!) ?? 0) + 1;
      tries.set(body!, nth);
      const ms = { '1': 30_000, '3': 90_000 }[body!];
      return ms !== undefined && nth === 1
        ? failing({ outcome: 'retry', retry: { kind: 'after', ms } })
        : accepted(send, count);
    }, SWEEPS);
    const [head, follower] = await node.put(text('1'), text('2'));
    await expect.poll(() => parkedOf(head!)).toBe('retry');
    await node.sweeper.sweep();
    expect(await parkedOf(follower!)).toBe('order');
    o.step(31_000);
    await node.dispatch.renew();
    await node.sweeper.sweep();
    await o.becomes(follower!, 'accepted');
    expect(bodies(node.sent)).toEqual(['1', '1', '2']);
    const elsewhere = { recipient: '+15550000009' };
    const [late, next] = await node.put(text('3', elsewhere), text('4', elsewhere));
    await expect.poll(() => parkedOf(late!)).toBe('retry');
    await o.becomes(next!, 'accepted');
  });

  test('goes on at once when the message fails, expires or waits for its template', async () => {
    const node = await o.node((send, count) => (count === 1 ? failing({}) : accepted(send, count)), SWEEPS);
    const [failed, next] = await node.put(text('1'), text('2'));
    await o.becomes(failed!, 'failed');
    await o.becomes(next!, 'accepted');
  });
});

describe('validity', () => {
  test('a day, ten minutes for a code, and whatever a workspace or a message says', async () => {
    const node = await o.node(accepted, {
      checkTemplate: () => ({ ok: true, templateId: undefined, category: 'AUTHENTICATION' }),
    });
    const template = { type: 'template', template: { name: 'a', language: { code: 'en' } } } as const;
    const [plain, code, own] = await node.put(
      text('1'),
      o.hello({ content: template }),
      text('2', { validForMs: 1_000 }),
    );
    const validFor = async (id: string): Promise<number> => {
      const row = await o.row(id);
      return (row.valid_until!.getTime() - row.created_at.getTime()) / 1000;
    };
    expect(await Promise.all([plain!, code!, own!].map(validFor))).toEqual([86_400, 600, 1]);
    const other = await o.node(accepted, {
      termsOf: () => ({
        validForMs: 60_000,
        unconfirmedDeadlineMs: undefined,
        consentPolicy: CONSENT_POLICY,
      }),
    });
    const [ofWorkspace] = await other.put(text('3'));
    expect(await validFor(ofWorkspace!)).toBe(60);
  });

  test('what a claim meets after it ends as expired, is not sent, and is reported', async () => {
    const node = await o.node(accepted);
    await node.dispatch.stop();
    const ids = await node.put(
      ...Array.from({ length: 30 }, (_, n) =>
        text(String(n), { validForMs: 5_000, webhookUrl: 'https://a.example/' }),
      ),
      text('last'),
    );
    o.step(6_000);
    const later = await o.node(accepted, SWEEPS);
    await o.becomes(ids[30]!, 'accepted');
    for (const id of ids.slice(0, 30)) await o.becomes(id, 'expired');
    expect(bodies(later.sent)).toEqual(['last']);
    expect(JSON.parse((await o.row(ids[0]!)).failure!)).toMatchObject({ code: 'expired' });
    expect(
      await o.g.store.db.selectFrom('reports').select('kind').where('message_id', '=', ids[0]!).execute(),
    ).toEqual([{ kind: 64 }]);
  });

  test('a sender that is held does not keep what is past its validity', async () => {
    const node = await o.node(() => failing({ outcome: 'hold', retry: { kind: 'after', ms: 60_000 } }));
    const [one] = await node.put(text('1', { validForMs: 5_000 }));
    await expect.poll(async () => (await o.row(one!)).attempt).toBe(1);
    await o.becomes(one!, 'queued');
    o.step(5_500);
    await node.sweeper.sweep();
    await o.becomes(one!, 'expired');
  });
});

test('the rows of pairs that have nothing to say any more are deleted', async () => {
  const node = await o.node(accepted);
  const ids = await node.put(
    ...Array.from({ length: 20 }, (_, n) => text('x', { recipient: `+1555000${1000 + n}` })),
  );
  for (const id of ids) await o.becomes(id, 'accepted');
  const count = async (): Promise<number> =>
    (await o.g.store.db.selectFrom('pairs').selectAll().execute()).length;
  await node.sweeper.tidy();
  expect(await count()).toBe(20);
  o.step(3_700_000);
  await node.sweeper.tidy();
  expect(await count()).toBe(0);
});
