import type { Statement } from '../store/store.ts';

/** What is read back from the journal at once. A webhook may have 3 MB, and grows by a third on its way here. */
export const READ_BACK_ENTRIES = 1_000;
export const READ_BACK_BYTES = 16 * 1024 * 1024;

/**
 * The oldest unread entries: at least one, and no more once their bodies have come to the limit.
 *
 * Parameters: received before; ids to pass over.
 */
export const UNREAD: Statement<{ id: string; body: string; senders: string[] }[]> = {
  name: 'unread',
  text: `
    with oldest as (
      select id, received_at, body, sender_ids from journal
      where state = 0 and received_at < $1::timestamptz
      and id not in (select value::uuid from json_array_elements_text($2::json))
      order by received_at limit ${READ_BACK_ENTRIES}
    ), summed as (
      select *, sum(octet_length(body)) over (order by received_at, id rows unbounded preceding) as bytes from oldest
    )
    select coalesce(json_agg(json_build_object('id', id, 'body', encode(body, 'base64'), 'senders', sender_ids)), '[]') as out
    from summed where bytes - octet_length(body) < ${READ_BACK_BYTES}`,
};
