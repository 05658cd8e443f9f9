import { STATUS } from '../message/status.ts';
import { KEY_IS } from '../store/key-is.ts';
import type { Statement } from '../store/store.ts';

/*
 * WhatsApp: outside the customer-service window a portfolio may write to so many people in 24 hours, with all its numbers
 * together (meta-cloud-api §8.2). Going over it has no error of its own, so each person takes a place here.
 *
 *   ready ── a place is free, or the person has one ──▶ taken     (in the claim, with the person's row)
 *     │ none is free, or others wait for one                        ▲
 *     ▼                                                             │
 *   parked as `portfolio`, with a row in the line ── its turn ──▶ ready: the person has a place now
 *
 * The portfolio's row is locked for as long as places are counted, so that two nodes do not give the same one.
 */

const DAY = `interval '24 hours'`;

/** Messages in line that one call looks at; a tenth of a millisecond each. */
const LINE_PORTION = 1_000;

/** As many a walk looks at. */
const WALK_PORTION = 250;

/** People whose day is over, deleted at a time. */
const FORGET_PORTION = 5_000;

/**
 * SQL: whether message `m` is of a kind that starts a conversation when no window stands open: a template, or content of
 * which Meta makes one by its category (Direct Send, meta-cloud-api §3.3). Content is parsed only where the word stands
 * in it.
 */
export const OPENS = (m: string): string => `(case when ${m}.kind = 'template' then true
  when strpos(${m}.content, '"category":') = 0 then false
  else coalesce(${m}.content::json ->> 'category', 'service') <> 'service' end)`;

/** SQL: the name under which windows and places know a person now. */
export const KNOWN_AS = (workspace: string, person: string): string => `coalesce((
  select a.recipient from recipient_aliases a where ${KEY_IS('a.workspace_id', workspace)} and a.alias = ${person} limit 1), ${person})`;

/** SQL: the person has written to the sender within 24 hours: what is sent is an answer. */
export const WINDOW_OPEN = (sender: string, known: string, now: string): string => `exists (
  select from windows o where ${KEY_IS('o.sender_id', sender)} and o.recipient = ${known}
    and o.opened_at > ${now}::timestamptz - ${DAY})`;

/** SQL: the person has a place. */
export const COUNTED = (workspace: string, waba: string, known: string, now: string): string => `exists (
  select from portfolio_people c where ${KEY_IS('c.workspace_id', workspace)} and c.waba_id = ${waba}
    and c.recipient = ${known} and c.counted_at > ${now}::timestamptz - ${DAY})`;

/** SQL: of a row of `messages`, that it waits for a place. */
export const WAITS = `status + 0 = ${STATUS.queued} and coalesce(parked, '') = 'portfolio'`;

/** SQL: the row `w` of the line is that of `o`. */
export const PLACE_IN_LINE = (w: string, o: string): string =>
  `${KEY_IS(`${w}.workspace_id`, `${o}.workspace_id`)} and ${w}.waba_id = ${o}.waba_id
    and ${KEY_IS(`${w}.priority`, `${o}.priority`)} and ${KEY_IS(`${w}.seq`, `${o}.seq`)}`;

/** What a claim does about places, as parts of its SQL. */
export interface Places {
  /** Of a message that is looked at: its kind starts conversations. */
  readonly opens: string;
  /** A lateral join of the first message `r` of each pair: `c.known`, whom it starts one with, and `c.needs`, a place for that. */
  readonly person: string;
  /** Members of the `with` that end in a comma; `room` has the places that are free. */
  readonly room: string;
  /** Where `j` is a judged message and `f` its room: it cannot have a place. */
  readonly short: string;
  /** Where neither an earlier message nor the pair's limit stops it: it may leave. */
  readonly fits: string;
  /** Joins `f`. */
  readonly join: string;
  /** Members of the `with` that end in a comma: places are taken, and who was put aside stands in line. */
  readonly take: string;
  /** Of a message `r`, in words. */
  readonly why: string;
}

/** Where no portfolio in the claim has a known limit: nothing is looked up for it, which would be a quarter of a claim. */
export const NO_PLACES: Places = {
  opens: 'false',
  person: '',
  room: '',
  short: 'false',
  fits: 'true',
  join: '',
  take: '',
  why: `''`,
};

/**
 * `room`: of each portfolio (`w`, `a`) how many places are free. None while others wait in line, since they come first. A
 * portfolio without a row yet has no `room`: its messages stay where they are until the next claim. So do those that are
 * more than fit, in case the ones before them do not leave yet; when no place is left they are put aside.
 *
 * Each person that is written to has a place for 24 hours from now on; whoever had one costs none.
 *
 * The time is the claim's $3.
 */
export const PLACES: Places = {
  opens: `b.m is not null and ${OPENS('messages')}`,
  person: `
      left join lateral (
        select k.known, not ${COUNTED('r.w', 'r.a', 'k.known', '$3')} as needs
        from (select ${KNOWN_AS('r.w', 'r.person')} as known) k
        where r.opens and not ${WINDOW_OPEN('r.sender_id', 'k.known', '$3')}
      ) c on true`,
  room: `
    crowded as materialized (
      select distinct w, a, m from judged where needs and not behind and not dry
    ), opened as (
      insert into portfolios (workspace_id, waba_id) select w, a from crowded order by w, a on conflict do nothing
    ), locked as materialized (
      select p.workspace_id as w, p.waba_id as a, p.used, c.m from crowded c
      join portfolios p on ${KEY_IS('p.workspace_id', 'c.w')} and p.waba_id = c.a
      order by p.workspace_id, p.waba_id for update of p
    ), room as materialized (
      select w, a, case when exists (select from portfolio_waiting l where l.workspace_id = w and l.waba_id = a) then 0
        else greatest(m - used, 0) end as free from locked
    ),`,
  short: 'coalesce(j.needs and f.free = 0, false)',
  fits: `(j.needs is not true or coalesce(
    row_number() over (partition by j.w, j.a, j.needs, j.behind or j.dry order by j.priority, j.seq) <= f.free, false))`,
  join: 'left join room f on f.w = j.w and f.a = j.a',
  take: `
    seated as (
      insert into portfolio_people (workspace_id, waba_id, recipient, counted_at)
      select distinct w, a, known, $3::timestamptz from placed where taken and known is not null order by 1, 2, 3
      on conflict (workspace_id, waba_id, recipient) do update
      set counted_at = greatest(portfolio_people.counted_at, excluded.counted_at)
      returning workspace_id, waba_id, xmax = 0 as fresh
    ), filled as (
      update portfolios p set used = p.used + s.n
      from (select workspace_id, waba_id, count(*) as n from seated where fresh group by 1, 2) s
      where ${KEY_IS('p.workspace_id', 's.workspace_id')} and p.waba_id = s.waba_id
    ), lined as (
      insert into portfolio_waiting (workspace_id, waba_id, priority, seq, message_id, recipient, valid_until)
      select b.w, b.a, m.priority, m.seq, m.id, m.person, m.valid_until from moved m join budget b on b.s = m.sender_id
      where m.parked = 'portfolio' order by 1, 2, 3, 4
      on conflict (workspace_id, waba_id, priority, seq) do nothing
    ),`,
  why: `'the portfolio’s limit of ' || r.m || ' people per day is used up'`,
};

/** A place in the line, at which a walk goes on. */
export interface LinePlace {
  readonly priority: number;
  /** A bigint. */
  readonly seq: string;
}

export interface Called {
  /** Lanes that have work now. */
  readonly woken: readonly string[];
  /** People who were given a place. */
  readonly people: number;
  /** Messages that went on, or whose row was of no use any more. */
  readonly gone: number;
  /** Undefined at the end of the line. */
  readonly last: LinePlace | null;
}

/**
 * Calls those whose turn it is, in priority and accept order: so many people as places are free take them, and all that
 * waits for somebody who has a place, or whose window is open by now, goes on too. Without a limit everything does. A walk
 * gives no place and locks nothing of the portfolio, it looks further back for those who need none; else no more is looked
 * at than places are free for.
 *
 * A person whose message is canceled in the same moment has taken a place in vain.
 *
 * Parameters: workspace; WhatsApp Business account; the limit, empty for none; now; the place in line to go on after
 * (priority, seq); whether it is a walk.
 */
export const CALL: Statement<Called> = {
  name: 'call_waiting',
  text: `
    with locked as materialized (
      select used from portfolios where workspace_id = $1::uuid and waba_id = $2 and not $7::boolean for update
    ), room as materialized (
      select free, case when $7::boolean then ${WALK_PORTION} else least(2::bigint * free, ${LINE_PORTION}) end as look from (
        select case when $7::boolean then 0 when $3 <> '' then coalesce((
          select greatest($3::integer - used, 0) from locked), 0) end as free
      ) f
    ), seen as materialized (
      select w.*, ${KNOWN_AS('w.workspace_id', 'w.recipient')} as known, m.sender_id
      from room cross join lateral (
        select * from portfolio_waiting
        where workspace_id = $1::uuid and waba_id = $2 and (priority, seq) > ($5::smallint, $6::bigint)
        order by priority, seq
        limit room.look
      ) w
      left join lateral (
        select sender_id from messages where ${KEY_IS('id', 'w.message_id')} and ${WAITS} limit 1
      ) m on true
    ), judged as materialized (
      select *, $3 = '' or ${COUNTED('workspace_id', 'waba_id', 'known', '$4')} or ${WINDOW_OPEN('sender_id', 'known', '$4')} as passes,
        row_number() over (order by priority, seq) as place
      from seen where sender_id is not null
    ), people as materialized (
      select known from judged where not passes group by known order by min(place) limit (select free from room)
    ), seated as (
      insert into portfolio_people (workspace_id, waba_id, recipient, counted_at)
      select $1::uuid, $2, known, $4::timestamptz from people order by known
      on conflict (workspace_id, waba_id, recipient) do update set counted_at = excluded.counted_at
      returning xmax = 0 as fresh
    ), filled as (
      update portfolios set used = used + (select count(*) from seated where fresh)
      where workspace_id = $1::uuid and waba_id = $2 and exists (select from seated where fresh)
    ), called as materialized (
      select j.workspace_id, j.waba_id, j.priority, j.seq, m.id from judged j
      join messages m on ${KEY_IS('m.id', 'j.message_id')} and ${WAITS}
      where j.passes or j.known in (select known from people)
      order by j.place for update of m skip locked
    ), freed as (
      update messages m set parked = null from called c where ${KEY_IS('m.id', 'c.id')} returning m.sender_id
    ), over as materialized (
      select workspace_id, waba_id, priority, seq from called
      union all
      select workspace_id, waba_id, priority, seq from seen where sender_id is null
    ), removed as (
      delete from portfolio_waiting w using over o where ${PLACE_IN_LINE('w', 'o')}
    )
    select json_build_object(
      'woken', (select coalesce(json_agg(distinct sender_id), '[]') from freed),
      'people', (select count(*) from people),
      'gone', (select count(*) from over),
      'last', (select json_build_object('priority', priority, 'seq', seq::text) from seen
        order by priority desc, seq desc offset 0 limit (select (count(*) > 0 and count(*) = (select look from room))::integer from seen))
    ) as out`,
};

/** Portfolios that somebody waits in. */
export const CROWDED: Statement<{ readonly workspace: string; readonly waba: string }[]> = {
  name: 'crowded_portfolios',
  text: `
    select coalesce(json_agg(json_build_object('workspace', workspace_id, 'waba', waba_id)), '[]') as out
    from portfolios p cross join lateral (
      select from portfolio_waiting w where w.workspace_id = p.workspace_id and w.waba_id = p.waba_id limit 1
    ) w`,
};

/**
 * Deletes the people whose day is over, and takes them from their portfolio's count. Somebody who was written to again
 * meanwhile stays.
 *
 * Parameters: now.
 */
export const FORGET_PEOPLE: Statement<number> = {
  name: 'forget_people',
  text: `
    with old as materialized (
      select workspace_id, waba_id, recipient from portfolio_people
      where counted_at <= $1::timestamptz - ${DAY} order by counted_at limit ${FORGET_PORTION}
    ), locked as materialized (
      select p.workspace_id from portfolios p
      join (select distinct workspace_id, waba_id from old) o on ${KEY_IS('p.workspace_id', 'o.workspace_id')} and p.waba_id = o.waba_id
      order by p.workspace_id, p.waba_id for update of p
    ), gone as (
      delete from portfolio_people c using old o
      where (select count(*) from locked) is not null
        and ${KEY_IS('c.workspace_id', 'o.workspace_id')} and c.waba_id = o.waba_id and c.recipient = o.recipient
        and c.counted_at <= $1::timestamptz - ${DAY}
      returning c.workspace_id, c.waba_id
    ), emptied as (
      update portfolios p set used = p.used - g.n
      from (select workspace_id, waba_id, count(*) as n from gone group by 1, 2) g
      where ${KEY_IS('p.workspace_id', 'g.workspace_id')} and p.waba_id = g.waba_id
    )
    select count(*)::int as out from gone`,
};
