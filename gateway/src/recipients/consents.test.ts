import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addWorkspace, type Ground, ground } from '../../test/rows.ts';
import { newId } from '../message/id.ts';
import { type Clock, databaseClock } from '../store/clock.ts';
import { Aliases } from './aliases.ts';
import { type ConsentChange, Consents } from './consents.ts';

/** The ledger alone; what it holds back is in outbox/consent.test.ts. */
let g: Ground;
let clock: Clock;
let consents: Consents;
let workspaceId: string;
let reported: number;

beforeAll(async () => {
  g = await ground();
  clock = await databaseClock(g.store.db);
  consents = new Consents(g.store, clock, () => {
    reported++;
  });
});
afterAll(() => g.close());
beforeEach(async () => {
  reported = 0;
  workspaceId = await addWorkspace(g.store);
});

const PERSON = '+15557654321';

const change = (more: Partial<ConsentChange> = {}): ConsentChange => ({
  workspaceId,
  customer: PERSON,
  reason: 'stopped',
  active: true,
  source: 'keyword',
  ...more,
});

const standing = (recipient = PERSON) =>
  g.store.db
    .selectFrom('consents')
    .select(['reason', 'source', 'customer'])
    .where('workspace_id', '=', workspaceId)
    .where('recipient', '=', recipient)
    .where('active', '=', true)
    .orderBy('reason')
    .execute();

const history = () =>
  g.store.db
    .selectFrom('consent_changes')
    .select(['reason', 'active'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('id')
    .execute();

describe('the ledger', () => {
  test('keeps each reason with where it came from, and what became of it', async () => {
    await consents.record([change()]);
    await consents.record([change({ reason: 'blocked', source: 'manual' })]);
    await consents.record([change({ active: false })]);
    expect(await standing()).toEqual([{ reason: 2, source: 'manual', customer: PERSON }]);
    expect(await history()).toEqual([
      { reason: 4, active: true },
      { reason: 2, active: true },
      { reason: 4, active: false },
    ]);
  });

  test('the same word twice is news once', async () => {
    expect(await consents.record([change()])).toHaveLength(1);
    expect(await consents.record([change()])).toEqual([]);
    expect(await history()).toHaveLength(1);
  });

  test('taking away what never stood is no news', async () => {
    expect(await consents.record([change({ active: false })])).toEqual([]);
  });

  test('an older word that comes late does not undo a newer one', async () => {
    const now = clock.now().getTime();
    await consents.record([change({ at: new Date(now) })]);
    await consents.record([change({ active: false, at: new Date(now + 5_000) })]);
    // Meta repeats its webhooks over seven days.
    expect(await consents.record([change({ at: new Date(now) })])).toEqual([]);
    expect(await standing()).toEqual([]);
  });

  test('two spellings of a Brazilian number are one person', async () => {
    await consents.record([change({ customer: '+5511987654321' })]);
    expect(await standing('+551187654321')).toHaveLength(1);
  });

  test('an opt-out under a user id holds for the number that turns out to be the person’s', async () => {
    await consents.record([change({ customer: 'US.1234567890' })]);
    await new Aliases(g.store, clock).learn([
      { workspace: workspaceId, alias: 'US.1234567890', recipient: PERSON },
    ]);
    expect(await standing()).toMatchObject([{ reason: 4 }]);
    expect(await standing('US.1234567890')).toEqual([]);
    await consents.record([change({ customer: 'US.1234567890', active: false })]);
    expect(await standing()).toEqual([]);
  });

  test('an opt-out that was written while its name was being learnt is found under the name that counts', async () => {
    const alias = 'US.5550001';
    // As it stands when neither has seen the other.
    await consents.record([change({ customer: alias })]);
    await g.store.db
      .insertInto('recipient_aliases')
      .values({ workspace_id: workspaceId, alias, recipient: PERSON, learnt_at: clock.now() })
      .execute();
    expect(await standing(alias)).toHaveLength(1);
    await new Aliases(g.store, clock).learn([{ workspace: workspaceId, alias, recipient: PERSON }]);
    expect(await standing(alias)).toEqual([]);
    expect(await standing()).toHaveLength(1);
  });

  test('one call with the same person twice keeps the last word', async () => {
    const now = clock.now().getTime();
    await consents.record([
      change({ at: new Date(now) }),
      change({ active: false, at: new Date(now + 1_000) }),
    ]);
    expect(await standing()).toEqual([]);
  });

  test('endpoints that listen for it get a report of what changed', async () => {
    const endpoint = newId();
    await g.store.db
      .insertInto('webhook_endpoints')
      .values({
        id: endpoint,
        workspace_id: workspaceId,
        url: 'http://127.0.0.1:1/',
        failover_url: null,
        dialect: 'ycloud',
        events: ['contact.unsubscribe.created'],
        mask: 8192,
        secret: null,
        created_at: clock.now(),
        only_senders: null,
        origin: null,
      })
      .execute();
    await consents.record([change()]);
    await consents.record([change()]);
    const reports = await g.store.db
      .selectFrom('reports')
      .innerJoin('notices', 'notices.id', 'reports.notice_id')
      .select(['reports.kind', 'notices.event', 'notices.value'])
      .where('endpoint_id', '=', endpoint)
      .execute();
    expect(reports).toMatchObject([{ kind: 8192, event: 'created' }]);
    expect(JSON.parse(reports[0]!.value)).toMatchObject({ customer: PERSON, reason: 4, source: 'keyword' });
    expect(reported).toBe(1);
  });

  test('a STOP of Meta’s whole seconds is not older than an opt-in of the same second', async () => {
    const second = Math.floor(clock.now().getTime() / 1_000) * 1_000;
    await consents.record([change({ at: new Date(second - 1_000) })]);
    await consents.record([change({ active: false, source: 'api', at: new Date(second + 500) })]);
    expect(await consents.record([change({ at: new Date(second) })])).toHaveLength(1);
    expect(await standing()).toMatchObject([{ source: 'keyword' }]);
    // And what is said after it counts again.
    await consents.record([change({ active: false, source: 'api', at: new Date(second + 900) })]);
    expect(await standing()).toEqual([]);
  });
});
