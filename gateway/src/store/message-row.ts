import type { Selectable } from 'kysely';
import type { StoredFailure } from '../message/failure.ts';
import { DIRECTIONS, type DialectName, type Message } from '../message/message.ts';
import { statusName } from '../message/status.ts';
import type { Store } from './store.ts';
import type { MessagesTable } from './tables.ts';

/** A row of `messages` as everybody above the outbox sees it. */
export function toMessage(row: Selectable<MessagesTable>): Message {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    senderId: row.sender_id,
    direction: DIRECTIONS[row.direction] ?? 'outbound',
    dialect: (row.dialect ?? undefined) as DialectName | undefined,
    recipient: row.recipient,
    kind: row.kind,
    content: JSON.parse(row.content) as Record<string, unknown>,
    status: statusName(row.status),
    attempt: row.attempt,
    priority: row.priority,
    wamid: row.wamid ?? undefined,
    callbackData: row.callback_data ?? undefined,
    webhookUrl: row.webhook_url ?? undefined,
    webhookFailoverUrl: row.webhook_failover_url ?? undefined,
    failure: row.failure === null ? undefined : (JSON.parse(row.failure) as StoredFailure),
    pricing: row.pricing === null ? undefined : (JSON.parse(row.pricing) as Record<string, unknown>),
    createdAt: row.created_at,
    sendingAt: row.sending_at ?? undefined,
    acceptedAt: row.accepted_at ?? undefined,
    sentAt: row.sent_at ?? undefined,
    deliveredAt: row.delivered_at ?? undefined,
    readAt: row.read_at ?? undefined,
    playedAt: row.played_at ?? undefined,
    deletedAt: row.deleted_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
    validUntil: row.valid_until ?? undefined,
    parked: row.parked ?? undefined,
    runAt: row.run_at ?? undefined,
  };
}

const DATES = [
  'run_at',
  'lease_until',
  'created_at',
  'sending_at',
  'accepted_at',
  'sent_at',
  'delivered_at',
  'read_at',
  'played_at',
  'deleted_at',
  'ended_at',
  'valid_until',
] as const;

/** The same from a row that a hot statement gave as JSON, where times are text. */
export function messageFromJson(row: Record<string, unknown>): Message {
  const dated = { ...row };
  for (const name of DATES) if (typeof dated[name] === 'string') dated[name] = new Date(dated[name]);
  return toMessage(dated as unknown as Selectable<MessagesTable>);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A message of this workspace; undefined for another's, an unknown or a malformed id. */
export async function findMessage(
  store: Store,
  workspaceId: string,
  id: string,
): Promise<Message | undefined> {
  if (!UUID.test(id)) return undefined;
  const row = await store.db
    .selectFrom('messages')
    .selectAll()
    .where('id', '=', id)
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
  return row === undefined ? undefined : toMessage(row);
}
