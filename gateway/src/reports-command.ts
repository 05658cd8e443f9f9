import type { Command } from 'commander';
import { isUuid } from './accounts/outcome.ts';
import { DEFAULT_WORKSPACE } from './accounts/workspaces.ts';
import type { Flags } from './config.ts';
import { listReports, REPORT_STATES } from './reports/list.ts';
import { REPLAYED, replayReports } from './reports/replay.ts';
import { columns, visit, workspaceNamed } from './visit.ts';

interface ReportFlags extends Flags {
  readonly workspace: string;
  readonly state?: string;
  readonly endpoint?: string;
  readonly message?: string;
  readonly event?: string;
  readonly report?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
}

const LIMIT_MAX = 10_000;

/** `wirebird reports list | replay`. A running gateway delivers what is replayed within a second. */
export function reportsCommand(program: Command, place: (command: Command) => Command): void {
  const reports = program.command('reports').description('list reports to webhooks and deliver them again');
  const inWorkspace = (command: Command): Command =>
    place(command)
      .option('--workspace <name>', 'name of the workspace', DEFAULT_WORKSPACE)
      .option('--endpoint <id>', 'only those to this webhook endpoint')
      .option('--message <id>', 'only those about this message');

  inWorkspace(reports.command('list'))
    .description('list reports, newest first')
    .option('--state <state>', `only those that are ${REPORT_STATES.join(', ')}`)
    .option('--limit <n>', `how many, up to ${LIMIT_MAX}`, '50')
    .action((flags: ReportFlags) => {
      const filter = {
        state: flags.state === undefined ? undefined : oneOf('--state', flags.state, REPORT_STATES),
        endpointId: id('--endpoint', flags.endpoint),
        messageId: id('--message', flags.message),
      };
      const limit = wholeNumber('--limit', flags.limit!);
      return visit(flags, async ({ store }) => {
        const workspaceId = await workspaceNamed(store, flags.workspace);
        const rows = await listReports(store, workspaceId, filter, { limit, after: undefined });
        const shown = rows.map(row => {
          const last = row.attempts.at(-1);
          return [
            row.id,
            row.event,
            row.state,
            String(row.attempts.length),
            last?.error ?? (last === undefined ? '' : String(last.httpStatus ?? '')),
            row.url,
          ];
        });
        process.stdout.write(`${columns([['ID', 'EVENT', 'STATE', 'ATTEMPTS', 'LAST', 'URL'], ...shown])}\n`);
      });
    });

  inWorkspace(reports.command('replay'))
    .description('deliver reports again that have ended, in the order in which things happened')
    .option('--state <state>', `which ones: ${REPLAYED.join(', ')}`, 'failed')
    .option('--report <id>', 'one report, however it ended')
    .option('--event <id>', 'one event, by the id that receivers know it by')
    .option('--from <time>', 'only what happened from this time on, ISO 8601')
    .option('--to <time>', 'only what happened up to this time, ISO 8601')
    .action((flags: ReportFlags) => {
      const reportId = id('--report', flags.report);
      const filter = {
        state: reportId === undefined ? oneOf('--state', flags.state!, REPLAYED) : ('all' as const),
        reportId,
        eventId: id('--event', flags.event),
        messageId: id('--message', flags.message),
        endpointId: id('--endpoint', flags.endpoint),
        from: time('--from', flags.from),
        to: time('--to', flags.to),
      };
      return visit(flags, async ({ store }) => {
        const workspaceId = await workspaceNamed(store, flags.workspace);
        const { scheduled, skipped } = await replayReports(store, { workspaceId, ...filter });
        process.stdout.write(`${scheduled} scheduled.\n`);
        if (skipped > 0)
          process.stderr.write(`${skipped} stay as they are: their endpoint is disabled or deleted.\n`);
      });
    });
}

function id(flag: string, text: string | undefined): string | undefined {
  if (text !== undefined && !isUuid(text)) throw new Error(`${flag} must be an id, not "${text}".`);
  return text;
}

function time(flag: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(date.getTime()))
    throw new Error(`${flag} must be a time in ISO 8601, such as 2026-11-28T12:00:00Z, not "${text}".`);
  return date;
}

function oneOf<Value extends string>(flag: string, text: string, values: readonly Value[]): Value {
  const found = values.find(value => value === text);
  if (found === undefined) throw new Error(`${flag} must be one of ${values.join(', ')}, not "${text}".`);
  return found;
}

function wholeNumber(flag: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > LIMIT_MAX)
    throw new Error(`${flag} must be a whole number from 1 to ${LIMIT_MAX}, not "${text}".`);
  return number;
}
