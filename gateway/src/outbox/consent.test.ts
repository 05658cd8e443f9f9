import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accepted, failing, type OutboxGround, outboxGround } from '../../test/outbox.ts';
import { CONSENT, type ConsentReason } from '../message/consent.ts';
import type { Consent, Outbound } from '../message/message.ts';
import { Aliases } from '../recipients/aliases.ts';
import { Consents } from '../recipients/consents.ts';
import { unknownTemplate } from '../templates/template.ts';
import { ACCEPT, ACCEPT_LOOKING } from './accept-statement.ts';
import { CLAIM } from './claim.ts';

/** What the ledger holds back, at accept and at send. */
let o: OutboxGround;
let consents: Consents;
let last = 0;

beforeAll(async () => {
  o = await outboxGround();
  consents = new Consents(o.g.store, o.clock, () => {});
});
afterAll(() => o.close());

const person = (): string => `+1555800${String(++last).padStart(4, '0')}`;

const out = (recipient: string, reason: ConsentReason, active = true) =>
  consents.record([{ workspaceId: o.g.workspace, customer: recipient, reason, active, source: 'manual' }]);

const template = (recipient: string, more: Partial<Outbound> = {}): Outbound =>
  o.hello({
    recipient,
    content: { type: 'template', template: { name: 'sale', language: { code: 'en' } } },
    ...more,
  });

const as = (category: string) => ({
  checkTemplate: () => ({ ok: true as const, templateId: undefined, category }),
});

const failureOf = async (id: string): Promise<string> => JSON.parse((await o.row(id)).failure ?? '{}').code;

describe('at accept', () => {
  test.each<[ConsentReason, string]>([
    ['unsubscribed', 'recipient_unsubscribed'],
    ['stopped', 'recipient_stopped'],
    ['marketing', 'recipient_stopped_marketing'],
    ['blocked', 'recipient_blocked'],
  ])('a marketing template to somebody who is %s is refused, and nothing is stored', async (reason, code) => {
    const node = await o.node(accepted, as('MARKETING'));
    const to = person();
    await out(to, reason);
    const answers = await node.accept.accept([template(to)]);
    expect(answers).toMatchObject([{ kind: 'refused', failure: { code, outcome: 'final' } }]);
    const rows = await o.g.store.db.selectFrom('messages').select('id').where('recipient', '=', to).execute();
    expect(rows).toEqual([]);
  });

  test.each<[string, ConsentReason, boolean]>([
    ['UTILITY', 'unsubscribed', true],
    ['UTILITY', 'stopped', true],
    ['AUTHENTICATION', 'marketing', true],
    ['UTILITY', 'blocked', false],
  ])('of a %s template to somebody who is %s: taken is %s', async (category, reason, taken) => {
    const node = await o.node(accepted, as(category));
    const to = person();
    await out(to, reason);
    const [answer] = await node.accept.accept([template(to)]);
    expect(answer?.kind === 'accepted').toBe(taken);
  });

  test('an entry that was taken away holds nothing back', async () => {
    const node = await o.node(accepted, as('MARKETING'));
    const to = person();
    await out(to, 'unsubscribed');
    await out(to, 'unsubscribed', false);
    expect(await node.accept.accept([template(to)])).toMatchObject([{ kind: 'accepted' }]);
  });

  test('a template of no known category may be an advertisement', async () => {
    const node = await o.node(accepted, {
      checkTemplate: () => ({ ok: true, templateId: undefined, category: undefined }),
    });
    const to = person();
    await out(to, 'stopped');
    expect(await node.accept.accept([template(to)])).toMatchObject([{ kind: 'refused' }]);
  });

  test.each<[string, Consent, ConsentReason, string | undefined]>([
    [
      'its flag for it',
      { mask: CONSENT.unsubscribed, marketingMask: 0 },
      'unsubscribed',
      'recipient_unsubscribed',
    ],
    ['no flag for it', { mask: CONSENT.blocked, marketingMask: 0 }, 'unsubscribed', undefined],
  ])(
    'a message with %s is stored, and ends as suppressed where the flag says so',
    async (_, consent, reason, code) => {
      const node = await o.node(accepted);
      const to = person();
      await out(to, reason);
      const [answer] = await node.accept.accept([o.hello({ recipient: to, consent, known: 'report' })]);
      if (answer?.kind !== 'accepted') throw new Error('it was refused');
      if (code === undefined) return o.becomes(answer.id, 'accepted');
      await o.becomes(answer.id, 'suppressed');
      expect(await failureOf(answer.id)).toBe(code);
      expect(node.sent.some(one => one.recipient === to)).toBe(false);
    },
  );

  test('a policy for all keeps service messages back too, and none lets everything through', async () => {
    const to = person();
    await out(to, 'stopped');
    const terms = (optOuts: 'all' | 'none') => ({
      termsOf: () => ({
        validForMs: undefined,
        unconfirmedDeadlineMs: undefined,
        consentPolicy: { optOuts, blockList: true },
      }),
    });
    const strict = await o.node(accepted, terms('all'));
    expect(await strict.accept.accept([o.hello({ recipient: to })])).toMatchObject([{ kind: 'refused' }]);
    const free = await o.node(accepted, { ...terms('none'), ...as('MARKETING') });
    expect(await free.accept.accept([template(to)])).toMatchObject([{ kind: 'accepted' }]);
  });
});

describe('at send', () => {
  test('what waits in the queue is suppressed by an opt-out that comes meanwhile, and the rest is sent', async () => {
    const node = await o.node(accepted, as('MARKETING'));
    const [to, other] = [person(), person()];
    // The lane is still, so that the opt-out comes between accept and send.
    node.dispatch.hold(o.g.sender, 600);
    const [kept, sent] = await node.put(template(to), template(other));
    await out(to, 'stopped');
    await o.becomes(kept!, 'suppressed');
    await o.becomes(sent!, 'accepted');
    expect(await failureOf(kept!)).toBe('recipient_stopped');
    expect(node.sent.some(one => one.recipient === to)).toBe(false);
  });

  test('a later message to the same person that is wanted is not held up by one that is not', async () => {
    const node = await o.node(accepted, as('MARKETING'));
    const to = person();
    node.dispatch.hold(o.g.sender, 600);
    const [kept] = await node.put(template(to, { priority: 'normal' }));
    const [sent] = await node.put(o.hello({ recipient: to }));
    await out(to, 'unsubscribed');
    await o.becomes(kept!, 'suppressed');
    await o.becomes(sent!, 'accepted');
  });

  test('what Meta says of a recipient’s wish goes into no retry and is told', async () => {
    const node = await o.node(() => ({
      kind: 'failed',
      failure: { code: '131050', title: 'stopped', outcome: 'final', remedy: '', source: 'meta' },
    }));
    const [id] = await node.put(o.hello({ recipient: person() }));
    await o.becomes(id!, 'failed');
    expect(await failureOf(id!)).toBe('131050');
  });

  test('an entry under a user id goes on holding what waits when it moves to the number', async () => {
    const node = await o.node(accepted, as('UTILITY'));
    node.dispatch.hold(o.g.sender, 600);
    const [id] = await node.put(o.hello({ recipient: 'US.778' }));
    await out('US.778', 'blocked');
    await learn('US.778', person());
    await o.becomes(id!, 'suppressed');
  });

  test('a word under the number holds what waits under a user id that turns out to be the same person’s', async () => {
    const node = await o.node(accepted, as('MARKETING'));
    node.dispatch.hold(o.g.sender, 600);
    const [id] = await node.put(template('US.779'));
    const number = person();
    await learn('US.779', number);
    await out(number, 'stopped');
    await o.becomes(id!, 'suppressed');
  });

  test('what was sent before, and nobody knows whether it arrived, is not told as suppressed', async () => {
    const node = await o.node(
      (send, count) =>
        count === 1 ? failing({ code: 'ECONNRESET', outcome: 'unknown' }) : accepted(send, count),
      { ...as('MARKETING'), sweeps: true },
    );
    const to = person();
    const [id] = await node.put(template(to, { unconfirmedPolicy: 'resend', unconfirmedDeadlineMs: 1_000 }));
    await o.becomes(id!, 'unconfirmed');
    await out(to, 'stopped');
    o.step(2_000);
    await o.becomes(id!, 'failed');
    expect(await failureOf(id!)).toBe('unconfirmed');
    expect(node.sent.filter(one => one.recipient === to)).toHaveLength(1);
  });
});

const learn = (alias: string, recipient: string) =>
  new Aliases(o.g.store, o.clock).learn([{ workspace: o.g.workspace, alias, recipient }]);

describe('a caller who is told by reports', () => {
  test('gets what WhatsApp would not take as a message that fails at once, and nothing is sent', async () => {
    const node = await o.node(accepted, {
      checkTemplate: () => ({ ok: false, failure: unknownTemplate('sale', 'en') }),
    });
    const to = person();
    const [answer] = await node.accept.accept([template(to, { known: 'report' })]);
    if (answer?.kind !== 'accepted') throw new Error('it was refused');
    await o.becomes(answer.id, 'failed');
    expect(await failureOf(answer.id)).toBe('132001');
    expect(node.sent.some(one => one.recipient === to)).toBe(false);
  });

  test('gets a closed window the same way', async () => {
    await o.heard();
    const node = await o.node(accepted, { closedIsKnown: () => true });
    const [answer] = await node.accept.accept([o.hello({ recipient: person(), known: 'report' })]);
    if (answer?.kind !== 'accepted') throw new Error('it was refused');
    await o.becomes(answer.id, 'failed');
    expect(await failureOf(answer.id)).toBe('131047');
  });
});

test('a keyed request of which one message is refused stores the others', async () => {
  const node = await o.node(accepted, as('MARKETING'));
  const [good, bad] = [person(), person()];
  await out(bad, 'stopped');
  const key = { workspaceId: o.g.workspace, route: 'POST /x', key: 'one-of-two', bodyHash: '00' };
  const mark = { hash: undefined, retried: false, isOpen: () => true, key };
  const answers = await node.accept.accept([template(good), template(bad)], mark, () => ({}));
  expect(answers.map(one => one.kind)).toEqual(['accepted', 'refused']);
  const [first] = answers;
  if (first?.kind === 'accepted') await o.becomes(first.id, 'accepted');
});

test.each([
  ['accept', ACCEPT.text, 4],
  ['accept_looking', ACCEPT_LOOKING.text, 6],
  ['claim', CLAIM.text, 4],
])(
  '%s finds entries by the person, also before the database knows how many there are',
  async (name, text, params) => {
    // As a hot connection plans: once, by key, and while the ledger was empty.
    const plan = await o.g.store.db.connection().execute(async db => {
      await sql`set plan_cache_mode = force_generic_plan`.execute(db);
      await sql`set enable_seqscan = off`.execute(db);
      await sql`set enable_hashjoin = off`.execute(db);
      await sql`set enable_mergejoin = off`.execute(db);
      await sql`analyze consents`.execute(db);
      await sql.raw(`prepare planned_${name} as ${text}`).execute(db);
      const nothing = Array.from({ length: params }, () => 'null').join(', ');
      const { rows } = await sql
        .raw<{ 'QUERY PLAN': string }>(`explain execute planned_${name}(${nothing})`)
        .execute(db);
      return rows.map(row => row['QUERY PLAN']).join('\n');
    });
    const scans = plan.match(/Index Scan using (\S*consents\S*)/g) ?? [];
    expect(scans).toEqual(['Index Scan using consents_pkey']);
  },
);
