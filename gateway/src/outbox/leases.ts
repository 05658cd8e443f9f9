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

/**
 * Renews the lanes of this node and takes those that nobody holds. The epoch grows with each new owner and is checked
 * in every claim, so that a node that slept cannot take messages for a lane it has lost. Holds that have ended are
 * cleared on the way.
 *
 * Parameters: node id; now; lease end; whether to take every lane at once (the embedded database, where the directory
 * lock proves that nobody else lives).
 */
export const RENEW: Statement<OwnedLane[]> = {
  name: 'renew',
  text: `
    with kept as (
      update lanes set lease_until = $3::timestamptz,
        hold_code = case when held_until > $2::timestamptz then hold_code end,
        hold_detail = case when held_until > $2::timestamptz then hold_detail end,
        held_until = case when held_until > $2::timestamptz then held_until end
      where node_id = $1::uuid and lease_until >= $2::timestamptz
      returning sender_id, epoch, held_until
    ), free as materialized (
      select sender_id from lanes
      where (lease_until < $2::timestamptz) or ($4::boolean and node_id is distinct from $1::uuid)
      order by sender_id for update skip locked
    ), taken as (
      update lanes l set node_id = $1::uuid, epoch = l.epoch + 1, lease_until = $3::timestamptz
      from free where l.sender_id = free.sender_id
      returning l.sender_id, l.epoch, l.held_until
    ), owned as (select * from kept union all select * from taken)
    select coalesce(json_agg(json_build_object('sender', sender_id, 'epoch', epoch,
      'held_ms', greatest(0, coalesce(extract(epoch from held_until - $2::timestamptz) * 1000, 0)))), '[]') as out
    from owned`,
};

/** Lets go of every lane at a clean stop, so that another node takes them at once. */
export const RELEASE: Statement<number> = {
  name: 'release',
  text: `
    with released as (
      update lanes set lease_until = '-infinity', node_id = null where node_id = $1::uuid returning 1
    )
    select count(*)::int as out from released`,
};

/** A shorter hold is a matter of pace, known to the owner alone; a longer one is written down and read at each renewal. */
export const WRITTEN_HOLD_MS = 10_000;

/** Writes down that a sender must wait, and why. */
export const HOLD: Statement<number> = {
  name: 'hold',
  text: `
    with held as (
      update lanes set held_until = $2::timestamptz, hold_code = $3, hold_detail = $4
      where sender_id = $1::uuid returning 1
    )
    select count(*)::int as out from held`,
};
