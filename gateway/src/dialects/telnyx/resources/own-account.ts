import { type BusinessAccount, getAccount } from '../../../accounts/business-accounts.ts';
import type { Below } from '../../dialect.ts';
import { notFound } from '../refused.ts';

/**
 * Finds a WhatsApp Business account of the workspace by Meta's id, which is its id here too.
 *
 * @throws Refused when the workspace has no number of it
 */
export async function ownAccount(
  { store }: Below,
  workspaceId: string,
  id: string | undefined,
): Promise<BusinessAccount> {
  const account = await getAccount(store, workspaceId, id ?? '');
  if (account === undefined) throw notFound(`WhatsApp Business account ${id}`);
  return account;
}
