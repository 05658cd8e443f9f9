import type { Misbehaviour } from './faults.ts';
import type { Refusal } from './graph/errors.ts';
import { mediaIn } from './media/content-media.ts';
import { fits } from './media/kinds.ts';
import { fetchLink, leadsNowhere } from './media/links.ts';
import type { Message } from './message.ts';
import type { Network } from './parts.ts';
import type { Send } from './send.ts';
import type { Sender } from './senders.ts';

/** WhatsApp: a message that is older can no longer be reacted to (meta-cloud-api §3) */
const REACTION_MS = 30 * 24 * 3600 * 1000;

const CLOSED =
  'Message failed to send because more than 24 hours have passed since the customer last replied to this number.';

/** What Meta refuses at once of a well-formed message, knowing its media and, when so set, the window. */
export function refusalOf(send: Send, phone: string, sender: Sender, network: Network): Refusal | undefined {
  const { media, settings, windows } = network;
  for (const { id } of mediaIn(send.type, send.content)) {
    if (id === undefined) continue;
    if (media.alive(id)?.wabaId !== sender.account.wabaId) {
      return {
        code: 131009,
        details: `Media ID ${id} does not exist, has expired, or is another account's.`,
      };
    }
  }
  if (settings.window !== 'sync' || !needsWindow(send)) return undefined;
  return windows.isOpen(sender.phoneNumberId, phone) ? undefined : { code: 131047, details: CLOSED };
}

/** What Meta finds out only after it has accepted a message, as the failure that the webhook will tell. */
export function failureOf(message: Message, send: Send, network: Network): Misbehaviour | undefined {
  const { phones, settings, windows } = network;
  const person = phones.get(message.phone);
  if (person?.unreachable) return fail(131026, 'Message undeliverable.');
  if (person?.noMarketing && message.category === 'marketing') {
    return fail(131050, 'The person has stopped marketing messages of this business.');
  }
  if (message.type === 'template') return failureOfMedia(message, network);
  if (settings.window === 'async' && needsWindow(send)) {
    if (!windows.isOpen(message.sender.phoneNumberId, message.phone)) return fail(131047, CLOSED);
  }
  return message.type === 'reaction' ? failureOfReaction(message, network) : failureOfMedia(message, network);
}

/** Fetches the links of a message, when the sandbox is told to; undefined when there is nothing to wait for. */
export function fetching(message: Message, network: Network): Promise<Misbehaviour | undefined> | undefined {
  if (!network.settings.fetch_links) return undefined;
  const uses = mediaIn(message.type, message.content).filter(({ link }) => link !== undefined);
  if (uses.length === 0) return undefined;
  return Promise.all(uses.map(({ link, kind }) => fetchLink(link!, kind))).then(results => {
    const wrong = results.find(result => typeof result === 'string');
    return wrong === undefined ? undefined : fail(131053, wrong);
  });
}

/** Direct Send (meta-cloud-api §3.3): what says its category is not held to the window. */
function needsWindow({ type, category }: Send): boolean {
  return type !== 'template' && (category === undefined || category === 'service');
}

function failureOfReaction(message: Message, { phones, clock }: Network): Misbehaviour | undefined {
  const { message_id } = message.content as { message_id: string };
  const target = phones.message(message_id);
  if (target === undefined || target.deleted || target.phone !== message.phone) {
    return fail(131009, 'The message that is reacted to does not exist.');
  }
  if (target.type === 'reaction') return fail(131009, 'A reaction cannot be reacted to.');
  return target.at + REACTION_MS < clock.now()
    ? fail(131009, 'The message that is reacted to is older than 30 days.')
    : undefined;
}

function failureOfMedia({ type, content }: Message, { media }: Network): Misbehaviour | undefined {
  for (const { kind, id, link } of mediaIn(type, content)) {
    const file = id === undefined ? undefined : media.any(id);
    if (file !== undefined && !fits(kind, file.mimeType)) {
      return fail(131053, `A file of the type ${file.mimeType} cannot be sent as ${kind}.`);
    }
    if (link !== undefined && leadsNowhere(link)) return fail(131053, `The link ${link} leads nowhere.`);
  }
  return undefined;
}

function fail(code: number, details: string): Misbehaviour {
  return { kind: 'fail', code, details };
}
