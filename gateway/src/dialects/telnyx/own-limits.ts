import { LIST_BODY_MAX } from '../../message/limits.ts';
import { field } from '../field.ts';
import type { Fault } from './errors.ts';

/** A text's body, in bytes of UTF-8, at least one (the page's validation rules). */
export const TEXT_BODY_MAX_BYTES = 4096;

/** A caption of an image, a video or a document, in bytes of UTF-8 (the page's validation rules). */
export const CAPTION_MAX_BYTES = 1024;

/**
 * The text of an interactive message's header, in bytes of UTF-8 (the page's validation rules). WhatsApp shows 60
 * characters; what lies between is let in as Telnyx lets it in, and is WhatsApp's to refuse.
 */
export const HEADER_TEXT_MAX_BYTES = 1024;

/** The body of an interactive message, in characters, also of a list, where Meta has more (telnyx §4.4). */
export const INTERACTIVE_BODY_MAX = 1024;

const HEADER_TEXT = '/interactive/header/text';

/** A limit that Telnyx counts in bytes. */
interface InBytes {
  readonly pointer: string;
  readonly value: unknown;
  readonly max: number;
}

/**
 * Where Telnyx counts in another way than Meta, or is stricter; pointers into the message.
 *
 * @param message any parsed JSON
 */
export function ownFaults(message: unknown): Fault[] {
  const type = field(message, 'type');
  const said = typeof type === 'string' ? field(message, type) : undefined;
  switch (type) {
    case 'text':
      return tooLong({ pointer: '/text/body', value: field(said, 'body'), max: TEXT_BODY_MAX_BYTES });
    case 'image':
    case 'video':
    case 'document': {
      const value = field(said, 'caption');
      return tooLong({ pointer: `/${type}/caption`, value, max: CAPTION_MAX_BYTES });
    }
    case 'interactive': {
      const value = field(field(said, 'header'), 'text');
      return [
        ...tooLong({ pointer: HEADER_TEXT, value, max: HEADER_TEXT_MAX_BYTES }),
        ...longBody(field(field(said, 'body'), 'text')),
      ];
    }
    default:
      return [];
  }
}

function tooLong({ pointer, value, max }: InBytes): Fault[] {
  if (typeof value !== 'string') return [];
  const bytes = Buffer.byteLength(value);
  if (bytes <= max) return [];
  const detail = `This value has ${bytes} bytes of UTF-8; at most ${max} are taken.`;
  return [{ code: '10025', detail, pointer }];
}

function longBody(text: unknown): Fault[] {
  if (typeof text !== 'string' || text.length <= INTERACTIVE_BODY_MAX || text.length > 2 * LIST_BODY_MAX)
    return [];
  const length = [...text].length;
  if (length <= INTERACTIVE_BODY_MAX) return [];
  const detail = `This value has ${length} characters; at most ${INTERACTIVE_BODY_MAX} are taken.`;
  return [{ code: '10025', detail, pointer: '/interactive/body/text' }];
}

/** The text that a template's header is filled with. */
const TEMPLATE_HEADER_TEXT = /^\/template\/components\/(\d+)\/parameters\/(\d+)\/text$/;

/** True for a text that is too long for Meta and not for Telnyx; Meta refuses it then. */
export function isLetIn(pointer: string, message: unknown): boolean {
  const text = headerText(pointer, message);
  return typeof text === 'string' && text !== '' && Buffer.byteLength(text) <= HEADER_TEXT_MAX_BYTES;
}

function headerText(pointer: string, message: unknown): unknown {
  if (pointer === HEADER_TEXT) return field(field(field(message, 'interactive'), 'header'), 'text');
  const [, component, parameter] = TEMPLATE_HEADER_TEXT.exec(pointer) ?? [];
  if (component === undefined || parameter === undefined) return undefined;
  const filled = field(field(field(message, 'template'), 'components'), component);
  const type = field(filled, 'type');
  if (typeof type !== 'string' || type.toLowerCase() !== 'header') return undefined;
  return field(field(field(filled, 'parameters'), parameter), 'text');
}
