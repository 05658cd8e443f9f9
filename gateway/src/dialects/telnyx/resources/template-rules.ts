import { field } from '../../field.ts';
import type { Fault } from '../errors.ts';
import { missing } from '../shape.ts';

/** Lengths in characters, counted as code points (telnyx §7, meta-cloud-api §7). */
export const TEMPLATE_NAME_MAX = 512;
export const HEADER_TEXT_MAX = 60;
export const BODY_TEXT_MAX = 1024;
export const FOOTER_TEXT_MAX = 60;
export const BUTTON_TEXT_MAX = 25;
export const BUTTON_URL_MAX = 2000;
export const BUTTON_PHONE_MAX = 20;
export const COPY_CODE_MAX = 15;

/** Meta's: Telnyx's own page speaks of three, older than what Meta takes (meta-cloud-api §7). */
export const BUTTONS_MAX = 10;
export const CARDS_MIN = 2;
export const CARDS_MAX = 10;

/** A caller sees everything that is wrong at once, but a hostile body is not answered with a million entries. */
const FAULTS_MAX = 32;

/** Buttons that somebody has to name; Meta names the others itself. */
const NAMED_BUTTONS: readonly unknown[] = ['URL', 'PHONE_NUMBER', 'QUICK_REPLY'];

/** What Meta takes as the name of a template: lowercase letters, digits and underscores. */
export function nameFaults(name: string): Fault[] {
  const pointer = '/name';
  const tooLong = overlong(name, TEMPLATE_NAME_MAX, pointer);
  if (tooLong.length > 0) return tooLong;
  if (/^[a-z0-9_]+$/.test(name)) return [];
  const detail = 'A name has lowercase letters, digits and underscores only, and at least one of them.';
  return [{ code: '10015', detail, pointer }];
}

/**
 * What is wrong with the components of a template as far as Telnyx's page says it; components that it does not know
 * are Meta's to judge.
 *
 * @param category as asked for; undefined where it stays as it is
 */
export function componentFaults(components: readonly unknown[], category: string | undefined): Fault[] {
  const faults: Fault[] = [];
  for (const [index, component] of components.entries()) {
    if (faults.length >= FAULTS_MAX) break;
    faults.push(...faultsIn(component, `/components/${index}`, category));
  }
  return faults.slice(0, FAULTS_MAX);
}

function faultsIn(component: unknown, pointer: string, category: string | undefined): Fault[] {
  const text = field(component, 'text');
  switch (field(component, 'type')) {
    case 'HEADER': {
      const format = field(component, 'format');
      if (format === undefined) return [missing(`${pointer}/format`)];
      return format === 'TEXT' ? textFaults(text, HEADER_TEXT_MAX, `${pointer}/text`, true) : [];
    }
    case 'BODY':
      // Meta writes the body of an authentication template.
      return textFaults(
        text,
        BODY_TEXT_MAX,
        `${pointer}/text`,
        !['AUTHENTICATION', undefined].includes(category),
      );
    case 'FOOTER':
      return textFaults(text, FOOTER_TEXT_MAX, `${pointer}/text`, false);
    case 'BUTTONS':
      return listFaults(component, 'buttons', pointer, 1, BUTTONS_MAX, buttonFaults);
    case 'CAROUSEL':
      return listFaults(component, 'cards', pointer, CARDS_MIN, CARDS_MAX, (card, here) =>
        cardFaults(card, here, category),
      );
    default:
      return [];
  }
}

function cardFaults(card: unknown, pointer: string, category: string | undefined): Fault[] {
  const components = field(card, 'components');
  if (!Array.isArray(components)) return [wrongType(`${pointer}/components`, 'a list')];
  return (components as unknown[])
    .slice(0, FAULTS_MAX)
    .flatMap((component, index) => faultsIn(component, `${pointer}/components/${index}`, category));
}

function buttonFaults(button: unknown, pointer: string): Fault[] {
  const type = field(button, 'type');
  if (typeof type !== 'string') return [missing(`${pointer}/type`)];
  return [
    ...textFaults(field(button, 'text'), BUTTON_TEXT_MAX, `${pointer}/text`, NAMED_BUTTONS.includes(type)),
    ...textFaults(field(button, 'url'), BUTTON_URL_MAX, `${pointer}/url`, type === 'URL'),
    ...textFaults(
      field(button, 'phone_number'),
      BUTTON_PHONE_MAX,
      `${pointer}/phone_number`,
      type === 'PHONE_NUMBER',
    ),
    ...(type === 'COPY_CODE' ? codeFaults(field(button, 'example'), `${pointer}/example`) : []),
  ];
}

/** Meta takes the example of a code as a text and as a list of one. */
function codeFaults(example: unknown, pointer: string): Fault[] {
  const [code, here] = Array.isArray(example) ? [example[0] as unknown, `${pointer}/0`] : [example, pointer];
  return textFaults(code, COPY_CODE_MAX, here, false);
}

function listFaults(
  component: unknown,
  name: string,
  above: string,
  min: number,
  max: number,
  each: (item: unknown, pointer: string) => Fault[],
): Fault[] {
  const list = field(component, name);
  const pointer = `${above}/${name}`;
  if (list === undefined) return [missing(pointer)];
  if (!Array.isArray(list)) return [wrongType(pointer, 'a list')];
  if (list.length < min || list.length > max) {
    const detail = `There are ${list.length}; ${min} to ${max} are taken.`;
    return [{ code: '10015', detail, pointer }];
  }
  return list.flatMap((item, index) => each(item, `${pointer}/${index}`));
}

function textFaults(text: unknown, max: number, pointer: string, required: boolean): Fault[] {
  if (text === undefined || text === '') return required ? [missing(pointer)] : [];
  if (typeof text !== 'string') return [wrongType(pointer, 'a text')];
  return overlong(text, max, pointer);
}

function overlong(text: string, max: number, pointer: string): Fault[] {
  const length = [...text].length;
  if (length <= max) return [];
  return [{ code: '10025', detail: `The text has ${length} characters; at most ${max} are taken.`, pointer }];
}

function wrongType(pointer: string, what: string): Fault {
  return { code: '10026', detail: `This value must be ${what}.`, pointer };
}
