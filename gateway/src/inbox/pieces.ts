import type { Directory, Sender } from '../accounts/directory.ts';
import type { Fact, InboundRow } from '../outbox/apply-statement.ts';
import { type Alias, aliasesOf } from '../recipients/aliases.ts';
import type { ConsentChange } from '../recipients/consents.ts';
import type { Opening } from '../recipients/windows.ts';
import {
  callOpening,
  echoRow,
  inboundRow,
  preferenceChange,
  statusFact,
  stoppedMarketing,
  UnreadableItem,
} from './facts.ts';
import { namesInMessage, namesInStatus } from './identities.ts';
import type { Item } from './items.ts';
import { type NoticeRow, noticeRows } from './notices.ts';
import type { ParkedStatus } from './strays.ts';

/** Items of webhooks that had no effect, by why. */
export type InboxCount = 'dropped' | 'ignored' | 'failed' | 'parked' | 'set_aside';

/** What one item of a webhook asks the database for. */
export type Piece = {
  readonly index: number;
  /** Names of one person that the item tells. */
  readonly aliases?: readonly Alias[];
  /** What the item tells of somebody's wishes, beside the rest. */
  readonly wish?: ConsentChange | undefined;
} & (
  | { readonly kind: 'fact'; readonly fact: Fact }
  | { readonly kind: 'inbound'; readonly row: InboundRow }
  | { readonly kind: 'stray'; readonly stray: ParkedStatus }
  | { readonly kind: 'call'; readonly opening: Opening }
  | { readonly kind: 'notice'; readonly rows: readonly NoticeRow[] }
  | { readonly kind: 'preference' }
);

/** An item of a webhook that could not be read or applied, by its place in `itemsOf`. */
export interface Failing {
  readonly index: number;
  readonly error: unknown;
}

export type SenderNames = Pick<Directory, 'sendersByPhoneNumberId' | 'senderById'>;

/**
 * Reads each item alone.
 *
 * @param senderIds the senders whose secret signed the webhook: what names another number is dropped
 */
export function piecesOf(
  items: readonly Item[],
  senderIds: readonly string[],
  directory: SenderNames,
  onCount: (what: InboxCount) => void,
): { pieces: Piece[]; failing: Failing[] } {
  const pieces: Piece[] = [];
  const failing: Failing[] = [];
  for (const [index, item] of items.entries()) {
    try {
      const piece = pieceOf(item, index, senderIds, directory);
      if (typeof piece === 'string') onCount(piece);
      else pieces.push(piece);
    } catch (error) {
      failing.push({ index, error });
    }
  }
  return { pieces, failing };
}

/** @throws UnreadableItem */
export function pieceOf(
  item: Item,
  index: number,
  senderIds: readonly string[],
  directory: SenderNames,
): Piece | 'dropped' | 'ignored' {
  if (item.kind === 'excess') throw new UnreadableItem(`${item.count} items more than a webhook can hold`);
  if (item.kind === 'other') return 'ignored';
  if (item.kind === 'notice') {
    const signed = senderIds.map(id => directory.senderById(id)).filter(sender => sender !== undefined);
    const rows = noticeRows(item, signed);
    return rows.length === 0 ? 'dropped' : { index, kind: 'notice', rows };
  }
  const sender = directory.sendersByPhoneNumberId(item.phoneNumberId);
  // A number that the signing secret does not belong to: another tenant's, or nobody's.
  if (sender === undefined || !senderIds.includes(sender.id)) return 'dropped';
  switch (item.kind) {
    case 'message': {
      const row = inboundRow(item.value, item.contacts, sender);
      const names = namesInMessage(item.value, item.contacts);
      return { index, kind: 'inbound', row, aliases: aliasesOf(sender.workspaceId, names) };
    }
    case 'echo':
      return { index, kind: 'inbound', row: echoRow(item.value, sender) };
    case 'call': {
      const opening = callOpening(item.value, sender);
      return opening === undefined ? 'ignored' : { index, kind: 'call', opening };
    }
    case 'preference': {
      const change = preferenceChange(item.value, sender);
      return change === undefined ? 'ignored' : { index, kind: 'preference', wish: change };
    }
    case 'status':
      return statusPiece(item, index, sender);
  }
}

function statusPiece(
  item: Extract<Item, { kind: 'status' }>,
  index: number,
  sender: Sender,
): Piece | 'ignored' {
  const fact = statusFact(item.value);
  if (fact === undefined) return 'ignored';
  const { wamid, status, times, message } = fact;
  const aliases = aliasesOf(sender.workspaceId, namesInStatus(item.value));
  const wish = stoppedMarketing(item.value, sender);
  return message === undefined
    ? { index, aliases, wish, kind: 'stray', stray: { sender: sender.id, wamid, status, times } }
    : { index, aliases, wish, kind: 'fact', fact: { ...message, sender: sender.id, wamid, ...times } };
}

/** What an entry of the journal, or a part of it, changes. */
export interface Effects {
  readonly facts: readonly Fact[];
  readonly inbound: readonly InboundRow[];
  readonly aliases: readonly Alias[];
  readonly openings: readonly Opening[];
  readonly notices: readonly NoticeRow[];
  readonly preferences: readonly ConsentChange[];
  /** Read to its end with these effects. */
  readonly journalId: string | undefined;
}

/** What one statement applies. */
export interface Portion {
  readonly facts: Fact[];
  readonly inbound: InboundRow[];
  readonly journalIds: string[];
}

/**
 * One statement must end long before the time-out of a query: a batch that is cut off there would be tried again for
 * ever. A full webhook of 3 MB has some 25,000 statuses.
 */
const PORTION_MAX = 2_000;

/** Cuts effects into statements. An entry is flagged by the last one that it has a part in. */
export function* portions(effects: readonly Effects[]): Generator<Portion> {
  let open: Portion = { facts: [], inbound: [], journalIds: [] };
  for (const { facts, inbound, journalId } of effects) {
    for (const add of [
      ...facts.map(fact => () => open.facts.push(fact)),
      ...inbound.map(row => () => open.inbound.push(row)),
    ]) {
      if (open.facts.length + open.inbound.length >= PORTION_MAX) {
        yield open;
        open = { facts: [], inbound: [], journalIds: [] };
      }
      add();
    }
    if (journalId !== undefined) open.journalIds.push(journalId);
  }
  yield open;
}
