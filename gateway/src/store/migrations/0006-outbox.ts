import { type Kysely, sql } from 'kysely';

/**
 * What the outbox knows of a sender and a recipient, and of a sender that must wait.
 *
 * `pairs`: by priority, up to when Meta's limit on the pair is used up (`tat`, the theoretical arrival time of GCRA),
 * which message of it left last (`head`), and whether others wait behind that one (`followed`). No row is the same as
 * one whose `tat` is past. `person` is the recipient under the one name that pairs and windows know, null when it is the
 * recipient as given.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table pairs (
      sender_id uuid not null,
      recipient text not null,
      priority smallint not null,
      tat timestamptz not null,
      head uuid,
      followed boolean not null default false,
      primary key (sender_id, recipient, priority)
    ) with (fillfactor = 80);
    create index pairs_followed on pairs (sender_id) where followed;

    alter table messages
      add column person text,
      add column unconfirmed_policy text,
      add column unconfirmed_ms integer;
    create index messages_following on messages (sender_id, coalesce(person, recipient), priority, seq)
      where status = 10 and parked = 'order';

    alter table lanes
      add column probe_at timestamptz,
      add column probes integer not null default 0;

    alter table workspaces
      add column valid_for_s integer check (valid_for_s between 1 and 2592000),
      add column unconfirmed_deadline_s integer check (unconfirmed_deadline_s between 1 and 86400);

    create table nodes (
      id uuid primary key,
      seen_at timestamptz not null
    );
  `.execute(db);
}
