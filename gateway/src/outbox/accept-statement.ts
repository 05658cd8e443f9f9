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
  /** The recipient under the name that windows have, unless an alias knows better; undefined when that is `r`. */
  readonly rk: string | undefined;
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
  y?: true | undefined;
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

interface Verdicts {
  /** Ids of messages that nothing was stored of: their window is closed. */
  readonly refused: readonly string[];
  /** Ids of messages that were stored all the same, to end at once: their window is closed. */
  readonly shut: readonly string[];
  /** Messages whose recipient does not want them, and why. */
  readonly barred: readonly { readonly id: string; readonly m: number }[];
}

export interface AcceptOutcome extends Verdicts {
  /** Something of it may have come before: nothing was stored, and it is to be accepted with a look. */
  readonly doubt: boolean;
}

export interface LookOutcome extends Verdicts {
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

/** The messages of one commit, the first parameter. */
const INPUT = `
  json_to_recordset($1::json) as i(
    id uuid, w uuid, s uuid, d text, r text, rk text, k text, c text, p smallint, m integer, cb text, u text, fu text,
    t uuid, v timestamptz, up text, um integer, f boolean, x boolean, at timestamptz, tl integer, q integer, h bigint,
    y boolean, cm smallint, cr boolean, z boolean, o boolean)`;

/** What stands of each message: who it is for, whether the window is open and what consent says; no look is made in vain. */
const JUDGED = `
  select *, cr and (f and x and not open or barred <> 0) as away,
    not cr and (z is true or f and x and not open) as doomed
  from (
    select i.*, coalesce(a.recipient, i.rk, i.r) as person,
      i.f and exists (
        select from windows o where ${KEY_IS('o.sender_id', 'i.s')} and o.recipient = coalesce(a.recipient, i.rk, i.r)
          and o.opened_at > i.at - interval '24 hours') as open,
      case when i.cm = 0 then 0 else coalesce((
        select bit_or(c.reason) from consents c where c.workspace_id = i.w and c.recipient = coalesce(a.recipient, i.rk, i.r)
          and c.channel = 'whatsapp' and ${STANDS('c')} and c.reason & i.cm <> 0), 0) end as barred
    from ${INPUT}
    left join recipient_aliases a on ${KEY_IS('a.workspace_id', 'i.w')} and a.alias = coalesce(i.rk, i.r)
    offset 0
  ) met`;

/** Processes that died within reach of a repeat; `$now`, this one and whether all others are gone. */
const dead = (now: string, self: string, alone: string): string => `
  select id, seen_at from accepting_nodes
  where id <> ${self}::uuid and seen_at > ${now}::timestamptz - interval '3 minutes'
    and (${alone}::boolean or seen_at < ${now}::timestamptz - interval '3 seconds')`;

/** A request whose caller may believe it lost, within the time of a repeat. */
const doubtful = (hash: string, now: string): string => `
  select from doubtful_requests d where ${KEY_IS('d.hash', hash)} and d.at > ${now}::timestamptz - interval '2 minutes'`;

/** Stores what is judged and `where`; `node` is this process. */
const stored = (node: string, where: string): string => `
  insert into messages (id, workspace_id, sender_id, dialect, recipient, kind, content, status, priority,
    report_mask, callback_data, webhook_url, webhook_failover_url, template_id, person, valid_until,
    unconfirmed_policy, unconfirmed_ms, created_at, request_hash, node_id, consents, direct, parked, run_at)
  select id, w, s, d, r, k, c, 10, case when f and open and p = ${PRIORITY.normal} then ${PRIORITY.reply} else p end,
    m, cb, u, fu, t, nullif(person, r), case when doomed then at else v end, up, um, at, h, ${node}::uuid, cm, o is true,
    case when doomed then 'refused' end, case when doomed then at + interval '1 minute' end
  from judged where ${where}`;

/** What is known to die early is looked for early. */
const mortal = (where: string): string => `
  insert into receipts_due (message_id, ttl_s, due_at)
  select id, tl, at + tl * interval '1 s' from judged where tl is not null and ${where}`;

const SHUT = `(select coalesce(json_agg(id), '[]') from judged where doomed and z is not true)`;

const BARRED = `
  (select coalesce(json_agg(json_build_object('id', id, 'm', barred)), '[]') from judged where barred <> 0)`;

const TO_STORE = 'not away and not exists (select from doubt)';

/**
 * One commit for all messages that arrived together. Free-form content inside the recipient's window is a reply and
 * goes before the rest; outside it is refused where the sender's webhooks have come without a gap, else WhatsApp decides.
 * What the recipient does not want is refused too. Window and consent are joins here and not a cache, since another node may
 * have seen the inbound.
 *
 * A caller who is told by reports gets what is refused as a message that ends at once. It is put where no claim finds it, and
 * where a sweep would after a crash: there its validity is over.
 *
 * For messages that are new as far as this node knows: it looks whether there is a reason to look for an earlier request,
 * and stores nothing when there is one. The look itself is `ACCEPT_LOOKING`'s: opening the partitions of `messages` for it
 * took a quarter of the time of a batch of 16.
 *
 * Sequence numbers follow the array.
 *
 * Parameters: messages; now; this process; whether all others are gone (the embedded database).
 */
export const ACCEPT: Statement<AcceptOutcome> = {
  name: 'accept',
  text: `
    with judged as materialized (${JUDGED}
    ), doubt as materialized (
      select where exists (select from judged where exists (${doubtful('h', '$2')})) or exists (${dead('$2', '$3', '$4')})
    ), stored as (${stored('$3', TO_STORE)}
    ), mortal as (${mortal(TO_STORE)}
    )
    select json_build_object(
      'refused', (select coalesce(json_agg(id), '[]') from judged where away and barred = 0),
      'shut', ${SHUT}, 'barred', ${BARRED}, 'doubt', exists (select from doubt)
    ) as out`,
};

/** Of a judged message, that it is to be stored: none of a request that came before. */
const TO_STORE_ANEW = `
  not away and (q is null or q not in (select q from earlier))
    and (y is not true or q in (select q from fresh) or q in (select q from judged where away))`;

/**
 * As `ACCEPT`, for what may have come before.
 *
 * A request is the repeat of an equal one within two minutes when it says so, when the caller may believe that one lost
 * (`doubtful_requests`), or when the node that took it died within a second of that. It stores nothing and gets what was
 * stored then.
 *
 * A key is written in the same commit; one that stands already stores nothing. Keys are free again after 24 hours.
 *
 * A batch in doubt is run again, so an id that stands already is passed over, and is not refused any more.
 *
 * Parameters: messages; requests; now; this process; whether all others are gone; the first id of two minutes ago.
 */
export const ACCEPT_LOOKING: Statement<LookOutcome> = {
  name: 'accept_looking',
  text: `
    with asked as materialized (
      select r.*, r.s or exists (${doubtful('r.h', '$3')}) as again
      from json_to_recordset($2::json) as r(q integer, n integer, w uuid, h bigint, s boolean, kr text, kk text, kb text, ka text)
    ), dead as materialized (${dead('$3', '$4', '$5')}
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
    ), judged as materialized (${JUDGED}
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
    ), stored as (${stored('$4', TO_STORE_ANEW)}
      on conflict (id) do nothing
    ), mortal as (${mortal(TO_STORE_ANEW)}
      on conflict (message_id) do nothing
    )
    select json_build_object(
      'refused', (select coalesce(json_agg(id), '[]') from judged j
        where away and barred = 0 and not exists (select from messages m where ${KEY_IS('m.id', 'j.id')} and m.direction = 0)),
      'shut', ${SHUT}, 'barred', ${BARRED},
      'repeated', (select coalesce(json_agg(json_build_object('q', q, 'at', at, 'ids', ids, 'valid', valid)), '[]') from earlier),
      'taken', (select coalesce(json_agg(q), '[]') from asked a where kk is not null and q not in (select q from fresh)
        and not exists (select from judged j where j.q = a.q and j.away))
    ) as out`,
};
