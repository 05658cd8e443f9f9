import { isLonger } from '../characters.ts';
import type { Refusal } from '../graph/errors.ts';
import { isVariable, type Needs, needsOf, type Slot } from './needs.ts';
import { type Button, otpKind, type Template } from './template.ts';

/** A component of a send, whose JSON types have been checked. */
export interface SendComponent {
  type: string;
  sub_type?: string;
  index?: string | number;
  parameters?: SendParameter[];
  cards?: { card_index: number; components?: SendComponent[] }[];
}

export interface SendParameter {
  type: string;
  parameter_name?: string;
  text?: string;
  payload?: string;
  coupon_code?: string;
  currency?: { fallback_value?: string };
  date_time?: { fallback_value?: string };
  limited_time_offer?: { expiration_time_ms?: number };
  [field: string]: unknown;
}

/** WhatsApp: the code of an authentication template, characters (meta-cloud-api §3.2) */
const CODE_MAX = 15;
/** WhatsApp: a value has no new line, no tab and at most four spaces in a row (meta-cloud-api §3.2, inferred) */
const UNTIDY = /[\n\r\t]| {5}/;

const TEXT_LIKE = new Set(['text', 'currency', 'date_time']);
const FILES = new Set(['IMAGE', 'VIDEO', 'DOCUMENT']);

/** Whether a send fits the wording of its template, as Meta compares them; undefined when it does. */
export function misfit(
  template: Template,
  components: SendComponent[] | undefined,
  toUserId: boolean,
): Refusal | undefined {
  const needs = needsOf(template.components);
  if (needs.plain && (components === undefined || components.length === 0)) return undefined;
  if (template.category === 'AUTHENTICATION') {
    const wrong = authenticationMisfit(needs, components ?? [], toUserId);
    if (wrong !== undefined) return wrong;
  }
  return compare(needs, components ?? [], template.named, '');
}

function compare(
  needs: Needs,
  components: SendComponent[],
  named: boolean,
  place: string,
): Refusal | undefined {
  let header: SendComponent | undefined;
  let body: SendComponent | undefined;
  let offer: SendComponent | undefined;
  let carousel: SendComponent | undefined;
  const buttons = new Map<number, SendComponent>();
  for (const component of components) {
    switch (component.type.toLowerCase()) {
      case 'header':
        header = component;
        break;
      case 'body':
        body = component;
        break;
      case 'button':
        buttons.set(Number(component.index ?? 0), component);
        break;
      case 'limited_time_offer':
        offer = component;
        break;
      case 'carousel':
        carousel = component;
    }
  }
  return (
    headerMisfit(needs, header?.parameters ?? [], named, place) ??
    slotMisfit(needs.body, body?.parameters ?? [], named, `${place}body`) ??
    offerMisfit(needs, offer, place) ??
    buttonsMisfit(needs.buttons, buttons, place) ??
    carouselMisfit(needs.cards, carousel, named)
  );
}

function headerMisfit(
  { headerFormat, header }: Needs,
  parameters: SendParameter[],
  named: boolean,
  place: string,
): Refusal | undefined {
  const format = headerFormat === 'GIF' ? 'VIDEO' : headerFormat;
  if (format === undefined || format === 'TEXT') {
    const other = parameters.find(({ type }) => !TEXT_LIKE.has(type));
    if (other !== undefined && format === 'TEXT') return wrongFormat(`${place}header`, 'TEXT', other.type);
    return slotMisfit(header, parameters, named, `${place}header`);
  }
  const [given] = parameters;
  if (format === 'PRODUCT' && given === undefined) return undefined;
  const needed = FILES.has(format) || format === 'LOCATION' || format === 'PRODUCT';
  if (!needed) return undefined;
  if (given === undefined || given.type.toUpperCase() !== format) {
    return wrongFormat(`${place}header`, format, given?.type ?? 'UNKNOWN');
  }
  return parameters.length > 1 ? wrongCount(`${place}header`, parameters.length, 1) : undefined;
}

function slotMisfit(
  { text, variables, max }: Slot,
  parameters: SendParameter[],
  named: boolean,
  place: string,
): Refusal | undefined {
  if (parameters.length !== variables.length) return wrongCount(place, parameters.length, variables.length);
  if (parameters.length === 0) return undefined;
  let length = 0;
  for (const parameter of parameters) {
    if (!TEXT_LIKE.has(parameter.type)) return wrongFormat(place, 'TEXT', parameter.type);
    if (named) {
      const { parameter_name: name } = parameter;
      if (name === undefined || name === '') {
        return {
          code: 100,
          message: '(#100) Invalid parameter',
          details: 'Parameter name is missing or empty',
        };
      }
      if (!variables.includes(name)) {
        return { code: 132012, details: `${place}: The template has no parameter named ${name}.` };
      }
    }
    const value = parameterText(parameter);
    if (UNTIDY.test(value)) {
      return {
        code: 132018,
        details: `${place}: Param text cannot have new-line/tab characters or more than 4 consecutive spaces`,
      };
    }
    length += value.length;
  }
  if (named && new Set(parameters.map(one => one.parameter_name)).size < parameters.length) {
    return { code: 132012, details: `${place}: A parameter is given twice.` };
  }
  if (text.length + length <= max) return undefined;
  const values = parameters.map(parameterText);
  const filled = values.reduce((whole, value) => whole + value, text.replace(/\{\{[^{}]*\}\}/g, ''));
  return isLonger(filled, max)
    ? { code: 132005, details: `${place}: The text is longer than ${max} characters once it is filled in.` }
    : undefined;
}

/** The text that a parameter puts in; Meta shows the fallback of a currency or a time. */
export function parameterText({ text, currency, date_time }: SendParameter): string {
  return text ?? currency?.fallback_value ?? date_time?.fallback_value ?? '';
}

function offerMisfit(
  { expires }: Needs,
  offer: SendComponent | undefined,
  place: string,
): Refusal | undefined {
  if (!expires) return undefined;
  const ms = offer?.parameters?.[0]?.limited_time_offer?.expiration_time_ms;
  if (ms !== undefined) return undefined;
  return { code: 131008, details: `${place}limited_time_offer: expiration_time_ms is required.` };
}

/** What each button takes as sub_type of its component. */
const SUB_TYPES: Record<string, string> = {
  QUICK_REPLY: 'quick_reply',
  URL: 'url',
  COPY_CODE: 'copy_code',
  CATALOG: 'catalog',
  MPM: 'mpm',
  FLOW: 'flow',
  VOICE_CALL: 'voice_call',
};

function buttonsMisfit(
  buttons: Button[],
  given: Map<number, SendComponent>,
  place: string,
): Refusal | undefined {
  for (const [index, component] of given) {
    const button = buttons[index];
    if (button === undefined) {
      return { code: 132018, details: `${place}buttons: The template has no button at index ${index}.` };
    }
    const expected = SUB_TYPES[button.type];
    if (expected !== component.sub_type?.toLowerCase()) {
      return {
        code: 132012,
        details: `${place}buttons: Button at index ${index} is of type ${button.type}, not ${component.sub_type}.`,
      };
    }
    const [parameter] = component.parameters ?? [];
    if (button.type === 'URL' && parameter !== undefined && !isVariable(button)) {
      return { code: 132018, details: `${place}buttons: Button at index ${index} takes no parameter.` };
    }
  }
  for (const [index, button] of buttons.entries()) {
    if (!isVariable(button)) continue;
    const [parameter] = given.get(index)?.parameters ?? [];
    if (parameter === undefined || parameter.text === '') {
      const type = `${button.type[0]}${button.type.slice(1).toLowerCase()}`;
      return {
        code: 131008,
        details: `${place}buttons: Button at index ${index} of type ${type} requires a parameter`,
      };
    }
  }
  return undefined;
}

function carouselMisfit(
  cards: Needs[] | undefined,
  carousel: SendComponent | undefined,
  named: boolean,
): Refusal | undefined {
  if (cards === undefined) {
    return carousel === undefined
      ? undefined
      : { code: 132012, details: 'carousel: The template has no carousel.' };
  }
  const given = carousel?.cards ?? [];
  if (given.length !== cards.length) {
    return {
      code: 132000,
      details: `carousel: number of cards (${given.length}) does not match the expected number of cards (${cards.length})`,
    };
  }
  for (const { card_index, components } of given) {
    const needs = cards[card_index];
    if (needs === undefined) {
      return { code: 132018, details: `carousel: The template has no card of the index ${card_index}.` };
    }
    const wrong = compare(needs, components ?? [], named, `carousel card ${card_index} `);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** The code stands in the text and on the button, and a tap needs a phone number to find the app. */
function authenticationMisfit(
  { buttons }: Needs,
  components: SendComponent[],
  toUserId: boolean,
): Refusal | undefined {
  if (toUserId && otpKind(buttons[0]) !== undefined) {
    return {
      code: 131062,
      details: 'Authentication templates with a one-tap, zero-tap or copy-code button need a phone number.',
    };
  }
  const text = (type: string) =>
    components.find(component => component.type.toLowerCase() === type)?.parameters?.[0]?.text;
  const code = text('body');
  if (code === undefined) return undefined;
  if (isLonger(code, CODE_MAX)) {
    return { code: 132005, details: `body: The code is longer than ${CODE_MAX} characters.` };
  }
  const button = text('button');
  if (button !== undefined && button !== code) {
    return { code: 132018, details: 'buttons: The code of the button is not the one of the body.' };
  }
  return undefined;
}

function wrongCount(place: string, given: number, expected: number): Refusal {
  return {
    code: 132000,
    details: `${place}: number of localizable_params (${given}) does not match the expected number of params (${expected})`,
  };
}

function wrongFormat(place: string, expected: string, given: string): Refusal {
  return {
    code: 132012,
    details: `${place}: Format mismatch, expected ${expected}, received ${given.toUpperCase()}`,
  };
}
