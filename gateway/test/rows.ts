import type { Insertable } from 'kysely';
import { copiedDatabase, type FreshDatabase } from '../../tests/database.ts';
import { newId } from '../src/message/id.ts';
import { Apply, type ApplyOptions } from '../src/outbox/apply.ts';
import type { Clock } from '../src/store/clock.ts';
import { migrate } from '../src/store/migrate.ts';
import { Store } from '../src/store/store.ts';
import type { MessagesTable } from '../src/store/tables.ts';

/** Writes what is known of messages; nobody delivers reports here. */
export function applyTo(store: Store, clock: Pick<Clock, 'now'>, more: Partial<ApplyOptions> = {}): Apply {
  return new Apply({
    store,
    clock,
    taker: { offer: () => undefined, took: () => {} },
    onApplied: () => {},
    ...more,
  });
}

/** A migrated database with one workspace and one sender, for tests of the statements. */
export interface Ground {
  readonly store: Store;
  readonly url: string;
  readonly workspace: string;
  readonly sender: string;
  readonly close: () => Promise<void>;
}

/** A database with all tables and nothing in them. */
export function migratedDatabase(): Promise<FreshDatabase> {
  return copiedDatabase('migrated', async url => {
    const store = new Store(url, { hotConnections: 1, onError: () => {} });
    await migrate(store.db, new Date());
    await store.close();
  });
}

export async function ground(): Promise<Ground> {
  const database = await migratedDatabase();
  const store = new Store(database.url, { hotConnections: 3, onError: () => {} });
  const workspace = await addWorkspace(store);
  const sender = await addSender(store, workspace);
  return {
    store,
    url: database.url,
    workspace,
    sender,
    close: async () => {
      await store.close();
      await database.drop();
    },
  };
}

export async function addWorkspace(store: Store, policy: 'resend' | 'fail' = 'resend'): Promise<string> {
  const id = newId();
  await store.db
    .insertInto('workspaces')
    .values({
      id,
      name: id,
      signing_key: Buffer.alloc(1),
      signing_public: Buffer.alloc(32),
      unconfirmed_policy: policy,
      created_at: new Date(),
    })
    .execute();
  return id;
}

export async function addSender(store: Store, workspace: string): Promise<string> {
  const id = newId();
  const now = new Date();
  await store.db
    .insertInto('senders')
    .values({
      id,
      workspace_id: workspace,
      phone_number: `+1555${id.slice(-7).replace(/[a-f]/g, '0')}`,
      phone_number_id: id,
      waba_id: `waba-${id}`,
      access_token: Buffer.alloc(1),
      app_secret: Buffer.alloc(1),
      verify_token: null,
      display_name: null,
      app_id: null,
      graph_url: null,
      created_at: now,
      updated_at: now,
    })
    .execute();
  await store.db
    .insertInto('lanes')
    .values({ sender_id: id, node_id: null, held_until: null, hold_code: null, hold_detail: null })
    .execute();
  return id;
}

/** An outbound text of the ground's sender, in whatever state a test needs it; its id. */
export async function putMessage(g: Ground, more: Partial<Insertable<MessagesTable>>): Promise<string> {
  const id = newId();
  await g.store.db
    .insertInto('messages')
    .values({
      id,
      workspace_id: g.workspace,
      sender_id: g.sender,
      dialect: 'telnyx',
      recipient: '+15557654321',
      kind: 'text',
      content: '{"type":"text","text":{"body":"hi"}}',
      status: 20,
      attempt: 1,
      created_at: new Date(),
      ...more,
    } satisfies Partial<Insertable<MessagesTable>> as Insertable<MessagesTable>)
    .execute();
  return id;
}
