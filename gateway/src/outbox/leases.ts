import type { Statement } from '../store/store.ts';

/** A lane moves to another node this long after its owner was last heard of. */
export const LEASE_MS = 10_000;

/** The owner stops this long before the database lets another node in: their clocks and the request's way differ. */
export const LEASE_MARGIN_MS = 2_000;

/** Owners renew well before their lease ends. */
export const RENEW_MS = 2_000;

export interface OwnedLane {
  readonly sender: string;
  readonly epoch: number;
  readonly held_ms: number;
}

export interface Renewal {
  readonly lanes: readonly OwnedLane[];
  /** As many lanes are this node's part of all; a node that has more lets the others go. */
  readonly part: number;
}

/**
 * Renews the lanes of this node and takes those that nobody holds, up to its part: all lanes are shared evenly among the
 * nodes that were heard of lately. The epoch grows with each new owner and is checked in every claim, so that a node that
 * slept cannot take messages for a lane it has lost. Holds that have ended are cleared on the way.
 *
 * Parameters: node id; now; lease end; whether this node is alone (the embedded database, where the directory lock proves
 * it) and has every lane; since when other nodes must have been heard of; whether to take every lane at once.
 */
export const RENEW: Statement<Renewal> = {
  name: 'renew',
  text: `
    with seen as (
      insert into nodes (id, seen_at) values ($1::uuid, $2::timestamptz)
      on conflict (id) do update set seen_at = excluded.seen_at
    ), forgotten as (
      delete from nodes where id in (
        select id from nodes where id <> $1::uuid and seen_at < $5::timestamptz - interval '1 minute' for update skip locked)
    ), part as materialized (
      select case when $4::boolean then (select count(*) from lanes)
        else ceil((select count(*) from lanes)::numeric
          / (select 1 + count(*) from nodes where id <> $1::uuid and seen_at >= $5::timestamptz)) end::int as n
    ), kept as (
      update lanes set lease_until = $3::timestamptz,
        hold_code = case when held_until > $2::timestamptz then hold_code end,
        hold_detail = case when held_until > $2::timestamptz then hold_detail end,
        held_until = case when held_until > $2::timestamptz then held_until end
      where node_id = $1::uuid and lease_until >= $2::timestamptz
      returning sender_id, epoch, held_until
    ), free as materialized (
      select sender_id from lanes
      where lease_until < $2::timestamptz or ($6::boolean and node_id is distinct from $1::uuid)
      order by sender_id limit (select greatest(0, n - (select count(*) from kept)) from part)
      for update skip locked
    ), taken as (
      update lanes l set node_id = $1::uuid, epoch = l.epoch + 1, lease_until = $3::timestamptz
      from free where l.sender_id = free.sender_id
      returning l.sender_id, l.epoch, l.held_until
    ), owned as (select * from kept union all select * from taken)
    select json_build_object('part', (select n from part),
      'lanes', coalesce(json_agg(json_build_object('sender', sender_id, 'epoch', epoch,
        'held_ms', greatest(0, coalesce(extract(epoch from held_until - $2::timestamptz) * 1000, 0)))), '[]')) as out
    from owned`,
};

/** Lets go of some lanes, for a node that has fewer. */
export const YIELD: Statement<number> = {
  name: 'yield_lanes',
  text: `
    with let as (
      update lanes set lease_until = '-infinity', node_id = null
      where node_id = $1::uuid and sender_id in (select value::uuid from json_array_elements_text($2::json)) returning 1
    )
    select count(*)::int as out from let`,
};

/** Lets go of every lane at a clean stop, so that another node takes them at once. */
export const RELEASE: Statement<number> = {
  name: 'release',
  text: `
    with left_out as (
      delete from nodes where id = $1::uuid
    ), released as (
      update lanes set lease_until = '-infinity', node_id = null where node_id = $1::uuid returning 1
    )
    select count(*)::int as out from released`,
};
