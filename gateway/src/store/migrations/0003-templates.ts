import { type Kysely, sql } from 'kysely';

/**
 * Templates as Meta had them when it was last asked, and when each business account was. A template that Meta has no
 * more keeps its row, since messages were made from it: `gone_at` says so.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table templates (
      id uuid primary key,
      workspace_id uuid not null references workspaces,
      waba_id text not null,
      meta_id text not null,
      name text not null,
      language text not null,
      category text not null,
      status text not null,
      quality text,
      named boolean not null default false,
      components jsonb not null,
      ttl_seconds integer,
      rejected_reason text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      gone_at timestamptz,
      unique (workspace_id, waba_id, meta_id)
    );
    create index on templates (workspace_id, id);

    create table template_accounts (
      workspace_id uuid not null references workspaces,
      waba_id text not null,
      tried_at timestamptz not null,
      synced_at timestamptz,
      error text,
      primary key (workspace_id, waba_id)
    );
  `.execute(db);
}
