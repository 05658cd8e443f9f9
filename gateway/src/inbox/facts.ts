import { fromGraphError } from '../carriers/whatsapp/errors.ts';
import { mended } from '../message/content.ts';
import { storedFailure } from '../message/failure.ts';
import { derivedIdAt } from '../message/id.ts';
import { canonicalRecipient } from '../message/phone.ts';
import type { Fact, InboundRow } from '../outbox/apply-statement.ts';
import type { ConsentChange } from '../recipients/consents.ts';
import type { Opening } from '../recipients/windows.ts';
import { type Json, list, object, text } from './items.ts';

/** What a status says, before it is known which message it is about. */
export interface StatusFact {
  readonly wamid: string;
  readonly status: string;
  /** Known when the status carries our callback data. */
  readonly message: { readonly id: string; readonly attempt: number } | undefined;
  readonly times: StatusTimes;
}

export type StatusTimes = Pick<
  Fact,
  'sent' | 'delivered' | 'read' | 'played' | 'deleted' | 'failed' | 'failure' | 'pricing'
>;

/** Our callback data: message id and attempt. */
const CALLBACK = /^wb:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}):(\d{1,9})$/;

/** An item that is not what Meta documents; it is tried again, then set aside with this sentence. */
export class UnreadableItem extends Error {}

/** Meta's message ids are opaque and about a hundred signs long; an index of the database bears 2,700 bytes. */
const WAMID_MAX = 512;

/** A phone number, or a BSUID of at most 256 signs after its country code (meta-cloud-api §5.4). */
const PERSON_MAX = 300;

/** Meta: the recipient has stopped marketing messages of this business (meta-cloud-api §4). */
const MARKETING_STOPPED = 131050;

/** Of a remark of Meta's, in characters. */
const NOTE_MAX = 500;

/** Deeper than anything documented; what is nested deeper would exhaust the stack of whoever walks it. */
const DEPTH_MAX = 32;

/**
 * A status of Meta's as facts (meta-cloud-api §5.2).
 *
 * @returns undefined for statuses that are not about delivery (`payment`, what Meta adds tomorrow)
 * @throws UnreadableItem when it has no id or no usable time, or is larger than anything of Meta's
 */
export function statusFact(value: Json): StatusFact | undefined {
  const wamid = text(value.id);
  const status = text(value.status);
  if (wamid === undefined || status === undefined) throw new UnreadableItem('a status without id or status');
  assertStorable(value, wamid);
  if (text(value.type) === 'payment') return undefined;
  const at = new Date(unixMs(value.timestamp)).toISOString();
  const pricing = object(value.pricing);
  const callback = CALLBACK.exec(text(value.biz_opaque_callback_data) ?? '');
  const common = {
    wamid,
    status,
    message: callback === null ? undefined : { id: callback[1]!, attempt: Number(callback[2]) },
  };
  const priced = pricing === undefined ? {} : { pricing: JSON.stringify(pricing) };
  switch (status) {
    case 'sent':
      return { ...common, times: { sent: at, ...priced } };
    case 'delivered':
      return { ...common, times: { delivered: at, ...priced } };
    case 'read':
      return { ...common, times: { read: at, ...priced } };
    case 'played':
      // Who heard it has seen it.
      return { ...common, times: { read: at, played: at, ...priced } };
    case 'deleted':
      return { ...common, times: { deleted: at } };
    case 'failed':
      return { ...common, times: { failed: at, failure: failureOf(value) } };
    default:
      return undefined;
  }
}

function failureOf(status: Json): string {
  const error = object(list(status.errors)[0]);
  const code = error?.code;
  return JSON.stringify(
    storedFailure(
      fromGraphError(
        {
          code: typeof code === 'number' ? code : 131000,
          title: text(error?.title),
          message: text(error?.message),
          details: text(object(error?.error_data)?.details),
        },
        undefined,
      ),
    ),
  );
}

/** Kinds are Meta's words; this keeps a hostile one from filling a column. */
const KIND_MAX = 32;

/**
 * An inbound message as a row. Its id is derived from sender and wamid and its time from Meta's, so that the repeats of
 * seven days are the same row.
 *
 * @throws UnreadableItem when it has no id, no sender or no usable time, or is larger than anything of Meta's
 */
export function inboundRow(
  value: Json,
  contacts: ReadonlyMap<string, Json>,
  sender: { readonly id: string; readonly workspaceId: string },
): InboundRow {
  const from = text(value.from) ?? text(value.from_user_id);
  const contact = from === undefined ? undefined : contacts.get(from);
  return messageRow(value, from, sender, 1, text(object(contact?.profile)?.name));
}

/** What was written on a number of ours in the WhatsApp Business app, as a row. */
export function echoRow(
  value: Json,
  sender: { readonly id: string; readonly workspaceId: string },
): InboundRow {
  return messageRow(value, text(value.to) ?? text(value.to_user_id), sender, 2, undefined);
}

function messageRow(
  value: Json,
  person: string | undefined,
  sender: { readonly id: string; readonly workspaceId: string },
  direction: 1 | 2,
  name: string | undefined,
): InboundRow {
  const wamid = text(value.id);
  const kind = text(value.type);
  if (wamid === undefined || person === undefined || kind === undefined) {
    throw new UnreadableItem('a message without id, sender or type');
  }
  assertStorable(value, wamid);
  const recipient = personOf(person);
  const ms = unixMs(value.timestamp);
  return {
    id: derivedIdAt(ms, `${sender.id}:${wamid}`),
    workspace: sender.workspaceId,
    sender: sender.id,
    direction,
    recipient,
    key: canonicalRecipient(recipient),
    name,
    kind: mended(kind.slice(0, KIND_MAX)),
    content: JSON.stringify(value),
    wamid,
    at: new Date(ms).toISOString(),
  };
}

/** Meta writes phone numbers without the plus sign; a person's id stays as it is. */
function personOf(name: string): string {
  if (name.length > PERSON_MAX) throw new UnreadableItem('a sender that is too long');
  return /^\d+$/.test(name) ? `+${name}` : name;
}

/** What somebody has set in WhatsApp about the marketing of this business (meta-cloud-api §5.5). */
export function preferenceChange(
  value: Json,
  sender: { readonly workspaceId: string },
): ConsentChange | undefined {
  const person = text(value.wa_id) ?? text(value.user_id);
  const wish = text(value.value);
  if (person === undefined) throw new UnreadableItem('a preference without a person');
  if (text(value.category) !== 'marketing_messages' || (wish !== 'stop' && wish !== 'resume'))
    return undefined;
  return {
    workspaceId: sender.workspaceId,
    customer: personOf(person),
    reason: 'marketing',
    active: wish === 'stop',
    source: 'meta',
    note: text(value.detail) === undefined ? undefined : mended(text(value.detail)!).slice(0, NOTE_MAX),
    at: new Date(unixMs(value.timestamp)),
  };
}

/** A failure that tells what its recipient has set. */
export function stoppedMarketing(
  status: Json,
  sender: { readonly workspaceId: string },
): ConsentChange | undefined {
  if (object(list(status.errors)[0])?.code !== MARKETING_STOPPED) return undefined;
  const person = text(status.recipient_id) ?? text(status.recipient_user_id);
  if (person === undefined) return undefined;
  const { workspaceId } = sender;
  const at = new Date(unixMs(status.timestamp));
  return {
    workspaceId,
    customer: personOf(person),
    reason: 'marketing',
    active: true,
    source: 'meta',
    note: '131050',
    at,
  };
}

/** A call that opens a window: the person called us, or took a call of ours (meta-cloud-api §2). */
export function callOpening(value: Json, sender: { readonly id: string }): Opening | undefined {
  const direction = text(value.direction);
  const theirs = direction === 'USER_INITIATED' && text(value.event) === 'connect';
  const taken = text(value.type) === 'call' && text(value.status) === 'ACCEPTED';
  if (!theirs && !taken) return undefined;
  const person = theirs
    ? (text(value.from) ?? text(value.from_user_id))
    : (text(value.recipient_id) ?? text(value.recipient_user_id));
  if (person === undefined) throw new UnreadableItem('a call without a person');
  const at = new Date(unixMs(value.timestamp)).toISOString();
  return { sender: sender.id, key: canonicalRecipient(personOf(person)), at };
}

function assertStorable(value: Json, wamid: string): void {
  if (wamid.length > WAMID_MAX) throw new UnreadableItem('an id that is too long');
  if (deeperThan(value, DEPTH_MAX)) throw new UnreadableItem(`nested deeper than ${DEPTH_MAX} levels`);
}

function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some(inner => deeperThan(inner, levels - 1));
}

/** Before this the table has one partition for everything; a nonsense time must still have a place, always the same. */
const EARLIEST_MS = Date.UTC(2009, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

/** Meta gives seconds as text; milliseconds are met now and then (§5.2). */
export function unixMs(value: unknown): number {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number))
    throw new UnreadableItem('a time that is no number');
  const ms = number >= 1e11 ? number : number * 1000;
  if (ms < EARLIEST_MS || ms > LATEST_MS) throw new UnreadableItem('a time that cannot be');
  return ms;
}
