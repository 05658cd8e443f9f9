import { afterEach, beforeEach, expect, test } from 'vitest';
import { accepted, type OutboxGround, type OutboxOptions, outboxGround } from '../../test/outbox.ts';
import { addSender } from '../../test/rows.ts';
import { newId } from '../message/id.ts';
import type { Outbound } from '../message/message.ts';
import { STATUS } from '../message/status.ts';
import { openWindows } from '../recipients/windows.ts';
import { cancelMessage } from './cancel.ts';

const DAY_MS = 24 * 3_600_000;
const WABA = 'waba';

let o: OutboxGround;
let people: number | undefined;

beforeEach(async () => {
  o = await outboxGround();
  people = undefined;
});
afterEach(() => o.close());

const limited: OutboxOptions = {
  sweeps: true,
  limit: () => (people === undefined ? undefined : { workspaceId: o.g.workspace, wabaId: WABA, people }),
};
const person = (n: number) => `+1555200${String(n).padStart(4, '0')}`;
const template = (n: number, more: Partial<Outbound> = {}) =>
  o.hello({
    recipient: person(n),
    content: { type: 'template', template: { name: 'offer', language: { code: 'en' } } },
    validForMs: 10 * DAY_MS,
    ...more,
  });
const text = (n: number) => o.hello({ recipient: person(n) });
const opened = (n: number) =>
  openWindows(o.g.store, [{ sender: o.g.sender, key: person(n), at: o.clock.now().toISOString() }]);
const parked = (id: string | undefined) =>
  expect.poll(async () => (await o.row(id!)).parked, { interval: 10 });
const used = async () =>
  (await o.g.store.db.selectFrom('portfolios').select('used').executeTakeFirst())?.used ?? 0;
const inLine = () => o.g.store.db.selectFrom('portfolio_waiting').selectAll().execute();

test('who finds no place waits outside the ready index, with the reason, and no attempt is used', async () => {
  people = 2;
  const node = await o.node(accepted, limited);
  const ids = await node.put(template(1), template(2), template(3), template(4));
  for (const id of ids.slice(0, 2)) await o.becomes(id, 'accepted');
  for (const id of ids.slice(2)) await parked(id).toBe('portfolio');
  expect(await o.row(ids[2]!)).toMatchObject({ status: 10, attempt: 0, run_at: null });
  const steps = await o.g.store.db
    .selectFrom('timeline')
    .selectAll()
    .where('message_id', '=', ids[2]!)
    .execute();
  expect(steps).toMatchObject([
    { step: 'waiting', attempt: 0, detail: 'the portfolio’s limit of 2 people per day is used up' },
  ]);
  expect(await used()).toBe(2);
  await node.portfolios.look();
  expect(node.sent).toHaveLength(2);
});

test('somebody who was written to within 24 hours costs nothing, and stays counted from then on', async () => {
  people = 1;
  const node = await o.node(accepted, limited);
  const [first] = await node.put(template(1));
  await o.becomes(first!, 'accepted');
  o.step(DAY_MS - 60_000);
  const [again, stranger] = await node.put(template(1), template(2));
  await o.becomes(again!, 'accepted');
  await parked(stranger).toBe('portfolio');
  // The first message is a day old by now, the second one is not.
  o.step(120_000);
  await node.portfolios.look();
  await parked(stranger).toBe('portfolio');
  expect(await used()).toBe(1);
});

test('two messages to one stranger take one place', async () => {
  people = 2;
  const node = await o.node(accepted, limited);
  const ids = await node.put(template(1), template(1), template(2));
  for (const id of ids) await o.becomes(id, 'accepted');
  expect(await used()).toBe(2);
});

test('answers pass while the limit is used up, and so does all to those who are counted', async () => {
  people = 1;
  const node = await o.node(accepted, limited);
  await opened(3);
  const [counted, waiting] = await node.put(template(1), template(2));
  await o.becomes(counted!, 'accepted');
  await parked(waiting).toBe('portfolio');
  const ids = await node.put(template(3), text(3), template(1), text(1));
  for (const id of ids) await o.becomes(id, 'accepted');
  expect(await used()).toBe(1);
});

test('free-form is never held and never counted, also behind a template that waits', async () => {
  people = 1;
  const node = await o.node(accepted, limited);
  const [one] = await node.put(text(5));
  await o.becomes(one!, 'accepted');
  expect(await used()).toBe(0);
  const [taken] = await node.put(template(1));
  await o.becomes(taken!, 'accepted');
  const ids = await node.put(template(2), text(2), template(2), text(2));
  await parked(ids[0]).toBe('portfolio');
  await parked(ids[2]).toBe('portfolio');
  await o.becomes(ids[1]!, 'accepted');
  await o.becomes(ids[3]!, 'accepted');
});

test('content with a category counts as a template does, a word in its text does not', async () => {
  people = 1;
  const node = await o.node(accepted, limited);
  const body = 'a "category": marketing';
  const [plain, nested] = await node.put(
    o.hello({ recipient: person(7), content: { type: 'text', text: { body } } }),
    o.hello({ recipient: person(8), content: { type: 'text', text: { body }, category: 'service' } }),
  );
  await o.becomes(plain!, 'accepted');
  await o.becomes(nested!, 'accepted');
  expect(await used()).toBe(0);
  const direct = (n: number) =>
    o.hello({ recipient: person(n), content: { type: 'text', text: { body }, category: 'utility' } });
  const [first, second] = await node.put(direct(1), direct(2));
  await o.becomes(first!, 'accepted');
  await parked(second).toBe('portfolio');
});

test('after 24 hours places are free again: by priority the oldest go first, and as many as fit', async () => {
  people = 2;
  const node = await o.node(accepted, limited);
  const before = await node.put(template(1), template(2));
  for (const id of before) await o.becomes(id, 'accepted');
  const ids = await node.put(
    template(3),
    template(4),
    template(5),
    template(3),
    template(6, { priority: 'reply' }),
  );
  for (const id of ids) await parked(id).toBe('portfolio');
  await node.portfolios.look();
  expect(node.sent).toHaveLength(2);
  o.step(DAY_MS + 1_000);
  await node.portfolios.look();
  // The urgent one, and the oldest with what else waits for that person.
  for (const index of [4, 0, 3]) await o.becomes(ids[index]!, 'accepted');
  await node.portfolios.look();
  expect((await o.row(ids[1]!)).parked).toBe('portfolio');
  expect((await o.row(ids[2]!)).parked).toBe('portfolio');
  expect(node.sent).toHaveLength(5);
  expect(await used()).toBe(2);
  o.step(DAY_MS + 1_000);
  await node.portfolios.look();
  for (const id of ids) await o.becomes(id, 'accepted');
  expect(await used()).toBe(2);
  expect(await inLine()).toEqual([]);
});

test('who comes new does not get a place before those who wait', async () => {
  people = 1;
  const node = await o.node(accepted, limited);
  const [first, waiting] = await node.put(template(1), template(2));
  await o.becomes(first!, 'accepted');
  await parked(waiting).toBe('portfolio');
  o.step(DAY_MS + 1_000);
  const [late] = await node.put(template(3));
  await parked(late).toBe('portfolio');
  await node.portfolios.look();
  await o.becomes(waiting!, 'accepted');
  await parked(late).toBe('portfolio');
});

test('a raised limit lets go as many as it gives places, and no limit lets all go', async () => {
  people = 1;
  const node = await o.node(accepted, limited);
  const ids = await node.put(...[1, 2, 3, 4, 5].map(n => template(n)));
  for (const id of ids.slice(1)) await parked(id).toBe('portfolio');
  people = 3;
  await node.portfolios.look();
  for (const id of ids.slice(0, 3)) await o.becomes(id, 'accepted');
  expect((await o.row(ids[3]!)).parked).toBe('portfolio');
  expect((await o.row(ids[4]!)).parked).toBe('portfolio');
  people = undefined;
  await node.portfolios.look();
  for (const id of ids) await o.becomes(id, 'accepted');
  expect(await inLine()).toEqual([]);
});

test('a lowered limit lets nobody new go, until fewer are counted', async () => {
  people = 3;
  const node = await o.node(accepted, limited);
  const ids = await node.put(template(1), template(2), template(3));
  for (const id of ids) await o.becomes(id, 'accepted');
  people = 1;
  const [waiting, again] = await node.put(template(4), template(1));
  await parked(waiting).toBe('portfolio');
  await o.becomes(again!, 'accepted');
  await node.portfolios.look();
  expect((await o.row(waiting!)).parked).toBe('portfolio');
});

test('where no limit is known nobody waits and nobody is counted', async () => {
  const node = await o.node(accepted, limited);
  const ids = await node.put(...Array.from({ length: 20 }, (_, n) => template(n)));
  for (const id of ids) await o.becomes(id, 'accepted');
  expect(await o.g.store.db.selectFrom('portfolio_people').selectAll().execute()).toEqual([]);
  expect(await o.g.store.db.selectFrom('portfolios').selectAll().execute()).toEqual([]);
});

test('whoever writes in is answered at once: what waited for him needs no place any more', async () => {
  people = 1;
  const node = await o.node(accepted, limited);
  const ids = await node.put(template(1), template(2), template(3));
  for (const id of ids.slice(1)) await parked(id).toBe('portfolio');
  await opened(3);
  await node.portfolios.look();
  await o.becomes(ids[2]!, 'accepted');
  expect((await o.row(ids[1]!)).parked).toBe('portfolio');
  expect(await used()).toBe(1);
});

test('what waits past its validity expires, and leaves the line', async () => {
  people = 1;
  const node = await o.node(accepted, limited);
  const [first, short, long] = await node.put(template(1), template(2, { validForMs: 60_000 }), template(3));
  await o.becomes(first!, 'accepted');
  await parked(short).toBe('portfolio');
  o.step(61_000);
  await o.becomes(short!, 'expired');
  await expect.poll(async () => (await inLine()).map(row => row.message_id)).toEqual([long]);
});

test('what waits can be canceled, and takes no place when its turn would come', async () => {
  people = 1;
  const node = await o.node(accepted, limited);
  const [first, canceled, next] = await node.put(template(1), template(2), template(3));
  await o.becomes(first!, 'accepted');
  await parked(next).toBe('portfolio');
  const outcome = await cancelMessage(o.g.store, node.settle, o.g.workspace, canceled!);
  expect(outcome).toMatchObject({ canceled: true });
  o.step(DAY_MS + 1_000);
  await node.portfolios.look();
  await o.becomes(next!, 'accepted');
  expect(node.sent).toHaveLength(2);
  expect(await inLine()).toEqual([]);
});

test('the count outlives the node that made it', async () => {
  people = 2;
  const first = await o.node(accepted, limited);
  const ids = await first.put(template(1), template(2), template(3));
  for (const id of ids.slice(0, 2)) await o.becomes(id, 'accepted');
  await parked(ids[2]).toBe('portfolio');
  await first.dispatch.stop();
  const second = await o.node(accepted, limited);
  const [again, stranger] = await second.put(template(1), template(4));
  await o.becomes(again!, 'accepted');
  await parked(stranger).toBe('portfolio');
  await second.portfolios.look();
  expect((await o.row(ids[2]!)).parked).toBe('portfolio');
  expect(second.sent).toHaveLength(1);
});

test('two nodes that own lanes of one account stay within its limit together', async () => {
  people = 50;
  const senders = [o.g.sender];
  for (let n = 1; n < 4; n++) senders.push(await addSender(o.g.store, o.g.workspace));
  const alone = { ...limited, alone: false };
  const [one, two] = [await o.node(accepted, { ...alone, nodeId: newId() }), await o.node(accepted, alone)];
  await expect
    .poll(
      async () => {
        await one.dispatch.renew();
        await two.dispatch.renew();
        const lanes = await o.g.store.db.selectFrom('lanes').select('node_id').execute();
        return new Set(lanes.map(lane => lane.node_id)).size;
      },
      { timeout: 15_000, interval: 200 },
    )
    .toBe(2);
  const ids: string[] = [];
  for (let n = 0; n < 200; n++)
    ids.push(...(await [one, two][n % 2]!.put(template(n, { senderId: senders[n % 4]! }))));
  const states = () =>
    o.g.store.db
      .selectFrom('messages')
      .select(({ fn }) => ['status', 'parked', fn.countAll<string>().as('n')])
      .groupBy(['status', 'parked'])
      .orderBy('status', 'desc')
      .execute();
  await expect.poll(states, { timeout: 20_000 }).toEqual([
    { status: STATUS.accepted, parked: null, n: '50' },
    { status: STATUS.queued, parked: 'portfolio', n: '150' },
  ]);
  expect(one.sent.length).toBeGreaterThan(0);
  expect(two.sent.length).toBeGreaterThan(0);
  expect(one.sent.length + two.sent.length).toBe(50);
  expect(await used()).toBe(50);
  o.step(DAY_MS + 1_000);
  await one.dispatch.renew();
  await two.dispatch.renew();
  await Promise.all([one.portfolios.look(), two.portfolios.look(), one.portfolios.look()]);
  await expect.poll(() => one.sent.length + two.sent.length, { timeout: 20_000 }).toBe(100);
  await one.portfolios.look();
  await new Promise(resolve => setTimeout(resolve, 300));
  expect(one.sent.length + two.sent.length).toBe(100);
  expect(await used()).toBe(50);
}, 60_000);

test('a portfolio without senders is forgotten when nobody is counted in it', async () => {
  people = 1;
  const node = await o.node(accepted, limited);
  const [first] = await node.put(template(1));
  await o.becomes(first!, 'accepted');
  await node.portfolios.tidy();
  expect(await used()).toBe(1);
  o.step(DAY_MS + 1_000);
  await node.portfolios.look();
  await node.portfolios.tidy();
  expect(await o.g.store.db.selectFrom('portfolios').selectAll().execute()).toEqual([]);
});
