import { type Kysely, sql } from 'kysely';
import { indexFromNow } from './index-from-now.ts';

/**
 * What tells a request that comes again from another one like it.
 *
 * `idempotency_keys`: the answers of requests that carried a key. `doubtful_requests`: requests that the caller may
 * believe lost. `accepting_nodes`: when each process that takes requests was last alive. A message knows the hash of the
 * request that it came with and the process that took it.
 *
 * `receipts_due`: messages that WhatsApp tries to deliver for a shorter time than the usual 30 days. Endpoints that hear of
 * failures hear of those that it gave up on, too.
 *
 * Only the days from now on are indexed: a repeat is looked for two minutes back, and to index the past would keep nodes
 * that run meanwhile from accepting.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table idempotency_keys (
      workspace_id uuid not null references workspaces on delete cascade,
      route text not null,
      key text not null,
      body_hash bytea not null,
      answer text not null,
      created_at timestamptz not null,
      primary key (workspace_id, route, key)
    );
    create index on idempotency_keys (created_at);

    create table doubtful_requests (
      hash bigint primary key,
      at timestamptz not null
    );

    create table accepting_nodes (
      id uuid primary key,
      seen_at timestamptz not null
    );

    create table receipts_due (
      message_id uuid primary key,
      ttl_s integer not null,
      due_at timestamptz not null
    );
    create index on receipts_due (due_at);
    update webhook_endpoints set mask = mask | 4096 where mask & 8 <> 0;

    alter table messages
      add column request_hash bigint,
      add column node_id uuid;
  `.execute(db);

  await indexFromNow(
    db,
    'messages_requested',
    sql`(request_hash) where request_hash is not null`,
    'yesterday',
  );
}
