import { type Kysely, sql } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { arrangeEndpoints } from './arranged-endpoints.ts';
import { type Conflict, conflict, isUuid } from './outcome.ts';

/** Thrown inside a transaction, so that nothing of it stays. */
class Busy extends Error {
  readonly phoneNumber: string;

  constructor(phoneNumber: string) {
    super('a sender is busy');
    this.phoneNumber = phoneNumber;
  }
}

/**
 * Deletes a sender and its lane. Its messages stay to be read; while some of them are not with WhatsApp yet nothing is
 * deleted, since nobody could send or end them.
 */
export async function deleteSender(
  store: Store,
  workspaceId: string,
  id: string,
  now: Date,
): Promise<'deleted' | Conflict | undefined> {
  if (!isUuid(id)) return undefined;
  return remove(store, workspaceId, now, tx =>
    tx
      .selectFrom('senders')
      .select(['id', 'phone_number', 'phone_number_id'])
      .where('id', '=', id)
      .where('workspace_id', '=', workspaceId)
      .forUpdate()
      .execute(),
  );
}

/** Deletes all senders of a WhatsApp Business account in one workspace and its settings there, or nothing. */
export async function deleteAccount(
  store: Store,
  workspaceId: string,
  wabaId: string,
  now: Date,
): Promise<'deleted' | Conflict | undefined> {
  return remove(store, workspaceId, now, async tx => {
    const found = await tx
      .selectFrom('senders')
      .select(['id', 'phone_number', 'phone_number_id'])
      .where('workspace_id', '=', workspaceId)
      .where('waba_id', '=', wabaId)
      .orderBy('id')
      .forUpdate()
      .execute();
    if (found.length > 0) {
      await tx
        .deleteFrom('waba_settings')
        .where('workspace_id', '=', workspaceId)
        .where('waba_id', '=', wabaId)
        .execute();
      await tx
        .deleteFrom('meta_facts')
        .where('workspace_id', '=', workspaceId)
        .where('meta_id', '=', wabaId)
        .execute();
    }
    return found;
  });
}

async function remove(
  store: Store,
  workspaceId: string,
  now: Date,
  find: (tx: Kysely<Tables>) => Promise<{ id: string; phone_number: string; phone_number_id: string }[]>,
): Promise<'deleted' | Conflict | undefined> {
  try {
    return await store.db.transaction().execute(async tx => {
      const found = await find(tx);
      if (found.length === 0) return undefined;
      for (const { id, phone_number } of found) {
        if (await hasOpenMessages(tx, id)) throw new Busy(phone_number);
      }
      const ids = found.map(sender => sender.id);
      await tx.deleteFrom('senders').where('id', 'in', ids).execute();
      await tx
        .deleteFrom('meta_facts')
        .where('workspace_id', '=', workspaceId)
        .where(
          'meta_id',
          'in',
          found.map(sender => sender.phone_number_id),
        )
        .execute();
      await arrangeEndpoints(tx, workspaceId, now);
      return 'deleted' as const;
    });
  } catch (error) {
    if (!(error instanceof Busy)) throw error;
    return conflict(
      `Messages of ${error.phoneNumber} wait to be sent, or their outcome is not known yet: delete it when they have ended.`,
    );
  }
}

/** Each condition is that of a partial index of the queue: together they are every message that has not ended. */
async function hasOpenMessages(tx: Kysely<Tables>, senderId: string): Promise<boolean> {
  const { rows } = await sql<{ open: boolean }>`
    select exists (select from messages where sender_id = ${senderId} and status = 10 and parked is null)
      or exists (select from messages where sender_id = ${senderId} and status = 20)
      or exists (select from messages where sender_id = ${senderId} and (status = 30 or parked is not null)) as open
  `.execute(tx);
  return rows[0]?.open !== false;
}
