import { CONSENT, CONSENT_REASONS, type ConsentReason } from '../message/consent.ts';
import { EVENT } from '../message/event.ts';
import { newId } from '../message/id.ts';
import { canonicalRecipient } from '../message/phone.ts';
import type { Clock } from '../store/clock.ts';
import { KEY_IS } from '../store/key-is.ts';
import { LOG_EVENTS } from '../store/log-events.ts';
import { REPORT_NOTICES } from '../store/report-notices.ts';
import type { Statement, Store } from '../store/store.ts';
import type { Alias } from './aliases.ts';
import { MOVE_CONSENTS } from './move-consents.ts';

/** Where an entry came from. */
export const CONSENT_SOURCES = ['keyword', 'meta', 'api', 'import', 'manual'] as const;
export type ConsentSource = (typeof CONSENT_SOURCES)[number];

/** What messages go by; an opt-out of another channel is kept and holds nothing back here. */
export const WHATSAPP = 'whatsapp';

/** Somebody opts out or in, is blocked or let go. */
export interface ConsentChange {
  readonly workspaceId: string;
  /** Phone number or user id, in any spelling. */
  readonly customer: string;
  readonly channel?: string;
  readonly reason: ConsentReason;
  /** False takes the entry away. */
  readonly active: boolean;
  readonly source: ConsentSource;
  readonly note?: string | undefined;
  /** When it was said: an older word never undoes a newer one. Now when not given. */
  readonly at?: Date;
}

/** One that changed something. */
export interface ConsentChanged {
  readonly id: string;
  readonly workspaceId: string;
  readonly customer: string;
  readonly channel: string;
  readonly reason: ConsentReason;
  readonly active: boolean;
  readonly source: ConsentSource;
  readonly at: Date;
}

interface Changed {
  readonly id: string;
  readonly w: string;
  readonly customer: string;
  readonly channel: string;
  readonly reason: number;
  readonly active: boolean;
  readonly source: ConsentSource;
  readonly at: string;
}

/**
 * Writes entries, what became of them, and the reports to endpoints that listen for it, in one transaction. Doing it
 * again changes nothing, and an older word does not undo a newer one.
 *
 * Parameters: changes; now.
 */
export const RECORD: Statement<{ changed: Changed[]; reports: number }> = {
  name: 'record_consents',
  text: `
    with input as materialized (
      select distinct on (i.w, coalesce(a.recipient, i.key), i.channel, i.reason) i.*, coalesce(a.recipient, i.key) as person
      from json_to_recordset($1::json) as i(id uuid, w uuid, key text, customer text, channel text, reason smallint,
        active boolean, source text, note text, at timestamptz, until timestamptz)
      left join recipient_aliases a on ${KEY_IS('a.workspace_id', 'i.w')} and a.alias = i.key
      order by i.w, coalesce(a.recipient, i.key), i.channel, i.reason, i.at desc, i.id desc
    ), fresh as materialized (
      select i.*, c.active as was from input i left join consents c
        on ${KEY_IS('c.workspace_id', 'i.w')} and c.recipient = i.person and c.channel = i.channel and c.reason = i.reason
      where c.at is null or c.at <= i.until
    ), written as (
      insert into consents (workspace_id, recipient, channel, reason, active, customer, source, note, at, id)
      select w, person, channel, reason, active, customer, source, note, at, id from fresh
      on conflict (workspace_id, recipient, channel, reason) do update
      set active = excluded.active, at = greatest(consents.at, excluded.at),
        customer = case when consents.active <> excluded.active then excluded.customer else consents.customer end,
        source = case when consents.active <> excluded.active then excluded.source else consents.source end,
        note = case when consents.active <> excluded.active then excluded.note else consents.note end,
        id = case when consents.active <> excluded.active then excluded.id else consents.id end
    ), changed as materialized (
      select * from fresh where active <> coalesce(was, false)
    ), logged as (
      insert into consent_changes (id, workspace_id, recipient, channel, reason, active, customer, source, note, at)
      select id, w, person, channel, reason, active, customer, source, note, at from changed
      on conflict (id) do nothing
    ), noticed as (
      insert into notices (id, workspace_id, kind, field, event, value, at, received_at)
      select id, w, ${EVENT.consent}, 'consent', case when active then 'created' else 'deleted' end,
        json_build_object('id', id, 'customer', customer, 'channel', channel, 'reason', reason, 'source', source)::text,
        at, $2::timestamptz
      from changed
      on conflict (id) do nothing
    ), told as (
      select w as workspace_id, id, ${EVENT.consent} as kind, at from changed
    ), reported as (${REPORT_NOTICES('told', '$2')}
    ), watched as (${LOG_EVENTS('told', '$2')}
    )
    select json_build_object(
      'changed', (select coalesce(json_agg(json_build_object('id', id, 'w', w, 'customer', customer, 'channel', channel,
        'reason', reason, 'active', active, 'source', source, 'at', at)), '[]') from changed),
      'reports', (select count(*) from reported)
    ) as out`,
};

/** Which of the names that were given have another one that counts. */
export const RENAMED: Statement<Alias[]> = {
  name: 'renamed_consents',
  text: `
    select coalesce(json_agg(json_build_object('workspace', a.workspace_id, 'alias', a.alias, 'recipient', a.recipient)), '[]') as out
    from json_to_recordset($1::json) as i(w uuid, key text)
    join recipient_aliases a on ${KEY_IS('a.workspace_id', 'i.w')} and a.alias = i.key`,
};

/** The ledger: who does not want to be written to, and why. */
export class Consents {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #onReports: () => void;

  /** @param onReports reports were written */
  constructor(store: Store, clock: Clock, onReports: () => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onReports = onReports;
  }

  /** @returns what was news */
  async record(changes: readonly ConsentChange[]): Promise<ConsentChanged[]> {
    if (changes.length === 0) return [];
    const now = this.#clock.now();
    const rows = changes.map(change => ({
      id: newId(),
      w: change.workspaceId,
      key: canonicalRecipient(change.customer),
      customer: change.customer,
      channel: change.channel ?? WHATSAPP,
      reason: CONSENT[change.reason],
      active: change.active,
      source: change.source,
      note: change.note,
      at: (change.at ?? now).toISOString(),
      until: new Date((change.at ?? now).getTime() + slackOf(change)).toISOString(),
    }));
    const { changed, reports } = await this.#store.run(RECORD, [rows, now.toISOString()]);
    // A name that was learnt meanwhile: whoever learnt it may not have seen what is written here.
    const renamed = await this.#store.run(RENAMED, [rows]);
    if (renamed.length > 0) await this.#store.run(MOVE_CONSENTS, [renamed]);
    if (reports > 0) this.#onReports();
    return changed.map(({ w, reason, at, ...row }) => ({
      ...row,
      workspaceId: w,
      reason: reasonOf(reason),
      at: new Date(at),
    }));
  }
}

/**
 * Meta counts in whole seconds, and by another clock: a STOP that seems to be a little older than what stands was said
 * after it. In doubt somebody who wants nothing gets nothing.
 */
const SLACK_MS = 2_000;

function slackOf({ source, active }: ConsentChange): number {
  return active && (source === 'keyword' || source === 'meta') ? SLACK_MS : 0;
}

/** @throws on a number that is no reason: only we write them */
export function reasonOf(bit: number): ConsentReason {
  const reason = CONSENT_REASONS.find(one => CONSENT[one] === bit);
  if (reason === undefined) throw new Error(`unknown reason ${bit}`);
  return reason;
}
