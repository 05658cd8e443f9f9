import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFields } from '../checks.ts';
import type { Message } from '../message.ts';
import { isE164 } from '../number.ts';
import type { Network } from '../parts.ts';
import type { Phone } from '../phones.ts';
import { phoneMessage } from '../render.ts';
import type { Sender } from '../senders.ts';
import { Problem } from './problem.ts';

type PhoneRequest = FastifyRequest<{ Params: { number: string }; Body: unknown }>;

/** What a person can send, as Meta's webhooks name it; the object of the type goes to the business as given. */
const INBOUND_TYPES = ['text', 'button', 'interactive', 'reaction', 'location', 'contacts'];
/** WhatsApp: the longest text that a person can write. */
const INBOUND_TEXT_MAX = 65_536;

/** The phones: what they have got, and what their owners do. */
export function phoneRoutes(server: FastifyInstance, network: Network): void {
  const { phones } = network;

  server.get('/phones', () => ({
    data: phones.all().map(({ number, name, unread, messages }) => {
      const last = messages.at(-1);
      return { phone: number, name, unread, last: last === undefined ? null : phoneMessage(last) };
    }),
  }));

  server.get('/phones/:number/messages', (request: PhoneRequest) => ({
    data: (phones.get(numberIn(request))?.messages ?? []).map(phoneMessage),
    next: null,
  }));

  server.post('/phones/:number/messages', (request: PhoneRequest, reply) => {
    const message = write(numberIn(request), request.body, network);
    return reply.code(201).send(phoneMessage(message));
  });

  server.post('/phones/:number/read', (request: PhoneRequest) => {
    const phone = phones.get(numberIn(request));
    return { read: phone === undefined ? 0 : network.statuses.read(phone) };
  });
}

function numberIn(request: PhoneRequest): string {
  const { number } = request.params;
  if (!isE164(number))
    throw new Problem(400, `"${number}" is not a phone number in E.164, such as +15550001234.`);
  return number;
}

/** The person writes: the phone shows it, the business gets a webhook. */
function write(number: string, body: unknown, network: Network): Message {
  const { phones, webhooks, rates } = network;
  if (!isFields(body)) throw new Problem(400, 'The body must be a JSON object.');
  const { type = 'text', name } = body;
  if (typeof type !== 'string' || !INBOUND_TYPES.includes(type)) {
    throw new Problem(400, `A phone can send ${INBOUND_TYPES.join(', ')}, not "${String(type)}".`);
  }
  const given = body[type];
  const content = type === 'text' && typeof given === 'string' ? { body: given } : given;
  checkInbound(type, content);
  const { context } = body;
  if (context !== undefined && (!isFields(context) || typeof context.message_id !== 'string')) {
    throw new Problem(400, '"context" must be {"message_id": "wamid.…"}.');
  }
  if (name !== undefined && typeof name !== 'string') throw new Problem(400, '"name" must be a string.');
  const sender = businessOf(phones.get(number), body.sender, network);
  if (sender.phoneNumber === number) throw new Problem(400, 'A business number cannot write to itself.');
  if (name !== undefined) phones.rename(number, name);
  const message: Message = {
    wamid: network.wamid(number.slice(1)),
    direction: 'from_phone',
    sender,
    phone: number,
    type,
    content,
    context: context === undefined ? undefined : (context.message_id as string),
    callback: undefined,
    at: network.clock.now(),
    status: 'sent',
    failure: undefined,
    priced: false,
  };
  phones.add(message);
  rates.countInbound(sender);
  webhooks.send({ kind: 'inbound', message, name: phones.get(number)!.name });
  return message;
}

function checkInbound(type: string, content: unknown): void {
  if (type === 'contacts' ? !Array.isArray(content) : !isFields(content)) {
    throw new Problem(400, `"${type}" is missing: Meta's object of that type.`);
  }
  if (type !== 'text') return;
  const { body } = content as { body?: unknown };
  if (typeof body !== 'string' || body === '')
    throw new Problem(400, '"text.body" must be a text that is not empty.');
  if (body.length > INBOUND_TEXT_MAX)
    throw new Problem(400, `"text.body" is longer than ${INBOUND_TEXT_MAX} characters.`);
}

/** The named business, else the last one that wrote to the phone or was written to, else the only one. */
function businessOf(phone: Phone | undefined, named: unknown, { senders }: Network): Sender {
  if (named !== undefined) {
    const sender = typeof named === 'string' ? senders.byNumber(named) : undefined;
    if (sender === undefined) throw new Problem(400, `There is no business number ${String(named)}.`);
    return sender;
  }
  const last =
    phone?.messages.findLast(message => message.direction === 'to_phone') ?? phone?.messages.at(-1);
  if (last !== undefined) return last.sender;
  const all = senders.all();
  if (all.length === 1) return all[0]!;
  throw new Problem(
    400,
    all.length === 0
      ? 'There is no business number yet: POST /sandbox/senders.'
      : 'Several business numbers exist and none has written to this phone: name one in "sender".',
  );
}
