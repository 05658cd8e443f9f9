import { createHash } from 'node:crypto';
import type { Sender } from '../accounts/directory.ts';
import { EVENT } from '../message/event.ts';
import { derivedIdAt } from '../message/id.ts';
import type { Clock } from '../store/clock.ts';
import { LOG_EVENTS } from '../store/log-events.ts';
import { REPORT_NOTICES } from '../store/report-notices.ts';
import type { Statement, Store } from '../store/store.ts';
import { UnreadableItem, unixMs } from './facts.ts';
import { type Item, type Json, object, text } from './items.ts';

/** Something that Meta says of an account, a number or a template, for one workspace. */
export interface NoticeRow {
  readonly id: string;
  readonly workspace: string;
  readonly waba: string;
  /** The number it is about; of those of the workspace. */
  readonly sender: string | null;
  /** The workspace's numbers of the account. */
  readonly senders: readonly string[];
  readonly kind: number;
  readonly field: string;
  readonly event: string | null;
  readonly value: string;
  readonly at: string;
}

/** Of an entry's value; Meta's have a few hundred bytes. */
const VALUE_MAX = 64 * 1024;
const EVENT_MAX = 64;

/**
 * A notice as a row for each workspace that has numbers of the account. Its id is derived from what it says and when, so
 * that Meta's repeats meet it.
 *
 * @param senders those whose secret signed the webhook
 * @throws UnreadableItem when it has no usable time or is larger than anything of Meta's
 */
export function noticeRows(
  { wabaId, field, time, value }: Extract<Item, { kind: 'notice' }>,
  senders: readonly Sender[],
): NoticeRow[] {
  const json = JSON.stringify(value);
  if (json.length > VALUE_MAX) throw new UnreadableItem('a notice that is too long');
  const ms = unixMs(time);
  const byWorkspace = new Map<string, Sender[]>();
  for (const sender of senders) {
    if (sender.wabaId !== wabaId) continue;
    byWorkspace.set(sender.workspaceId, [...(byWorkspace.get(sender.workspaceId) ?? []), sender]);
  }
  const digits = text(value.display_phone_number)?.replace(/\D/g, '');
  const hash = createHash('sha256').update(json).digest('hex');
  return [...byWorkspace].map(([workspace, own]) => ({
    id: derivedIdAt(ms, `${workspace}:${wabaId}:${field}:${hash}`),
    workspace,
    waba: wabaId,
    sender: own.find(sender => sender.phoneNumber === `+${digits}`)?.id ?? null,
    senders: own.map(sender => sender.id),
    kind: kindOf(field),
    field,
    event: text(value.event)?.slice(0, EVENT_MAX) ?? null,
    value: json,
    at: new Date(ms).toISOString(),
  }));
}

function kindOf(field: string): number {
  if (field.startsWith('message_template_') || field === 'template_category_update') return EVENT.template;
  return field.startsWith('phone_number_') || field === 'security' ? EVENT.number : EVENT.account;
}

/** What a notice changes at the numbers it is about. */
interface SenderEffect {
  readonly senders: readonly string[];
  readonly quality: string | null;
  readonly limit: string | null;
  readonly status: string | null;
  /** Messages per second, where Meta has raised it. */
  readonly throughput: number | null;
  /** `hold` keeps the lanes still until `until`, `release` lets go those that `code` holds. */
  readonly pause: 'hold' | 'release' | null;
  readonly until: string | null;
  readonly code: string | null;
  readonly detail: string | null;
}

/** WhatsApp: a number that was upgraded sends so many messages per second (meta-cloud-api §8.1). */
const UPGRADED_THROUGHPUT = 1_000;

/** A hold without an end of its own ends when somebody, or Meta, lifts it. */
const WITHOUT_END = '9999-12-31T00:00:00.000Z';

/** Meta: policy (368), account locked (131031), the codes that its sends would get. */
const RESTRICTED = '368';
const LOCKED = '131031';

const NO_EFFECT: Omit<SenderEffect, 'senders'> = {
  quality: null,
  limit: null,
  status: null,
  throughput: null,
  pause: null,
  until: null,
  code: null,
  detail: null,
};

/** What follows for the numbers from a notice (meta-cloud-api §5.5); undefined when nothing does. */
export function effectOf(row: NoticeRow): SenderEffect | undefined {
  const value = JSON.parse(row.value) as Json;
  const about = row.sender === null ? row.senders : [row.sender];
  switch (row.field) {
    case 'phone_number_quality_update':
      return {
        ...NO_EFFECT,
        senders: about,
        quality: row.event === 'FLAGGED' ? 'RED' : row.event === 'UNFLAGGED' ? 'GREEN' : null,
        limit: limitOf(value.max_daily_conversations_per_business) ?? limitOf(value.current_limit) ?? null,
        throughput: row.event === 'THROUGHPUT_UPGRADE' ? UPGRADED_THROUGHPUT : null,
      };
    case 'business_capability_update': {
      const limit =
        limitOf(value.max_daily_conversations_per_business) ??
        limitOf(value.max_daily_conversation_per_phone);
      return limit === undefined ? undefined : { ...NO_EFFECT, senders: row.senders, limit };
    }
    case 'account_update':
      return accountEffect(row, value);
    default:
      return undefined;
  }
}

function accountEffect(row: NoticeRow, value: Json): SenderEffect | undefined {
  const all = { ...NO_EFFECT, senders: row.senders };
  switch (row.event) {
    case 'DISABLED_UPDATE': {
      const state = text(object(value.ban_info)?.waba_ban_state);
      if (state === 'REINSTATE') return { ...all, status: 'ACTIVE', pause: 'release', code: LOCKED };
      if (state !== 'DISABLE') return { ...all, status: state ?? null };
      const detail = 'Meta has disabled the WhatsApp Business account.';
      return { ...all, status: 'DISABLED', pause: 'hold', until: WITHOUT_END, code: LOCKED, detail };
    }
    case 'ACCOUNT_DELETED': {
      const detail = 'The WhatsApp Business account was deleted.';
      return { ...all, status: 'DELETED', pause: 'hold', until: WITHOUT_END, code: LOCKED, detail };
    }
    case 'ACCOUNT_RESTRICTION': {
      const restrictions = Array.isArray(value.restriction_info) ? value.restriction_info : [];
      // A restriction of calls alone leaves messages free.
      const messaging = restrictions
        .map(object)
        .filter(one => !(text(one?.restriction_type) ?? '').endsWith('CALLING'));
      if (messaging.length === 0) return { ...all, status: 'RESTRICTED' };
      const ends = messaging.map(one => Number(one?.expiration)).filter(end => end > 0 && end < 1e11);
      const until = ends.length === 0 ? WITHOUT_END : new Date(Math.max(...ends) * 1000).toISOString();
      const detail = 'Meta has restricted the WhatsApp Business account.';
      return { ...all, status: 'RESTRICTED', pause: 'hold', until, code: RESTRICTED, detail };
    }
    default:
      return undefined;
  }
}

function limitOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return text(value)?.slice(0, EVENT_MAX);
}

/**
 * Stores notices, writes their reports and changes the numbers they are about. A repeat changes nothing: what follows,
 * follows from rows that were not there before. A messaging limit is that of all numbers of the account, also where Meta
 * tells it of one.
 *
 * Parameters: notices; effects, one for each notice that has any; now.
 */
export const NOTICE: Statement<{
  fresh: string[];
  reports: number;
  events: { id: string; workspace: string; kind: number }[];
}> = {
  name: 'notice',
  text: `
    with input as materialized (
      select * from json_to_recordset($1::json) as i(id uuid, workspace uuid, waba text, sender uuid, senders uuid[],
        kind integer, field text, event text, value text, at timestamptz)
    ), stored as (
      insert into notices (id, workspace_id, waba_id, sender_id, kind, field, event, value, at, received_at)
      select id, workspace, waba, sender, kind, field, event, value, at, $3::timestamptz from input order by id
      on conflict (id) do nothing
      returning id
    ), fresh as materialized (
      select i.* from input i join stored s on s.id = i.id
    ), effects as materialized (
      select e.*, s.id as sender, s.id = any(e.senders) as about from json_to_recordset($2::json) as e(id uuid, senders uuid[], quality text, "limit" text,
        status text, throughput integer, pause text, until timestamptz, code text, detail text)
      join fresh f on f.id = e.id
      join senders s on s.workspace_id = f.workspace
        and (s.id = any(e.senders) or e."limit" is not null and s.waba_id = f.waba)
    ), changed as (
      update senders s set
        quality_rating = case when e.about then coalesce(e.quality, s.quality_rating) else s.quality_rating end,
        messaging_limit = coalesce(e."limit", s.messaging_limit),
        account_status = case when e.about then coalesce(e.status, s.account_status) else s.account_status end,
        throughput = case when e.about then greatest(s.throughput, e.throughput) else s.throughput end,
        updated_at = $3::timestamptz
      from effects e where s.id = e.sender
    ), paused as (
      update lanes l set
        held_until = case e.pause when 'hold' then e.until end,
        probe_at = null,
        hold_code = case e.pause when 'hold' then e.code end,
        hold_detail = case e.pause when 'hold' then e.detail end
      from effects e where l.sender_id = e.sender and e.about and (e.pause = 'hold' or e.pause = 'release' and l.hold_code = e.code)
    ), told as (
      select id, workspace as workspace_id, kind, at, sender, senders from fresh
    ), reported as (${REPORT_NOTICES(
      'told',
      '$3',
      `(e.only_senders is null or case when f.sender is null then e.only_senders && f.senders
          else f.sender = any(e.only_senders) end)`,
    )}
    ), logged as (${LOG_EVENTS('told', '$3')}
    )
    select json_build_object(
      'fresh', (select coalesce(json_agg(id), '[]') from fresh),
      'reports', (select count(*) from reported),
      'events', (select coalesce(json_agg(json_build_object('id', id, 'workspace', workspace, 'kind', kind)), '[]') from fresh)
    ) as out`,
};

export interface Noticed {
  readonly fresh: readonly NoticeRow[];
  readonly reports: number;
  readonly events: readonly { readonly id: string; readonly workspace: string; readonly kind: number }[];
}

/** @returns those that were not known before */
export async function storeNotices(store: Store, clock: Clock, rows: readonly NoticeRow[]): Promise<Noticed> {
  // One webhook may say the same twice.
  const distinct = [...new Map(rows.map(row => [row.id, row])).values()];
  const quiet = distinct.filter(row => effectOf(row) === undefined);
  const changing = distinct.filter(row => effectOf(row) !== undefined).sort((a, b) => (a.at < b.at ? -1 : 1));
  // What changes numbers is taken one after the other: the last word counts.
  const portions = [...(quiet.length > 0 ? [quiet] : []), ...changing.map(row => [row])];
  const noticed = { fresh: [] as NoticeRow[], reports: 0, events: [] as Noticed['events'][number][] };
  for (const portion of portions) {
    const effects = portion.flatMap(row => {
      const effect = effectOf(row);
      return effect === undefined ? [] : [{ id: row.id, ...effect }];
    });
    const { fresh, reports, events } = await store.run(NOTICE, [portion, effects, clock.now().toISOString()]);
    noticed.fresh.push(...portion.filter(row => fresh.includes(row.id)));
    noticed.reports += reports;
    noticed.events.push(...events);
  }
  return noticed;
}

export function isAboutTemplate(row: NoticeRow): boolean {
  return row.kind === EVENT.template;
}
