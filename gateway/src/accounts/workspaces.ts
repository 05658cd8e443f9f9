import { generateKeyPairSync } from 'node:crypto';
import type { Selectable } from 'kysely';
import { newId } from '../message/id.ts';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { brokenUniqueness, type Conflict, conflict, isUuid, type Page } from './outcome.ts';
import type { Secrets } from './secrets.ts';

/** The operator's own workspace; the admin key belongs to it. It is always there and keeps its name. */
export const DEFAULT_WORKSPACE = 'default';

export type UnconfirmedPolicy = 'resend' | 'fail';

/** A tenant. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  /** What becomes of a message whose outcome stays unknown past its deadline. */
  readonly unconfirmedPolicy: UnconfirmedPolicy;
  /** How long the outcome of a send may stay unknown, in seconds; undefined for the installation's default. */
  readonly unconfirmedDeadlineS: number | undefined;
  /** How long a message may wait until it is sent, in seconds; undefined for a day. */
  readonly validForS: number | undefined;
  /** Ed25519, 32 raw bytes: reports are verified with it. */
  readonly publicKey: Buffer;
  readonly createdAt: Date;
}

export interface WorkspaceChange {
  readonly name?: string;
  readonly unconfirmedPolicy?: UnconfirmedPolicy;
  /** Null goes back to the default. */
  readonly unconfirmedDeadlineS?: number | null;
  readonly validForS?: number | null;
}

/** Makes a workspace with a key pair of its own. A name is given once in an installation. */
export async function createWorkspace(
  store: Pick<Store, 'db'>,
  secrets: Secrets,
  input: WorkspaceChange & { readonly name: string },
  now: Date,
): Promise<Workspace | Conflict> {
  const row = await store.db
    .insertInto('workspaces')
    .values({
      ...newRow(secrets, input.name, now),
      unconfirmed_policy: input.unconfirmedPolicy ?? 'resend',
      unconfirmed_deadline_s: input.unconfirmedDeadlineS ?? null,
      valid_for_s: input.validForS ?? null,
    })
    .onConflict(on => on.column('name').doNothing())
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? nameTaken(input.name) : toWorkspace(row);
}

/** Makes the workspace `default` when it is missing; safe from several nodes at once. */
export async function ensureDefaultWorkspace(store: Store, secrets: Secrets, now: Date): Promise<Workspace> {
  const find = store.db.selectFrom('workspaces').selectAll().where('name', '=', DEFAULT_WORKSPACE);
  const known = await find.executeTakeFirst();
  if (known !== undefined) return toWorkspace(known);
  await store.db
    .insertInto('workspaces')
    .values(newRow(secrets, DEFAULT_WORKSPACE, now))
    .onConflict(on => on.column('name').doNothing())
    .execute();
  return toWorkspace(await find.executeTakeFirstOrThrow());
}

export async function listWorkspaces(store: Store, page: Page): Promise<Workspace[]> {
  const rows = await store.db
    .selectFrom('workspaces')
    .selectAll()
    .$if(page.after !== undefined, query => query.where('id', '<', page.after!))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map(toWorkspace);
}

export async function getWorkspace(store: Store, id: string): Promise<Workspace | undefined> {
  if (!isUuid(id)) return undefined;
  const row = await store.db.selectFrom('workspaces').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toWorkspace(row);
}

/** Changes what is given; undefined when there is no such workspace. */
export async function changeWorkspace(
  store: Store,
  id: string,
  change: WorkspaceChange,
): Promise<Workspace | Conflict | undefined> {
  const known = await getWorkspace(store, id);
  if (known === undefined) return undefined;
  if (known.name === DEFAULT_WORKSPACE && change.name !== undefined && change.name !== DEFAULT_WORKSPACE) {
    return conflict('The workspace default keeps its name: the admin key belongs to it.');
  }
  try {
    const row = await store.db
      .updateTable('workspaces')
      .set({
        name: change.name ?? known.name,
        unconfirmed_policy: change.unconfirmedPolicy ?? known.unconfirmedPolicy,
        ...(change.unconfirmedDeadlineS === undefined
          ? {}
          : { unconfirmed_deadline_s: change.unconfirmedDeadlineS }),
        ...(change.validForS === undefined ? {} : { valid_for_s: change.validForS }),
      })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? undefined : toWorkspace(row);
  } catch (error) {
    if (brokenUniqueness(error) === undefined) throw error;
    return nameTaken(change.name ?? known.name);
  }
}

const nameTaken = (name: string): Conflict => conflict(`There is a workspace named ${name} already.`);

function newRow(secrets: Secrets, name: string, now: Date) {
  const pair = generateKeyPairSync('ed25519');
  const privateKey = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
  return {
    id: newId(),
    name,
    signing_key: secrets.seal(privateKey.toString('base64')),
    // A JWK holds the 32 bytes alone, where SPKI puts a header before them.
    signing_public: Buffer.from(pair.publicKey.export({ format: 'jwk' }).x!, 'base64url'),
    created_at: now,
    valid_for_s: null,
    unconfirmed_deadline_s: null,
  };
}

function toWorkspace(row: Selectable<Tables['workspaces']>): Workspace {
  return {
    id: row.id,
    name: row.name,
    unconfirmedPolicy: row.unconfirmed_policy,
    unconfirmedDeadlineS: row.unconfirmed_deadline_s ?? undefined,
    validForS: row.valid_for_s ?? undefined,
    publicKey: row.signing_public,
    createdAt: row.created_at,
  };
}
