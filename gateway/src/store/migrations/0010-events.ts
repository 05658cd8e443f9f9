import { type Kysely, sql } from 'kysely';

/**
 * What the live event stream reads.
 *
 * `event_log`: what happened, for workspaces that somebody listens to, a row for each batch that was committed together.
 * A row has no position when it is written: it gets one afterwards, in the order in which rows became visible.
 *
 * `event_streams`: the workspaces that have had a listener. Events are logged while `active`. `position`: the last that
 * was given; `complete_after`: behind it nothing is missing.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table event_streams (
      workspace_id uuid primary key references workspaces on delete cascade,
      active boolean not null,
      seen_at timestamptz not null,
      position bigint not null default 0,
      complete_after bigint not null default 0
    ) with (fillfactor = 70, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
    create index event_streams_active on event_streams (workspace_id) where active;

    create table event_log (
      seq bigint generated always as identity,
      workspace_id uuid not null,
      position bigint,
      logged_at timestamptz not null,
      ids uuid[] not null,
      kinds integer[] not null,
      times timestamptz[] not null
    ) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
    create index event_log_unplaced on event_log (seq) where position is null;
    create index event_log_places on event_log (workspace_id, position) where position is not null;
    create index event_log_logged on event_log (logged_at);
  `.execute(db);
}
