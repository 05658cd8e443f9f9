import { isObject } from '../field.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A message of YCloud's in Meta's words. Both have the same shape but for the few places below, so a fault that is found
 * at a place of the one is at the same place of the other. What stands beside the object that `type` names is passed
 * over (ycloud §5.1).
 *
 * @param body any parsed JSON object; what it says is judged afterwards
 */
export function toContent(body: Fields): Fields {
  const { type, context } = body;
  const content: Record<string, unknown> = { type };
  // Typed clients write `null` for what they leave out.
  if (context !== undefined && context !== null) content.context = context;
  if (typeof type !== 'string' || !Object.hasOwn(body, type)) return content;
  const said = body[type];
  if (said === null) return content;
  content[type] = translated(type, said);
  return content;
}

function translated(type: string, said: unknown): unknown {
  switch (type) {
    case 'image':
    case 'video':
    case 'audio':
    case 'document':
    case 'sticker':
      return toFile(said);
    case 'template':
      return isObject(said) ? withComponents(said) : said;
    case 'interactive':
      return toInteractive(said);
    default:
      return said;
  }
}

/** With both, the id counts (ycloud §5.2). */
function toFile(file: unknown): unknown {
  if (!isObject(file)) return file;
  const { id, link, ...rest } = file;
  // Typed clients write `null` for what they leave out.
  if (id !== undefined && id !== null) return { id, ...rest };
  return link === undefined || link === null ? rest : { link, ...rest };
}

/** YCloud's samples write kinds in any case and the place of a button as text or as a number (ycloud §5.4). */
function withComponents(holder: Fields): Fields {
  if (!Array.isArray(holder.components)) return holder;
  return { ...holder, components: holder.components.map(toComponent) };
}

function toComponent(component: unknown): unknown {
  if (!isObject(component)) return component;
  const { index, cards, parameters } = component;
  return {
    ...component,
    ...lowered(component, 'type'),
    ...lowered(component, 'sub_type'),
    ...(typeof index === 'number' ? { index: String(index) } : {}),
    ...(Array.isArray(parameters) ? { parameters: parameters.map(toParameter) } : {}),
    ...(Array.isArray(cards)
      ? { cards: cards.map((card: unknown) => (isObject(card) ? withComponents(card) : card)) }
      : {}),
  };
}

const FILES = ['image', 'video', 'document'] as const;

function toParameter(parameter: unknown): unknown {
  if (!isObject(parameter)) return parameter;
  const named: Record<string, unknown> = { ...parameter, ...lowered(parameter, 'type') };
  for (const name of FILES) if (named[name] !== undefined) named[name] = toFile(named[name]);
  return named;
}

function lowered(holder: Fields, name: string): Fields {
  const value = holder[name];
  return typeof value === 'string' ? { [name]: value.toLowerCase() } : {};
}

/** The client's list of names lacks Meta's word for a catalogue (ycloud §5.3). */
function toInteractive(interactive: unknown): unknown {
  if (!isObject(interactive)) return interactive;
  const { type, action } = interactive;
  if (type !== 'catalog_message' || !isObject(action) || action.name !== undefined) return interactive;
  return { ...interactive, action: { ...action, name: 'catalog_message' } };
}
