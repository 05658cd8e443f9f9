import { isLonger } from '../characters.ts';
import { isFields } from '../checks.ts';
import { readButtons } from './buttons.ts';
import {
  danglingVariable,
  missingField,
  tooLong,
  tooManyVariables,
  wrongBody,
  wrongFooter,
  wrongHeader,
  wrongParam,
  wrongTemplate,
} from './refusals.ts';
import { type Category, type Component, partOf, variablesOf } from './template.ts';

export interface ComponentContext {
  category: Category;
  named: boolean;
  isHandle: (handle: string) => boolean;
}

type Fields = Record<string, unknown>;

/** WhatsApp: text of header, body and footer of a template, characters (meta-cloud-api §7) */
const HEADER_MAX = 60;
const BODY_MAX = 1024;
const FOOTER_MAX = 60;
/** WhatsApp: body of a limited-time offer and of a card, characters (meta-cloud-api §7) */
const OFFER_BODY_MAX = 600;
const CARD_BODY_MAX = 160;
/** WhatsApp: heading of a limited-time offer, characters (meta-cloud-api §7) */
const OFFER_TEXT_MAX = 16;
/** WhatsApp: cards of a carousel (meta-cloud-api §7) */
const CARDS_MIN = 2;
const CARDS_MAX = 10;

/** Formats of a header whose sample is a file. */
const FILE_HEADERS = ['IMAGE', 'VIDEO', 'DOCUMENT', 'GIF'];
const CARD_HEADERS = ['IMAGE', 'VIDEO', 'PRODUCT'];

/** Checks the components of a utility or marketing template and writes them as Meta gives them back. */
export function readComponents(given: unknown[], context: ComponentContext): Component[] {
  const components: Component[] = [];
  for (const one of given) {
    const type = typeOf(one);
    if (partOf(components, type) !== undefined) {
      throw wrongTemplate('Duplicate component', `There is more than one component of type ${type}.`);
    }
    components.push(readComponent({ ...(one as Fields), type } as Component, given, context));
  }
  if (partOf(components, 'BODY') === undefined)
    throw wrongTemplate('Body missing', 'A template needs a component of type BODY.');
  if (partOf(components, 'LIMITED_TIME_OFFER') !== undefined && partOf(components, 'FOOTER') !== undefined) {
    throw wrongFooter('A limited-time offer has no footer.');
  }
  return components;
}

function typeOf(component: unknown): string {
  if (!isFields(component)) throw wrongParam('Each of components must be a JSON object.');
  if (typeof component.type !== 'string') throw wrongParam('Each of components must have a type.');
  return component.type.toUpperCase();
}

function readComponent(component: Component, all: unknown[], context: ComponentContext): Component {
  switch (component.type) {
    case 'HEADER':
      return readHeader(component, context);
    case 'BODY': {
      const isOffer = all.some(one => typeOf(one) === 'LIMITED_TIME_OFFER');
      return readBody(component, isOffer ? OFFER_BODY_MAX : BODY_MAX, context);
    }
    case 'FOOTER':
      return readFooter(component);
    case 'BUTTONS':
      return { type: 'BUTTONS', buttons: readButtons(component.buttons, context.category) };
    case 'LIMITED_TIME_OFFER':
      return readOffer(component);
    case 'CAROUSEL':
      return readCarousel(component, context);
    case 'CALL_PERMISSION_REQUEST':
      return { type: component.type };
    default:
      throw wrongParam(`Param components[type] "${component.type}" is not one of Meta's.`);
  }
}

function readHeader(header: Component, { named, isHandle, category }: ComponentContext): Component {
  const format = typeof header.format === 'string' ? header.format.toUpperCase() : header.format;
  if (format === undefined) throw missingField('HEADER', 'format');
  const example = isFields(header.example) ? header.example : undefined;
  if (format === 'TEXT') {
    const { text } = header;
    if (typeof text !== 'string' || text === '') throw missingField('HEADER', 'text');
    if (isLonger(text, HEADER_MAX)) throw tooLong('header', HEADER_MAX);
    if (text.includes('\n')) throw wrongHeader('The header has no new lines.');
    const variables = variablesOf(text);
    if (variables.length > 1) throw wrongHeader('The header has at most one variable.');
    if (!areVariables(variables, named)) throw wrongHeader(`The variable of the header is ${form(named)}.`);
    if (variables.length > 0 && samplesIn(example, 'header_text', named) !== 1) {
      throw missingField('HEADER', 'example');
    }
    return { type: 'HEADER', format, text, ...(example && { example }) };
  }
  if (FILE_HEADERS.includes(format as string)) {
    const [handle] = Array.isArray(example?.header_handle) ? example.header_handle : [];
    if (typeof handle !== 'string' || handle === '') throw missingField('HEADER', 'example');
    if (!isHandle(handle)) throw wrongHeader('The header_handle of the example is not one of an upload.');
    return { type: 'HEADER', format: format as string, example };
  }
  if (format === 'LOCATION' && category !== 'AUTHENTICATION') return { type: 'HEADER', format };
  if (format === 'PRODUCT') return { type: 'HEADER', format };
  throw wrongParam(`Param components[format] "${String(format)}" is not a format of a header.`);
}

function readBody(body: Component, max: number, { named }: ComponentContext): Component {
  const { text } = body;
  if (typeof text !== 'string' || text === '') throw missingField('BODY', 'text');
  if (isLonger(text, max)) throw tooLong('body', max);
  if (/\n{3,}/.test(text)) throw wrongBody('The body has at most two new lines in a row.');
  const variables = variablesOf(text);
  if (!areVariables(variables, named)) throw wrongBody(`The variables of the body are ${form(named)}.`);
  if (/\}\}\s*\{\{/.test(text)) throw wrongBody('Variables do not stand next to each other.');
  const trimmed = text.trim();
  if (/^\{\{[^{}]*\}\}/.test(trimmed) || /\{\{[^{}]*\}\}$/.test(trimmed)) throw danglingVariable();
  const words = text.replace(/\{\{[^{}]*\}\}/g, ' ').match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
  // Meta does not give its ratio; fewer words than variables are too few by any.
  if (words < variables.length) throw tooManyVariables();
  const example = isFields(body.example) ? body.example : undefined;
  if (variables.length > 0 && samplesIn(example, 'body_text', named) !== variables.length) {
    throw missingField('BODY', 'example');
  }
  return { type: 'BODY', text, ...(example && { example }) };
}

function readFooter({ text }: Component): Component {
  if (typeof text !== 'string' || text === '') throw missingField('FOOTER', 'text');
  if (isLonger(text, FOOTER_MAX)) throw tooLong('footer', FOOTER_MAX);
  if (variablesOf(text).length > 0 || text.includes('\n')) {
    throw wrongFooter('The footer has no variables and no new lines.');
  }
  return { type: 'FOOTER', text };
}

function readOffer({ limited_time_offer: offer }: Component): Component {
  if (!isFields(offer) || typeof offer.text !== 'string' || offer.text === '') {
    throw missingField('LIMITED_TIME_OFFER', 'limited_time_offer');
  }
  if (isLonger(offer.text, OFFER_TEXT_MAX)) throw tooLong('text of the offer', OFFER_TEXT_MAX);
  const { text, has_expiration = false } = offer;
  if (typeof has_expiration !== 'boolean') throw wrongParam('Param has_expiration must be a boolean.');
  return { type: 'LIMITED_TIME_OFFER', limited_time_offer: { text, has_expiration } };
}

function readCarousel({ cards }: Component, context: ComponentContext): Component {
  if (!Array.isArray(cards)) throw missingField('CAROUSEL', 'cards');
  if (cards.length < CARDS_MIN || cards.length > CARDS_MAX) {
    throw wrongTemplate('Carousel', `A carousel has ${CARDS_MIN} to ${CARDS_MAX} cards.`);
  }
  const read: { components: Component[] }[] = [];
  for (const card of cards) {
    if (!isFields(card) || !Array.isArray(card.components)) throw missingField('CAROUSEL', 'components');
    const components: Component[] = [];
    for (const one of card.components) {
      const type = typeOf(one);
      if (!['HEADER', 'BODY', 'BUTTONS'].includes(type)) {
        throw wrongTemplate('Carousel', `A card has no component of type ${type}.`);
      }
      const component = { ...one, type } as Component;
      components.push(
        type === 'BODY' ? readBody(component, CARD_BODY_MAX, context) : readComponent(component, [], context),
      );
    }
    const format = partOf(components, 'HEADER')?.format;
    if (!CARD_HEADERS.includes(format ?? '')) {
      throw wrongTemplate('Carousel', `A card has a header of ${CARD_HEADERS.join(', ')}.`);
    }
    read.push({ components });
  }
  if (new Set(read.map(({ components }) => shapeOf(components))).size > 1) {
    throw wrongTemplate('Carousel', 'All cards have the same components: header format, body and buttons.');
  }
  return { type: 'CAROUSEL', cards: read };
}

function shapeOf(components: Component[]): string {
  return components
    .map(
      ({ type, format, buttons }) => `${type}:${format ?? ''}:${buttons?.map(b => b.type).join('+') ?? ''}`,
    )
    .join(' ');
}

/** Positional variables count up from 1; named ones are words, each once. */
function areVariables(variables: string[], named: boolean): boolean {
  if (new Set(variables).size < variables.length) return false;
  if (named) return variables.every(name => /^[a-z][a-z0-9_]*$/.test(name));
  return variables.every((name, i) => name === String(i + 1));
}

function form(named: boolean): string {
  return named ? 'lowercase letters, digits and underscores, each once' : '{{1}}, {{2}} and so on';
}

/** How many values the example has; Meta's pages write a flat array and an array in an array. */
function samplesIn(example: Fields | undefined, field: string, named: boolean): number {
  if (named) {
    const samples = example?.[`${field}_named_params`];
    return Array.isArray(samples) ? samples.length : 0;
  }
  const samples = example?.[field];
  if (typeof samples === 'string') return 1;
  if (!Array.isArray(samples)) return 0;
  return Array.isArray(samples[0]) ? samples[0].length : samples.length;
}
