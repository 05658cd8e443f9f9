import type { WhatsApp } from './carriers/whatsapp/client.ts';
import type { Parts } from './parts.ts';
import { windowOf } from './recipients/windows.ts';

/** Each number that is asked is a request to Meta. */
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
    const states = await Promise.all(
      own.map(({ id }) => windowOf(store, { workspaceId, senderId: id, recipient }, true, clock.now())),
    );
    // Meta takes a block only of somebody who wrote to the number within a day (meta-cloud-api §9, `block_users`); letting
    // go has no such condition.
    const able = own.filter((_, index) => !block || states[index]!.state === 'open');
    const done = await Promise.all(
      able.slice(0, NUMBERS_MAX).map(async sender => {
        const answer = await whatsapp.request(
          sender,
          block ? 'POST' : 'DELETE',
          `/${sender.phoneNumberId}/block_users`,
          { messaging_product: 'whatsapp', block_users: [{ user: recipient }] },
        );
        if (answer.kind === 'answered') return doneIn(answer.body);
        if (block) onError(new Error(answer.failure.title), 'block somebody at WhatsApp');
        return 0;
      }),
    );
    return done.reduce<number>((sum, one) => sum + one, 0);
  };
}

/** Users that Meta blocked or let go: those it lists as failed are not. */
function doneIn(body: unknown): number {
  const { added_users: added, removed_users: removed } =
    (body as { block_users?: { added_users?: unknown; removed_users?: unknown } })?.block_users ?? {};
  const users = added ?? removed;
  return Array.isArray(users) && users.length > 0 ? 1 : 0;
}
