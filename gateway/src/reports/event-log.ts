import { KEY_IS } from '../store/key-is.ts';
import type { Statement } from '../store/store.ts';

/** Rows that get their position in one go. */
export const PLACE_MAX = 1_000;

/**
 * Gives positions to rows that have none. Rows are committed in another order than they are numbered in, on several
 * nodes at once; whoever reads on from the last number that he saw would miss those that become visible later. So a row
 * is found by having no position, and gets one when it is visible. Positions of a workspace are given by one transaction
 * at a time, which holds its row of `event_streams`: whoever sees a position sees all that are lower.
 *
 * Two events of one message keep their order: the second was written while the message's row was locked, after the first
 * had been committed, so its `seq` is higher and nobody sees it without the first.
 *
 * Another one may have placed a row meanwhile; the update then finds its position and leaves it, and a number stays
 * unused.
 */
export const PLACE_EVENTS: Statement<number> = {
  name: 'place_events',
  text: `
    with unplaced as materialized (
      select l.seq, l.workspace_id from event_log l
      where l.position is null and exists (select from event_streams s where s.workspace_id = l.workspace_id)
      order by l.seq limit ${PLACE_MAX}
    ), counters as materialized (
      select s.workspace_id, s.position from event_streams s
      where s.workspace_id in (select workspace_id from unplaced)
      order by s.workspace_id for update
    ), placed as (
      update event_log l set position = c.position + u.n
      from (select seq, workspace_id, row_number() over (partition by workspace_id order by seq) as n from unplaced) u
      join counters c on c.workspace_id = u.workspace_id
      where ${KEY_IS('l.seq', 'u.seq')} and l.position is null
      returning l.workspace_id, l.position
    ), moved as (
      update event_streams s set position = greatest(s.position, p.position)
      from (select workspace_id, max(position) as position from placed group by workspace_id) p
      where s.workspace_id = p.workspace_id
    )
    select (select count(*)::integer from unplaced) as out`,
};

export interface LoggedEvent {
  readonly n: number;
  readonly position: number;
  /** From 1, within its row. */
  readonly index: number;
  /** It is the last of its row. */
  readonly last: boolean;
  readonly kind: number;
  readonly at: string;
  readonly id: string;
  readonly message: Readonly<Record<string, unknown>> | null;
  readonly notice: Readonly<Record<string, unknown>> | null;
}

export interface ReadEvents {
  /** One for each of what was wanted. */
  readonly pages: readonly {
    readonly n: number;
    /** What follows the place is not kept any more: read was from where nothing is missing. */
    readonly is_gap: boolean;
    /** The last row that was read; null when there was none. */
    readonly position: number | null;
    /** Up to where there is something to read. */
    readonly end: number;
  }[];
  /** In their order. */
  readonly events: readonly LoggedEvent[];
  /** Rows wait for their position. */
  readonly unplaced: boolean;
}

/** A page ends after the row with this event. */
const PAGE_EVENTS = 500;

/**
 * Reads on for several listeners, each with the summary of the message or notice that an event is about. An event whose
 * message is gone is left out. A position beyond the end was given by a database that was put back to an earlier state
 * since.
 *
 * Parameters: who wants what; rows in a page.
 */
export const READ_EVENTS: Statement<ReadEvents> = {
  name: 'read_events',
  text: `
    with asked as materialized (
      select w.*, s.position as "end", s.complete_after, w.position > s.position or w.position < s.complete_after
        or (w.position = s.complete_after and w."index" is not null) as lost
      from json_to_recordset($1::json) as w(n integer, workspace uuid, position bigint, "index" integer, mask integer)
      join event_streams s on s.workspace_id = w.workspace
    ), wanted as materialized (
      select n, workspace, mask, "end", lost, case when lost then complete_after else position end as position,
        case when not lost then "index" end as "index"
      from asked
    ), listed as materialized (
      select w.n, l.*, sum(l.size) over (partition by w.n order by l.position) - l.size as before
      from wanted w cross join lateral (
        select position, ids, kinds, times, cardinality(ids) as size from event_log
        where workspace_id = w.workspace and position > w.position - case when w."index" is null then 0 else 1 end
        order by position limit $2::integer
      ) l
    ), pages as materialized (
      select * from listed where before < ${PAGE_EVENTS}
    ), picked as materialized (
      select p.n, p.position, e.i, e.i = p.size as last, e.id, e.kind, e.at
      from pages p join wanted w on w.n = p.n
      cross join lateral unnest(p.ids, p.kinds, p.times) with ordinality as e(id, kind, at, i)
      where e.kind & w.mask <> 0 and (p.position > w.position or e.i > w."index")
    )
    select json_build_object(
      'pages', (select coalesce(json_agg(json_build_object('n', w.n, 'is_gap', w.lost,
        'position', (select max(p.position) from pages p where p.n = w.n), 'end', w."end")), '[]') from wanted w),
      'events', (select coalesce(json_agg(json_build_object('n', e.n, 'position', e.position, 'index', e.i, 'last', e.last,
          'kind', e.kind, 'at', e.at, 'id', e.id,
          'message', case when m.id is not null then json_build_object('id', m.id, 'direction', m.direction,
            'dialect', m.dialect, 'status', m.status, 'sender_id', m.sender_id, 'recipient', m.recipient, 'kind', m.kind,
            'wamid', m.wamid, 'callback_data', m.callback_data, 'failure', m.failure) end,
          'notice', case when t.id is not null then json_build_object('id', t.id, 'waba_id', t.waba_id,
            'sender_id', t.sender_id, 'field', t.field, 'event', t.event) end)
          order by e.n, e.position, e.i), '[]')
        from picked e left join messages m on ${KEY_IS('m.id', 'e.id')} left join notices t on ${KEY_IS('t.id', 'e.id')}
        where m.id is not null or t.id is not null),
      'unplaced', exists (select from event_log l
        where l.position is null and exists (select from event_streams s where s.workspace_id = l.workspace_id))
    ) as out`,
};

/** Makes a workspace's events be logged from now on; statements that are under way may not, see `LOGGING_UNDER_WAY`. */
export const START_LOGGING: Statement<true> = {
  name: 'start_logging',
  text: `
    with started as (
      insert into event_streams as s (workspace_id, active, seen_at) values ($1::uuid, true, $2::timestamptz)
      on conflict (workspace_id) do update set active = true, seen_at = excluded.seen_at,
        position = s.position + 1, complete_after = s.position + 1
      where not s.active
    )
    select true as out`,
};

/**
 * The transactions that may log events now. Each has locked the table from before it looked which workspaces are
 * listened to until its end, as every reader does.
 */
export const LOGGING_UNDER_WAY: Statement<readonly string[]> = {
  name: 'logging_under_way',
  text: `
    select coalesce(json_agg(virtualtransaction), '[]') as out from pg_locks
    where locktype = 'relation' and relation = 'event_streams'::regclass and pid <> pg_backend_pid()
      and database = (select oid from pg_database where datname = current_database())`,
};

/**
 * Says that these workspaces have listeners.
 *
 * @returns the last position of each whose events are logged
 */
export const KEEP_LOGGING: Statement<readonly { readonly workspace: string; readonly position: number }[]> = {
  name: 'keep_logging',
  text: `
    with listened as materialized (
      select workspace_id from event_streams
      where active and workspace_id in (select value::uuid from json_array_elements_text($1::json))
      order by workspace_id for update
    ), kept as (
      update event_streams s set seen_at = greatest(s.seen_at, $2::timestamptz) from listened l
      where s.workspace_id = l.workspace_id
      returning s.workspace_id, s.position
    )
    select coalesce(json_agg(json_build_object('workspace', workspace_id, 'position', position)), '[]') as out from kept`,
};

/**
 * Forgets what is older than the log reaches, and logs no more for workspaces that nobody has listened to for as long.
 * Rows without a position stay, unless their workspace is gone.
 */
export const TRIM_EVENTS: Statement<number> = {
  name: 'trim_events',
  text: `
    with forgotten as (
      delete from event_log l where l.logged_at < $1::timestamptz
        and (l.position is not null or not exists (select from event_streams s where s.workspace_id = l.workspace_id))
      returning l.workspace_id, l.position
    ), ends as materialized (
      select workspace_id, max(position) as position from forgotten where position is not null group by workspace_id
    ), held as materialized (
      select s.workspace_id from event_streams s
      where s.workspace_id in (select workspace_id from ends) or (s.active and s.seen_at < $1::timestamptz)
      order by s.workspace_id for update
    ), changed as (
      update event_streams s set active = s.active and s.seen_at >= $1::timestamptz,
        complete_after = greatest(s.complete_after, e.position)
      from held h left join ends e on e.workspace_id = h.workspace_id
      where s.workspace_id = h.workspace_id
    )
    select (select count(*)::integer from forgotten) as out`,
};
