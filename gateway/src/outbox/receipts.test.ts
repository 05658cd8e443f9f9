import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accepted, type OutboxGround, type OutboxNode, outboxGround } from '../../test/outbox.ts';
import type { Content } from '../message/content.ts';
import { EVENT } from '../message/event.ts';
import type { Outbound } from '../message/message.ts';
import { parametersOf } from './apply.ts';
import { APPLY, type Fact } from './apply-statement.ts';
import { endSilent } from './receipts.ts';

/** The end of a message that WhatsApp took and never told a delivery of (meta-cloud-api §3.4). */
let o: OutboxGround;
beforeEach(async () => {
  o = await outboxGround();
});
afterEach(() => o.close());

const TEMPLATE: Content = { type: 'template', template: { name: 'a', language: { code: 'en' } } };
const code = (more: Partial<Outbound> = {}): Outbound =>
  o.hello({ content: TEMPLATE, webhookUrl: 'https://example.com/hook', ...more });
const nodeOf = (category: string | undefined, ttlSeconds?: number): Promise<OutboxNode> =>
  o.node(accepted, { checkTemplate: () => ({ ok: true, templateId: undefined, category, ttlSeconds }) });
const due = () => o.g.store.db.selectFrom('receipts_due').selectAll().execute();
const look = (node: OutboxNode): Promise<number> => endSilent(o.g.store, o.clock, node.settle);
const reports = async (id: string): Promise<number[]> => {
  const rows = await o.g.store.db.selectFrom('reports').select('kind').where('message_id', '=', id).execute();
  return rows.map(row => row.kind).sort((a, b) => a - b);
};
const apply = (id: string, fact: Partial<Fact>) =>
  o.g.store.run(APPLY, [
    ...parametersOf([{ facts: [{ id, sender: o.g.sender, attempt: 1, ...fact }] }], o.clock.now()),
  ]);

describe('a life of its own', () => {
  test.each<[string, string | undefined, number | undefined, Content, number[]]>([
    ['a code', 'AUTHENTICATION', undefined, TEMPLATE, [600]],
    ['a code whose template says so', 'AUTHENTICATION', 120, TEMPLATE, [120]],
    ['a code that is tried as long as can be', 'AUTHENTICATION', -1, TEMPLATE, [600]],
    ['a notice whose template says so', 'UTILITY', 3_600, TEMPLATE, [3_600]],
    ['a notice', 'UTILITY', undefined, TEMPLATE, []],
    ['an advertisement', 'MARKETING', -1, TEMPLATE, []],
    ['a text', undefined, undefined, { type: 'text', text: { body: 'hi' } }, []],
    [
      'a text that is sent as a template',
      undefined,
      undefined,
      { type: 'text', text: { body: 'hi' }, category: 'utility', ttl_seconds: 60 },
      [60],
    ],
  ])('%s', async (_, category, ttl, content, expected) => {
    const node = await nodeOf(category, ttl);
    await node.put(code({ content }));
    expect((await due()).map(row => row.ttl_s)).toEqual(expected);
  });
});

test('without a word by then it is over, and that is reported once', async () => {
  const node = await nodeOf('AUTHENTICATION');
  const [id] = await node.put(code());
  await o.becomes(id!, 'accepted');
  await apply(id!, { sent: o.clock.now().toISOString() });
  o.step(590_000);
  expect(await look(node)).toBe(0);
  o.step(15_000);
  expect(await look(node)).toBe(1);
  expect(await due()).toEqual([]);
  expect((await o.row(id!)).ended_at).not.toBeNull();
  expect(await reports(id!)).toEqual([EVENT.sent, EVENT.unreceipted]);
  expect(await look(node)).toBe(0);
});

test('what is delivered after that all the same is told as well', async () => {
  const node = await nodeOf('AUTHENTICATION');
  const [id] = await node.put(code());
  await o.becomes(id!, 'accepted');
  o.step(605_000);
  await look(node);
  await apply(id!, { delivered: o.clock.now().toISOString() });
  expect(await reports(id!)).toEqual([EVENT.delivered, EVENT.unreceipted]);
});

test.each<[string, Partial<Fact>]>([
  ['delivered', { delivered: new Date().toISOString() }],
  ['read', { read: new Date().toISOString() }],
  ['failed', { failed: new Date().toISOString() }],
])('of what was %s nothing more is said', async (_, fact) => {
  const node = await nodeOf('AUTHENTICATION');
  const [id] = await node.put(code());
  await o.becomes(id!, 'accepted');
  await apply(id!, fact);
  o.step(605_000);
  expect(await look(node)).toBe(0);
  expect(await due()).toEqual([]);
  expect(await reports(id!)).not.toContain(EVENT.unreceipted);
});

test('its life begins when WhatsApp takes it, not in the queue', async () => {
  const node = await nodeOf('UTILITY', 60);
  await node.dispatch.stop();
  const [id] = await node.put(code());
  o.step(65_000);
  expect(await look(node)).toBe(0);
  expect(await due()).toHaveLength(1);
  const sending = await nodeOf('UTILITY', 60);
  await o.becomes(id!, 'accepted');
  o.step(55_000);
  expect(await look(sending)).toBe(0);
  o.step(10_000);
  await look(sending);
  o.step(60_000);
  await look(sending);
  expect(await reports(id!)).toContain(EVENT.unreceipted);
});
