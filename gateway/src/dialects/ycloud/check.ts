import { type Content, type ContentFault, checkContent, findUnsendable } from '../../message/content.ts';
import { isBsuid, isE164 } from '../../message/phone.ts';
import { field, isObject } from '../field.ts';
import { toContent } from './content.ts';
import type { Code, Fault } from './errors.ts';

/** A checked send. */
export interface Send {
  /** E.164. */
  readonly from: string;
  /** E.164, or a user id of WhatsApp's. */
  readonly to: string;
  readonly externalId: string | undefined;
  readonly filterUnsubscribed: boolean;
  readonly filterBlocked: boolean;
  /** What is said, in Meta's words. */
  readonly content: Content;
  /** As it was asked for: the object that `type` names, and the context. */
  readonly echo: Readonly<Record<string, unknown>>;
}

export type Checked =
  | { readonly ok: true; readonly send: Send }
  | { readonly ok: false; readonly fault: Fault };

/** YCloud says nothing of a longest reference; nobody's order number is longer. */
const EXTERNAL_ID_MAX = 512;

/** The body of an interactive message, in characters, of a list too, where Meta has more (ycloud §5.3). */
const INTERACTIVE_BODY_MAX = 1_024;

/** The words on a link's button, in bytes of UTF-8 (ycloud §5.3). */
const CTA_TEXT_MAX_BYTES = 20;

/**
 * Reads the body of a send; both routes have the same (ycloud §5).
 *
 * @param body any parsed JSON
 * @returns the send, or the first thing that is wrong with it: YCloud's envelope has room for one
 */
export function check(body: unknown): Checked {
  const unsendable = findUnsendable(body);
  if (unsendable !== undefined)
    return refused('PARAM_INVALID', targetOf(unsendable.pointer), `This value ${unsendable.message}.`);
  if (!isObject(body)) return refused('BAD_REQUEST', undefined, 'The body must be a JSON object.');
  const fault = phoneFault(body, 'from') ?? toFault(body) ?? optionalFault(body);
  if (fault !== undefined) return { ok: false, fault };
  const { type } = body;
  if (type === undefined || type === null) return missing('type');
  const content = toContent(body);
  const [found] = checkContent(content);
  if (found !== undefined) return { ok: false, fault: contentFault(found) };
  const own = ownFault(content);
  if (own !== undefined) return { ok: false, fault: own };
  return {
    ok: true,
    send: {
      from: plain(body.from as string),
      to: plain((body.to ?? body.recipient) as string),
      externalId: (body.externalId as string | null | undefined) ?? undefined,
      filterUnsubscribed: body.filterUnsubscribed === true,
      filterBlocked: body.filterBlocked === true,
      // Both checks have seen all that the types say.
      content: content as unknown as Content,
      echo: {
        type,
        [type as string]: body[type as string],
        ...(content.context === undefined ? {} : { context: content.context }),
      },
    },
  };
}

/** The docs put spaces into numbers (ycloud §3). */
function plain(phone: string): string {
  return phone.replaceAll(' ', '');
}

function phoneFault(body: unknown, name: 'from' | 'to'): Fault | undefined {
  const phone = field(body, name);
  if (phone === undefined || phone === null) return missing(name).fault;
  if (typeof phone === 'string' && isE164(plain(phone))) return undefined;
  return invalid(
    name,
    `The number in '${name}' must be in E.164 format: a plus sign, the country code and the number, like +15551234567.`,
  );
}

/** With both, the number counts (ycloud §5.1). */
function toFault(body: unknown): Fault | undefined {
  const recipient = field(body, 'recipient') ?? undefined;
  if ((field(body, 'to') ?? undefined) === undefined && recipient !== undefined)
    return typeof recipient === 'string' && isBsuid(recipient)
      ? undefined
      : invalid('recipient', "'recipient' must be a user id of WhatsApp's, such as US.1234567890.");
  return phoneFault(body, 'to');
}

function optionalFault(body: unknown): Fault | undefined {
  const externalId = field(body, 'externalId') ?? undefined;
  if (externalId !== undefined) {
    if (typeof externalId !== 'string') return invalid('externalId', "'externalId' must be text.");
    if (externalId.length > EXTERNAL_ID_MAX)
      return tooLong('externalId', `'externalId' has more than ${EXTERNAL_ID_MAX} characters.`);
  }
  for (const name of ['filterUnsubscribed', 'filterBlocked']) {
    const flag = field(body, name) ?? undefined;
    if (flag !== undefined && typeof flag !== 'boolean')
      return invalid(name, `'${name}' must be true or false.`);
  }
  return undefined;
}

/** Where YCloud is stricter than Meta. */
function ownFault(content: unknown): Fault | undefined {
  const interactive = field(content, 'interactive');
  const text = field(field(interactive, 'body'), 'text');
  if (typeof text === 'string' && [...text].length > INTERACTIVE_BODY_MAX)
    return tooLong('interactive.body.text', `This value has more than ${INTERACTIVE_BODY_MAX} characters.`);
  const words =
    field(interactive, 'type') === 'cta_url'
      ? field(field(field(interactive, 'action'), 'parameters'), 'display_text')
      : undefined;
  if (typeof words === 'string' && Buffer.byteLength(words) > CTA_TEXT_MAX_BYTES)
    return tooLong(
      'interactive.action.parameters.display_text',
      `This value has more than ${CTA_TEXT_MAX_BYTES} bytes of UTF-8.`,
    );
  return undefined;
}

function contentFault({ pointer, fault, message }: ContentFault): Fault {
  const target = targetOf(pointer);
  const code: Code =
    fault === 'missing' ? 'PARAM_MISSING' : fault === 'length' ? 'PARAM_INVALID_LENGTH' : 'PARAM_INVALID';
  return { status: 400, code, target, message: `Parameter '${target ?? 'body'}' ${message}.` };
}

/** A JSON pointer with dots. */
function targetOf(pointer: string): string | undefined {
  return pointer === '' ? undefined : pointer.slice(1).replaceAll('/', '.');
}

const invalid = (target: string, message: string): Fault => ({
  status: 400,
  code: 'PARAM_INVALID',
  message,
  target,
});

const tooLong = (target: string, message: string): Fault => ({
  ...invalid(target, message),
  code: 'PARAM_INVALID_LENGTH',
});

function missing(target: string) {
  const message = `Parameter '${target}' is required.`;
  return { ok: false, fault: { status: 400, code: 'PARAM_MISSING', message, target } } as const;
}

function refused(code: Code, target: string | undefined, message: string): Checked {
  return { ok: false, fault: { status: 400, code, message, target } };
}
