import { afterAll, beforeAll, expect, test } from 'vitest';
import { addWorkspace, type Ground, ground } from '../../test/rows.ts';
import { Aliases, aliasesOf, type Names } from './aliases.ts';
import { openWindows, windowOf } from './windows.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const clock = { now: () => NOW, monotonic: () => 0, wall: () => NOW.getTime() };
const USER = 'US.13491208655302741918';

let g: Ground;

beforeAll(async () => {
  g = await ground();
});

afterAll(() => g.close());

const look = (recipient: string, closedIsKnown = true) =>
  windowOf(g.store, { workspaceId: g.workspace, senderId: g.sender, recipient }, closedIsKnown, NOW);
const open = (key: string, hoursAgo: number) =>
  openWindows(g.store, [
    { sender: g.sender, key, at: new Date(NOW.getTime() - hoursAgo * 3_600_000).toISOString() },
  ]);
const learn = (names: Names) => new Aliases(g.store, clock).learn(aliasesOf(g.workspace, names));

test('a window is open for 24 hours, then closed where that is known', async () => {
  await open('+15550001111', 23);
  expect(await look('+15550001111')).toMatchObject({
    state: 'open',
    expiresAt: new Date('2026-03-01T13:00:00.000Z'),
  });
  await open('+15550001112', 24);
  expect((await look('+15550001112')).state).toBe('closed');
  expect((await look('+15550001112', false)).state).toBe('unknown');
  expect((await look('+15550001113')).state).toBe('closed');
});

test('an older opening does not shorten a window', async () => {
  await open('+15550001114', 1);
  await open('+15550001114', 20);
  expect((await look('+15550001114')).expiresAt).toEqual(new Date('2026-03-02T11:00:00.000Z'));
});

test.each([
  ['+551187654321', '+5511987654321'],
  ['+525512345678', '+5215512345678'],
])('%s and %s are one person from the start', async (one, other) => {
  await learn({ phone: other, userIds: [`BR.${one.slice(1)}`] });
  await open((await canonical(one))!, 1);
  expect((await look(one)).state).toBe('open');
  expect((await look(other)).state).toBe('open');
  expect((await look(`BR.${one.slice(1)}`)).state).toBe('open');
});

const canonical = async (phone: string): Promise<string | undefined> =>
  aliasesOf(g.workspace, { phone, userIds: ['XX.1'] })[0]?.recipient;

test('names that are noted by the way are learnt, together and once', async () => {
  const aliases = new Aliases(g.store, clock);
  await open('+15550001151', 1);
  const names = { phone: '15550001151', userIds: ['US.151'], formerPhone: '15550001150' };
  void aliases.note(aliasesOf(g.workspace, names));
  void aliases.note(aliasesOf(g.workspace, names));
  await aliases.idle();
  for (const name of ['US.151', '+15550001150', '+15550001151'])
    expect([name, (await look(name)).state]).toEqual([name, 'open']);
});

test('a window that was opened under a user id stands open for the number when both are learnt', async () => {
  await open(USER, 2);
  expect((await look('+15550001115')).state).toBe('closed');
  await learn({ phone: '15550001115', userIds: [USER] });
  expect((await look('+15550001115')).state).toBe('open');
  expect((await look(USER)).state).toBe('open');
});

test('who changes the number keeps the window, by every name, until somebody else writes from the old one', async () => {
  await learn({ phone: '15550001116', userIds: ['US.116'] });
  await open('+15550001116', 2);
  await learn({ phone: '15550001117', userIds: [], formerPhone: '15550001116' });
  for (const name of ['+15550001116', '+15550001117', 'US.116'])
    expect((await look(name)).state).toBe('open');
  await g.store.db.deleteFrom('windows').where('recipient', '=', '+15550001117').execute();
  expect((await look('+15550001116')).state).toBe('closed');
  const later = new Date(NOW.getTime() + 1).toISOString();
  await new Aliases(g.store, clock).unlearn([{ workspace: g.workspace, alias: '+15550001116', at: later }]);
  expect((await look('+15550001116')).state).toBe('open');
});

test('names of another workspace lead nowhere', async () => {
  const other = await addWorkspace(g.store);
  await new Aliases(g.store, clock).learn(aliasesOf(other, { phone: '15550001118', userIds: ['US.118'] }));
  await open('+15550001118', 1);
  expect((await look('US.118')).state).toBe('closed');
});
