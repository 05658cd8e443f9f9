import type { FastifyInstance } from 'fastify';
import type { Below } from '../../dialect.ts';
import { bodyless } from '../bodyless.ts';
import { findByEitherId } from '../find-message.ts';
import { mount } from '../mount.ts';
import { notFound, refusedByMeta } from '../refused.ts';

/** What can be done about a message that somebody wrote (ycloud §9, "Inbound actions"). */
export function inboundRoutes(app: FastifyInstance, below: Below): void {
  bodyless(app, scope => {
    mount(scope, '/whatsapp/inboundMessages/:id/markAsRead', {
      POST: ['send', ({ workspaceId, params }) => tellRead(below, workspaceId, params.id ?? '', {})],
    });
    mount(scope, '/whatsapp/inboundMessages/:id/typingIndicator', {
      POST: [
        'send',
        ({ workspaceId, params }) =>
          tellRead(below, workspaceId, params.id ?? '', { typing_indicator: { type: 'text' } }),
      ],
    });
  });
}

/** Meta shows that somebody types with the receipt of the message that is answered (meta-cloud-api §2). */
async function tellRead(below: Below, workspaceId: string, id: string, more: object): Promise<undefined> {
  const message = await findByEitherId(below, workspaceId, id, 'inbound');
  const sender = message === undefined ? undefined : below.directory.senderById(message.senderId);
  if (message?.wamid === undefined || sender === undefined) throw notFound('Inbound message');
  const outcome = await below.graph(sender, 'POST', `/${sender.phoneNumberId}/messages`, {
    messaging_product: 'whatsapp',
    status: 'read',
    message_id: message.wamid,
    ...more,
  });
  if (outcome.kind === 'failed') throw refusedByMeta(outcome.failure);
  return undefined;
}
