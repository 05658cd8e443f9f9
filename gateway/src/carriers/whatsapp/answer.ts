import { mended } from '../../message/content.ts';
import type { FailureTrace } from '../../message/failure.ts';
import type { GraphError } from './errors.ts';

/** Whom Meta recognized in a recipient (§2): `contacts[]` of the answer to a send. */
export interface Recognized {
  /** Digits. */
  readonly phone: string | undefined;
  readonly userIds: readonly string[];
  /** The number that it was sent to, where WhatsApp knows the person under another one. */
  readonly formerPhone: string | undefined;
}

/** Of a mark of Meta's, in characters; its own have some dozens. */
const TRACE_MAX = 200;

/** The JSON of an answer; undefined when it is none, or longer than so many bytes. */
export async function readJson(body: AsyncIterable<Buffer>, max: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > max) break;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The names that an answer tells of its recipient; undefined when none is new. */
export function recognized(body: unknown, recipient: string): Recognized | undefined {
  const contacts = field(body, 'contacts');
  const contact = Array.isArray(contacts) ? contacts[0] : undefined;
  const named = (name: string): string | undefined => {
    const value = field(contact, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const phone = named('wa_id');
  const byPhone = recipient.startsWith('+');
  const moved = byPhone && phone !== undefined && `+${phone}` !== recipient;
  const others = [named('user_id'), named('parent_user_id')].filter(id => id !== undefined);
  if (others.length === 0 && !moved) return undefined;
  return {
    phone: phone ?? (byPhone ? recipient : undefined),
    userIds: byPhone ? others : [...others, recipient],
    formerPhone: moved ? recipient : undefined,
  };
}

function traceOf(error: unknown): FailureTrace | undefined {
  const [id, type] = ['fbtrace_id', 'type'].map(name => {
    const value = field(error, name);
    return typeof value === 'string' && value !== '' ? mended(value).slice(0, TRACE_MAX) : undefined;
  });
  const subcode = field(error, 'error_subcode');
  const trace = {
    ...(id === undefined ? {} : { id }),
    ...(typeof subcode === 'number' ? { subcode: String(subcode) } : {}),
    ...(type === undefined ? {} : { type }),
  };
  return Object.keys(trace).length === 0 ? undefined : trace;
}

/** The error that an answer tells of; undefined when there is none. */
export function graphError(value: unknown): GraphError | undefined {
  const code = field(value, 'code');
  if (typeof code !== 'number') return undefined;
  const text = (of: unknown): string | undefined => (typeof of === 'string' ? mended(of) : undefined);
  return {
    code,
    message: text(field(value, 'message')),
    title: text(field(value, 'error_user_title')),
    details: text(field(field(value, 'error_data'), 'details')),
    trace: traceOf(value),
  };
}
