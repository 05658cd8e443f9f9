import { type Kysely, sql } from 'kysely';

/**
 * Messaging profiles and settings of WhatsApp Business accounts, as Telnyx's API has them: where inbound messages and
 * notices of some of a workspace's numbers go, and the default URL of what they send.
 *
 * Each workspace has a default profile under its own id, from its first moment on: every number is in a profile.
 * Where inbound messages go is written into `webhook_endpoints` (rows with an `origin`) whenever one of these tables or
 * the numbers change, so that reporting an event looks at one table only.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table messaging_profiles (
      id uuid primary key,
      workspace_id uuid not null references workspaces,
      name text not null,
      enabled boolean not null default true,
      webhook_url text,
      webhook_failover_url text,
      whitelisted_destinations text[] not null,
      settings text not null default '{}',
      created_at timestamptz not null,
      updated_at timestamptz not null
    );
    create index on messaging_profiles (workspace_id, id);

    create table waba_settings (
      workspace_id uuid not null references workspaces,
      waba_id text not null,
      name text,
      timezone text,
      webhook_url text,
      webhook_failover_url text,
      webhook_enabled boolean not null default true,
      webhook_events text[] not null default '{}',
      updated_at timestamptz not null,
      primary key (workspace_id, waba_id)
    );

    create table signup_webhooks (
      workspace_id uuid primary key references workspaces,
      webhook_url text,
      webhook_failover_url text,
      created_at timestamptz not null,
      updated_at timestamptz not null
    );

    create table meta_facts (
      workspace_id uuid not null references workspaces,
      meta_id text not null,
      facts text not null,
      read_at timestamptz not null,
      primary key (workspace_id, meta_id)
    );

    alter table senders
      add column profile_id uuid references messaging_profiles on delete set null,
      add column two_step_pin bytea;
    create index on senders (profile_id);

    alter table webhook_endpoints add column origin text;
    create unique index on webhook_endpoints (workspace_id, origin) where origin is not null;

    create index reports_failed on reports (workspace_id, id) where state = 2;
  `.execute(db);

  await sql`
    create function add_default_profile() returns trigger language plpgsql as $$
    begin
      insert into messaging_profiles (id, workspace_id, name, whitelisted_destinations, created_at, updated_at)
      values (new.id, new.id, 'Default', '{*}', new.created_at, new.created_at);
      return null;
    end $$;

    create trigger default_profile after insert on workspaces
      for each row execute function add_default_profile();

    insert into messaging_profiles (id, workspace_id, name, whitelisted_destinations, created_at, updated_at)
    select id, id, 'Default', '{*}', created_at, created_at from workspaces;

    create trigger accounts_changed after insert or update or delete on messaging_profiles
      for each statement execute function bump_accounts();
    create trigger accounts_changed after insert or update or delete on waba_settings
      for each statement execute function bump_accounts();
  `.execute(db);
}
