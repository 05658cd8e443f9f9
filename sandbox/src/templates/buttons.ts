import { isLonger } from '../characters.ts';
import { isFields } from '../checks.ts';
import { missingField, tooLong, wrongParam, wrongTemplate } from './refusals.ts';
import { type Button, type Category, variablesOf } from './template.ts';

/** WhatsApp: buttons of a template, in all and of one kind (meta-cloud-api §7) */
const BUTTONS_MAX = 10;
const COUNT_MAX: Record<string, number> = { URL: 2, PHONE_NUMBER: 1, COPY_CODE: 1 };
/** WhatsApp: text of a button, characters (meta-cloud-api §7) */
const TEXT_MAX = 25;
/** WhatsApp: address of a URL button, characters (meta-cloud-api §7) */
const URL_MAX = 2000;
/** WhatsApp: number of a PHONE_NUMBER button, characters (meta-cloud-api §7) */
const PHONE_MAX = 20;
/** WhatsApp: the code of a COPY_CODE button, characters (meta-cloud-api §7) */
const CODE_MAX = 15;
/** WhatsApp: ttl_minutes of a VOICE_CALL button (meta-cloud-api §7) */
const CALL_TTL_MINUTES = [1440, 43_200] as const;

/** Buttons whose label is Meta's. */
const FIXED_TEXT: Record<string, string> = {
  COPY_CODE: 'Copy offer code',
  CATALOG: 'View catalog',
  MPM: 'View items',
  SPM: 'View',
  REQUEST_CONTACT_INFO: 'Share contact info',
};

/** Checks the buttons of a utility or marketing template and writes them as Meta gives them back. */
export function readButtons(given: unknown, category: Category): Button[] {
  if (!Array.isArray(given) || given.length === 0) throw missingField('BUTTONS', 'buttons');
  if (given.length > BUTTONS_MAX)
    throw wrongTemplate('Buttons', `A template has at most ${BUTTONS_MAX} buttons.`);
  const buttons: Button[] = [];
  for (const one of given) {
    if (!isFields(one) || typeof one.type !== 'string') throw missingField('BUTTONS', 'type');
    buttons.push(readButton(one, one.type.toUpperCase(), category));
  }
  for (const [type, max] of Object.entries(COUNT_MAX)) {
    if (buttons.filter(button => button.type === type).length > max) {
      throw wrongTemplate('Buttons', `A template has at most ${max} button(s) of type ${type}.`);
    }
  }
  let changes = 0;
  for (let i = 1; i < buttons.length; i++) {
    if ((buttons[i]!.type === 'QUICK_REPLY') !== (buttons[i - 1]!.type === 'QUICK_REPLY')) changes++;
  }
  if (changes > 1)
    throw wrongTemplate('Buttons', 'Quick replies and other buttons must form two groups, not alternate.');
  return buttons;
}

function readButton(given: Record<string, unknown>, type: string, category: Category): Button {
  const { text = FIXED_TEXT[type] } = given;
  if (typeof text !== 'string' || text === '') throw missingField('BUTTONS', 'text');
  if (isLonger(text, TEXT_MAX)) throw tooLong('text of a button', TEXT_MAX);
  if (variablesOf(text).length > 0) throw wrongTemplate('Buttons', 'The text of a button has no variables.');
  switch (type) {
    case 'QUICK_REPLY':
      return { type, text };
    case 'URL':
      return readUrl(given, text);
    case 'PHONE_NUMBER': {
      const { phone_number } = given;
      if (typeof phone_number !== 'string' || phone_number === '')
        throw missingField('BUTTONS', 'phone_number');
      if (phone_number.length > PHONE_MAX) throw tooLong('phone number of a button', PHONE_MAX);
      return { type, text, phone_number };
    }
    case 'COPY_CODE': {
      const example = Array.isArray(given.example) ? given.example[0] : given.example;
      if (typeof example !== 'string' || example === '') throw missingField('BUTTONS', 'example');
      if (isLonger(example, CODE_MAX)) throw tooLong('code of a button', CODE_MAX);
      return { type, text, example: [example] };
    }
    case 'FLOW': {
      const { type: _, text: __, ...flow } = given;
      if (flow.flow_id === undefined && flow.flow_name === undefined && flow.flow_json === undefined) {
        throw missingField('BUTTONS', 'flow_id');
      }
      return { ...flow, type, text };
    }
    case 'VOICE_CALL': {
      const { ttl_minutes } = given;
      const [least, most] = CALL_TTL_MINUTES;
      if (ttl_minutes === undefined) return { type, text };
      if (typeof ttl_minutes !== 'number' || !(ttl_minutes >= least && ttl_minutes <= most)) {
        throw wrongParam(`Param ttl_minutes must be from ${least} to ${most}.`);
      }
      return { type, text, ttl_minutes };
    }
    case 'CATALOG':
    case 'MPM':
    case 'SPM':
    case 'REQUEST_CONTACT_INFO':
      return { type, text };
    case 'OTP':
      throw wrongTemplate(
        'Buttons',
        `A template of the category ${category} has no one-time password button.`,
      );
    default:
      throw wrongParam(`Param buttons[type] "${type}" is not one of Meta's.`);
  }
}

function readUrl({ url, example }: Record<string, unknown>, text: string): Button {
  if (typeof url !== 'string' || url === '') throw missingField('BUTTONS', 'url');
  if (isLonger(url, URL_MAX)) throw tooLong('URL of a button', URL_MAX);
  if (!/^https?:\/\/[^/]/.test(url))
    throw wrongTemplate('Buttons', 'The URL of a button is an http or https address.');
  const variables = variablesOf(url);
  if (variables.length === 0) return { type: 'URL', text, url };
  if (variables.length > 1 || !/\{\{[^{}]*\}\}$/.test(url)) {
    throw wrongTemplate('Buttons', 'The URL of a button has one variable, at its end.');
  }
  const sample = Array.isArray(example) ? example[0] : example;
  if (typeof sample !== 'string' || sample === '') throw missingField('BUTTONS', 'example');
  return { type: 'URL', text, url, example: [sample] };
}
