import { checkString, type Fields, invalid, isFields, missing, unreadable, whenFields } from './checks.ts';
import type { Refusal } from './graph/errors.ts';
import { checkInteractive } from './interactive.ts';

/** What a well-formed send holds beside its recipient. */
export interface Send {
  type: string;
  content: unknown;
  context: string | undefined;
  callback: string | undefined;
  /** Direct Send: what a free-form message is to be charged as. */
  category: string | undefined;
}

/** Meta: text body, 1 to 4096 characters. */
const TEXT_BODY_MAX = 4096;
/** Meta: biz_opaque_callback_data */
const CALLBACK_MAX = 512;
/** Meta: caption of image, video and document */
const CAPTION_MAX = 1024;
/** Meta's own OpenAPI: name of a template */
const TEMPLATE_NAME_MAX = 512;

/**
 * Checks the shape of a send as Meta does: what is missing is 131008, what breaks a limit or an enumeration
 * 131009, what has the wrong JSON type 100. The recipient is checked elsewhere.
 */
export function checkSend(body: Fields): Send | Refusal {
  if (body.messaging_product === undefined) return missing('messaging_product');
  if (body.messaging_product !== 'whatsapp') return invalid('messaging_product must be "whatsapp".');
  if (body.recipient_type !== undefined && body.recipient_type !== 'individual') {
    return invalid('recipient_type must be "individual".');
  }
  const callback = body.biz_opaque_callback_data;
  if (callback !== undefined) {
    if (typeof callback !== 'string') return unreadable('biz_opaque_callback_data', 'a string');
    if (callback.length > CALLBACK_MAX) {
      return invalid(`biz_opaque_callback_data is longer than ${CALLBACK_MAX} characters.`);
    }
  }
  let context: string | undefined;
  if (body.context !== undefined) {
    if (!isFields(body.context)) return unreadable('context', 'a JSON object');
    if (body.context.message_id === undefined) return missing("context['message_id']");
    if (typeof body.context.message_id !== 'string') return unreadable("context['message_id']", 'a string');
    context = body.context.message_id;
  }
  const type = body.type ?? 'text';
  if (typeof type !== 'string') return unreadable('type', 'a string');
  const content = body[type];
  const wrong = checkContent(type, content);
  if (wrong !== undefined) return wrong;
  const wrongCategory = checkDirectSend(body, type, content);
  if (wrongCategory !== undefined) return wrongCategory;
  return { type, content, context, callback, category: body.category as string | undefined };
}

/** WhatsApp Direct Send (meta-cloud-api §3.3, §3.4): categories, and how long each may be kept undelivered, seconds */
const DIRECT_SEND: Record<string, { least: number; most: number } | undefined> = {
  utility: { least: 30, most: 43_200 },
  authentication: { least: 30, most: 900 },
  service: undefined,
};
const DIRECT_SEND_INTERACTIVE = ['cta_url', 'button', 'voice_call'];

function checkDirectSend(body: Fields, type: string, content: unknown): Refusal | undefined {
  const { category, ttl_seconds } = body;
  if (category === undefined) {
    return ttl_seconds === undefined ? undefined : parameter100('ttl_seconds needs a category.');
  }
  if (typeof category !== 'string' || !Object.hasOwn(DIRECT_SEND, category)) {
    return parameter100(`category must be one of ${Object.keys(DIRECT_SEND).join(', ')}.`);
  }
  const life = DIRECT_SEND[category];
  if (ttl_seconds !== undefined) {
    const fits =
      life !== undefined &&
      Number.isInteger(ttl_seconds) &&
      (ttl_seconds as number) >= life.least &&
      (ttl_seconds as number) <= life.most;
    if (!fits) return parameter100(`ttl_seconds is out of the range of the category ${category}.`);
  }
  if (life === undefined || type === 'text') return undefined;
  const kind = type === 'interactive' ? (content as Fields).type : undefined;
  return DIRECT_SEND_INTERACTIVE.some(known => known === kind)
    ? undefined
    : parameter100(`A message of this type cannot be sent with the category ${category}.`);
}

function parameter100(details: string): Refusal {
  return { code: 100, message: `(#100) Invalid parameter: ${details}`, details };
}

function checkContent(type: string, content: unknown): Refusal | undefined {
  switch (type) {
    case 'text':
      return whenFields('text', content, checkText);
    case 'template':
      return whenFields('template', content, checkTemplate);
    case 'image':
    case 'video':
    case 'document':
    case 'audio':
    case 'sticker':
      return whenFields(type, content, media => checkMedia(type, media));
    case 'location':
      return whenFields('location', content, checkLocation);
    case 'contacts':
      return checkContacts(content);
    case 'reaction':
      return whenFields('reaction', content, checkReaction);
    case 'interactive':
      return whenFields('interactive', content, checkInteractive);
    default:
      return {
        code: 131051,
        details: `type "${type}" is not one of text, template, image, video, document, audio, sticker, location, contacts, reaction, interactive.`,
      };
  }
}

function checkText(text: Fields): Refusal | undefined {
  if (text.preview_url !== undefined && typeof text.preview_url !== 'boolean') {
    return unreadable("text['preview_url']", 'a boolean');
  }
  return checkString("text['body']", text.body, TEXT_BODY_MAX);
}

function checkTemplate(template: Fields): Refusal | undefined {
  const wrongName = checkString("template['name']", template.name, TEMPLATE_NAME_MAX);
  if (wrongName !== undefined) return wrongName;
  const wrongLanguage = whenFields("template['language']", template.language, language =>
    checkString("template['language']['code']", language.code, TEMPLATE_NAME_MAX),
  );
  if (wrongLanguage !== undefined) return wrongLanguage;
  if (template.components === undefined) return undefined;
  if (!Array.isArray(template.components)) return unreadable("template['components']", 'an array');
  for (const [i, component] of template.components.entries()) {
    const wrong = checkComponent(`template['components'][${i}]`, component);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function checkComponent(parameter: string, component: unknown): Refusal | undefined {
  if (!isFields(component)) return unreadable(parameter, 'a JSON object');
  const wrong = checkString(`${parameter}['type']`, component.type, TEMPLATE_NAME_MAX);
  if (wrong !== undefined) return wrong;
  const { parameters } = component;
  if (parameters === undefined) return undefined;
  if (!Array.isArray(parameters)) return unreadable(`${parameter}['parameters']`, 'an array');
  for (const [i, value] of parameters.entries()) {
    const name = `${parameter}['parameters'][${i}]`;
    if (!isFields(value)) return unreadable(name, 'a JSON object');
    if (value.type === undefined) return missing(`${name}['type']`);
    if (value.type === 'text') {
      if (value.text === undefined) return missing(`${name}['text']`);
      if (typeof value.text !== 'string') return unreadable(`${name}['text']`, 'a string');
    }
  }
  return undefined;
}

function checkMedia(type: string, media: Fields): Refusal | undefined {
  const { id, link, caption } = media;
  if (id === undefined && link === undefined) return missing(`${type}['id'] or ${type}['link']`);
  if (id !== undefined && typeof id !== 'string') return unreadable(`${type}['id']`, 'a string');
  if (link !== undefined && typeof link !== 'string') return unreadable(`${type}['link']`, 'a string');
  if (typeof link === 'string' && !/^https?:\/\//.test(link)) {
    return invalid(`${type}['link'] is not an http or https URL.`);
  }
  if (caption === undefined) return undefined;
  if (type === 'audio' || type === 'sticker') return invalid(`${type} takes no caption.`);
  return caption === '' ? undefined : checkString(`${type}['caption']`, caption, CAPTION_MAX);
}

function checkLocation(location: Fields): Refusal | undefined {
  for (const name of ['latitude', 'longitude']) {
    const value = location[name];
    if (value === undefined) return missing(`location['${name}']`);
    // Meta also takes them as strings of digits.
    if (value === '' || !Number.isFinite(Number(value)))
      return invalid(`location['${name}'] is not a number.`);
  }
  return undefined;
}

function checkContacts(contacts: unknown): Refusal | undefined {
  if (contacts === undefined) return missing('contacts');
  if (!Array.isArray(contacts)) return unreadable('contacts', 'an array');
  if (contacts.length === 0) return missing('contacts[0]');
  for (const [i, contact] of contacts.entries()) {
    const wrong = whenFields(`contacts[${i}]`, contact, fields =>
      whenFields(`contacts[${i}]['name']`, fields.name, name =>
        name.formatted_name === undefined ? missing(`contacts[${i}]['name']['formatted_name']`) : undefined,
      ),
    );
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function checkReaction(reaction: Fields): Refusal | undefined {
  if (reaction.emoji !== undefined && typeof reaction.emoji !== 'string') {
    return unreadable("reaction['emoji']", 'a string');
  }
  return checkString("reaction['message_id']", reaction.message_id, CALLBACK_MAX);
}
