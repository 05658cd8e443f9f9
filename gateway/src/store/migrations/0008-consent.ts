import { type Kysely, sql } from 'kysely';
import { indexFromNow } from './index-from-now.ts';

/**
 * Who does not want to be written to, and why; what each workspace makes of it; the contacts of a workspace.
 *
 * `consents` has one row for each recipient, channel and reason that was ever said, and whether it stands;
 * `consent_changes` what became of it. A message knows which reasons hold it back: with none, nobody looks.
 *
 * What was queued before, and what nodes of the older version take in meanwhile, is held back by the block list alone.
 *
 * Messages are found by the customer's own tag.
 *
 * A `direct` message has a caller who waits for what Meta says of it: it is tried once.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table consents (
      workspace_id uuid not null,
      recipient text not null,
      channel text not null,
      reason smallint not null,
      active boolean not null,
      customer text not null,
      source text not null,
      note text,
      at timestamptz not null,
      id uuid not null,
      primary key (workspace_id, recipient, channel, reason)
    );
    create unique index on consents (id);
    create index on consents (workspace_id, id desc) where active;

    create table consent_changes (
      id uuid primary key,
      workspace_id uuid not null,
      recipient text not null,
      channel text not null,
      reason smallint not null,
      active boolean not null,
      customer text not null,
      source text not null,
      note text,
      at timestamptz not null
    );
    create index on consent_changes (workspace_id, recipient, id);

    create table consent_settings (
      workspace_id uuid primary key references workspaces on delete cascade,
      opt_outs text not null default 'marketing' check (opt_outs in ('marketing', 'all', 'none')),
      block_list boolean not null default true,
      words text not null default '{}',
      updated_at timestamptz not null
    );
    create trigger accounts_changed after insert or update or delete on consent_settings
      for each statement execute function bump_accounts();

    create table contacts (
      id uuid primary key,
      workspace_id uuid not null references workspaces on delete cascade,
      phone text not null,
      recipient text not null,
      email text,
      nickname text,
      country_code text,
      owner_email text,
      tags text[] not null default '{}',
      attributes text not null default '[]',
      source_type text,
      source_id text,
      source_url text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (workspace_id, phone),
      unique (workspace_id, email)
    );
    create index on contacts (workspace_id, id);

    alter table messages
      add column consents smallint not null default 2,
      add column direct boolean not null default false;

    alter table notices alter column waba_id drop not null;
  `.execute(db);

  await indexFromNow(
    db,
    'messages_called',
    sql`(workspace_id, callback_data) where callback_data is not null`,
    // Nodes that run meanwhile must not wait: today's messages are looked through.
    'tomorrow',
  );
}
