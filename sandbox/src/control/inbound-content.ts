import { isFields } from '../checks.ts';
import { isMediaKind, type MediaKind } from '../media/kinds.ts';
import { fetchLink, misfit } from '../media/links.ts';
import { INBOUND_LIFE_MS, type Media } from '../media/store.ts';
import { accountNumber, isE164 } from '../number.ts';
import type { Network } from '../parts.ts';
import { userIdOf } from '../people.ts';
import type { Sender } from '../senders.ts';
import { Problem } from './problem.ts';

/** What a person can send, as Meta's webhooks name it (meta-cloud-api §5.3). */
export const INBOUND_TYPES = [
  'text',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'button',
  'interactive',
  'reaction',
  'order',
  'system',
  'edit',
  'revoke',
  'unsupported',
] as const;
export type InboundType = (typeof INBOUND_TYPES)[number];

const REPLIES = ['button_reply', 'list_reply', 'nfm_reply', 'call_permission_reply'];
/** WhatsApp: the longest text that a person can write. */
const INBOUND_TEXT_MAX = 65_536;

interface Writing {
  number: string;
  sender: Sender;
  origin: string;
  network: Network;
}

/** The object that the webhook carries under the name of its type, from what the request gives. */
export async function inboundContent(type: InboundType, given: unknown, writing: Writing): Promise<unknown> {
  if (type === 'contacts') {
    if (!Array.isArray(given) || given.length === 0) throw missing(type);
    return given;
  }
  const content = type === 'text' && typeof given === 'string' ? { body: given } : given;
  if (!isFields(content)) throw missing(type);
  if (isMediaKind(type)) return mediaContent(type, content, writing);
  switch (type) {
    case 'text':
      return checkText(content);
    case 'location':
      return needs(type, content, ['latitude', 'longitude'], 'number');
    case 'button':
      return needs(type, content, ['text'], 'string');
    case 'interactive': {
      const kind = REPLIES.find(reply => reply === content.type);
      if (kind === undefined)
        throw new Problem(400, `"interactive.type" must be one of ${REPLIES.join(', ')}.`);
      if (!isFields(content[kind])) throw missing(`interactive.${kind}`);
      return content;
    }
    case 'reaction':
      return needs(type, content, ['message_id'], 'string');
    case 'order':
      if (!Array.isArray(content.product_items)) throw missing('order.product_items');
      return needs(type, content, ['catalog_id'], 'string');
    case 'edit':
      if (!isFields(content.message)) throw missing('edit.message');
      return needs(type, content, ['original_message_id'], 'string');
    case 'revoke':
      return needs(type, content, ['original_message_id'], 'string');
    case 'system':
      return systemContent(content, writing);
    case 'unsupported':
      return content;
  }
}

function missing(name: string): Problem {
  return new Problem(400, `"${name}" is missing: Meta's object of that type.`);
}

function needs(
  type: string,
  content: Record<string, unknown>,
  fields: readonly string[],
  form: 'string' | 'number',
): Record<string, unknown> {
  for (const field of fields) {
    if (typeof content[field] !== form) throw new Problem(400, `"${type}.${field}" must be a ${form}.`);
  }
  return content;
}

function checkText(content: Record<string, unknown>): Record<string, unknown> {
  const { body } = content;
  if (typeof body !== 'string' || body === '')
    throw new Problem(400, '"text.body" must be a text that is not empty.');
  if (body.length > INBOUND_TEXT_MAX)
    throw new Problem(400, `"text.body" is longer than ${INBOUND_TEXT_MAX} characters.`);
  return content;
}

/** The number has changed: what Meta says of it, made from the new number. */
function systemContent(content: Record<string, unknown>, { number, network }: Writing): object {
  const { type = 'user_changed_number', wa_id, ...rest } = content;
  if (type !== 'user_changed_number') return content;
  const changed = typeof wa_id === 'string' ? `+${wa_id.replace(/^\+/, '')}` : '';
  if (!isE164(changed)) throw new Problem(400, '"system.wa_id" must be the new number, as digits.');
  const next = accountNumber(changed);
  const name = network.phones.get(number)?.name ?? number;
  return {
    body: `User ${name} changed from ${number.slice(1)} to ${next.slice(1)}`,
    ...rest,
    type,
    wa_id: next.slice(1),
    user_id: userIdOf(next),
    previous_user_id: userIdOf(number),
  };
}

/** Puts the file at Meta for the business that gets it, under an id of its own. */
async function mediaContent(kind: MediaKind, content: Record<string, unknown>, writing: Writing) {
  const { network, sender, origin } = writing;
  const { media_id, id = media_id, link, ...rest } = content;
  const file = await fileOf(kind, id, link, network);
  const filename = rest.filename ?? file.filename;
  const { wabaId } = sender.account;
  const { id: shared, mimeType, sha256 } = network.media.share(file, wabaId, sender.phoneNumberId);
  return {
    ...rest,
    ...(kind === 'document' && filename !== undefined && { filename }),
    id: shared,
    mime_type: mimeType,
    // In base64 here, in hex where the media object is read.
    sha256: Buffer.from(sha256, 'hex').toString('base64'),
    url: network.addresses.make(origin, shared),
  };
}

async function fileOf(kind: MediaKind, id: unknown, link: unknown, { media }: Network): Promise<Media> {
  if (typeof link === 'string') {
    const fetched = await fetchLink(link, kind);
    if (typeof fetched === 'string') throw new Problem(400, fetched);
    return media.add(fetched, INBOUND_LIFE_MS);
  }
  const file = typeof id === 'string' ? media.any(id) : undefined;
  if (file === undefined) {
    throw new Problem(
      400,
      `"${kind}" needs a "link", or the "media_id" of a file that was given to POST /sandbox/media.`,
    );
  }
  const wrong = misfit((await media.bytes(file)) ?? Buffer.alloc(0), file.mimeType, kind);
  if (wrong !== undefined) throw new Problem(400, wrong);
  return file;
}
