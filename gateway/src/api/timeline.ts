import { eventName } from '../message/event.ts';
import type { Message } from '../message/message.ts';
import type { Store } from '../store/store.ts';
import { withWaits } from './waits.ts';

/** One thing that happened to a message, when, and why. */
export interface Step {
  readonly at: Date;
  readonly step: string;
  readonly attempt?: number;
  readonly detail?: string;
  /** Of a report: what was told, to whom, and what came back. */
  readonly event?: string;
  readonly endpoint_id?: string | null;
  readonly url?: string;
  readonly http_status?: number | null;
  readonly duration_ms?: number;
  /** How long the message stood still after it. */
  readonly waited_ms?: number;
}

/** A message in one of these stands still until something happens. */
const OPEN: ReadonlySet<string> = new Set(['scheduled', 'queued', 'unconfirmed']);

/** What WhatsApp took and did not refuse. */
const TAKEN: ReadonlySet<string> = new Set(['accepted', 'sent', 'delivered', 'read']);

const ENDS: ReadonlySet<string> = new Set(['failed', 'suppressed', 'canceled', 'expired']);

/** Everything that is known to have happened to a message, in the order of its times. */
export async function readTimeline(store: Store, message: Message, now: Date): Promise<Step[]> {
  const [noted, reported] = await Promise.all([notedSteps(store, message), reportSteps(store, message)]);
  const own = ownSteps(message);
  // Meta's times are whole seconds, so `sent` may seem to come before our own `sending`: each step of life stands after
  // the one before it, with its own time unchanged. The sort is stable.
  const places = new Map<Step, number>();
  let latest = 0;
  for (const step of own) {
    latest = Math.max(latest, step.at.getTime());
    places.set(step, latest);
  }
  const place = (step: Step): number => places.get(step) ?? step.at.getTime();
  const inPlace = (a: Step, b: Step): number => place(a) - place(b);
  const lived = [...own, ...noted].sort(inPlace);
  const told = withWaits(lived, !OPEN.has(message.status), now);
  for (const [index, step] of lived.entries()) places.set(told[index]!, place(step));
  return [...told, ...reported].sort(inPlace);
}

/** What the message's own row tells. */
function ownSteps(message: Message): Step[] {
  const steps: Step[] = [];
  const add = (step: string, at: Date | undefined, more: Pick<Step, 'attempt' | 'detail'> = {}): void => {
    if (at !== undefined) steps.push({ at, step, ...more });
  };
  if (message.direction === 'inbound') {
    add('written', message.createdAt);
    add('received', message.acceptedAt);
    return steps;
  }
  const { attempt, failure } = message;
  add('queued', message.createdAt);
  add('sending', message.sendingAt, { attempt });
  add('accepted', message.acceptedAt, { attempt });
  add('sent', message.sentAt);
  add('delivered', message.deliveredAt);
  add('read', message.readAt);
  add('played', message.playedAt);
  add('deleted', message.deletedAt);
  // It may have been delivered after that all the same.
  const silent = failure === undefined && TAKEN.has(message.status);
  if (silent) add('unreceipted', message.endedAt, { detail: 'WhatsApp told of no delivery while it tried' });
  else
    add(ENDS.has(message.status) ? message.status : 'failed', message.endedAt, {
      attempt,
      ...(failure === undefined
        ? {}
        : { detail: [failure.code, failure.title, failure.detail].filter(Boolean).join(': ') }),
    });
  return steps;
}

/** What was written down because it left no time on the row: retries, holds, doubts. */
async function notedSteps(store: Store, message: Message): Promise<Step[]> {
  const rows = await store.db
    .selectFrom('timeline')
    .selectAll()
    .where('message_id', '=', message.id)
    .orderBy('at')
    .execute();
  return rows.map(({ at, step, attempt, detail }) => ({
    at,
    step,
    attempt,
    ...(detail === null ? {} : { detail }),
  }));
}

/** Every attempt to report on the message. */
async function reportSteps(store: Store, message: Message): Promise<Step[]> {
  // Ids of reports are derived from the message's and share its time, so that they lie side by side in its partition.
  const time = message.id.slice(0, 14);
  const [low, high] = [`${time}0000-0000-000000000000`, `${time}ffff-ffff-ffffffffffff`];
  const reports = await store.db
    .selectFrom('reports')
    .select(['id', 'kind', 'endpoint_id'])
    .where('id', '>=', low)
    .where('id', '<=', high)
    .where('message_id', '=', message.id)
    .execute();
  if (reports.length === 0) return [];
  const byId = new Map(reports.map(report => [report.id, report]));
  const attempts = await store.db
    .selectFrom('report_attempts')
    .selectAll()
    .where('report_id', '>=', low)
    .where('report_id', '<=', high)
    .where('report_id', 'in', [...byId.keys()])
    .orderBy('at')
    .execute();
  return attempts.map(row => {
    const report = byId.get(row.report_id)!;
    return {
      at: row.at,
      step: 'report',
      attempt: row.attempt,
      ...(row.error === null ? {} : { detail: row.error }),
      event: eventName(report.kind),
      endpoint_id: report.endpoint_id,
      url: row.url,
      http_status: row.http_status,
      duration_ms: row.duration_ms,
    };
  });
}
