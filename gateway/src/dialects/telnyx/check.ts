import { findUnsendable } from '../../message/content.ts';
import { isE164 } from '../../message/phone.ts';
import type { Fault } from './errors.ts';
import { FAULTS_MAX, SERVED, type Send, VALIDATORS } from './schema.ts';

/** A text's body, in bytes of UTF-8 (telnyx §4.4). */
export const TEXT_BODY_MAX_BYTES = 4096;

/** Any URL, in characters (telnyx §4.1, code 10003). */
export const URL_MAX = 2000;

/** Why an address may not be fetched, one sentence; undefined when its shape is fine. */
export type CheckUrl = (url: string) => string | undefined;

export type Checked =
  | { readonly ok: true; readonly send: Send }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Reads the body of a send.
 *
 * @param body any parsed JSON
 * @returns the send, or everything that is wrong with it, each with its pointer
 */
export function check(body: unknown, checkUrl: CheckUrl): Checked {
  const faults: Fault[] = [];
  const validator = validatorFor(body);
  if (!validator.Check(body)) addShapeFaults(faults, validator.Errors(body));
  addRuleFaults(faults, body, checkUrl);
  const unsendable = findUnsendable(body);
  if (unsendable !== undefined) {
    faults.push({ code: '10015', detail: `This value ${unsendable.message}.`, pointer: unsendable.pointer });
  }
  return faults.length === 0 ? { ok: true, send: body as Send } : { ok: false, faults };
}

function validatorFor(body: unknown): (typeof VALIDATORS)[keyof typeof VALIDATORS] {
  switch (field(field(body, 'whatsapp_message'), 'type')) {
    case 'text':
      return VALIDATORS.text;
    case 'template':
      return VALIDATORS.template;
    default:
      return VALIDATORS.other;
  }
}

type ShapeError = ReturnType<typeof VALIDATORS.text.Errors>[number];

/** The validator's findings under Telnyx's codes. */
function addShapeFaults(faults: Fault[], errors: readonly ShapeError[]): void {
  for (const error of errors) {
    const pointer = error.instancePath;
    switch (error.keyword) {
      case 'required':
        for (const name of error.params.requiredProperties) {
          faults.push(missing(`${pointer}/${name}`));
        }
        break;
      case 'enum':
      case 'const':
        faults.push({ code: '10032', detail: enumDetail(pointer, error), pointer });
        break;
      case 'minLength':
      case 'maxLength':
        faults.push({ code: '10025', detail: sentence(error.message), pointer });
        break;
      case 'minimum':
      case 'maximum':
      case 'pattern':
        // Only a button's index has a range.
        faults.push({ code: '10033', detail: 'This value must be an integer from 0 to 9.', pointer });
        break;
      default:
        faults.push({ code: '10026', detail: sentence(error.message), pointer });
    }
  }
}

function enumDetail(pointer: string, error: ShapeError): string {
  if (pointer === '/whatsapp_message/type') return `These types are served now: ${SERVED.join(', ')}.`;
  const allowed = error.keyword === 'enum' ? error.params.allowedValues : [];
  return `This value must be one of: ${allowed.join(', ')}.`;
}

function sentence(message: string): string {
  return `This value ${message}.`;
}

function missing(pointer: string): Fault {
  return { code: '10004', detail: `The field ${pointer} is required.`, pointer };
}

/** What a schema cannot say. Runs over bodies of any shape, so that its findings come together with the shape's. */
function addRuleFaults(faults: Fault[], body: unknown, checkUrl: CheckUrl): void {
  addPhoneFault(faults, body, 'from');
  addPhoneFault(faults, body, 'to');
  addUrlFault(faults, body, 'webhook_url', checkUrl);
  addUrlFault(faults, body, 'webhook_failover_url', checkUrl);
  const message = field(body, 'whatsapp_message');
  switch (field(message, 'type')) {
    case 'text':
      addTextFault(faults, field(field(message, 'text'), 'body'));
      break;
    case 'template':
      addTemplateFaults(faults, field(message, 'template'));
      break;
  }
}

function addPhoneFault(faults: Fault[], body: unknown, name: 'from' | 'to'): void {
  const phone = field(body, name);
  if (typeof phone !== 'string' || isE164(phone)) return;
  faults.push({
    code: '10016',
    detail:
      'The number must be a plus sign, the country code and the number, digits only, like +15551234567.',
    pointer: `/${name}`,
  });
}

function addUrlFault(
  faults: Fault[],
  body: unknown,
  name: 'webhook_url' | 'webhook_failover_url',
  checkUrl: CheckUrl,
): void {
  const url = field(body, name);
  if (typeof url !== 'string') return;
  const pointer = `/${name}`;
  if (url.length > URL_MAX) {
    faults.push({
      code: '10003',
      detail: `The URL has ${url.length} characters; at most ${URL_MAX} are taken.`,
      pointer,
    });
    return;
  }
  const reason = checkUrl(url);
  if (reason !== undefined) faults.push({ code: '10003', detail: reason, pointer });
}

function addTextFault(faults: Fault[], text: unknown): void {
  if (typeof text !== 'string') return;
  const bytes = Buffer.byteLength(text);
  if (bytes >= 1 && bytes <= TEXT_BODY_MAX_BYTES) return;
  faults.push({
    code: '10025',
    detail: `The text has ${bytes} bytes; 1 to ${TEXT_BODY_MAX_BYTES} bytes of UTF-8 are taken.`,
    pointer: '/whatsapp_message/text/body',
  });
}

function addTemplateFaults(faults: Fault[], template: unknown): void {
  const here = '/whatsapp_message/template';
  if (field(template, 'template_id') !== undefined) {
    faults.push({
      code: '10015',
      detail: 'Templates are not found by template_id yet: give name and language.',
      pointer: `${here}/template_id`,
    });
  }
  const components = field(template, 'components');
  if (!Array.isArray(components)) return;
  for (const [position, component] of components.entries()) {
    if (faults.length >= FAULTS_MAX) return;
    if (field(component, 'type') !== 'button') continue;
    for (const name of ['sub_type', 'index']) {
      if (field(component, name) === undefined)
        faults.push(missing(`${here}/components/${position}/${name}`));
    }
  }
}

/** A field of a JSON object, whatever the value is. */
function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
