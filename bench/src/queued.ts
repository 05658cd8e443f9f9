import { query } from './database.ts';

/**
 * Puts messages into the queue without the door, which would take minutes: a template for one person each, at the lowest
 * priority, by all senders in turn.
 *
 * @param dataDir of a gateway with its own database
 * @param after so many that were put there before: other persons
 */
export async function queueBehindTheDoor(dataDir: string, count: number, after = 0): Promise<void> {
  await query(
    dataDir,
    `insert into messages (id, workspace_id, sender_id, dialect, recipient, kind, content, status, priority, created_at)
     select (substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || '-7' || substr(h, 1, 3) || '-8' || substr(h, 4, 3) || '-' || substr(h, 7, 12))::uuid,
       s.workspace_id, s.id, 'telnyx', '+1417' || lpad(n::text, 7, '0'), 'template',
       '{"type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}}', 10, 2, now()
     from (select n, md5(n::text) as h, lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0') as ms
       from generate_series($2::int + 1, $2::int + $1::int) n) g
     join (select *, row_number() over (order by id) - 1 as place, count(*) over () as total from senders) s
       on s.place = g.n % s.total
     order by n`,
    [count, after],
  );
  // What a table looks like that was filled in time, and not a second ago.
  await query(dataDir, 'vacuum analyze messages');
}
