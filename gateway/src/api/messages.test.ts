import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiGround, apiGround, type Json } from '../../test/api.ts';
import { createSender } from '../accounts/senders.ts';
import { eventMask } from '../message/event.ts';
import { newId } from '../message/id.ts';
import { Accept } from '../outbox/accept.ts';
import { parametersOf } from '../outbox/apply.ts';
import { APPLY, type Fact, type InboundRow } from '../outbox/apply-statement.ts';
import { QueueDepth } from '../outbox/depth.ts';
import { Repeats } from '../outbox/repeats.ts';
import { SETTLE_REPORTS } from '../reports/statements.ts';

const PHONE = '+15550001000';
const PERSON = '+15550002000';

let g: ApiGround;
let accept: Accept;
let workspace: string;
let sender: string;
let key: string;
let sendKey: string;
let strangerKey: string;

beforeAll(async () => {
  g = await apiGround();
  ({ id: workspace, read: key, send: sendKey } = await g.tenant());
  ({ read: strangerKey } = await g.tenant());
  const made = await createSender(
    g.store,
    g.secrets,
    {
      workspaceId: workspace,
      phoneNumber: PHONE,
      phoneNumberId: '1',
      wabaId: '2',
      accessToken: 't',
      appSecret: 's',
    },
    g.clock.now(),
  );
  if ('kind' in made) throw new Error(made.detail);
  sender = made.id;
  await g.directory.refresh();
  const mask = eventMask(['sent', 'delivered', 'read', 'canceled']);
  accept = new Accept({
    suppress: () => {},
    fail: () => {},
    depth: new QueueDepth(g.store, g.clock, 1_000),
    repeats: new Repeats({ store: g.store, clock: g.clock, alone: true }),
    store: g.store,
    clock: g.clock,
    maskOf: () => mask,
    wake: () => {},
    checkTemplate: () => ({ ok: true, templateId: undefined, category: undefined }),
    termsOf: () => undefined,
    closedIsKnown: () => false,
  });
});

afterAll(async () => {
  await g.stop();
  await g.close();
});

const get = (path: string, as = key): Promise<{ status: number; json: Json }> =>
  g.call('GET', path, { key: as });

async function send(recipient = PERSON, webhookUrl?: string): Promise<string> {
  const [accepted] = await accept.accept([
    {
      workspaceId: workspace,
      senderId: sender,
      dialect: 'telnyx',
      recipient,
      content: { type: 'text', text: { body: 'hello' } },
      callbackData: 'tag',
      ...(webhookUrl === undefined ? {} : { webhookUrl }),
    },
  ]);
  if (accepted?.kind !== 'accepted') throw new Error('refused');
  return accepted.id;
}

const apply = (facts: Fact[], inbound: InboundRow[] = []) =>
  g.store.run(APPLY, parametersOf([{ facts, inbound }], g.clock.now()));

const after = (ms: number) => new Date(g.clock.now().getTime() + ms).toISOString();

test('a message is shown with everything that happened to it, in order', async () => {
  const id = await send(PERSON, 'https://example.com/hook');
  // All at once: a slow machine must not change their order.
  const [retried, sending, told, toldAgain] = [after(50), after(80), after(310), after(400)];
  const times = { accepted: after(100), sent: after(300), delivered: after(500), read: after(900) };
  await g.store.db
    .insertInto('timeline')
    .values({
      message_id: id,
      at: new Date(retried),
      step: 'retry',
      attempt: 1,
      detail: '131000: Something went wrong',
    })
    .execute();
  await g.store.db
    .updateTable('messages')
    .set({ status: 20, attempt: 2, sending_at: new Date(sending) })
    .where('id', '=', id)
    .execute();
  await apply([{ id, sender, attempt: 2, wamid: 'wamid.1', pricing: '{"billable":true}', ...times }]);
  const reports = await g.store.db.selectFrom('reports').selectAll().where('message_id', '=', id).execute();
  expect(reports).toHaveLength(3);
  const sent = reports.find(report => report.kind === 1)!;
  const attempt = (n: number, at: string, status: number | null, error: string | null) => ({
    id: sent.id,
    attempt: n,
    state: error === null ? 1 : 0,
    run_at: at,
    at,
    ms: 12,
    url: sent.url,
    status,
    error,
  });
  await g.store.run(SETTLE_REPORTS, [[attempt(1, told, 503, 'answered 503')], told]);
  await g.store.run(SETTLE_REPORTS, [[attempt(2, toldAgain, 200, null)], toldAgain]);

  const { status, json } = await get(`/api/messages/${id}`);
  expect(status).toBe(200);
  expect(json).toMatchObject({
    id,
    direction: 'outbound',
    dialect: 'telnyx',
    status: 'read',
    sender_id: sender,
    sender: PHONE,
    recipient: PERSON,
    type: 'text',
    content: { type: 'text', text: { body: 'hello' } },
    priority: 'normal',
    attempt: 2,
    wamid: 'wamid.1',
    callback_data: 'tag',
    webhook_url: 'https://example.com/hook',
    pricing: { billable: true },
    failure: null,
    waits: null,
    played_at: null,
    deleted_at: null,
    ended_at: null,
  });
  expect(json.timeline.map((step: { step: string }) => step.step)).toEqual([
    'queued',
    'retry',
    'sending',
    'accepted',
    'sent',
    'report',
    'report',
    'delivered',
    'read',
  ]);
  expect(json.timeline[1]).toMatchObject({
    attempt: 1,
    detail: expect.stringMatching(/^[\d.]+ m?s: 131000: Something went wrong$/),
  });
  const report = { event: 'sent', endpoint_id: null, url: 'https://example.com/hook', duration_ms: 12 };
  expect(json.timeline[5]).toMatchObject({ ...report, attempt: 1, http_status: 503, detail: 'answered 503' });
  expect(json.timeline[6]).toMatchObject({ ...report, attempt: 2, http_status: 200 });
});

test('a message that failed says why, and one that waits what for', async () => {
  const failed = await send();
  const failure = { code: '131026', title: 'Message undeliverable', source: 'meta' };
  await apply([{ id: failed, sender, attempt: 0, failed: after(10), failure: JSON.stringify(failure) }]);
  const { json } = await get(`/api/messages/${failed}`);
  expect(json).toMatchObject({ status: 'failed', failure });
  expect(json.timeline.at(-1)).toMatchObject({ step: 'failed', detail: '131026: Message undeliverable' });

  const parked = await send();
  const until = new Date(after(5_000));
  await g.store.db
    .updateTable('messages')
    .set({ parked: 'pair', run_at: until })
    .where('id', '=', parked)
    .execute();
  expect((await get(`/api/messages/${parked}`)).json.waits).toEqual({
    reason: 'pair',
    until: until.toISOString(),
  });
});

test('a message that waits for a place in its portfolio says so, in a word and in words', async () => {
  const id = await send();
  await g.store.db.updateTable('messages').set({ parked: 'portfolio' }).where('id', '=', id).execute();
  const detail = 'the portfolio’s limit of 250 people per day is used up';
  await g.store.db
    .insertInto('timeline')
    .values({ message_id: id, at: new Date(after(10)), step: 'waiting', attempt: 0, detail })
    .execute();
  const { json } = await get(`/api/messages/${id}`);
  expect(json.waits).toEqual({ reason: 'portfolio', until: null });
  expect(json.timeline.at(-1).detail).toMatch(
    /so far: the portfolio’s limit of 250 people per day is used up$/,
  );
});

test('a message of a sender that must wait says why and until when', async () => {
  const id = await send();
  const until = new Date(Date.now() + 3_600_000);
  const hold = (held_until: Date | null) =>
    g.store.db
      .updateTable('lanes')
      .set({ held_until, hold_code: '190', hold_detail: 'Access token has expired' })
      .where('sender_id', '=', sender)
      .execute();
  await hold(until);
  expect((await get(`/api/messages/${id}`)).json.waits).toEqual({
    reason: 'sender',
    until: until.toISOString(),
    code: '190',
    detail: 'Access token has expired',
  });
  await hold(null);
  expect((await get(`/api/messages/${id}`)).json.waits).toBeNull();
});

test('an inbound message says when it was written and when it came', async () => {
  const id = newId();
  const row: Omit<InboundRow, 'wamid' | 'at'> = {
    id,
    workspace,
    sender,
    direction: 1,
    recipient: PERSON,
    key: PERSON,
    name: 'Ann',
    kind: 'text',
    content: '{"type":"text"}',
  };
  await apply([], [{ ...row, wamid: 'wamid.2', at: after(-3_000) }]);
  const { json } = await get(`/api/messages/${id}`);
  expect(json).toMatchObject({ direction: 'inbound', status: 'received', dialect: null });
  expect(json.timeline.map((step: { step: string }) => step.step)).toEqual(['written', 'received']);
});

test('another workspace sees nothing of it', async () => {
  const id = await send();
  expect((await get(`/api/messages/${id}`, strangerKey)).status).toBe(404);
  expect((await get('/api/messages', strangerKey)).json).toEqual({ data: [], next: null });
  expect((await get(`/api/messages?sender=${sender}`, strangerKey)).json.data).toEqual([]);
  expect((await get(`/api/messages/${newId()}`)).status).toBe(404);
  expect((await get('/api/messages/no-id')).status).toBe(404);
});

test('messages are listed newest first, a page at a time, by every filter', async () => {
  const person = '+15550003000';
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.unshift(await send(person));
  await apply([{ id: ids[0]!, sender, attempt: 0, sent: after(0) }]);
  const inbound = newId();
  const row: Omit<InboundRow, 'wamid' | 'at'> = {
    id: inbound,
    workspace,
    sender,
    direction: 1,
    recipient: person,
    key: person,
    name: undefined,
    kind: 'text',
    content: '{}',
  };
  await apply([], [{ ...row, wamid: 'wamid.3', at: after(0) }]);

  const list = async (query: string) => {
    const { status, json } = await get(`/api/messages?recipient=${encodeURIComponent(person)}&${query}`);
    expect(status).toBe(200);
    return { ids: json.data.map((one: { id: string }) => one.id), next: json.next };
  };
  expect((await list('')).ids).toEqual([inbound, ...ids]);
  const first = await list('direction=outbound&limit=3');
  expect(first).toEqual({ ids: ids.slice(0, 3), next: ids[2] });
  expect(await list(`direction=outbound&limit=3&after=${first.next}`)).toEqual({
    ids: ids.slice(3),
    next: null,
  });
  expect((await list('status=sent')).ids).toEqual([ids[0]]);
  expect((await list('direction=inbound')).ids).toEqual([inbound]);
  expect((await list(`sender=${sender}`)).ids).toHaveLength(6);
  expect((await list(`sender=${encodeURIComponent(PHONE)}`)).ids).toHaveLength(6);
  expect((await list('sender=%2B15559999999')).ids).toEqual([]);
  expect((await list(`sender=${newId()}`)).ids).toEqual([]);
});

test('a plus sign that became a space is a plus sign', async () => {
  const id = await send('+15550004000');
  for (const written of ['+15550004000', '%2B15550004000', '15550004000']) {
    expect((await get(`/api/messages?recipient=${written}`)).json.data).toMatchObject([{ id }]);
  }
});

test.each(['status=snet', 'direction=up', 'recipient=bob', 'sender=bob', 'limit=0', 'limit=1&limit=2'])(
  'a list by %s is refused',
  async query => {
    const { status, json } = await get(`/api/messages?${query}`);
    expect(status).toBe(422);
    expect(json.errors[0].parameter).toBe(query.split('=')[0]);
  },
);

describe('taking a message back', () => {
  test('ends one that was not sent yet, with its report, and only the workspace’s own', async () => {
    const id = await send(PERSON, 'https://example.com/hook');
    const other = await g.tenant();
    expect((await g.call('POST', `/api/messages/${id}/cancel`, { key: other.send })).status).toBe(404);
    const answer = await g.call('POST', `/api/messages/${id}/cancel`, { key: sendKey });
    expect(answer).toMatchObject({ status: 200, json: { id, status: 'canceled' } });
    const again = await g.call('POST', `/api/messages/${id}/cancel`, { key: sendKey });
    expect(again).toMatchObject({ status: 200, json: { status: 'canceled' } });
    expect(
      await g.store.db.selectFrom('reports').select('kind').where('message_id', '=', id).execute(),
    ).toEqual([{ kind: 32 }]);
  });

  test('comes too late for one that is on its way', async () => {
    const id = await send();
    await g.store.db.updateTable('messages').set({ status: 20, attempt: 1 }).where('id', '=', id).execute();
    const answer = await g.call('POST', `/api/messages/${id}/cancel`, { key: sendKey });
    expect(answer).toMatchObject({ status: 409, json: { detail: expect.stringContaining('sending') } });
  });
});
