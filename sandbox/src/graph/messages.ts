import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isFields, isRefusal, missing, unreadable } from '../checks.ts';
import { failureOf, fetching, refusalOf } from '../fate.ts';
import type { Misbehaviour } from '../faults.ts';
import type { Message, PriceCategory } from '../message.ts';
import { accountNumber, recipientNumber } from '../number.ts';
import type { Network } from '../parts.ts';
import { numberOfUser, userIdOf } from '../people.ts';
import { checkSend, type Send } from '../send.ts';
import type { Sender } from '../senders.ts';
import { type TemplateContent, templateFor } from '../templates/send.ts';
import type { Category, Template } from '../templates/template.ts';
import { numberOf, VERSION } from './access.ts';
import { envelopeOf, GraphError, graphErrors, type Refusal, statusOf, UNKNOWN_TOKEN } from './errors.ts';

type SendRequest = FastifyRequest<{ Params: { version: string; id: string }; Body: unknown }>;

const PRICES: Record<Category, PriceCategory> = {
  AUTHENTICATION: 'authentication',
  MARKETING: 'marketing',
  UTILITY: 'utility',
};

const DISABLED: Refusal = {
  code: 368,
  details: 'The WhatsApp Business Account is disabled for violating a policy.',
};

/** A client that still waits by then has no time-out of its own. */
const SILENCE_MS = 120_000;

/** `POST /{version}/{phone-number-id}/messages`: sends, and the marking of messages as read. */
export function messageRoutes(server: FastifyInstance, network: Network): void {
  // A body that cannot be read never comes to `send`, and is counted all the same.
  const errorHandler = (error: Error & { statusCode?: number }, _: FastifyRequest, reply: FastifyReply) => {
    if (!(error instanceof GraphError) && (error.statusCode ?? 500) >= 500) throw error;
    network.ledger.record(network.clock.now(), null, null, null, 'refused:100');
    return graphErrors(error, reply);
  };
  server.post(`${VERSION}/:id/messages`, { errorHandler }, (request: SendRequest, reply) => {
    const body = isFields(request.body) ? request.body : {};
    if (body.status === 'read') return markRead(request, reply, body, network);
    return send(request, reply, body, network);
  });
}

function send(request: SendRequest, reply: FastifyReply, body: Record<string, unknown>, network: Network) {
  const { id } = request.params;
  const { faults, ledger, clock } = network;
  const owner = network.senders.byId(id);
  const written = typeof body.to === 'string' ? body.to : undefined;
  const to = written ? owner && recipientNumber(written, owner.phoneNumber) : numberOfRecipient(body);
  const callback = typeof body.biz_opaque_callback_data === 'string' ? body.biz_opaque_callback_data : null;
  const record = (outcome: string, wamid: string | null = null) =>
    ledger.record(clock.now(), wamid, to ?? written ?? null, callback, outcome);
  const refuse = (refusal: Refusal) => {
    record(`refused:${refusal.code}`);
    return reply.code(statusOf(refusal)).send(envelopeOf(refusal));
  };

  const line = faults.take('line', to, id);
  if (line !== undefined) return breakLine(line, request, reply, record, refuse);
  const sender = numberOf(request, id, network.senders);
  if (isRefusal(sender)) return refuse(sender);
  if (sender.account.disabled) return refuse(DISABLED);
  const checked = checkSend(body);
  if (isRefusal(checked)) return refuse(checked);
  const refusal = checkRecipient(body, to, sender);
  if (refusal !== undefined) return refuse(refusal);
  // Brazilians and Mexicans are reached under two numbers each.
  const phone = accountNumber(to!);
  const asked = faults.take('refusal', to, id);
  if (asked !== undefined)
    return refuse({ code: asked.code, details: 'The sandbox was asked for this refusal.' });
  let template: Template | undefined;
  if (checked.type === 'template') {
    const found = templateFor(
      network.templates,
      sender.account.wabaId,
      checked.content as TemplateContent,
      !written,
    );
    if (isRefusal(found)) return refuse(found);
    template = found;
  }
  const unsendable = refusalOf(checked, phone, sender, network);
  if (unsendable !== undefined) return refuse(unsendable);
  const tooFast = network.rates.takeFromNumber(sender) ?? network.rates.takeFromPair(sender, phone);
  if (tooFast !== undefined) return refuse(tooFast);

  const message = accept(checked, template, phone, sender, network);
  const answer = faults.take('answer', to, id);
  record(answer?.kind ?? 'accepted', message.wamid);
  const planned = faults.take('statuses', to, id) ?? failureOf(message, checked, network);
  const fetched = planned === undefined ? fetching(message, network) : undefined;
  if (fetched === undefined) network.statuses.plan(message, planned);
  else fetched.then(failure => network.statuses.plan(message, failure));
  if (answer !== undefined) return withhold(answer, request, reply);
  const status = checked.type === 'template' ? ',"message_status":"accepted"' : '';
  return reply
    .type('application/json; charset=UTF-8')
    .send(
      `{"messaging_product":"whatsapp","contacts":[{"input":${JSON.stringify(written || body.recipient)},` +
        `"wa_id":"${written ? phone.slice(1) : ''}","user_id":"${message.userId}"}],` +
        `"messages":[{"id":"${message.wamid}"${status}}]}`,
    );
}

function accept(
  checked: Send,
  template: Template | undefined,
  phone: string,
  sender: Sender,
  network: Network,
): Message {
  const message: Message = {
    wamid: network.wamid(phone.slice(1)),
    direction: 'to_phone',
    sender,
    phone,
    type: checked.type,
    content: checked.content,
    context: checked.context,
    callback: checked.callback,
    userId: userIdOf(phone),
    reactions: undefined,
    edited: false,
    deleted: false,
    category:
      template === undefined ? ((checked.category ?? 'service') as PriceCategory) : PRICES[template.category],
    templateId: template?.id,
    wording: template?.components,
    at: network.clock.now(),
    status: 'accepted',
    failure: undefined,
    priced: false,
  };
  network.phones.add(message);
  return message;
}

function numberOfRecipient({ recipient }: Record<string, unknown>): string | undefined {
  return typeof recipient === 'string' ? numberOfUser(recipient) : undefined;
}

function checkRecipient(
  body: Record<string, unknown>,
  to: string | undefined,
  sender: Sender,
): Refusal | undefined {
  if (body.to === undefined || body.to === '') {
    if (body.recipient === undefined) return missing('to');
    if (typeof body.recipient !== 'string') return unreadable('recipient', 'a string');
    return to === undefined
      ? { code: 131026, details: 'Nobody has this business-scoped user id.' }
      : undefined;
  }
  if (typeof body.to !== 'string') return unreadable('to', 'a string');
  if (to === undefined) return { code: 131009, details: `The parameter to is not a phone number.` };
  if (to === sender.phoneNumber)
    return { code: 131021, details: 'Sender and recipient are the same number.' };
  return undefined;
}

function breakLine(
  { kind }: Misbehaviour,
  request: FastifyRequest,
  reply: FastifyReply,
  record: (outcome: string) => void,
  refuse: (refusal: Refusal) => FastifyReply,
): FastifyReply {
  if (kind === 'token') return refuse(UNKNOWN_TOKEN);
  if (kind === 'drop') {
    record('dropped');
    return reset(request, reply);
  }
  record(kind);
  return reply.code(kind === 'http_503' ? 503 : 500).send();
}

/** The message is accepted, but the client does not learn it. */
function withhold({ kind }: Misbehaviour, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (kind === 'reset') return reset(request, reply);
  const { socket } = request.raw;
  const tired = setTimeout(() => socket.destroy(), SILENCE_MS);
  socket.once('close', () => clearTimeout(tired));
  return reply.hijack();
}

function reset(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  request.raw.socket.resetAndDestroy();
  return reply;
}

/** Read receipt and typing indicator: the phone sees two blue ticks on this message. */
function markRead(
  request: SendRequest,
  reply: FastifyReply,
  body: Record<string, unknown>,
  network: Network,
) {
  const refuse = (refusal: Refusal) => reply.code(statusOf(refusal)).send(envelopeOf(refusal));
  const sender = numberOf(request, request.params.id, network.senders);
  if (isRefusal(sender)) return refuse(sender);
  if (body.messaging_product === undefined) return refuse(missing('messaging_product'));
  if (body.message_id === undefined) return refuse(missing('message_id'));
  const message = network.phones.message(String(body.message_id));
  if (message === undefined || message.sender !== sender || message.direction !== 'from_phone') {
    return refuse({ code: 131009, details: 'No message with this message_id has come to this number.' });
  }
  network.phones.move(message, 'read', network.clock.now());
  return reply.send({ success: true });
}
