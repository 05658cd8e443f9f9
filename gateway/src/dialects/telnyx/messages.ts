import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Below } from '../dialect.ts';
import { refuseCancel, refuseFaults } from './errors.ts';
import { answer, principalOf } from './http.ts';
import { now, toEchoPayload, toInboundPayload, toOutboundPayload } from './translate.ts';

const UNKNOWN = { code: '10005', detail: 'You have no message with this id.' } as const;

type ById = FastifyRequest<{ Params: { id: string } }>;

/** Shows a message as it is now (telnyx §3, row 2). */
export async function retrieve(request: ById, reply: FastifyReply, below: Below): Promise<unknown> {
  const message = await below.findMessage(principalOf(request).workspaceId, request.params.id);
  if (message === undefined) return answer(reply, refuseFaults(404, [UNKNOWN]));
  const senderPhone = below.directory.senderById(message.senderId)?.phoneNumber ?? '';
  switch (message.direction) {
    case 'inbound':
      return { data: toInboundPayload(message, senderPhone, undefined, below.mediaUrlOf(message)) };
    case 'echo':
      return { data: toEchoPayload(message, senderPhone, undefined) };
    case 'outbound':
      return { data: toOutboundPayload(message, senderPhone, now(message)) };
  }
}

/**
 * Takes a message back. Telnyx does so with what is scheduled (telnyx §3, row 3; §6); here whatever has not left yet can
 * be taken back.
 */
export async function cancel(request: ById, reply: FastifyReply, below: Below): Promise<unknown> {
  const outcome = await below.cancel(principalOf(request).workspaceId, request.params.id);
  if (outcome === undefined) return answer(reply, refuseCancel(404, UNKNOWN));
  const { message, canceled } = outcome;
  if (!canceled) {
    const detail = `Only messages that were not sent yet can be cancelled: this one is ${message.status}.`;
    return answer(reply, refuseCancel(403, { code: '10015', detail }));
  }
  const senderPhone = below.directory.senderById(message.senderId)?.phoneNumber ?? '';
  return toOutboundPayload(message, senderPhone, now(message));
}

/** Rows 4 and 5 of telnyx §3 are for SMS and MMS, which nothing here sends. */
export async function refuseSms(_: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const detail =
    'Wirebird sends WhatsApp messages only, no SMS or MMS: POST /v2/messages/whatsapp with whatsapp_message.';
  return answer(reply, refuseFaults(400, [{ code: '10015', detail }]));
}
