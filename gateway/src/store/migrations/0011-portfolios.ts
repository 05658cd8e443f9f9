import { type Kysely, sql } from 'kysely';

/**
 * Whom a portfolio has written to, where WhatsApp limits how many people that may be in 24 hours. A portfolio is here the
 * senders of one workspace with one WhatsApp Business account.
 *
 * `portfolios`: a row that claims of all nodes lock, with the number of rows that `portfolio_people` has for it
 * (`used`), so that nobody counts them; and when Meta was last asked for the limit.
 *
 * `portfolio_people`: who takes a place, and since when. `portfolio_waiting`: the messages that wait for one, in the
 * order in which they get it; a row whose message has ended otherwise is passed over.
 *
 * Nothing of the older version is touched: its nodes go on beside this, and neither count nor wait.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table portfolios (
      workspace_id uuid not null references workspaces on delete cascade,
      waba_id text not null,
      used integer not null default 0,
      asked_at timestamptz,
      primary key (workspace_id, waba_id)
    ) with (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);

    create table portfolio_people (
      workspace_id uuid not null,
      waba_id text not null,
      recipient text not null,
      counted_at timestamptz not null,
      primary key (workspace_id, waba_id, recipient)
    );
    create index on portfolio_people (counted_at);

    create table portfolio_waiting (
      workspace_id uuid not null,
      waba_id text not null,
      priority smallint not null,
      seq bigint not null,
      message_id uuid not null,
      recipient text not null,
      valid_until timestamptz,
      primary key (workspace_id, waba_id, priority, seq)
    ) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
    create index on portfolio_waiting (valid_until);
  `.execute(db);
}
