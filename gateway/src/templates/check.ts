import type { TemplateComponent, TemplateObject, TemplateParameter } from '../message/content.ts';
import type { Failure } from '../message/failure.ts';
import type { ButtonNeed, HeaderNeed, Requirements, Slot } from './requirements.ts';
import { refusedAs } from './template.ts';

/** What the outbox learns of a template message before it stores it. */
export type TemplateVerdict =
  | {
      readonly ok: true;
      /** Undefined where nothing is known of the account's templates: Meta decides. */
      readonly templateId: string | undefined;
      readonly category: string | undefined;
      /** How long WhatsApp tries to deliver it; -1 as long as it ever does. */
      readonly ttlSeconds?: number | undefined;
    }
  | { readonly ok: false; readonly failure: Failure };

/** Parameters that put text into a text. */
const TEXTUAL: readonly string[] = ['text', 'currency', 'date_time'];

/**
 * Holds a send against what its template asks for, as Meta compares them (meta-cloud-api §3.2, §4): 132000 for a wrong
 * number of parameters, 132012 for a wrong kind, 131008 for a missing one, 132018 for what has no place, 132005 for a
 * text that becomes too long.
 *
 * @param named the template's parameters have names
 * @param toUserId the recipient is known by a BSUID only
 * @returns undefined when it fits
 */
export function misfit(
  needs: Requirements,
  send: TemplateObject,
  named: boolean,
  toUserId: boolean,
): Failure | undefined {
  if (toUserId && needs.buttons.some(button => button.otp)) {
    return refusedAs(
      131062,
      'Authentication templates with a one-tap, zero-tap or copy-code button need a phone number.',
      'Business-scoped user id recipients are not supported for this message',
    );
  }
  return compare(needs, send.components ?? [], named, '');
}

function compare(
  needs: Requirements,
  components: readonly TemplateComponent[],
  named: boolean,
  place: string,
): Failure | undefined {
  const of = (type: string) => components.find(component => component.type.toLowerCase() === type);
  return (
    headerMisfit(needs.header, of('header')?.parameters ?? [], named, place) ??
    slotMisfit(needs.body, of('body')?.parameters ?? [], named, `${place}body`) ??
    offerMisfit(needs.expires, of('limited_time_offer')?.parameters ?? []) ??
    buttonsMisfit(
      needs.buttons,
      components.filter(component => component.type.toLowerCase() === 'button'),
      place,
    ) ??
    cardsMisfit(needs.cards, of('carousel'), named)
  );
}

function headerMisfit(
  need: HeaderNeed | undefined,
  parameters: readonly TemplateParameter[],
  named: boolean,
  place: string,
): Failure | undefined {
  const here = `${place}header`;
  if (need === undefined) {
    return parameters.length === 0 ? undefined : wrongCount(here, parameters.length, 0);
  }
  if (need.format === 'TEXT') return slotMisfit(need.slot, parameters, named, here);
  const [given] = parameters;
  if (given === undefined && !need.required) return undefined;
  if (given?.type.toLowerCase() !== need.parameter)
    return wrongKind(here, need.parameter, given?.type ?? 'nothing');
  return parameters.length > 1 ? wrongCount(here, parameters.length, 1) : undefined;
}

function slotMisfit(
  slot: Slot,
  parameters: readonly TemplateParameter[],
  named: boolean,
  here: string,
): Failure | undefined {
  if (parameters.length !== slot.variables.length)
    return wrongCount(here, parameters.length, slot.variables.length);
  let filled = slot.text.replace(/\{\{[^{}]*\}\}/g, '');
  const names = new Set<unknown>();
  for (const parameter of parameters) {
    if (!TEXTUAL.includes(parameter.type.toLowerCase())) return wrongKind(here, 'text', parameter.type);
    if (named) {
      const name = parameter.parameter_name;
      if (name === undefined || name === '')
        return refusedAs(100, `${here}: Parameter name is missing or empty`, 'Invalid parameter');
      if (!slot.variables.includes(name) || names.has(name)) {
        const why = names.has(name) ? 'is given twice' : 'is not one of the template';
        return refusedAs(132012, `${here}: the parameter ${name} ${why}`, WRONG_FORMAT);
      }
      names.add(name);
    }
    filled +=
      parameter.text ?? parameter.currency?.fallback_value ?? parameter.date_time?.fallback_value ?? '';
  }
  // No text has more characters than UTF-16 units.
  if (filled.length <= slot.max || [...filled].length <= slot.max) return undefined;
  return refusedAs(
    132005,
    `${here}: the text is longer than ${slot.max} characters once it is filled in`,
    'Translated text too long',
  );
}

function offerMisfit(expires: boolean, parameters: readonly TemplateParameter[]): Failure | undefined {
  if (!expires || parameters[0]?.limited_time_offer?.expiration_time_ms !== undefined) return undefined;
  return missing('limited_time_offer: expiration_time_ms is required');
}

function buttonsMisfit(
  needs: readonly ButtonNeed[],
  components: readonly TemplateComponent[],
  place: string,
): Failure | undefined {
  const here = `${place}buttons`;
  const given = new Set<number>();
  for (const component of components) {
    const index = Number(component.index ?? 0);
    const need = needs[index];
    if (need === undefined) return noPlace(`${here}: the template has no button at index ${index}`);
    // A type that is not known here is Meta's to compare.
    if (need.subType !== undefined && component.sub_type?.toLowerCase() !== need.subType)
      return wrongKind(`${here}: button at index ${index}`, need.subType, component.sub_type ?? 'nothing');
    const [parameter] = component.parameters ?? [];
    if (parameter === undefined || parameter.text === '') continue;
    if (need.fixed) return noPlace(`${here}: button at index ${index} takes no parameter`);
    given.add(index);
  }
  const lacking = needs.findIndex((need, index) => need.required && !given.has(index));
  if (lacking < 0) return undefined;
  return missing(`${here}: Button at index ${lacking} of type ${needs[lacking]!.type} requires a parameter`);
}

function cardsMisfit(
  cards: readonly Requirements[] | undefined,
  carousel: TemplateComponent | undefined,
  named: boolean,
): Failure | undefined {
  if (cards === undefined)
    return carousel === undefined ? undefined : noPlace('carousel: the template has no carousel');
  const given = carousel?.cards ?? [];
  if (given.length !== cards.length) return wrongCount('carousel cards', given.length, cards.length);
  for (const card of given) {
    const needs = cards[card.card_index];
    if (needs === undefined) return noPlace(`carousel: the template has no card at index ${card.card_index}`);
    const wrong = compare(needs, card.components, named, `carousel card ${card.card_index}: `);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

const WRONG_FORMAT = 'Parameter format does not match';

const wrongKind = (here: string, wanted: string, given: string): Failure =>
  refusedAs(132012, `${here}: Format mismatch, expected ${wanted}, received ${given}`, WRONG_FORMAT);

const wrongCount = (here: string, given: number, wanted: number): Failure =>
  refusedAs(
    132000,
    `${here}: number of localizable_params (${given}) does not match the expected number of params (${wanted})`,
    'Number of parameters does not match the expected number of params',
  );

const missing = (details: string): Failure => refusedAs(131008, details, 'Required parameter is missing');

const noPlace = (details: string): Failure =>
  refusedAs(132018, details, 'There is an issue with the parameters of the template');
