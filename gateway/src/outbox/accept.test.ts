import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { accepted, type OutboxGround, type OutboxNode, outboxGround } from '../../test/outbox.ts';
import type { Content } from '../message/content.ts';
import { newId } from '../message/id.ts';

let o: OutboxGround;
beforeEach(async () => {
  o = await outboxGround();
});
afterEach(() => o.close());

const HOURS = 3_600_000;
const TEMPLATE: Content = { type: 'template', template: { name: 'a', language: { code: 'en' } } };

/** An outbox that sends nothing, so that rows stay as accept wrote them. */
async function door(more: Parameters<OutboxGround['node']>[1] = {}): Promise<OutboxNode> {
  const node = await o.node(accepted, more);
  await node.dispatch.stop();
  return node;
}

const opened = (recipient: string, hoursAgo: number) =>
  o.g.store.db
    .insertInto('windows')
    .values({
      sender_id: o.g.sender,
      recipient,
      opened_at: new Date(o.clock.now().getTime() - hoursAgo * HOURS),
    })
    .execute();

const count = async (): Promise<number> =>
  Number(
    (
      await o.g.store.db
        .selectFrom('messages')
        .select(({ fn }) => fn.countAll().as('n'))
        .executeTakeFirstOrThrow()
    ).n,
  );

test('what was committed and whose answer was lost on the way is accepted, and stands once', async () => {
  const node = await door();
  const { store } = o.g;
  const run = store.run.bind(store);
  vi.spyOn(store, 'run').mockImplementationOnce(async (statement, values) => {
    await run(statement, values);
    throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  });
  const answers = await node.accept.accept([o.hello(), o.hello()]);
  expect(answers).toMatchObject([{ kind: 'accepted' }, { kind: 'accepted' }]);
  expect(await count()).toBe(2);
});

describe('the 24-hour window', () => {
  const REFUSED = { kind: 'refused', failure: { code: '131047' } };

  test('free-form outside a window that is known to be closed is refused, and nothing is stored', async () => {
    const node = await door({ closedIsKnown: () => true });
    expect(await node.accept.accept([o.hello()])).toMatchObject([REFUSED]);
    expect(await count()).toBe(0);
  });

  test('where webhooks may be missing, WhatsApp decides', async () => {
    const node = await door({ closedIsKnown: () => false });
    expect(await node.accept.accept([o.hello()])).toMatchObject([{ kind: 'accepted' }]);
  });

  test.each([
    [23.9, 'accepted'],
    [24.1, 'refused'],
  ])('a recipient who wrote %s hours ago: %s', async (hours, kind) => {
    const node = await door({ closedIsKnown: () => true });
    await opened('+15557654321', hours);
    expect(await node.accept.accept([o.hello()])).toMatchObject([{ kind }]);
  });

  test('a template is never blocked, nor is a message with a category', async () => {
    const node = await door({ closedIsKnown: () => true });
    const direct: Content = { type: 'text', text: { body: 'Order 17 left.' }, category: 'utility' };
    const results = await node.accept.accept([
      o.hello({ content: TEMPLATE }),
      o.hello({ content: direct }),
      o.hello(),
    ]);
    expect(results).toMatchObject([{ kind: 'accepted' }, { kind: 'accepted' }, REFUSED]);
    expect(await count()).toBe(2);
  });

  test.each([
    ['a Brazilian number with the ninth digit', '+5511987654321', '+551187654321'],
    ['a Mexican number with the 1', '+5215512345678', '+525512345678'],
  ])('%s has the window of the same person without it', async (_, written, canonical) => {
    const node = await door({ closedIsKnown: () => true });
    await opened(canonical, 1);
    expect(await node.accept.accept([o.hello({ recipient: written })])).toMatchObject([{ kind: 'accepted' }]);
  });

  test('a business-scoped user id has the window of the phone it is known for', async () => {
    const node = await door({ closedIsKnown: () => true });
    await opened('+15557654321', 1);
    const to = o.hello({ recipient: 'US.13491208655302741918' });
    expect(await node.accept.accept([to])).toMatchObject([REFUSED]);
    await o.g.store.db
      .insertInto('recipient_aliases')
      .values({
        workspace_id: o.g.workspace,
        alias: to.recipient,
        recipient: '+15557654321',
        learnt_at: o.clock.now(),
      })
      .execute();
    expect(await node.accept.accept([to])).toMatchObject([{ kind: 'accepted' }]);
  });

  test('one message that is refused takes none of its neighbours along', async () => {
    const node = await door({ closedIsKnown: () => true });
    await opened('+15550000001', 1);
    const results = await Promise.all(
      ['+15550000001', '+15550000002', '+15550000001'].map(recipient =>
        node.accept.accept([o.hello({ recipient })]),
      ),
    );
    expect(results.flat().map(one => one.kind)).toEqual(['accepted', 'refused', 'accepted']);
  });
});

describe('templates', () => {
  test('one that does not fit its definition is refused with the reason, and nothing is stored', async () => {
    const failure = { code: '132000', title: 'x', outcome: 'final', remedy: '', source: 'wirebird' } as const;
    const node = await door({ checkTemplate: async () => ({ ok: false, failure }) });
    expect(await node.accept.accept([o.hello({ content: TEMPLATE })])).toEqual([
      { kind: 'refused', failure },
    ]);
    expect(await count()).toBe(0);
  });

  test.each([
    ['AUTHENTICATION', 0],
    ['UTILITY', 1],
    ['MARKETING', 2],
    [undefined, 1],
  ])('a template of the category %s has priority %i', async (category, priority) => {
    const templateId = newId();
    const node = await door({ checkTemplate: () => ({ ok: true, templateId, category }) });
    const [id] = await node.put(o.hello({ content: TEMPLATE }));
    expect(await o.row(id!)).toMatchObject({ priority, template_id: templateId });
  });

  test('a priority that the caller gives stands', async () => {
    const node = await door({
      checkTemplate: () => ({ ok: true, templateId: undefined, category: 'MARKETING' }),
    });
    const [id] = await node.put(o.hello({ content: TEMPLATE, priority: 'reply' }));
    expect(await o.row(id!)).toMatchObject({ priority: 0 });
  });
});
