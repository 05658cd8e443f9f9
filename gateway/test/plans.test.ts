import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JOURNAL } from '../src/inbox/journal.ts';
import { NOTICE } from '../src/inbox/notices.ts';
import * as strays from '../src/inbox/strays.ts';
import { UNREAD } from '../src/inbox/unread.ts';
import { ACCEPT, ACCEPT_LOOKING } from '../src/outbox/accept-statement.ts';
import { APPLY } from '../src/outbox/apply-statement.ts';
import { CLAIM, CLAIM_WITHIN } from '../src/outbox/claim.ts';
import * as direct from '../src/outbox/direct.ts';
import { MOVE } from '../src/outbox/move.ts';
import { FORGET_PAIRS, FREE_FOLLOWERS } from '../src/outbox/pairs.ts';
import * as places from '../src/outbox/places.ts';
import * as receipts from '../src/outbox/receipts.ts';
import { WALK } from '../src/outbox/silent-walk.ts';
import { LATE, SWEEP } from '../src/outbox/sweep.ts';
import { LEARN, UNLEARN } from '../src/recipients/aliases.ts';
import { RECORD, RENAMED } from '../src/recipients/consents.ts';
import { MOVE_CONSENTS } from '../src/recipients/move-consents.ts';
import { OPEN } from '../src/recipients/windows.ts';
import { PLACE_EVENTS, READ_EVENTS } from '../src/reports/event-log.ts';
import { CLAIM_REPORTS, OPEN_REPORTS, SETTLE_REPORTS, TAKE_REPORTS } from '../src/reports/statements.ts';
import { HOT_OPTIONS, type Statement } from '../src/store/store.ts';
import { type Ground, ground, putMessage } from './rows.ts';

/**
 * A hot statement is planned once, beside tables that may be nearly empty, and its plan stays: so no plan may read as a
 * whole what grows, however small it is at that moment.
 */
const HOT: readonly Statement<unknown>[] = [
  ...[JOURNAL, NOTICE, UNREAD, strays.BY_WAMID, strays.LOOK, strays.UNPARK],
  ...[ACCEPT, ACCEPT_LOOKING, CLAIM, CLAIM_WITHIN, APPLY, MOVE, SWEEP, LATE, FREE_FOLLOWERS, FORGET_PAIRS],
  ...[direct.LOOK, receipts.LOOK, receipts.FORGET, WALK],
  ...[places.CALL, places.CROWDED, places.FORGET_PEOPLE],
  ...[LEARN, UNLEARN, RECORD, RENAMED, MOVE_CONSENTS, OPEN],
  ...[PLACE_EVENTS, READ_EVENTS, CLAIM_REPORTS, OPEN_REPORTS, SETTLE_REPORTS, TAKE_REPORTS],
];

const GROWING = new Set([
  ...[
    'messages',
    'timeline',
    'reports',
    'report_attempts',
    'journal',
    'pairs',
    'recipients',
    'recipient_aliases',
  ],
  ...[
    'windows',
    'consents',
    'consent_changes',
    'notices',
    'waiting_reports',
    'parked_statuses',
    'receipts_due',
  ],
  ...['idempotency_keys', 'event_log', 'media', 'portfolio_people', 'portfolio_waiting'],
]);

/** Indexes that are walked as a whole on purpose: they hold what is to be done now, or one row for each number or account. */
const TO_DO: readonly string[] = ['pairs_followed', 'event_log_unplaced', 'lanes_pkey', 'portfolios_pkey'];

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly Plan[];
}

/** A bitmap's heap is read where its index says; that one has a node of its own. */
const BY_PLACE: readonly string[] = [
  'Bitmap Heap Scan',
  'Tid Scan',
  'CTE Scan',
  'Function Scan',
  'Values Scan',
];

function* wholeReads(plan: Plan): Generator<string> {
  const table = plan['Relation Name']?.replace(/_(before|\d{8})$/, '');
  const index = plan['Index Name'] ?? '';
  const isScan = plan['Node Type'].endsWith('Scan') && !BY_PLACE.includes(plan['Node Type']);
  const isGrowing = table === undefined ? index !== '' : GROWING.has(table);
  if (isScan && isGrowing && plan['Index Cond'] === undefined && !TO_DO.includes(index))
    yield `${plan['Node Type']} of ${table ?? ''} ${index}`;
  for (const part of plan.Plans ?? []) yield* wholeReads(part);
}

let g: Ground;
let client: pg.Client;
beforeAll(async () => {
  g = await ground();
});
afterAll(() => g.close());

async function planOf({ text }: Statement<unknown>): Promise<Plan> {
  const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n)));
  const values = count === 0 ? '' : `(${Array(count).fill('null').join(', ')})`;
  await client.query(`prepare hot as ${text}`);
  const { rows } = await client.query(`explain (format json, costs off) execute hot${values}`);
  await client.query('deallocate hot');
  return rows[0]['QUERY PLAN'][0].Plan as Plan;
}

/** Some hundred rows in the tables that every message goes through. */
async function fill(): Promise<void> {
  for (let n = 0; n < 300; n++) await putMessage(g, { recipient: `+15557${String(n).padStart(6, '0')}` });
  await sql`
    insert into reports (id, message_id, workspace_id, dialect, kind, occurred_at, url, run_at)
    select derived_id(id, 'report'), id, workspace_id, 'telnyx', 1, now(), 'http://127.0.0.1', now() from messages;
    insert into journal (id, received_at, body, sender_ids, state) select id, now(), '', '{}', 1 from messages;
    insert into pairs (sender_id, recipient, priority, tat) select sender_id, recipient, 1, now() from messages;
    insert into windows (sender_id, recipient, opened_at) select sender_id, recipient, now() from messages;
    insert into recipient_aliases (workspace_id, alias, recipient, learnt_at)
    select workspace_id, 'US.' || recipient, recipient, now() from messages;
    analyze;
  `.execute(g.store.db);
}

describe.each([
  ['empty', async () => {}],
  ['small', fill],
] as const)('beside %s tables', (_, prepare) => {
  beforeAll(async () => {
    await prepare();
    client = new pg.Client({ connectionString: g.url, options: HOT_OPTIONS });
    await client.connect();
  });
  afterAll(() => client.end());

  test.each(HOT.map(statement => [statement.name, statement] as const))(
    '%s looks up by an index whatever grows',
    async (_name, statement) => {
      expect([...new Set(wholeReads(await planOf(statement)))]).toEqual([]);
    },
  );
});
