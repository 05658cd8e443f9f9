import { type Button, buttonsOf, type Component, partOf, variablesOf } from './template.ts';

/** What a wording asks of a send; made once for each wording, since thousands of sends a second are compared. */
export interface Needs {
  headerFormat: string | undefined;
  header: Slot;
  body: Slot;
  buttons: Button[];
  /** `undefined` when it is no carousel */
  cards: Needs[] | undefined;
  /** A limited-time offer that counts down. */
  expires: boolean;
  /** Nothing has to be given at all. */
  plain: boolean;
}

export interface Slot {
  text: string;
  variables: string[];
  max: number;
}

/** WhatsApp: longest text of header, body, offer's body and card's body once filled in, characters (meta-cloud-api §7) */
const HEADER_MAX = 60;
const BODY_MAX = 1024;
const OFFER_BODY_MAX = 600;
const CARD_BODY_MAX = 160;
function readNeeds(components: readonly Component[], bodyMax: number): Needs {
  const header = partOf(components, 'HEADER');
  const offer = partOf(components, 'LIMITED_TIME_OFFER')?.limited_time_offer;
  const needs: Omit<Needs, 'plain'> = {
    headerFormat: header?.format,
    header: slotOf(header?.text, HEADER_MAX),
    body: slotOf(partOf(components, 'BODY')?.text, offer === undefined ? bodyMax : OFFER_BODY_MAX),
    buttons: buttonsOf(components),
    cards: partOf(components, 'CAROUSEL')?.cards?.map(card => readNeeds(card.components, CARD_BODY_MAX)),
    expires: offer?.has_expiration === true,
  };
  const plain =
    (needs.headerFormat === undefined || needs.headerFormat === 'TEXT') &&
    needs.header.variables.length === 0 &&
    needs.body.variables.length === 0 &&
    needs.cards === undefined &&
    !needs.expires &&
    !needs.buttons.some(isVariable);
  return { ...needs, plain };
}

function slotOf(text: string | undefined, max: number): Slot {
  return { text: text ?? '', variables: variablesOf(text), max };
}

/** Buttons that a send must give something for. */
export function isVariable(button: Button): boolean {
  switch (button.type) {
    case 'URL':
      return variablesOf(button.url).length > 0;
    case 'COPY_CODE':
    case 'MPM':
      return true;
    default:
      return false;
  }
}

const known = new WeakMap<readonly Component[], Needs>();

export function needsOf(components: readonly Component[]): Needs {
  let needs = known.get(components);
  if (needs === undefined) {
    needs = readNeeds(components, BODY_MAX);
    known.set(components, needs);
  }
  return needs;
}
