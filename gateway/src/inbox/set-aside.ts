import { mended } from '../message/content.ts';
import type { Clock } from '../store/clock.ts';
import { isPassing, type Statement, type Store } from '../store/store.ts';
import { UnreadableItem } from './facts.ts';
import { type Item, itemsOf, parseBody } from './items.ts';
import type { Failing } from './pieces.ts';

/** After so many tries an item, or a whole entry, is set aside: counted, alerted, and kept for a replay. */
export const TRIES = 3;

/** Pauses before the second and the third try. */
const PAUSE_MS = 5_000;

/** What a node took to try again is its own for so long; a node that died meanwhile has it tried late. */
const TAKEN_MS = 60_000;

/** Items that are tried again in one look. */
const LOOK_MAX = 1_000;

/** The place in `inbox_failures` of an entry that failed as a whole. */
const WHOLE = -1;

/** Something of a webhook that is given up. Its bytes stay in the journal. */
export interface SetAside {
  readonly journalId: string;
  /** Places in `itemsOf`; undefined: the whole entry. */
  readonly items: readonly number[] | undefined;
  /** Why, without anything that the webhook says. */
  readonly reason: string;
}

const NOTE: Statement<number> = {
  name: 'note_failures',
  text: `
    with noted as (
      insert into inbox_failures (journal_id, item, tries, error, next_at)
      select $1::uuid, item, 1, error, $3::timestamptz from json_to_recordset($2::json) as i(item integer, error text)
      on conflict (journal_id, item) do nothing
      returning 1
    )
    select count(*)::int as out from noted`,
};

/**
 * Writes down items that failed, before their journal entry is flagged as read. Only where they stand: their bytes are
 * in the journal.
 *
 * @returns how many were not written down before
 */
export function noteFailures(
  store: Store,
  clock: Clock,
  journalId: string,
  failing: readonly Failing[],
): Promise<number> {
  const rows = failing.map(one => ({ item: one.index, error: sentence(one.error) }));
  return store.run(NOTE, [journalId, rows, later(clock, PAUSE_MS)]);
}

const SET_ENTRY_ASIDE: Statement<number> = {
  name: 'set_entry_aside',
  text: `
    with entry as (
      update journal set state = 2 where id = $1::uuid and state = 0 returning id
    ), noted as (
      insert into inbox_failures (journal_id, item, tries, error, set_aside, next_at)
      select id, ${WHOLE}, ${TRIES}, $2::text, true, $3::timestamptz from entry
      on conflict (journal_id, item) do nothing
    )
    select count(*)::int as out from entry`,
};

/** @returns false when another node has read it meanwhile, or given it up */
export async function setEntryAside(
  store: Store,
  clock: Clock,
  journalId: string,
  error: unknown,
): Promise<boolean> {
  return (await store.run(SET_ENTRY_ASIDE, [journalId, sentence(error), clock.now().toISOString()])) > 0;
}

/** Takes what is due by putting it off, so that no other node tries it at the same time. */
const TAKE: Statement<{ journal: string; item: number; tries: number }[]> = {
  name: 'take_failures',
  text: `
    with due as (
      select journal_id, item from inbox_failures where not set_aside and next_at <= $1::timestamptz
      order by next_at limit ${LOOK_MAX} for update skip locked
    ), taken as (
      update inbox_failures f set next_at = $2::timestamptz from due d
      where f.journal_id = d.journal_id and f.item = d.item
      returning f.journal_id as journal, f.item, f.tries
    )
    select coalesce(json_agg(taken), '[]') as out from taken`,
};

const KEPT: Statement<{ body: string; senders: string[] } | null> = {
  name: 'kept_webhook',
  text: `
    select (select json_build_object('body', encode(body, 'base64'), 'senders', sender_ids) from journal
      where id = $1::uuid) as out`,
};

const NOTE_AGAIN: Statement<number> = {
  name: 'note_failures_again',
  text: `
    with failing as materialized (
      select $1::uuid as journal, item, error from json_to_recordset($3::json) as i(item integer, error text)
    ), read as materialized (
      select $1::uuid as journal, value::integer as item from json_array_elements_text($2::json)
    ), done as (
      delete from inbox_failures f using read r where f.journal_id = r.journal and f.item = r.item
    ), failed as (
      update inbox_failures f set tries = f.tries + 1, error = i.error, next_at = $4::timestamptz,
        set_aside = f.tries + 1 >= ${TRIES}
      from failing i where f.journal_id = i.journal and f.item = i.item
      returning 1
    )
    select count(*)::int as out from failed`,
};

/**
 * Tries the failed items that are due once more, from the bytes in the journal.
 *
 * @param read throws what stops the item
 * @throws a fault of the database that passes; nobody's try is counted for it
 */
export async function retryFailures(
  store: Store,
  clock: Clock,
  read: (item: Item, senderIds: readonly string[]) => Promise<void>,
  onSetAside: (aside: SetAside) => void,
): Promise<void> {
  const due = await store.run(TAKE, [clock.now().toISOString(), later(clock, TAKEN_MS)]);
  for (const [journalId, rows] of Map.groupBy(due, row => row.journal)) {
    const kept = await store.run(KEPT, [journalId]);
    // Retention took the webhook: nothing can be read of it any more.
    const items = kept === null ? [] : itemsOf(parseBody(Buffer.from(kept.body, 'base64')));
    const done: number[] = [];
    const failing: Failing[] = [];
    let passing: unknown;
    for (const { item: index } of rows) {
      try {
        if (kept !== null) await read(itemAt(items, index), kept.senders);
        done.push(index);
      } catch (error) {
        if (isPassing(error)) {
          passing = error;
          break;
        }
        failing.push({ index, error });
      }
    }
    await store.run(NOTE_AGAIN, [
      journalId,
      done,
      failing.map(one => ({ item: one.index, error: sentence(one.error) })),
      later(clock, PAUSE_MS),
    ]);
    const last = new Set(rows.filter(row => row.tries + 1 >= TRIES).map(row => row.item));
    const aside = failing.filter(one => last.has(one.index));
    if (aside.length > 0)
      onSetAside({ journalId, items: aside.map(one => one.index), reason: reasonOf(aside[0]!.error) });
    if (passing !== undefined) throw passing;
  }
}

function itemAt(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new UnreadableItem('the webhook has no such item');
  return item;
}

/** Our own sentences tell nothing of what a webhook says; the database's may quote it, so only their SQLSTATE is told. */
export function reasonOf(error: unknown): string {
  if (error instanceof UnreadableItem) return error.message;
  const { name, code } = error as { name?: unknown; code?: unknown };
  return [name, code].filter(part => typeof part === 'string').join(' ') || 'unknown';
}

/** Fit for storage whatever it quotes. */
function sentence(error: unknown): string {
  return mended((error instanceof Error ? error.message : String(error)).slice(0, 500));
}

function later(clock: Clock, ms: number): string {
  return new Date(clock.now().getTime() + ms).toISOString();
}
