import { CANCELED } from '../message/failure.ts';
import type { Message } from '../message/message.ts';
import { STATUS } from '../message/status.ts';
import { findMessage } from '../store/message-row.ts';
import type { Store } from '../store/store.ts';
import type { Settle } from './settle.ts';

export interface Cancellation {
  /** As it is now. */
  readonly message: Message;
  /** False when it had left the queue already. */
  readonly canceled: boolean;
}

/**
 * Takes a message back that was not claimed yet. A claim that is faster wins; then it is sent.
 *
 * @returns undefined when the workspace has no such message
 */
export async function cancelMessage(
  store: Store,
  settle: Pick<Settle, 'end'>,
  workspaceId: string,
  id: string,
): Promise<Cancellation | undefined> {
  const before = await findMessage(store, workspaceId, id);
  if (before === undefined || before.direction !== 'outbound') return undefined;
  if (before.status !== 'queued' && before.status !== 'scheduled')
    return { message: before, canceled: before.status === 'canceled' };
  await settle.end({ id, sender: before.senderId, attempt: before.attempt }, STATUS.canceled, CANCELED);
  const message = (await findMessage(store, workspaceId, id)) ?? before;
  return { message, canceled: message.status === 'canceled' };
}
