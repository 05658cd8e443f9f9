/** What the wording of a template asks of a send; made once for each wording. */
export interface Requirements {
  readonly header: HeaderNeed | undefined;
  readonly body: Slot;
  /** By their place in the template. */
  readonly buttons: readonly ButtonNeed[];
  readonly cards: readonly Requirements[] | undefined;
  /** A limited-time offer that counts down. */
  readonly expires: boolean;
}

/** Text with variables in it. */
export interface Slot {
  readonly text: string;
  readonly variables: readonly string[];
  /** Characters, once it is filled in. */
  readonly max: number;
}

export type HeaderNeed =
  | { readonly format: 'TEXT'; readonly slot: Slot }
  /** The format as a type of parameters: image, video, document, location, product. */
  | { readonly format: 'OTHER'; readonly parameter: string; readonly required: boolean };

export interface ButtonNeed {
  /** As Meta's definition has it: QUICK_REPLY, URL, COPY_CODE … */
  readonly type: string;
  /** What the component of a send must be called; undefined where none belongs to it. */
  readonly subType: string | undefined;
  /** Nothing fits without a parameter. */
  readonly required: boolean;
  /** A URL without a variable takes none. */
  readonly fixed: boolean;
  /** A button of a one-time password. */
  readonly otp: boolean;
}

/** WhatsApp: longest texts once they are filled in, characters (meta-cloud-api §7). */
const HEADER_MAX = 60;
const BODY_MAX = 1024;
const OFFER_BODY_MAX = 600;
const CARD_BODY_MAX = 160;

const SUB_TYPES: Readonly<Record<string, string>> = {
  QUICK_REPLY: 'quick_reply',
  URL: 'url',
  OTP: 'url',
  COPY_CODE: 'copy_code',
  CATALOG: 'catalog',
  MPM: 'mpm',
  SPM: 'spm',
  FLOW: 'flow',
  VOICE_CALL: 'voice_call',
  ORDER_DETAILS: 'order_details',
};

/** Headers that take a parameter, by their format; Meta's GIF is sent as a video. */
const HEADER_PARAMETERS: Readonly<Record<string, string>> = {
  IMAGE: 'image',
  VIDEO: 'video',
  GIF: 'video',
  DOCUMENT: 'document',
  LOCATION: 'location',
  PRODUCT: 'product',
};

/**
 * Reads what a definition of Meta's asks for. Nothing in it is taken for granted: what cannot be read asks for nothing,
 * and Meta decides.
 */
export function requirementsOf(components: readonly unknown[], bodyMax = BODY_MAX): Requirements {
  const offer = part(components, 'LIMITED_TIME_OFFER');
  const cards = field(part(components, 'CAROUSEL'), 'cards');
  const buttons = field(part(components, 'BUTTONS'), 'buttons');
  return {
    header: headerOf(part(components, 'HEADER')),
    body: slotOf(field(part(components, 'BODY'), 'text'), offer === undefined ? bodyMax : OFFER_BODY_MAX),
    buttons: Array.isArray(buttons) ? buttons.map(buttonOf) : [],
    cards: Array.isArray(cards)
      ? cards.map(card => requirementsOf(listOf(field(card, 'components')), CARD_BODY_MAX))
      : undefined,
    expires: field(field(offer, 'limited_time_offer'), 'has_expiration') === true,
  };
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Text of a field, in capitals: Meta does not mind the case of its words. */
export function word(value: unknown, name: string): string | undefined {
  const text = field(value, name);
  return typeof text === 'string' ? text.toUpperCase() : undefined;
}

function part(components: readonly unknown[], type: string): unknown {
  return components.find(component => word(component, 'type') === type);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function headerOf(header: unknown): HeaderNeed | undefined {
  const format = word(header, 'format');
  if (format === undefined) return undefined;
  if (format === 'TEXT') return { format, slot: slotOf(field(header, 'text'), HEADER_MAX) };
  const parameter = HEADER_PARAMETERS[format];
  if (parameter === undefined) return undefined;
  return { format: 'OTHER', parameter, required: format !== 'PRODUCT' };
}

function slotOf(text: unknown, max: number): Slot {
  const known = typeof text === 'string' ? text : '';
  return { text: known, variables: variablesOf(known), max };
}

/** Each variable once, in the order of its first place. */
function variablesOf(text: string): string[] {
  const names = [...text.matchAll(/\{\{\s*([A-Za-z0-9_]+)\s*\}\}/g)].map(match => match[1]!);
  return [...new Set(names)];
}

function buttonOf(button: unknown): ButtonNeed {
  const type = word(button, 'type') ?? '';
  const url = field(button, 'url');
  const variable = typeof url === 'string' && variablesOf(url).length > 0;
  const otp = type === 'OTP' || (typeof url === 'string' && url.includes('/otp/code/'));
  return {
    type,
    subType: SUB_TYPES[type],
    required: type === 'COPY_CODE' || type === 'MPM' || type === 'OTP' || (type === 'URL' && variable),
    fixed: type === 'URL' && !variable,
    otp,
  };
}
