import type { WhatsApp } from './carriers/whatsapp/client.ts';
import type { Parts } from './parts.ts';
import { windowOf } from './recipients/windows.ts';

/** Meta takes a block only of somebody who wrote to the number lately (meta-cloud-api §9, `block_users`). */
const NUMBERS_MAX = 20;

/**
 * Blocks somebody at WhatsApp, for each number of the workspace that the person wrote to within a day, so that nothing
 * comes from the person either. Our own list counts whatever Meta says.
 */
export function blockingBy(
  { directory, store, clock, onError }: Pick<Parts, 'directory' | 'store' | 'clock' | 'onError'>,
  whatsapp: Pick<WhatsApp, 'request'>,
): (workspaceId: string, recipient: string, block: boolean) => Promise<number> {
  return async (workspaceId, recipient, block) => {
    const own = [...directory.allSenders()].filter(sender => sender.workspaceId === workspaceId);
    let done = 0;
    for (const sender of own.slice(0, NUMBERS_MAX)) {
      const who = { workspaceId, senderId: sender.id, recipient };
      const { state } = await windowOf(store, who, true, clock.now());
      // Letting go has no such condition.
      if (block && state !== 'open') continue;
      const answer = await whatsapp.request(
        sender,
        block ? 'POST' : 'DELETE',
        `/${sender.phoneNumberId}/block_users`,
        { messaging_product: 'whatsapp', block_users: [{ user: recipient }] },
      );
      if (answer.kind === 'answered') done++;
      else if (block) onError(new Error(answer.failure.title), 'block somebody at WhatsApp');
    }
    return done;
  };
}
