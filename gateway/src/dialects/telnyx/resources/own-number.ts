import type { Sender } from '../../../accounts/directory.ts';
import { getSender, type SenderRecord } from '../../../accounts/senders.ts';
import { isE164 } from '../../../message/phone.ts';
import type { Below } from '../../dialect.ts';
import { notFound } from '../refused.ts';

/** One of the workspace's numbers: as it is listed, and with its secrets opened. */
export interface OwnNumber {
  readonly record: SenderRecord;
  readonly sender: Sender;
}

/**
 * Finds a number of the workspace by E.164 or by its id here. `%2B` and a plain plus sign are the same in a path.
 *
 * @throws Refused when there is none
 */
export async function ownNumber(
  below: Below,
  workspaceId: string,
  name: string | undefined,
): Promise<OwnNumber> {
  const { directory, store } = below;
  const given = name ?? '';
  const sender = isE164(given)
    ? directory.senderByPhone(workspaceId, given)
    : directory.senderById(given.toLowerCase());
  if (sender?.workspaceId !== workspaceId) throw notFound(`WhatsApp number ${given}`);
  const record = await getSender(store, workspaceId, sender.id);
  // It was deleted a moment ago, maybe on another node.
  if (record === undefined) throw notFound(`WhatsApp number ${given}`);
  return { record, sender };
}
