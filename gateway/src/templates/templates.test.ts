import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Ground, ground } from '../../test/rows.ts';
import { databaseClock } from '../store/clock.ts';
import { TemplateDesk } from './manage.ts';
import type { Graph, GraphAnswer } from './remote.ts';
import { Templates } from './templates.ts';

/** What becomes of readings of Meta that cross what was written meanwhile; Meta's answers come when a test says so. */
let g: Ground;
let templates: Templates;
let desk: TemplateDesk;
let graph: Graph;

const answered = (body: unknown): GraphAnswer => ({ kind: 'answered', body });
const remote = (id: string) => ({
  id,
  name: `name_${id}`,
  language: 'en_US',
  category: 'UTILITY',
  status: 'APPROVED',
  components: [{ type: 'BODY', text: 'Hi' }],
});

beforeEach(async () => {
  g = await ground();
  const { store, workspace } = g;
  const account = { workspaceId: workspace, wabaId: 'waba' };
  const options = {
    store,
    clock: await databaseClock(store.db),
    graph: ((...asked) => graph(...asked)) as Graph,
    speakerOf: () => ({ phoneNumberId: '1', accessToken: 't', graphUrl: undefined }),
  };
  templates = await Templates.open({
    ...options,
    accountOf: () => account,
    accounts: () => [account],
    onChange: () => {},
    onError: error => {
      throw error;
    },
  });
  desk = new TemplateDesk(options, templates);
});
afterEach(async () => {
  await templates.close();
  await g.close();
});

/** A promise that a test resolves. */
function later<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>(done => {
    resolve = done;
  });
  return { promise, resolve };
}

test('a reading that began before a deletion does not bring the template back', async () => {
  const account = { workspaceId: g.workspace, wabaId: 'waba' };
  graph = async () => answered({ data: [remote('1')] });
  expect(await templates.sync(account)).toBe(true);
  const template = templates.byMetaId(g.workspace, '1')!;
  const slow = later<GraphAnswer>();
  graph = async (_speaker, method) => (method === 'GET' ? slow.promise : answered({ success: true }));
  const reading = templates.refresh(template);
  expect(await desk.remove(template)).toBeUndefined();
  slow.resolve(answered(remote('1')));
  await reading;
  expect(templates.byMetaId(g.workspace, '1')?.goneAt).toBeInstanceOf(Date);
  expect(templates.list(g.workspace)).toEqual([]);
});

test('a list that was asked for before a template was made does not take it away', async () => {
  const account = { workspaceId: g.workspace, wabaId: 'waba' };
  const slow = later<GraphAnswer>();
  graph = async (_speaker, method, path) => {
    if (method === 'POST') return answered({ id: '2', status: 'PENDING', category: 'UTILITY' });
    return path.includes('message_templates') ? slow.promise : answered(remote('2'));
  };
  const listing = templates.sync(account);
  // The list is under way when the turn of reading has been taken.
  await expect.poll(() => g.store.db.selectFrom('template_accounts').selectAll().execute()).toHaveLength(1);
  const made = await desk.create(account, {
    name: 'name_2',
    language: 'en_US',
    category: 'UTILITY',
    components: [],
  });
  expect(made).toHaveProperty('template');
  slow.resolve(answered({ data: [] }));
  await listing;
  expect(templates.byMetaId(g.workspace, '2')?.goneAt).toBeUndefined();
});

test('of two readings the one that was asked for later counts, whichever is answered first', async () => {
  const account = { workspaceId: g.workspace, wabaId: 'waba' };
  graph = async () => answered({ data: [remote('3')] });
  await templates.sync(account);
  const template = templates.byMetaId(g.workspace, '3')!;
  const apart = () => new Promise(resolve => setTimeout(resolve, 5));
  await apart();
  const older = later<GraphAnswer>();
  const newer = later<GraphAnswer>();
  graph = async () => older.promise;
  const first = templates.refresh(template);
  await apart();
  graph = async () => newer.promise;
  const second = templates.refresh(template);
  await apart();
  older.resolve(answered({ ...remote('3'), category: 'MARKETING' }));
  await first;
  newer.resolve(answered({ ...remote('3'), components: [{ type: 'BODY', text: 'Changed' }] }));
  await second;
  expect(templates.byMetaId(g.workspace, '3')).toMatchObject({
    category: 'UTILITY',
    components: [{ type: 'BODY', text: 'Changed' }],
  });
});

test('a template of which Meta told something while it was read is read again', async () => {
  const account = { workspaceId: g.workspace, wabaId: 'waba' };
  graph = async () => answered({ data: [remote('4')] });
  await templates.sync(account);
  const template = templates.byMetaId(g.workspace, '4')!;
  const changed = { ...remote('4'), components: [{ type: 'BODY', text: 'Changed' }] };
  const slow = later<GraphAnswer>();
  graph = async () => slow.promise;
  const reading = templates.refresh(template);
  await templates.applyNotice({
    wabaId: 'waba',
    field: 'message_template_quality_update',
    value: { message_template_id: 4, new_quality_score: 'GREEN' },
  });
  graph = async () => answered({ ...changed, quality_score: { score: 'GREEN' } });
  slow.resolve(answered(changed));
  await reading;
  expect(templates.byMetaId(g.workspace, '4')).toMatchObject({
    quality: 'GREEN',
    components: [{ type: 'BODY', text: 'Changed' }],
  });
});
