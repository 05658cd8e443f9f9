import { PRIORITY } from '../message/message.ts';
import { KEY_IS } from '../store/key-is.ts';
import type { Statement } from '../store/store.ts';

/** A message as the statement takes it; short names, since they are written for each of them. */
export interface Row {
  readonly id: string;
  readonly w: string;
  readonly s: string;
  readonly d: string | undefined;
  readonly r: string;
  /** The recipient under the name that windows have, unless an alias knows better. */
  readonly rk: string;
  readonly k: string;
  readonly c: string;
  readonly p: number;
  readonly m: number;
  readonly cb: string | undefined;
  readonly u: string | undefined;
  readonly fu: string | undefined;
  readonly t: string | undefined;
  /** Not to be sent after this. */
  readonly v: string;
  readonly up: string | undefined;
  readonly um: number | undefined;
  /** Free-form: only inside the window. */
  readonly f: boolean;
  /** A window that does not stand open is known to be closed. */
  readonly x: boolean;
  readonly at: string;
  /** How long WhatsApp tries to deliver it, in seconds, where that is shorter than usual. */
  readonly tl: number | undefined;
  /** The reasons that hold it back, where they stand for its recipient (`CONSENT`). */
  readonly cm: number;
  /** What stands against it is refused, and nothing stored; else it is stored and ends at once. */
  readonly cr: boolean;
  /** WhatsApp would not take it: it ends at once. */
  readonly z: true | undefined;
  /** Tried once: its caller waits. */
  readonly o: true | undefined;
  /** The request that it came with, by its place among the requests; and that one's hash. */
  q?: number | undefined;
  readonly h: string | undefined;
  /** That request has a key. */
  y?: boolean;
}

/** A request that may be the repeat of another one. */
export interface Asked {
  readonly q: number;
  /** Its messages. */
  readonly n: number;
  readonly w: string;
  readonly h: string | undefined;
  /** Known here to be a repeat, if there was another one. */
  readonly s: boolean;
  /** Of one with a key: route, key, hash of the body, answer. */
  readonly kr: string | undefined;
  readonly kk: string | undefined;
  readonly kb: string | undefined;
  readonly ka: string | undefined;
}

export interface AcceptOutcome {
  /** Ids of messages that nothing was stored of: their window is closed. */
  readonly refused: readonly string[];
  /** Ids of messages that were stored all the same, to end at once: their window is closed. */
  readonly shut: readonly string[];
  /** Messages whose recipient does not want them, and why. */
  readonly barred: readonly { readonly id: string; readonly m: number }[];
  /** Requests that came before, with what was stored then. */
  readonly repeated: readonly {
    readonly q: number;
    readonly at: string;
    readonly ids: readonly string[];
    readonly valid: readonly (string | null)[];
  }[];
  /** Requests whose key stands already. */
  readonly taken: readonly number[];
}

/**
 * SQL: an entry stands. Said so that no index of standing entries fits: while the table is new, or just filled by an import,
 * the planner takes such an index for tiny, and walks all entries of a workspace for each message (seconds instead of
 * microseconds with 100,000).
 */
export const STANDS = (alias: string): string => `${alias}.active::integer = 1`;

/** SQL: of a judged message, that it is to be stored. */
const TO_STORE = `
  not away and (q is null or q not in (select q from earlier))
    and (y is not true or q in (select q from fresh) or q in (select q from judged where away))`;

/**
 * One commit for all messages that arrived together. Free-form content inside the recipient's window is a reply and
 * goes before the rest; outside it is refused where the sender's webhooks have come without a gap, else WhatsApp decides.
 * What the recipient does not want is refused too. Window and consent are joins here and not a cache, since another node may
 * have seen the inbound.
 *
 * A caller who is told by reports gets what is refused as a message that ends at once. It is put where no claim finds it, and
 * where a sweep would after a crash: there its validity is over.
 *
 * A request is the repeat of an equal one within two minutes when it says so, when the caller may believe that one lost
 * (`doubtful_requests`), or when the node that took it died within a second of that. It stores nothing and gets what was
 * stored then. The look for an earlier one is made only when there is such a reason.
 *
 * A key is written in the same commit; one that stands already stores nothing. Keys are free again after 24 hours.
 *
 * A batch in doubt is run again, so an id that stands already is passed over, and is not refused any more. Sequence
 * numbers follow the array.
 *
 * Parameters: messages; requests; now; this process; whether all others are gone (the embedded database); the first id of
 * two minutes ago.
 */
export const ACCEPT: Statement<AcceptOutcome> = {
  name: 'accept',
  text: `
    with input as (
      select * from json_to_recordset($1::json) as i(
        id uuid, w uuid, s uuid, d text, r text, rk text, k text, c text, p smallint, m integer, cb text, u text, fu text,
        t uuid, v timestamptz, up text, um integer, f boolean, x boolean, at timestamptz, tl integer, q integer, h bigint, y boolean, cm smallint, cr boolean, z boolean, o boolean)
    ), asked as materialized (
      select r.*, r.s or exists (
        select from doubtful_requests d where d.hash = r.h and d.at > $3::timestamptz - interval '2 minutes') as again
      from json_to_recordset($2::json) as r(q integer, n integer, w uuid, h bigint, s boolean, kr text, kk text, kb text, ka text)
    ), dead as materialized (
      select id, seen_at from accepting_nodes
      where id <> $4::uuid and seen_at > $3::timestamptz - interval '3 minutes'
        and ($5::boolean or seen_at < $3::timestamptz - interval '3 seconds')
    ), earlier as materialized (
      select a.q, a.h, e.at, e.ids, e.valid from asked a cross join lateral (
        select m.created_at as at, json_agg(m.id order by m.seq) as ids, json_agg(m.valid_until order by m.seq) as valid
        from messages m
        where m.request_hash = a.h and m.id >= $6::uuid and m.created_at > $3::timestamptz - interval '2 minutes'
          and (a.again or exists (
            select from dead d where d.id = m.node_id and m.created_at > d.seen_at - interval '1 second'))
        group by m.created_at having count(*) >= a.n order by m.created_at desc limit 1
      ) e
      where a.h is not null and (a.again or exists (select from dead))
    ), cleared as (
      delete from doubtful_requests d using earlier e where d.hash = e.h
    ), met as materialized (
      select i.*, coalesce(a.recipient, i.rk) as person, coalesce(o.opened_at > i.at - interval '24 hours', false) as open,
        case when i.cm = 0 then 0 else coalesce((
          select bit_or(c.reason) from consents c where c.workspace_id = i.w and c.recipient = coalesce(a.recipient, i.rk)
            and c.channel = 'whatsapp' and ${STANDS('c')} and c.reason & i.cm <> 0), 0) end as barred
      from input i
      left join recipient_aliases a on ${KEY_IS('a.workspace_id', 'i.w')} and a.alias = i.rk
      left join windows o on ${KEY_IS('o.sender_id', 'i.s')} and o.recipient = coalesce(a.recipient, i.rk)
    ), judged as materialized (
      select *, cr and (f and x and not open or barred <> 0) as away,
        not cr and (z is true or f and x and not open) as doomed
      from met
    ), keyed as (
      insert into idempotency_keys (workspace_id, route, key, body_hash, answer, created_at)
      select w, kr, kk, decode(kb, 'hex'), ka, $3::timestamptz from asked a
      where kk is not null and not exists (select from judged j where j.q = a.q and j.away)
      order by w, kr, kk
      on conflict (workspace_id, route, key) do update
      set body_hash = excluded.body_hash, answer = excluded.answer, created_at = excluded.created_at
      where idempotency_keys.created_at < excluded.created_at - interval '24 hours'
      returning workspace_id, route, key
    ), fresh as materialized (
      select a.q from asked a join keyed k on k.workspace_id = a.w and k.route = a.kr and k.key = a.kk
    ), stored as (
      insert into messages (id, workspace_id, sender_id, dialect, recipient, kind, content, status, priority,
        report_mask, callback_data, webhook_url, webhook_failover_url, template_id, person, valid_until,
        unconfirmed_policy, unconfirmed_ms, created_at, request_hash, node_id, consents, direct, parked, run_at)
      select id, w, s, d, r, k, c, 10, case when f and open and p = ${PRIORITY.normal} then ${PRIORITY.reply} else p end,
        m, cb, u, fu, t, nullif(person, r), case when doomed then at else v end, up, um, at, h, $4::uuid, cm, o is true,
        case when doomed then 'refused' end, case when doomed then at + interval '1 minute' end
      from judged j
      where ${TO_STORE}
      on conflict (id) do nothing
    ), mortal as (
      insert into receipts_due (message_id, ttl_s, due_at)
      select id, tl, at + tl * interval '1 s' from judged j where tl is not null and ${TO_STORE}
      on conflict (message_id) do nothing
    )
    select json_build_object(
      'refused', (select coalesce(json_agg(id), '[]') from judged j
        where away and barred = 0 and not exists (select from messages m where ${KEY_IS('m.id', 'j.id')} and m.direction = 0)),
      'shut', (select coalesce(json_agg(id), '[]') from judged where doomed and z is not true),
      'barred', (select coalesce(json_agg(json_build_object('id', id, 'm', barred)), '[]') from judged where barred <> 0),
      'repeated', (select coalesce(json_agg(json_build_object('q', q, 'at', at, 'ids', ids, 'valid', valid)), '[]') from earlier),
      'taken', (select coalesce(json_agg(q), '[]') from asked a where kk is not null and q not in (select q from fresh)
        and not exists (select from judged j where j.q = a.q and j.away))
    ) as out`,
};
