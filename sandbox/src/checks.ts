import type { Refusal } from './graph/errors.ts';

/** What a well-formed send holds beside its recipient. */
export interface Send {
  type: string;
  content: unknown;
  context: string | undefined;
  callback: string | undefined;
}

type Fields = Record<string, unknown>;

/** Meta: text body, 1 to 4096 characters. */
const TEXT_BODY_MAX = 4096;
/** Meta: biz_opaque_callback_data */
const CALLBACK_MAX = 512;
/** Meta: caption of image, video and document */
const CAPTION_MAX = 1024;
/** Meta's own OpenAPI: name of a template */
const TEMPLATE_NAME_MAX = 512;

const INTERACTIVE_TYPES = new Set(
  (
    'button list cta_url location_request_message product product_list catalog_message order_details ' +
    'order_status flow carousel call_permission_request voice_call address_message request_contact_info'
  ).split(' '),
);

export const missing = (parameter: string): Refusal => ({
  code: 131008,
  details: `The parameter ${parameter} is required.`,
});
export const invalid = (details: string): Refusal => ({ code: 131009, details });
export const unreadable = (parameter: string, form: string): Refusal => ({
  code: 100,
  message: `(#100) Param ${parameter} must be ${form}.`,
  details: `Param ${parameter} must be ${form}.`,
});

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isRefusal(value: object): value is Refusal {
  return 'code' in value;
}

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
  return { type, content, context, callback };
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
      return invalid(
        `type "${type}" is not one of text, template, image, video, document, audio, sticker, location, contacts, reaction, interactive.`,
      );
  }
}

function whenFields(
  parameter: string,
  value: unknown,
  check: (fields: Fields) => Refusal | undefined,
): Refusal | undefined {
  if (value === undefined) return missing(parameter);
  return isFields(value) ? check(value) : unreadable(parameter, 'a JSON object');
}

/** A string with at least one character, at most `max` of them. */
function checkString(parameter: string, value: unknown, max: number): Refusal | undefined {
  if (value === undefined || value === '') return missing(parameter);
  if (typeof value !== 'string') return unreadable(parameter, 'a string');
  if (!value.isWellFormed()) return unreadable(parameter, 'well-formed Unicode');
  // Counted in code points: an emoji is one character. Only a text near the limit is worth the count.
  if (value.length > max && [...value].length > max) {
    return invalid(`${parameter} is longer than ${max} characters.`);
  }
  return undefined;
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

function checkInteractive(interactive: Fields): Refusal | undefined {
  const { type, action } = interactive;
  if (type === undefined) return missing("interactive['type']");
  if (typeof type !== 'string') return unreadable("interactive['type']", 'a string');
  if (!INTERACTIVE_TYPES.has(type)) return invalid(`interactive['type'] "${type}" is not known.`);
  return whenFields("interactive['action']", action, () => undefined);
}
