import { STATUS } from '../message/status.ts';
import { KEY_IS } from '../store/key-is.ts';
import type { Statement } from '../store/store.ts';
import { STANDS } from './accept-statement.ts';
import { BEHIND, PAIR_AHEAD_S, PAIR_EVERY_S } from './pairs.ts';
import { NO_PLACES, PLACES, type Places } from './places.ts';

/** How many messages a lane may take now; the epoch proves that the lane is still ours. */
export interface Budget {
  readonly s: string;
  readonly e: number;
  /** Messages that may leave. */
  readonly n: number;
  /** Messages to look at: more than `n` where many must be put aside. */
  readonly k: number;
  /** Of a portfolio with a known limit: its workspace, its WhatsApp Business account, and how many people in 24 hours. */
  readonly w?: string | undefined;
  readonly a?: string | undefined;
  readonly m?: number | undefined;
}

/** A message that this node must send before `lease_until`. */
export interface Claimed {
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly content: string;
  readonly attempt: number;
  /** Retries with growing pauses so far; holds and requests that never left do not count. */
  readonly tries: number;
  /** Times it was sent again because nothing was heard of it. */
  readonly resends: number;
  /** How long its outcome may stay unknown, in ms; null for the default. */
  readonly unconfirmed_ms: number | null;
  /** The template that it is made from, where that is known here. */
  readonly template: string | null;
  /** Tried once: its caller waits. */
  readonly direct: boolean;
}

/** A message that is not in the carrier's hands. */
export interface Waiting {
  readonly id: string;
  readonly sender: string;
  readonly attempt: number;
}

/** A message that ends unsent: past its validity, or unwanted by its recipient as the mask says. */
export interface Ended extends Waiting {
  readonly barred: number;
  /** Times it was sent again because nothing was heard of it: it may have arrived. */
  readonly resends: number;
}

/** What a claim did with the front of one lane. */
export interface LaneClaim {
  readonly s: string;
  /** Messages it looked at. */
  readonly found: number;
  readonly taken: number;
  /** Put aside, or ended. */
  readonly aside: number;
}

export interface Claim {
  readonly claimed: readonly Claimed[];
  /** They end unsent. */
  readonly ended: readonly Ended[];
  readonly lanes: readonly LaneClaim[];
}

/**
 * Takes the next messages of each lane, in priority and accept order, and writes `sending` with a lease before
 * anything leaves: a crash then leaves an outcome that is known to be unknown, not a silent second send.
 *
 * What the recipient does not want, by an opt-out since it was accepted, is not taken and ends; under which name the person
 * is known may have changed since, too.
 *
 * Of one sender, recipient and priority one message is on its way at a time, so that they leave in accept order; what
 * must wait for an earlier one (also where the head holds nobody any more, while the next in line is not called yet), or for Meta's limit on the pair, is put aside with its reason, outside the ready index:
 * 200,000 such rows at the front of a lane would cost each claim a second otherwise. Only the first of each pair is
 * looked at; the pair's row is written in the same commit.
 *
 * Where the portfolio may write to so many people only (`places.ts`), a message that would be one too many is put aside as
 * well. Whoever is written to takes a place in the same commit.
 *
 * Parameters: budgets; node id; now; lease end.
 */
const claim = (name: string, places: Places): Statement<Claim> => ({
  name,
  text: `
    with budget as (
      select b.s, b.n, b.k, b.w, b.a, b.m
      from json_to_recordset($1::json) as b(s uuid, e bigint, n integer, k integer, w uuid, a text, m integer)
      join lanes l on l.sender_id = b.s and l.epoch = b.e and l.node_id = $2::uuid
    ), ready as materialized (
      select m.*, b.n, b.w, b.a, b.m from budget b cross join lateral (
        select id, sender_id, coalesce(person, recipient) as person, priority, seq, attempt, resends,
          valid_until <= $3::timestamptz as late, ${places.opens} as opens,
          case when consents = 0 then 0 else coalesce((
            select bit_or(c.reason) from consents c where c.workspace_id = messages.workspace_id
              and c.recipient = coalesce((
                select a.recipient from recipient_aliases a where a.workspace_id = messages.workspace_id
                  and a.alias = coalesce(messages.person, messages.recipient)), messages.person, messages.recipient)
              and c.channel = 'whatsapp' and ${STANDS('c')} and c.reason & messages.consents <> 0), 0) end as barred
        from messages
        where sender_id = b.s and status = ${STATUS.queued} and parked is null
        order by priority, seq limit b.k
        for update skip locked
      ) m
    ), ranked as materialized (
      select *, row_number() over pair as nth, first_value(id) over pair as leader,
        first_value(priority) over pair as leads, count(*) over (partition by sender_id, person, priority) as together
      from ready where late is not true and barred = 0
      window pair as (partition by sender_id, person order by priority, seq)
    ), judged as materialized (
      select r.*, p.tat, p.head, p.followed${places.person && ', c.known, c.needs'},
        coalesce(${BEHIND('h', '$3')} and (h.parked is not null or h.status <> ${STATUS.queued} or h.seq < r.seq), false)
          or (p.followed and exists (
            select from messages o where o.status = ${STATUS.queued} and o.parked = 'order' and o.sender_id = r.sender_id
              and coalesce(o.person, o.recipient) = r.person and o.priority = r.priority and o.seq < r.seq)) as behind,
        coalesce(p.tat > $3::timestamptz + interval '${PAIR_AHEAD_S} s', false) as dry
      from ranked r
      left join lateral (
        select max(q.tat) as tat, (array_agg(q.head) filter (where q.priority = r.priority))[1] as head,
          coalesce(bool_or(q.followed) filter (where q.priority = r.priority), false) as followed
        from pairs q where q.sender_id = r.sender_id and q.recipient = r.person
      ) p on true
      left join lateral (
        select status, parked, run_at, sending_at, seq from messages where id = p.head and id <> r.id limit 1
      ) h on true${places.person}
      where r.nth = 1
    ), ${places.room} placed as materialized (
      select *, fits and row_number() over (partition by sender_id, fits order by priority, seq) <= n as taken from (
        select j.*, not behind and not dry and ${places.short} as short, not behind and not dry and ${places.fits} as fits
        from judged j ${places.join}
      ) p
    ), acts as materialized (
      select id, taken, case when behind then 'order' when dry then 'pair' when short then 'portfolio' end as parked,
        case when dry and not behind then tat - interval '${PAIR_AHEAD_S} s' end as run_at
      from placed where taken or behind or dry or short
      union all
      select r.id, false, case when p.short then 'portfolio' else 'order' end, null
      from ranked r join placed p on p.id = r.leader
      where r.nth > 1 and case when p.short then r.opens else r.priority = r.leads and (p.taken or p.behind or p.dry) end
    ), paired as (
      insert into pairs (sender_id, recipient, priority, tat, head, followed)
      select p.sender_id, p.person, p.priority,
        case when taken then greatest(p.tat, $3::timestamptz) + interval '${PAIR_EVERY_S} s' else coalesce(p.tat, $3::timestamptz) end,
        case when behind then p.head else p.id end,
        behind or together > 1 or (followed and exists (
          select from messages o where o.status = ${STATUS.queued} and o.parked = 'order' and o.sender_id = p.sender_id
            and coalesce(o.person, o.recipient) = p.person and o.priority = p.priority and o.id <> p.id))
      from placed p where taken or behind or dry
      order by p.sender_id, p.person, p.priority
      on conflict (sender_id, recipient, priority) do update
      set tat = excluded.tat, head = excluded.head, followed = excluded.followed
    ), moved as (
      update messages m set status = case when a.taken then ${STATUS.sending} else m.status end,
        attempt = m.attempt + a.taken::int,
        sending_at = case when a.taken then $3::timestamptz else m.sending_at end,
        lease_until = case when a.taken then $4::timestamptz end, parked = a.parked, run_at = a.run_at
      from acts a where ${KEY_IS('m.id', 'a.id')}
      returning m.id, m.sender_id, m.recipient, m.content, m.attempt, m.tries, m.resends, m.template_id, m.seq,
        m.priority, m.unconfirmed_ms, m.status, m.direct, m.parked, m.valid_until, coalesce(m.person, m.recipient) as person
    ), ${places.take} noted as (
      insert into timeline (message_id, at, step, attempt, detail)
      select a.id, $3::timestamptz, 'waiting', r.attempt,
        case a.parked when 'pair' then 'pair limit'
          when 'portfolio' then ${places.why}
          else 'an earlier message to the same recipient' end
      from acts a join ready r on r.id = a.id where a.parked is not null
    )
    select json_build_object(
      'claimed', (select coalesce(json_agg(json_build_object('id', id, 'sender', sender_id, 'recipient', recipient,
        'content', content, 'attempt', attempt, 'tries', tries, 'resends', resends, 'template', template_id,
        'unconfirmed_ms', unconfirmed_ms, 'direct', direct) order by priority, seq), '[]') from moved where status = ${STATUS.sending}),
      'ended', (select coalesce(json_agg(json_build_object('id', id, 'sender', sender_id, 'attempt', attempt,
          'barred', barred, 'resends', resends)), '[]') from ready where late or barred <> 0),
      'lanes', (select coalesce(json_agg(json_build_object('s', sender_id, 'found', found, 'taken', taken, 'aside', aside)), '[]')
        from (select r.sender_id, count(*) as found, count(*) filter (where a.taken) as taken,
            count(*) filter (where a.parked is not null or r.late or r.barred <> 0) as aside
          from ready r left join acts a on a.id = r.id group by r.sender_id) l)
    ) as out`,
});

export const CLAIM = claim('claim', NO_PLACES);

/** Where a budget has a limit (`m`). */
export const CLAIM_WITHIN = claim('claim_within', PLACES);
