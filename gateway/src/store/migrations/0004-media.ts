import { type Kysely, sql } from 'kysely';

/**
 * Files that messages carry: uploaded by customers, or fetched from Meta because somebody sent them.
 *
 * `unowned_files` is what keeps a crash from leaving files behind: a file's key stands there from before it is written
 * until the commit that gives it to a row of `media`, and again from the commit that takes it from its row until it is
 * deleted. `media_at_meta` knows which id Meta gave a file for which number; Meta itself deletes copies after 30 days.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table media (
      id uuid primary key,
      workspace_id uuid not null references workspaces,
      origin text not null check (origin in ('upload', 'inbound')),
      name text,
      sender_id uuid,
      meta_id text,
      mime_type text not null,
      size bigint,
      sha256 bytea,
      filename text,
      state text not null check (state in ('pending', 'stored', 'failed', 'expired')),
      error text,
      storage_key text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      expires_at timestamptz,
      check (state <> 'stored' or (storage_key is not null and size is not null and sha256 is not null))
    );
    create unique index media_name on media (workspace_id, name) where origin = 'upload';
    create index on media (workspace_id, id);
    create index on media (expires_at) where expires_at is not null;
    create index on media (created_at) where state = 'pending';

    create table media_at_meta (
      media_id uuid not null references media on delete cascade,
      phone_number_id text not null,
      meta_id text not null,
      uploaded_at timestamptz not null,
      primary key (media_id, phone_number_id)
    );

    create table unowned_files (
      storage_key text primary key,
      since timestamptz not null
    );
    create index on unowned_files (since);
  `.execute(db);
}
