import pg from 'pg';
import { expect, test } from 'vitest';
import { JOURNAL } from '../src/inbox/journal.ts';
import { NOTICE } from '../src/inbox/notices.ts';
import * as strays from '../src/inbox/strays.ts';
import { UNREAD } from '../src/inbox/unread.ts';
import { ACCEPT } from '../src/outbox/accept-statement.ts';
import { APPLY } from '../src/outbox/apply-statement.ts';
import { CLAIM } from '../src/outbox/claim.ts';
import * as direct from '../src/outbox/direct.ts';
import { MOVE } from '../src/outbox/move.ts';
import { FIND_FOLLOWERS, FORGET_PAIRS, FREE_FOLLOWERS } from '../src/outbox/pairs.ts';
import * as receipts from '../src/outbox/receipts.ts';
import { LATE, SWEEP } from '../src/outbox/sweep.ts';
import { LEARN, UNLEARN } from '../src/recipients/aliases.ts';
import { RECORD, RENAMED } from '../src/recipients/consents.ts';
import { MOVE_CONSENTS } from '../src/recipients/move-consents.ts';
import { OPEN } from '../src/recipients/windows.ts';
import { PLACE_EVENTS, READ_EVENTS } from '../src/reports/event-log.ts';
import { CLAIM_REPORTS, OPEN_REPORTS, SETTLE_REPORTS, TAKE_REPORTS } from '../src/reports/statements.ts';
import { HOT_OPTIONS, type Statement } from '../src/store/store.ts';
import { ground } from './rows.ts';

const HOT: readonly Statement<unknown>[] = [
  JOURNAL,
  NOTICE,
  strays.BY_WAMID,
  strays.LOOK,
  strays.UNPARK,
  UNREAD,
  ACCEPT,
  APPLY,
  CLAIM,
  direct.LOOK,
  MOVE,
  FREE_FOLLOWERS,
  receipts.LOOK,
  receipts.FORGET,
  LATE,
  SWEEP,
  LEARN,
  UNLEARN,
  RECORD,
  RENAMED,
  MOVE_CONSENTS,
  OPEN,
  PLACE_EVENTS,
  READ_EVENTS,
  CLAIM_REPORTS,
  OPEN_REPORTS,
  SETTLE_REPORTS,
  TAKE_REPORTS,
  FORGET_PAIRS,
  FIND_FOLLOWERS,
];

const GROWING =
  /^(messages|timeline|reports|report_attempts|journal|pairs|recipients|recipient_aliases|windows|consents|consent_changes|notices|waiting_reports|parked_statuses|receipts_due|idempotency_keys|event_log|media)(_before|_\d+)?$/;

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Cond'?: string;
  'Index Name'?: string;
  Plans?: Node[];
  'Parent Relationship'?: string;
  'Subplan Name'?: string;
}

function* scans(node: Node, within: string): Generator<string> {
  const at = node['Subplan Name'] ?? within;
  const relation = node['Relation Name'] ?? '';
  if (
    /Scan$/.test(node['Node Type']) &&
    GROWING.test(relation) &&
    node['Node Type'] !== 'Bitmap Heap Scan' &&
    node['Node Type'] !== 'Tid Scan' &&
    node['Index Cond'] === undefined
  )
    yield `${at}: ${node['Node Type']} ${node['Index Name'] ?? relation}`;
  for (const plan of node.Plans ?? []) yield* scans(plan, at);
}

test.each(HOT.map(s => [s.name, s] as const))('%s', async (_name, statement) => {
  const g = await ground();
  const client = new pg.Client({ connectionString: g.url, options: HOT_OPTIONS });
  await client.connect();
  const n = Math.max(0, ...[...statement.text.matchAll(/\$(\d+)/g)].map(m => Number(m[1])));
  await client.query(`prepare hot as ${statement.text}`);
  const args = n === 0 ? '' : `(${Array(n).fill('null').join(', ')})`;
  const { rows } = await client.query(`explain (format json, costs off) execute hot${args}`);
  const plan = rows[0]['QUERY PLAN'][0].Plan as Node;
  await client.end();
  await g.close();
  expect(
    [...new Set([...scans(plan, '')])].filter(s => !/20\d{6}_pkey$/.test(s) || /\d{4}1128/.test(s)),
  ).toEqual([]);
});
