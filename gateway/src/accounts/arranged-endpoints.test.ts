import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Ground, ground } from '../../test/rows.ts';
import { EVENT } from '../message/event.ts';
import { deleteAccount, deleteSender } from './delete-sender.ts';
import { deleteEndpoint, listEndpoints } from './endpoints.ts';
import {
  assignProfile,
  changeProfile,
  createProfile,
  deleteProfile,
  getProfile,
} from './messaging-profiles.ts';
import { openSecrets } from './secrets.ts';
import { changeSender, createSender } from './senders.ts';
import { changeWabaSettings } from './waba-settings.ts';

const secrets = openSecrets(randomBytes(32).toString('base64'));
const now = new Date();
const PROFILE_URL = 'https://profile.example/in';
const WABA_URL = 'https://waba.example/in';

let g: Ground;

beforeEach(async () => {
  g = await ground();
  // The ground's own number is in nobody's way.
  await deleteSender(g.store, g.workspace, g.sender, now);
});
afterEach(() => g.close());

let numbers = 0;

async function addSender(wabaId: string): Promise<string> {
  const n = ++numbers;
  const made = await createSender(
    g.store,
    secrets,
    {
      workspaceId: g.workspace,
      phoneNumber: `+1555000${1000 + n}`,
      phoneNumberId: String(n),
      wabaId,
      accessToken: 'token',
      appSecret: 'secret',
    },
    now,
  );
  if ('kind' in made) throw new Error(made.detail);
  return made.id;
}

/** Where what comes in at each number goes: URL → its senders. */
async function arranged(): Promise<Record<string, string[]>> {
  const rows = await g.store.db
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('origin', 'is not', null)
    .execute();
  return Object.fromEntries(rows.map(row => [row.url, row.only_senders ?? []]));
}

const setProfile = (webhookUrl: string | null, id = g.workspace) =>
  changeProfile(g.store, g.workspace, id, { webhookUrl }, now);
const setWaba = (wabaId: string, change: Parameters<typeof changeWabaSettings>[3]) =>
  changeWabaSettings(g.store, g.workspace, wabaId, change, now);

test('every workspace has a default profile under its own id, and keeps it', async () => {
  expect(await getProfile(g.store, g.workspace, g.workspace)).toMatchObject({
    name: 'Default',
    enabled: true,
    whitelistedDestinations: ['*'],
  });
  expect(await deleteProfile(g.store, g.workspace, g.workspace.toUpperCase(), now)).toMatchObject({
    kind: 'conflict',
  });
});

test('what comes in goes to the URL of the business account, and without one to that of the profile', async () => {
  const [a, b] = [await addSender('1'), await addSender('2')];
  await setProfile(PROFILE_URL);
  expect(await arranged()).toEqual({ [PROFILE_URL]: [a, b] });
  await setWaba('1', { webhookUrl: WABA_URL, webhookFailoverUrl: 'https://failover.example/' });
  expect(await arranged()).toEqual({ [WABA_URL]: [a], [PROFILE_URL]: [b] });
  await setWaba('1', { webhookEnabled: false });
  expect(await arranged()).toEqual({ [PROFILE_URL]: [a, b] });
  await setWaba('1', { webhookEnabled: true });
  await setProfile(null);
  expect(await arranged()).toEqual({ [WABA_URL]: [a] });
});

test('an endpoint keeps its id while its settings change', async () => {
  await addSender('1');
  await setProfile(PROFILE_URL);
  const [before] = await listEndpoints(g.store, g.workspace, { limit: 10, after: undefined });
  await setProfile('https://other.example/');
  const [after] = await listEndpoints(g.store, g.workspace, { limit: 10, after: undefined });
  expect(after).toMatchObject({
    id: before?.id,
    url: 'https://other.example/',
    origin: `profile:${g.workspace}`,
  });
  const row = await g.store.db.selectFrom('webhook_endpoints').select('mask').executeTakeFirstOrThrow();
  expect(row.mask & EVENT.inbound).toBe(EVENT.inbound);
  expect(row.mask & (EVENT.sent | EVENT.delivered | EVENT.read | EVENT.failed)).toBe(0);
});

test('numbers come, move and go with their endpoints', async () => {
  const profile = await createProfile(
    g.store,
    g.workspace,
    { name: 'other', whitelistedDestinations: ['US'], webhookUrl: 'https://other.example/' },
    now,
  );
  await setProfile(PROFILE_URL);
  await setWaba('2', { webhookUrl: WABA_URL });
  expect(await arranged()).toEqual({});
  const [a, b] = [await addSender('1'), await addSender('1')];
  expect(await arranged()).toEqual({ [PROFILE_URL]: [a, b] });
  expect(await assignProfile(g.store, g.workspace, a, profile.id, now)).toBe('assigned');
  expect(await arranged()).toEqual({ [PROFILE_URL]: [b], 'https://other.example/': [a] });
  await changeSender(g.store, secrets, g.workspace, b, { wabaId: '2' }, now);
  expect(await arranged()).toEqual({ [WABA_URL]: [b], 'https://other.example/': [a] });
  await deleteProfile(g.store, g.workspace, profile.id, now);
  expect(await arranged()).toEqual({ [WABA_URL]: [b], [PROFILE_URL]: [a] });
  expect(await deleteAccount(g.store, g.workspace, '2', now)).toBe('deleted');
  expect(await arranged()).toEqual({ [PROFILE_URL]: [a] });
  expect(await deleteAccount(g.store, g.workspace, '2', now)).toBeUndefined();
  await addSender('2');
  expect(await arranged()).not.toHaveProperty([WABA_URL]);
});

test('numbers that come side by side are all in the endpoint', async () => {
  await setProfile(PROFILE_URL);
  const made = await Promise.all(Array.from({ length: 8 }, () => addSender('1')));
  expect((await arranged())[PROFILE_URL]).toEqual(made.sort());
});

test('an endpoint that follows from settings cannot be deleted by itself', async () => {
  await addSender('1');
  await setProfile(PROFILE_URL);
  const [endpoint] = await listEndpoints(g.store, g.workspace, { limit: 10, after: undefined });
  expect(await deleteEndpoint(g.store, g.workspace, endpoint?.id ?? '')).toMatchObject({ kind: 'conflict' });
});
