import { isLonger } from '../characters.ts';
import { isFields } from '../checks.ts';
import { missingField, tooLong, wrongParam, wrongTemplate } from './refusals.ts';
import type { Button, Component } from './template.ts';

/** WhatsApp: lifetime of a code in the footer, minutes (meta-cloud-api §7) */
const EXPIRATION_MINUTES = [1, 90] as const;
/** WhatsApp: apps of a one-tap button, and the length of a signature hash (meta-cloud-api §7) */
const APPS_MAX = 5;
const SIGNATURE_LENGTH = 11;
/** WhatsApp: text of a button, characters (meta-cloud-api §7) */
const TEXT_MAX = 25;

const OTP_TYPES = ['COPY_CODE', 'ONE_TAP', 'ZERO_TAP'];

/** An authentication template: Meta writes its texts, the button comes back as a link that carries the code. */
export function readAuthentication(given: unknown[]): Component[] {
  const components: Component[] = [];
  let minutes: number | undefined;
  for (const one of given) {
    if (!isFields(one) || typeof one.type !== 'string')
      throw wrongParam('Each of components must have a type.');
    switch (one.type.toUpperCase()) {
      case 'BODY': {
        if (one.text !== undefined)
          throw wrongTemplate('Body', 'The text of an authentication template is given by Meta.');
        const advice = one.add_security_recommendation === true;
        components.push({
          type: 'BODY',
          text: `*{{1}}* is your verification code.${advice ? ' For your security, do not share this code.' : ''}`,
          add_security_recommendation: advice,
          example: { body_text: [['123456']] },
        });
        break;
      }
      case 'FOOTER': {
        const [least, most] = EXPIRATION_MINUTES;
        const value = one.code_expiration_minutes;
        if (value === undefined) throw missingField('FOOTER', 'code_expiration_minutes');
        if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
          throw wrongParam(`Param code_expiration_minutes must be from ${least} to ${most}.`);
        }
        minutes = value;
        components.push({
          type: 'FOOTER',
          text: `This code expires in ${value} minutes.`,
          code_expiration_minutes: value,
        });
        break;
      }
      case 'BUTTONS': {
        components.push({ type: 'BUTTONS', buttons: [readOtp(one.buttons)] });
        break;
      }
      default:
        throw wrongTemplate('Components', `An authentication template has no component of type ${one.type}.`);
    }
  }
  const types = components.map(({ type }) => type);
  if (new Set(types).size < types.length)
    throw wrongTemplate('Duplicate component', 'Each component stands once.');
  if (!types.includes('BODY')) components.push(defaultBody());
  const button = components.find(({ type }) => type === 'BUTTONS')?.buttons?.[0];
  if (button === undefined) throw missingField('BUTTONS', 'buttons');
  if (minutes !== undefined) {
    button.url = button.url!.replace('&code=', `&code_expiration_minutes=${minutes}&code=`);
  }
  return components;
}

function defaultBody(): Component {
  return {
    type: 'BODY',
    text: '*{{1}}* is your verification code.',
    add_security_recommendation: false,
    example: { body_text: [['123456']] },
  };
}

function readOtp(buttons: unknown): Button {
  const [button, another] = Array.isArray(buttons) ? buttons : [];
  if (!isFields(button)) throw missingField('BUTTONS', 'buttons');
  if (another !== undefined) throw wrongTemplate('Buttons', 'An authentication template has one button.');
  if (typeof button.type !== 'string' || button.type.toUpperCase() !== 'OTP') {
    throw wrongTemplate('Buttons', 'The button of an authentication template is of type OTP.');
  }
  const { otp_type, text, autofill_text, supported_apps } = button;
  const kind = typeof otp_type === 'string' ? otp_type.toUpperCase() : otp_type;
  if (typeof kind !== 'string' || !OTP_TYPES.includes(kind)) {
    throw wrongParam(`Param otp_type must be one of {${OTP_TYPES.join(', ')}}.`);
  }
  if (kind !== 'COPY_CODE') {
    checkApps(supported_apps);
    if (kind === 'ZERO_TAP' && button.zero_tap_terms_accepted !== true) {
      throw wrongTemplate('Buttons', 'zero_tap_terms_accepted must be true.');
    }
  }
  return {
    type: 'URL',
    text: kind === 'COPY_CODE' ? readLabel(text, 'Copy code') : readLabel(autofill_text, 'Autofill'),
    url: `https://www.whatsapp.com/otp/code/?otp_type=${kind}&code=otp{{1}}`,
    example: [`https://www.whatsapp.com/otp/code/?otp_type=${kind}&code=otp123456`],
  };
}

function readLabel(label: unknown, otherwise: string): string {
  if (label === undefined) return otherwise;
  if (typeof label !== 'string' || label === '') throw wrongParam('Param text must be a string.');
  if (isLonger(label, TEXT_MAX)) throw tooLong('text of a button', TEXT_MAX);
  return label;
}

function checkApps(apps: unknown): void {
  if (!Array.isArray(apps) || apps.length === 0) throw missingField('BUTTONS', 'supported_apps');
  if (apps.length > APPS_MAX) throw wrongTemplate('Buttons', `There are at most ${APPS_MAX} supported_apps.`);
  for (const app of apps) {
    if (!isFields(app) || typeof app.package_name !== 'string') throw missingField('BUTTONS', 'package_name');
    if (typeof app.signature_hash !== 'string' || app.signature_hash.length !== SIGNATURE_LENGTH) {
      throw wrongParam(`Param signature_hash must have ${SIGNATURE_LENGTH} characters.`);
    }
  }
}
