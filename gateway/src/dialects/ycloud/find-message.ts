import { DIRECTIONS, type Direction, type Message } from '../../message/message.ts';
import { toMessage } from '../../store/message-row.ts';
import type { Below } from '../dialect.ts';

/** A message by its id here or by WhatsApp's (ycloud §7, §9). */
export async function findByEitherId(
  below: Pick<Below, 'findMessage' | 'store'>,
  workspaceId: string,
  id: string,
  direction: Direction,
): Promise<Message | undefined> {
  const byId = await below.findMessage(workspaceId, id);
  if (byId !== undefined) return byId.direction === direction ? byId : undefined;
  if (!id.startsWith('wamid.')) return undefined;
  const row = await below.store.db
    .selectFrom('messages')
    .selectAll()
    .where('wamid', '=', id)
    .where('workspace_id', '=', workspaceId)
    .where('direction', '=', DIRECTIONS.indexOf(direction))
    .orderBy('id')
    .executeTakeFirst();
  return row === undefined ? undefined : toMessage(row);
}
