import type { FastifyInstance } from 'fastify';
import type { Message } from '../../../message/message.ts';
import { toMessage } from '../../../store/message-row.ts';
import type { Below } from '../../dialect.ts';
import { mount } from '../mount.ts';
import { notFound, refusedByMeta } from '../refused.ts';

/** What can be done about a message that somebody wrote (ycloud §9, "Inbound actions"). */
export function inboundRoutes(app: FastifyInstance, below: Below): void {
  mount(app, '/whatsapp/inboundMessages/:id/markAsRead', {
    POST: ['send', ({ workspaceId, params }) => tellRead(below, workspaceId, params.id ?? '', {})],
  });
  mount(app, '/whatsapp/inboundMessages/:id/typingIndicator', {
    POST: [
      'send',
      ({ workspaceId, params }) =>
        tellRead(below, workspaceId, params.id ?? '', { typing_indicator: { type: 'text' } }),
    ],
  });
}

/** Meta shows that somebody types with the receipt of the message that is answered (meta-cloud-api §2). */
async function tellRead(below: Below, workspaceId: string, id: string, more: object): Promise<undefined> {
  const message = await findInbound(below, workspaceId, id);
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

/** By its id here or by WhatsApp's. */
async function findInbound(below: Below, workspaceId: string, id: string): Promise<Message | undefined> {
  const byId = await below.findMessage(workspaceId, id);
  if (byId !== undefined) return byId.direction === 'inbound' ? byId : undefined;
  const row = await below.store.db
    .selectFrom('messages')
    .selectAll()
    .where('wamid', '=', id)
    .where('workspace_id', '=', workspaceId)
    .where('direction', '=', 1)
    .executeTakeFirst();
  return row === undefined ? undefined : toMessage(row);
}
