import type { Content } from '../../message/content.ts';
import { isObject } from '../field.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What stands beside the content in a message of Meta's and in one of Telnyx's; the rest here is Telnyx's own. */
const FRAME = ['context', 'category', 'ttl_seconds', 'direct_send_config'] as const;

/**
 * A message of Telnyx's in Meta's words. Both have the same shape but for the few places below, so a fault that is
 * found at a place of the one is at the same place of the other.
 *
 * @param message any parsed JSON object; what it says is judged afterwards
 */
export function toContent(message: Fields): Fields {
  const { type } = message;
  const content: Record<string, unknown> = { type };
  for (const name of FRAME) {
    // Typed clients write `null` for what they leave out.
    if (message[name] !== undefined && message[name] !== null) content[name] = message[name];
  }
  if (typeof type !== 'string' || !Object.hasOwn(message, type)) return content;
  const said = message[type];
  switch (type) {
    case 'template':
      content.template = toTemplate(said);
      break;
    case 'contacts':
      content.contacts = each(said, toCard);
      break;
    case 'interactive':
      content.interactive = toInteractive(said);
      break;
    default:
      content[type] = said;
  }
  return content;
}

/** Meta finds a template by name and language only. */
function toTemplate(template: unknown): unknown {
  if (!isObject(template)) return template;
  const { template_id: _, ...rest } = template;
  return rest.components === undefined ? rest : { ...rest, components: toComponents(rest.components) };
}

/** Meta counts buttons with text, Telnyx with integers (meta-cloud-api §3.2, telnyx §4.3). */
function toComponents(components: unknown): unknown {
  return each(components, component => {
    const { index, cards } = component;
    return {
      ...component,
      ...(typeof index === 'number' ? { index: String(index) } : {}),
      ...(cards === undefined ? {} : { cards: each(cards, card => withComponents(card, toComponents)) }),
    };
  });
}

/** The package types a contact's name as text; the page shows Meta's object (telnyx §12). */
function toCard(card: Fields): Fields {
  return typeof card.name === 'string' ? { ...card, name: { formatted_name: card.name } } : card;
}

/** The package leaves out what says which kind of header or card it is (telnyx §4.3). */
function toInteractive(interactive: unknown): unknown {
  if (!isObject(interactive)) return interactive;
  const { header, action } = interactive;
  const cards = isObject(action) ? action.cards : undefined;
  return {
    ...interactive,
    ...(header === undefined ? {} : { header: toHeader(header) }),
    ...(isObject(action) && cards !== undefined
      ? { action: { ...action, cards: each(cards, toCarouselCard) } }
      : {}),
  };
}

const HEADER_KINDS = ['text', 'image', 'video', 'document'] as const;

function toHeader(header: unknown): unknown {
  if (!isObject(header) || header.type !== undefined) return header;
  const type = HEADER_KINDS.find(kind => header[kind] !== undefined);
  return type === undefined ? header : { type, ...header };
}

/** `cta_url` is the only kind of card that the package knows, also for a product's. */
function toCarouselCard(card: Fields): Fields {
  const { header, action, type } = card;
  const product = isObject(action) && action.product_retailer_id !== undefined && action.name === undefined;
  return {
    ...card,
    ...(type === undefined || (type === 'cta_url' && product)
      ? { type: product ? 'product' : 'cta_url' }
      : {}),
    ...(header === undefined ? {} : { header: toHeader(header) }),
  };
}

/** Back to Telnyx's words: a message as its sender would write it. */
export function fromContent(content: Content | Fields): Record<string, unknown> {
  const message: Record<string, unknown> = { ...content };
  if (content.type === 'template') message.template = withComponents(message.template, fromComponents);
  return message;
}

function fromComponents(components: unknown): unknown {
  return each(components, component => {
    const { index, cards } = component;
    return {
      ...component,
      ...(typeof index === 'string' && /^\d+$/.test(index) ? { index: Number(index) } : {}),
      ...(cards === undefined ? {} : { cards: each(cards, card => withComponents(card, fromComponents)) }),
    };
  });
}

function withComponents(holder: unknown, change: (components: unknown) => unknown): unknown {
  if (!isObject(holder) || holder.components === undefined) return holder;
  return { ...holder, components: change(holder.components) };
}

/** Changes the objects of a list; what is none is left as it is. */
function each(list: unknown, change: (item: Fields) => unknown): unknown {
  if (!Array.isArray(list)) return list;
  return list.map((item: unknown) => (isObject(item) ? change(item) : item));
}
