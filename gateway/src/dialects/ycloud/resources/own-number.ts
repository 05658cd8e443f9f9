import type { Sender } from '../../../accounts/directory.ts';
import type { Below } from '../../dialect.ts';
import { notFound } from '../refused.ts';

/**
 * A number by E.164, in the account that the path names; the text of `register` calls it by Meta's id.
 *
 * @throws Refused when the workspace has none
 */
export function ownNumber(
  { directory }: Below,
  workspaceId: string,
  { wabaId, phoneNumber = '' }: Readonly<Record<string, string>>,
): Sender {
  const plain = phoneNumber.replace(/^ (?=\d)/, '+');
  const sender = directory.senderByPhone(workspaceId, plain) ?? directory.sendersByPhoneNumberId(plain);
  if (sender?.workspaceId !== workspaceId || sender.wabaId !== wabaId) throw notFound('Phone number');
  return sender;
}
