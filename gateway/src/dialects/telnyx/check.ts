import { type Content, type ContentFault, checkContent, findUnsendable } from '../../message/content.ts';
import { isBsuid, isE164 } from '../../message/phone.ts';
import { field, isObject } from '../field.ts';
import { toContent } from './content.ts';
import type { Code, Fault } from './errors.ts';
import { isLetIn, ownFaults } from './own-limits.ts';
import { ENVELOPE, FAULTS_MAX, type Send } from './schema.ts';
import { type CheckUrl, missing, shapeFaults, urlFault } from './shape.ts';

export type Checked =
  | {
      readonly ok: true;
      readonly send: Send;
      /** What is said, in Meta's words; a template that was given by its id has no name yet. */
      readonly content: Content;
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const MESSAGE = '/whatsapp_message';

/**
 * Reads the body of a send.
 *
 * @param body any parsed JSON
 * @returns the send, or everything that is wrong with it, each with its pointer
 */
export function check(body: unknown, checkUrl: CheckUrl): Checked {
  const unsendable = findUnsendable(body);
  const faults: Fault[] = [];
  if (unsendable !== undefined) {
    const { fault, message, pointer } = unsendable;
    faults.push({ code: '10015', detail: `This value ${message}.`, pointer });
    // Nothing walks down such a body.
    if (fault === 'depth') return { ok: false, faults };
  }
  if (!ENVELOPE.Check(body)) faults.push(...shapeFaults(ENVELOPE.Errors(body)));
  faults.push(...addressFaults(body, checkUrl));
  const message = field(body, 'whatsapp_message');
  const content = isObject(message) ? toContent(message) : undefined;
  if (content !== undefined) faults.push(...messageFaults(message, content, faults));
  if (faults.length > 0) return { ok: false, faults: faults.slice(0, FAULTS_MAX) };
  // Both checks have seen all that the types say.
  return { ok: true, send: body as Send, content: content as unknown as Content };
}

function addressFaults(body: unknown, checkUrl: CheckUrl): Fault[] {
  return [
    phoneFault(body, 'from'),
    phoneFault(body, 'to'),
    ...(['webhook_url', 'webhook_failover_url'] as const).map(name => {
      const url = field(body, name);
      return typeof url === 'string' ? urlFault(url, `/${name}`, checkUrl) : undefined;
    }),
  ].filter(fault => fault !== undefined);
}

function phoneFault(body: unknown, name: 'from' | 'to'): Fault | undefined {
  const phone = field(body, name);
  if (typeof phone !== 'string' || isE164(phone)) return undefined;
  // A person who hides the number writes under an id of WhatsApp's, and is answered under it.
  if (name === 'to' && isBsuid(phone)) return undefined;
  return {
    code: '10016',
    detail:
      'The number must be a plus sign, the country code and the number, digits only, like +15551234567.',
    pointer: `/${name}`,
  };
}

/**
 * Telnyx's limits and Meta's, each place once, in pointers into the body.
 *
 * @param before what is known already; a place that is named there is not named again
 */
function messageFaults(message: unknown, content: unknown, before: readonly Fault[]): Fault[] {
  const named = new Set(before.map(fault => fault.pointer));
  const faults: Fault[] = [];
  const add = (fault: Fault): void => {
    if (named.has(fault.pointer)) return;
    named.add(fault.pointer);
    faults.push(fault);
  };
  for (const fault of ownFaults(content)) add({ ...fault, pointer: `${MESSAGE}${fault.pointer}` });
  const template = field(message, 'template');
  for (const found of checkContent(content)) {
    if (found.fault === 'length' && isLetIn(found.pointer, content)) continue;
    if (givenById(template) && found.fault === 'missing' && BY_ID.includes(found.pointer)) continue;
    add(toFault(found, message));
  }
  if (field(template, 'template_id') !== undefined && !givenById(template)) {
    add({
      code: '10026',
      detail: 'This value must be text.',
      pointer: `${MESSAGE}/template/template_id`,
    });
  }
  return faults;
}

/** What the id of a template stands for. */
const BY_ID: readonly string[] = ['/template/name', '/template/language'];

function givenById(template: unknown): boolean {
  const id = field(template, 'template_id');
  return typeof id === 'string' && id !== '';
}

/** A fault of the content as a fault of the body. */
function toFault({ pointer, fault, message }: ContentFault, wire: unknown): Fault {
  const here = `${MESSAGE}${wirePointer(pointer, wire)}`;
  if (fault === 'missing' && message === 'is required') return missing(here);
  return { code: codeOf(fault, pointer), detail: `This value ${message}.`, pointer: here };
}

/** A name that was given as text became an object of Meta's. */
function wirePointer(pointer: string, wire: unknown): string {
  const [, index] = /^\/contacts\/(\d+)\/name\//.exec(pointer) ?? [];
  if (index === undefined) return pointer;
  const contacts = field(wire, 'contacts');
  const name = Array.isArray(contacts) ? field(contacts[Number(index)], 'name') : undefined;
  return typeof name === 'string' ? `/contacts/${index}/name` : pointer;
}

/** telnyx §8 */
function codeOf(fault: ContentFault['fault'], pointer: string): Code {
  switch (fault) {
    case 'missing':
      return '10004';
    case 'type':
      return '10026';
    case 'enum':
      return '10032';
    case 'length':
      return '10025';
    case 'range':
      return '10033';
    case 'pattern':
      if (/\/(?:link|url)$/.test(pointer)) return '10003';
      // Text that must hold a number between two others.
      return /\/(?:index|latitude|longitude)$/.test(pointer) ? '10033' : '10015';
    case 'count':
    case 'exclusive':
    case 'duplicate':
    case 'unsupported':
    case 'text':
    case 'depth':
      return '10015';
  }
}
