import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FreshDatabase } from '../../../tests/database.ts';
import { migratedDatabase } from '../../test/rows.ts';
import { Store } from '../store/store.ts';
import { deleteSender } from './delete-sender.ts';
import { Directory, type DirectoryOptions } from './directory.ts';
import { createEndpoint, deleteEndpoint } from './endpoints.ts';
import { createKey, revokeKey } from './keys.ts';
import { openSecrets } from './secrets.ts';
import { changeSender, createSender, type SenderRecord } from './senders.ts';
import { changeWorkspace, createWorkspace, ensureDefaultWorkspace, type Workspace } from './workspaces.ts';

const secrets = openSecrets(randomBytes(32).toString('base64'));
const now = new Date();
const ADMIN_KEY = 'an admin key of thirty-two signs';

let database: FreshDatabase;
let store: Store;
let home: Workspace;
let opened: Directory[];
let logged: string[];

beforeEach(async () => {
  database = await migratedDatabase();
  store = new Store(database.url, { hotConnections: 1, onError: () => {} });
  home = await ensureDefaultWorkspace(store, secrets, now);
  opened = [];
  logged = [];
});
afterEach(async () => {
  for (const directory of opened) await directory.close();
  await store.close();
  await database.drop();
});

async function open(more: Partial<DirectoryOptions> = {}): Promise<Directory> {
  const directory = await Directory.open(store, secrets, { log: message => logged.push(message), ...more });
  opened.push(directory);
  return directory;
}

async function addSender(phone: string, wabaId = 'waba', workspaceId = home.id): Promise<SenderRecord> {
  const made = await createSender(
    store,
    secrets,
    {
      workspaceId,
      phoneNumber: phone,
      phoneNumberId: `id of ${phone}`,
      wabaId,
      accessToken: `token of ${phone}`,
      appSecret: `secret of ${phone}`,
    },
    now,
  );
  if ('kind' in made) throw new Error(made.detail);
  return made;
}

test('every header that a vendor puts its key into authenticates', async () => {
  const { key, secret } = await createKey(store, { workspaceId: home.id, name: 'k', scopes: ['send'] }, now);
  const directory = await open();
  const principal = { keyId: key.id, workspaceId: home.id, scopes: ['send'] };
  expect(directory.authenticate({ authorization: `Bearer ${secret}` })).toEqual(principal);
  expect(directory.authenticate({ authorization: `bearer  ${secret} ` })).toEqual(principal);
  expect(directory.authenticate({ authorization: `App ${secret}` })).toEqual(principal);
  expect(directory.authenticate({ 'x-api-key': secret })).toEqual(principal);
  expect(directory.authenticate({ 'xi-api-key': secret })).toEqual(principal);
  expect(directory.authenticate({ authorization: 'Basic dXNlcjpwYXNz', 'x-api-key': secret })).toEqual(
    principal,
  );
});

test.each([
  ['nothing', {}],
  ['an empty key', { authorization: 'Bearer ' }],
  ['an unknown key', { authorization: `Bearer wb_${'a'.repeat(32)}` }],
  ['an unknown scheme', { authorization: `Basic ${ADMIN_KEY}` }],
  ['an admin key that is cut', { authorization: `Bearer ${ADMIN_KEY.slice(0, -1)}` }],
])('%s authenticates nobody', async (_name, headers) => {
  const directory = await open({ adminKey: ADMIN_KEY });
  expect(directory.authenticate(headers)).toBeUndefined();
});

test('a key in Authorization is not overruled by another header', async () => {
  const { secret } = await createKey(store, { workspaceId: home.id, name: 'k', scopes: ['send'] }, now);
  const directory = await open();
  expect(directory.authenticate({ authorization: 'Bearer wb_wrong', 'x-api-key': secret })).toBeUndefined();
});

test('the admin key has every scope in the workspace default', async () => {
  const directory = await open({ adminKey: ADMIN_KEY, sandboxKey: 'wb_sandbox_key' });
  const scopes = ['send', 'read', 'admin'];
  expect(directory.authenticateKey(ADMIN_KEY)).toEqual({ keyId: 'admin', workspaceId: home.id, scopes });
  expect(directory.authenticateKey('wb_sandbox_key')).toEqual({
    keyId: 'sandbox',
    workspaceId: home.id,
    scopes,
  });
  expect(directory.defaultWorkspaceId).toBe(home.id);
});

test('the scope admin implies the others', async () => {
  const { secret } = await createKey(store, { workspaceId: home.id, name: 'k', scopes: ['admin'] }, now);
  const directory = await open();
  expect(directory.authenticateKey(secret)?.scopes).toEqual(['send', 'read', 'admin']);
});

test('a sender is found by its number, its ids and its account, with its secrets opened', async () => {
  const one = await addSender('+15550001000', 'waba-1');
  const two = await addSender('+15550001001', 'waba-1');
  await addSender('+15550001002', 'waba-2');
  const directory = await open();
  const found = directory.senderByPhone(home.id, '+15550001000');
  expect(found).toMatchObject({
    id: one.id,
    accessToken: 'token of +15550001000',
    appSecret: 'secret of +15550001000',
  });
  expect(directory.senderById(one.id)).toBe(found);
  expect(directory.sendersByPhoneNumberId('id of +15550001000')).toBe(found);
  expect(directory.sendersOfWaba('waba-1').map(sender => sender.id)).toEqual([one.id, two.id]);
  expect(directory.sendersOfWaba('waba-3')).toEqual([]);
  expect([...directory.allSenders()]).toHaveLength(3);
});

test('a number is found only in its own workspace', async () => {
  const other = (await createWorkspace(store, secrets, { name: 'other' }, now)) as Workspace;
  await addSender('+15550001000');
  const directory = await open();
  expect(directory.senderByPhone(other.id, '+15550001000')).toBeUndefined();
});

test('what a workspace signs is verified with its public key', async () => {
  const directory = await open();
  const workspace = directory.workspace(home.id)!;
  const bytes = Buffer.from('1763712000|{"data":{}}');
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: workspace.publicKey.toString('base64url') },
    format: 'jwk',
  });
  expect(workspace.publicKey).toHaveLength(32);
  expect(verify(null, bytes, key, workspace.sign(bytes))).toBe(true);
  expect(verify(null, Buffer.from('changed'), key, workspace.sign(bytes))).toBe(false);
});

test('refresh knows everything that was committed before it was called', async () => {
  const directory = await open();
  for (let n = 0; n < 20; n++) {
    const { secret } = await createKey(store, { workspaceId: home.id, name: `${n}`, scopes: ['read'] }, now);
    // Two at once: the second must not be answered by a reload that began before the commit.
    const earlier = directory.refresh();
    const later = await createKey(store, { workspaceId: home.id, name: `${n}b`, scopes: ['read'] }, now);
    await Promise.all([earlier, directory.refresh()]);
    expect(directory.authenticateKey(secret)).toBeDefined();
    expect(directory.authenticateKey(later.secret)).toBeDefined();
  }
});

test('changes on another node arrive by notification, and each says so once', async () => {
  let changes = 0;
  const directory = await open({ onChange: () => changes++ });
  const elsewhere = new Store(database.url, { hotConnections: 1, onError: () => {} });
  try {
    const began = performance.now();
    // A look every two seconds alone would need ten seconds or more.
    for (let n = 1; n <= 6; n++) {
      const { secret } = await createKey(
        elsewhere,
        { workspaceId: home.id, name: `${n}`, scopes: ['send'] },
        now,
      );
      await expect
        .poll(() => directory.authenticateKey(secret), { timeout: 5_000, interval: 10 })
        .toBeDefined();
      expect(changes).toBe(n);
    }
    expect(performance.now() - began).toBeLessThan(8_000);
  } finally {
    await elsewhere.close();
  }
});

test('a change is found within five seconds when its notification is lost', async () => {
  const { key, secret } = await createKey(store, { workspaceId: home.id, name: 'k', scopes: ['send'] }, now);
  const directory = await open();
  await sql`
    create or replace function bump_accounts() returns trigger language plpgsql as $$
    begin
      update settings set value = (value::bigint + 1)::text where name = 'accounts_version';
      return null;
    end $$`.execute(store.db);
  await revokeKey(store, home.id, key.id, now);
  await expect.poll(() => directory.authenticateKey(secret), { timeout: 5_000 }).toBeUndefined();
});

test('every change to accounts is seen', async () => {
  const directory = await open();
  const sender = await addSender('+15550001000');
  const seen = (predicate: () => boolean) => expect.poll(predicate, { timeout: 5_000 }).toBe(true);
  await seen(() => directory.senderById(sender.id) !== undefined);
  await changeSender(store, secrets, home.id, sender.id, { accessToken: 'new' }, now);
  await seen(() => directory.senderById(sender.id)?.accessToken === 'new');
  await deleteSender(store, home.id, sender.id, now);
  await seen(() => directory.senderById(sender.id) === undefined);
  await changeWorkspace(store, home.id, { unconfirmedPolicy: 'fail' });
  await seen(() => directory.workspace(home.id)?.unconfirmedPolicy === 'fail');
  const endpoint = await createEndpoint(
    store,
    secrets,
    { workspaceId: home.id, url: 'https://example.com', dialect: 'ycloud', events: ['x'], secret: 'whsec' },
    () => 7,
    now,
  );
  await seen(() => directory.endpointSecret(endpoint.id) === 'whsec');
  await deleteEndpoint(store, home.id, endpoint.id);
  await seen(() => directory.endpointSecret(endpoint.id) === undefined);
});

test('a reload that fails keeps what is known, and the next one mends it', async () => {
  const { secret } = await createKey(store, { workspaceId: home.id, name: 'k', scopes: ['send'] }, now);
  const directory = await open();
  await sql`alter table api_keys rename to hidden_keys`.execute(store.db);
  await directory.refresh();
  expect(directory.authenticateKey(secret)).toBeDefined();
  expect(logged).toEqual(['could not read the accounts; what was known stays in force']);
  await sql`alter table hidden_keys rename to api_keys`.execute(store.db);
  const late = await createKey(store, { workspaceId: home.id, name: 'late', scopes: ['send'] }, now);
  await directory.refresh();
  expect(directory.authenticateKey(late.secret)).toBeDefined();
});

test('a sender whose secrets cannot be opened is left out and the others are found', async () => {
  const broken = await addSender('+15550001000');
  const sound = await addSender('+15550001001');
  await store.db
    .updateTable('senders')
    .set({ access_token: openSecrets('another key').seal('x') })
    .where('id', '=', broken.id)
    .execute();
  const directory = await open();
  expect(directory.senderById(broken.id)).toBeUndefined();
  expect(directory.senderById(sound.id)).toBeDefined();
  expect(logged).toEqual([`sender ${broken.id} is left out: its secrets cannot be opened`]);
});

test('more keys than a page are all known', async () => {
  await sql`
    insert into api_keys (id, workspace_id, name, hash, hint, scopes, created_at)
    select gen_random_uuid(), ${home.id}, n, sha256(('key ' || n)::bytea), '', '{send}', now()
    from generate_series(1, 4500) n`.execute(store.db);
  const directory = await open();
  const known = Array.from({ length: 4500 }, (_, n) => directory.authenticateKey(`key ${n + 1}`));
  expect(known.every(principal => principal !== undefined)).toBe(true);
});
