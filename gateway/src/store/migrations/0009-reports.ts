import { type Kysely, sql } from 'kysely';

/**
 * Reports that wait for their lane, and endpoints that can be stopped, described and given another secret.
 *
 * `waiting_reports`: due reports whose receiver has its share under way, in the order in which they go. Such a report is
 * in state 3 and outside the index of due ones. `report_lanes`: receivers that fail or asked for a pause; the others have
 * no row. `reports.lane`: set when a report goes to its failover URL, which is another receiver. `reports.base`: attempts
 * that were made before the last replay.
 *
 * `properties`: of some of its events an endpoint hears only when one of these changed, as JSON by event.
 *
 * `stopped_at`, `stopped_reason`: we stopped the endpoint ourselves; its reports are kept as failed.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table waiting_reports (
      lane text not null,
      due_at timestamptz not null,
      report_id uuid not null,
      primary key (lane, due_at, report_id)
    ) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

    create table report_lanes (
      lane text primary key,
      endpoint_id uuid,
      failing_since timestamptz not null,
      last_failed_at timestamptz not null,
      failures integer not null,
      paused_until timestamptz
    ) with (fillfactor = 50);
    create index on report_lanes (failing_since) where endpoint_id is not null;

    alter table reports
      add column lane text,
      add column base integer not null default 0;

    alter table webhook_endpoints
      add column description text,
      add column properties text,
      add column updated_at timestamptz,
      add column stopped_at timestamptz,
      add column stopped_reason text,
      add column previous_secret bytea,
      add column previous_secret_until timestamptz;
  `.execute(db);
}
