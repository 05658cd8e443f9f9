import { hash, randomInt } from 'node:crypto';
import type { Selectable } from 'kysely';
import { newId } from '../message/id.ts';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { isUuid, type Page } from './outcome.ts';

export const SCOPES = ['send', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** What is kept of an API key: never the key itself. */
export interface ApiKey {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  /** The last four characters, for a person to tell keys apart. */
  readonly hint: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly revokedAt: Date | undefined;
}

export interface NewKey {
  readonly workspaceId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 190 bits: nobody guesses one, so a plain hash of it is enough. */
const KEY_CHARACTERS = 32;

function randomKey(): string {
  let key = 'wb_';
  for (let n = 0; n < KEY_CHARACTERS; n++) key += BASE62[randomInt(BASE62.length)];
  return key;
}

/** The form in which a key is stored and looked up, in base64. */
export function keyHash(key: string): string {
  return hash('sha256', key, 'base64');
}

/** What a key with these scopes may do: admin implies the others. */
export function grantedScopes(scopes: readonly string[]): readonly Scope[] {
  return scopes.includes('admin') ? SCOPES : SCOPES.filter(scope => scopes.includes(scope));
}

/** Makes a key; `secret` is the key itself, which nobody can read again. */
export async function createKey(
  store: Pick<Store, 'db'>,
  input: NewKey,
  now: Date,
): Promise<{ key: ApiKey; secret: string }> {
  const secret = randomKey();
  const row = await store.db
    .insertInto('api_keys')
    .values({
      id: newId(),
      workspace_id: input.workspaceId,
      name: input.name,
      hash: Buffer.from(keyHash(secret), 'base64'),
      hint: secret.slice(-4),
      scopes: SCOPES.filter(scope => input.scopes.includes(scope)),
      created_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { key: toKey(row), secret };
}

/** The keys of a workspace, revoked ones too, newest first. */
export async function listKeys(store: Store, workspaceId: string, page: Page): Promise<ApiKey[]> {
  const rows = await store.db
    .selectFrom('api_keys')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .$if(page.after !== undefined, query => query.where('id', '<', page.after!))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map(toKey);
}

/** Ends a key for ever. False when the workspace has no such key in force. */
export async function revokeKey(store: Store, workspaceId: string, id: string, now: Date): Promise<boolean> {
  if (!isUuid(id)) return false;
  const result = await store.db
    .updateTable('api_keys')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('workspace_id', '=', workspaceId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

function toKey(row: Selectable<Tables['api_keys']>): ApiKey {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    hint: row.hint,
    scopes: SCOPES.filter(scope => row.scopes.includes(scope)),
    createdAt: row.created_at,
    revokedAt: row.revoked_at ?? undefined,
  };
}
