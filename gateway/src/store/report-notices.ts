import { DERIVED_ID } from './derived-id.ts';

/**
 * A clause for the statements that store notices: writes the reports to the endpoints that listen for them, in the same
 * commit. Their ids are derived, so that a repeat meets its own primary key.
 *
 * @param from a table or clause with `workspace_id`, `id` of the notice, `kind` and `at`
 * @param now as in `$2`
 * @param only one more condition on a row `f` of it and the endpoint `e`
 */
export const REPORT_NOTICES = (from: string, now: string, only = 'true'): string => `
      insert into reports (id, notice_id, workspace_id, endpoint_id, dialect, kind, occurred_at, url, failover_url, run_at)
      select ${DERIVED_ID('f.id', `'report:' || f.kind || ':' || e.id::text`)}, f.id, f.workspace_id, e.id, e.dialect, f.kind, f.at,
        e.url, e.failover_url, ${now}::timestamptz
      from ${from} f join webhook_endpoints e on e.workspace_id = f.workspace_id and e.enabled and e.mask & f.kind <> 0 and ${only}
      on conflict (id) do nothing
      returning 1`;
