import { isFields } from '../checks.ts';
import type { Message } from '../message.ts';
import type { Network } from '../parts.ts';
import { userIdOf } from '../people.ts';
import type { Phone } from '../phones.ts';
import type { Sender } from '../senders.ts';
import { INBOUND_TYPES, type InboundType, inboundContent } from './inbound-content.ts';
import { Problem } from './problem.ts';

/**
 * The person writes: the phone shows it, the business gets a webhook.
 *
 * @param origin `http://host:port` under which the sandbox was asked; addresses of media begin so
 */
export async function write(
  number: string,
  body: unknown,
  origin: string,
  network: Network,
): Promise<Message> {
  const { phones, webhooks, rates } = network;
  if (!isFields(body)) throw new Problem(400, 'The body must be a JSON object.');
  const { type = 'text', name, context } = body;
  if (!isInboundType(type)) {
    throw new Problem(400, `A phone can send ${INBOUND_TYPES.join(', ')}, not "${String(type)}".`);
  }
  if (context !== undefined && (!isFields(context) || typeof context.message_id !== 'string')) {
    throw new Problem(400, '"context" must be {"message_id": "wamid.…"}.');
  }
  if (name !== undefined && typeof name !== 'string') throw new Problem(400, '"name" must be a string.');
  const sender = businessOf(phones.get(number), body.sender, network);
  if (sender.phoneNumber === number) throw new Problem(400, 'A business number cannot write to itself.');
  const content = await inboundContent(type, body[type], { number, sender, origin, network });
  if (name !== undefined) phones.change(number, { name });
  const message: Message = {
    wamid: network.wamid(number.slice(1)),
    direction: 'from_phone',
    sender,
    phone: number,
    type,
    content,
    context: context === undefined ? undefined : (context.message_id as string),
    callback: undefined,
    userId: userIdOf(number),
    reactions: undefined,
    edited: false,
    deleted: false,
    category: 'service',
    templateId: undefined,
    wording: undefined,
    at: network.clock.now(),
    status: 'sent',
    failure: undefined,
    priced: false,
  };
  phones.add(message);
  rates.countInbound(sender);
  const { name: called, username, hidesNumber } = phones.get(number)!;
  webhooks.send({ kind: 'inbound', message, name: called, username, hidden: hidesNumber });
  return message;
}

/** The businesses that the person knows learn that their marketing is not wanted any more, or is again. */
export function tellPreference(phone: Phone, value: 'stop' | 'resume', network: Network): void {
  const { webhooks, clock } = network;
  const now = clock.now();
  const who = {
    ...(!phone.hidesNumber && { wa_id: phone.number.slice(1) }),
    user_id: userIdOf(phone.number),
  };
  for (const sender of new Set(phone.messages.map(message => message.sender))) {
    webhooks.send({
      kind: 'notice',
      account: sender.account,
      sender,
      field: 'user_preferences',
      value: {
        contacts: [{ profile: { name: phone.name }, ...who }],
        user_preferences: [
          {
            ...who,
            detail: `User requested to ${value} marketing messages`,
            category: 'marketing_messages',
            value,
            timestamp: Math.floor(now / 1000),
          },
        ],
      },
      at: now,
    });
  }
}

function isInboundType(type: unknown): type is InboundType {
  return INBOUND_TYPES.some(known => known === type);
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
