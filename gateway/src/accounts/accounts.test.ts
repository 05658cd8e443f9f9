import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Ground, ground } from '../../test/rows.ts';
import { newId } from '../message/id.ts';
import { STATUS } from '../message/status.ts';
import { deleteSender } from './delete-sender.ts';
import { createKey, listKeys, revokeKey } from './keys.ts';
import { loadOrMakeMasterKey } from './master-key.ts';
import { checkMasterKey, openSecrets } from './secrets.ts';
import { changeSender, createSender, getSender, listSenders, type NewSender } from './senders.ts';
import { changeWorkspace, createWorkspace, ensureDefaultWorkspace, listWorkspaces } from './workspaces.ts';

const secrets = openSecrets(randomBytes(32).toString('base64'));
const now = new Date();
const all = { limit: 100, after: undefined };

describe('secrets', () => {
  test('what is sealed is opened by the same key only', () => {
    const sealed = secrets.seal('a token 🐦');
    expect(secrets.open(sealed)).toBe('a token 🐦');
    expect(sealed.includes('token')).toBe(false);
    expect(() => openSecrets('another').open(sealed)).toThrow();
  });

  test('the same text is sealed differently each time', () => {
    expect(secrets.seal('x').equals(secrets.seal('x'))).toBe(false);
  });

  test.each([0, 1, 13, 29])('a change at byte %d is noticed', index => {
    const sealed = secrets.seal('a token');
    sealed[index]! ^= 1;
    expect(() => secrets.open(sealed)).toThrow();
  });

  test('a sealed text that is cut is refused', () => {
    expect(() => secrets.open(secrets.seal('').subarray(0, 20))).toThrow();
  });
});

describe('the master key', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wirebird-key-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('is made once, also by several at once, for its owner alone', async () => {
    const keys = await Promise.all([1, 2, 3].map(() => loadOrMakeMasterKey(join(folder, 'data'))));
    expect(new Set(keys).size).toBe(1);
    expect(Buffer.from(keys[0]!, 'base64')).toHaveLength(32);
    expect(await loadOrMakeMasterKey(join(folder, 'data'))).toBe(keys[0]);
    const path = join(folder, 'data', 'master.key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).toBe(`${keys[0]}\n`);
  });

  test('that is empty is refused, not replaced', async () => {
    await writeFile(join(folder, 'master.key'), '\n');
    await expect(loadOrMakeMasterKey(folder)).rejects.toThrow('is empty');
  });
});

describe('in the database', () => {
  let g: Ground;
  beforeEach(async () => {
    g = await ground();
  });
  afterEach(() => g.close());

  const sender = (more: Partial<NewSender> = {}): NewSender => ({
    workspaceId: g.workspace,
    phoneNumber: '+15550001000',
    phoneNumberId: '1000',
    wabaId: 'waba',
    accessToken: 'the access token',
    appSecret: 'the app secret',
    ...more,
  });

  async function addSender(more: Partial<NewSender> = {}) {
    const made = await createSender(g.store, secrets, sender(more), now);
    if ('kind' in made) throw new Error(made.detail);
    return made;
  }

  test('the first master key is kept to, and another one is refused', async () => {
    await checkMasterKey(g.store, secrets);
    await checkMasterKey(g.store, secrets);
    await expect(checkMasterKey(g.store, openSecrets('another'))).rejects.toThrow(
      'The master key does not fit this database',
    );
  });

  test('a key is stored as its hash and ends when it is revoked', async () => {
    const { key, secret } = await createKey(
      g.store,
      { workspaceId: g.workspace, name: 'app', scopes: ['read', 'send'] },
      now,
    );
    expect(secret).toMatch(/^wb_[0-9A-Za-z]{32}$/);
    expect(key).toMatchObject({ hint: secret.slice(-4), scopes: ['send', 'read'], revokedAt: undefined });
    const row = await g.store.db.selectFrom('api_keys').selectAll().executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).not.toContain(secret.slice(3));
    expect(await revokeKey(g.store, newId(), key.id, now)).toBe(false);
    expect(await revokeKey(g.store, g.workspace, 'no id', now)).toBe(false);
    expect(await revokeKey(g.store, g.workspace, key.id, now)).toBe(true);
    expect(await revokeKey(g.store, g.workspace, key.id, now)).toBe(false);
    expect((await listKeys(g.store, g.workspace, all))[0]?.revokedAt).toEqual(now);
  });

  test('the workspace default is made once, also by several nodes at once, and keeps its name', async () => {
    const made = await Promise.all([1, 2, 3].map(() => ensureDefaultWorkspace(g.store, secrets, now)));
    expect(new Set(made.map(workspace => workspace.id)).size).toBe(1);
    expect(await changeWorkspace(g.store, made[0]!.id, { name: 'mine' })).toMatchObject({ kind: 'conflict' });
  });

  test('a workspace name is given once', async () => {
    const one = await createWorkspace(g.store, secrets, { name: 'one' }, now);
    const two = await createWorkspace(g.store, secrets, { name: 'two', unconfirmedPolicy: 'fail' }, now);
    if ('kind' in one || 'kind' in two) throw new Error('both names were free');
    expect(two.unconfirmedPolicy).toBe('fail');
    expect(await createWorkspace(g.store, secrets, { name: 'one' }, now)).toMatchObject({ kind: 'conflict' });
    expect(await changeWorkspace(g.store, two.id, { name: 'one' })).toMatchObject({ kind: 'conflict' });
    expect(await changeWorkspace(g.store, two.id, { name: 'three' })).toMatchObject({ name: 'three' });
    expect(await changeWorkspace(g.store, newId(), { name: 'four' })).toBeUndefined();
    expect((await listWorkspaces(g.store, { limit: 1, after: two.id })).map(one => one.name)).toEqual([
      'one',
    ]);
  });

  test('the secrets of a sender are sealed, and its lane stands', async () => {
    const made = await addSender({ verifyToken: 'the verify token' });
    const row = await g.store.db
      .selectFrom('senders')
      .selectAll()
      .where('id', '=', made.id)
      .executeTakeFirstOrThrow();
    for (const sealed of [row.access_token, row.app_secret, row.verify_token!]) {
      expect(sealed.toString('latin1')).not.toContain('the ');
      expect(secrets.open(sealed)).toMatch(/^the (access token|app secret|verify token)$/);
    }
    expect(JSON.stringify(made)).not.toContain('the ');
    expect(made).toMatchObject({ throughput: 80, hasVerifyToken: true, hold: undefined });
    await g.store.db.selectFrom('lanes').where('sender_id', '=', made.id).executeTakeFirstOrThrow();
  });

  test('a phone-number id exists once in an installation, a number once in a workspace', async () => {
    await addSender();
    const other = await createWorkspace(g.store, secrets, { name: 'other' }, now);
    if ('kind' in other) throw new Error(other.detail);
    expect(await createSender(g.store, secrets, sender({ workspaceId: other.id }), now)).toEqual({
      kind: 'conflict',
      detail: 'The phone-number id 1000 belongs to a sender of this installation already.',
    });
    expect(await createSender(g.store, secrets, sender({ phoneNumberId: '1001' }), now)).toEqual({
      kind: 'conflict',
      detail: 'There is a sender with the number +15550001000 already.',
    });
    await addSender({ workspaceId: other.id, phoneNumberId: '1001' });
  });

  test('a number that is not E.164 is never stored', async () => {
    await expect(addSender({ phoneNumber: '15550001000' })).rejects.toThrow('E.164');
  });

  test('a change touches what it names, takes away what is null, and lifts a hold', async () => {
    const { id } = await addSender({ verifyToken: 'v', displayName: 'Old' });
    await g.store.db
      .updateTable('lanes')
      .set({ held_until: new Date(now.getTime() + 60_000), hold_code: '190', hold_detail: 'token expired' })
      .where('sender_id', '=', id)
      .execute();
    expect((await getSender(g.store, g.workspace, id))?.hold).toMatchObject({
      code: '190',
      detail: 'token expired',
    });
    const later = new Date(now.getTime() + 1_000);
    const change = { accessToken: 'new', verifyToken: null, displayName: null, throughput: 20 };
    const changed = await changeSender(g.store, secrets, g.workspace, id, change, later);
    expect(changed).toMatchObject({
      wabaId: 'waba',
      throughput: 20,
      hasVerifyToken: false,
      displayName: undefined,
      hold: undefined,
      updatedAt: later,
    });
    const row = await g.store.db
      .selectFrom('senders')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(secrets.open(row.access_token)).toBe('new');
    expect(secrets.open(row.app_secret)).toBe('the app secret');
  });

  test('a sender of another workspace is not there', async () => {
    const { id } = await addSender();
    const stranger = newId();
    expect(await getSender(g.store, stranger, id)).toBeUndefined();
    expect(await changeSender(g.store, secrets, stranger, id, { wabaId: 'x' }, now)).toBeUndefined();
    expect(await deleteSender(g.store, stranger, id, now)).toBeUndefined();
    expect(await listSenders(g.store, stranger, all)).toEqual([]);
    expect(await getSender(g.store, g.workspace, 'no id')).toBeUndefined();
    expect((await getSender(g.store, g.workspace, id))?.wabaId).toBe('waba');
  });

  test.each([
    ['queued', STATUS.queued, null],
    ['parked', STATUS.queued, 'retry'],
    ['sending', STATUS.sending, null],
    ['unconfirmed', STATUS.unconfirmed, null],
  ])('a sender is not deleted while a message is %s', async (_name, status, parked) => {
    const { id } = await addSender();
    const message = newId();
    await g.store.db
      .insertInto('messages')
      .values({
        id: message,
        workspace_id: g.workspace,
        sender_id: id,
        recipient: '+15550002000',
        kind: 'text',
        content: '{}',
        status,
        parked,
        created_at: now,
      })
      .execute();
    expect(await deleteSender(g.store, g.workspace, id, now)).toMatchObject({ kind: 'conflict' });
    await g.store.db
      .updateTable('messages')
      .set({ status: STATUS.accepted, parked: null })
      .where('id', '=', message)
      .execute();
    expect(await deleteSender(g.store, g.workspace, id, now)).toBe('deleted');
    expect(await g.store.db.selectFrom('lanes').selectAll().where('sender_id', '=', id).execute()).toEqual(
      [],
    );
  });
});
