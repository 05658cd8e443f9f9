import { Readable } from 'node:stream';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { CONSENT_REASONS, type ConsentReason } from '../message/consent.ts';
import { isBsuid, isE164 } from '../message/phone.ts';
import type { ConsentChange } from '../recipients/consents.ts';
import { entriesOf } from '../recipients/ledger.ts';
import { principalOf, requires } from './access.ts';
import { CHANNEL, NOTE_MAX } from './consents-schema.ts';
import type { Api, ApiDeps } from './deps.ts';
import { type Fault, invalid } from './problem.ts';

/** Entries of one import; a file that is longer comes in parts. */
const ROWS_MAX = 100_000;

/** Entries of one statement. */
const PORTION = 1_000;

/** Faults that are told of one file. */
const FAULTS_MAX = 20;

/** Bytes of an import: a line has some forty. */
const CSV_MAX = 10 * 1024 * 1024;

/** An entry of the future could not be taken back until then; clocks differ a little. */
const CLOCKS_MS = 60_000;
const EARLIEST_MS = Date.UTC(2009, 0, 1);

const COLUMNS = ['recipient', 'channel', 'reason', 'source', 'note', 'at'] as const;

/** The ledger as a file (RFC 4180), out and in. */
export function consentCsvRoutes(api: Api, { store, clock, directory, consents }: ApiDeps): void {
  api.get('/api/consents.csv', requires(directory, 'read'), async (request, reply) => {
    const { workspaceId } = principalOf(request);
    async function* lines(): AsyncGenerator<string> {
      yield `${COLUMNS.join(',')}\r\n`;
      let after: string | undefined;
      for (;;) {
        const rows = await entriesOf(store, workspaceId, {}, { limit: PORTION, after });
        yield stringify(
          rows.map(row => [
            row.customer,
            row.channel,
            row.reason,
            row.source,
            row.note,
            row.at.toISOString(),
          ]),
          { record_delimiter: 'windows' },
        );
        after = rows.at(-1)?.id;
        if (rows.length < PORTION) return;
      }
    }
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="consents.csv"')
      .send(Readable.from(lines()));
  });

  api.register(async scope => {
    scope.addContentTypeParser('text/csv', { parseAs: 'string', bodyLimit: CSV_MAX }, (_, body, done) =>
      done(null, body),
    );
    scope.post('/api/consents.csv', requires(directory, 'admin'), async request => {
      const { workspaceId } = principalOf(request);
      if (typeof request.body !== 'string')
        throw invalid({ pointer: '', detail: 'The body must be CSV, sent with "Content-Type: text/csv".' });
      const { changes, faults } = readCsv(request.body, workspaceId, clock.now());
      // All or nothing: whoever mends the file sends all of it again.
      if (faults.length > 0) throw invalid(...faults.slice(0, FAULTS_MAX));
      let changed = 0;
      for (let at = 0; at < changes.length; at += PORTION)
        changed += (await consents.record(changes.slice(at, at + PORTION))).length;
      return { read: changes.length, changed };
    });
  });
}

/**
 * `recipient` is needed; `reason` is `unsubscribed` and `channel` `whatsapp` where they are not given. The first line
 * names the columns, in any order; unknown ones are passed over.
 */
export function readCsv(
  text: string,
  workspaceId: string,
  now: Date,
): { readonly changes: ConsentChange[]; readonly faults: Fault[] } {
  const changes: ConsentChange[] = [];
  const latestMs = now.getTime() + CLOCKS_MS;
  const faults: Fault[] = [];
  let records: string[][];
  try {
    records = parse(text, { bom: true, relax_column_count: true, skip_empty_lines: true });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { changes, faults: [{ pointer: '', detail: `The file cannot be read: ${said}.` }] };
  }
  const [head, ...rows] = records;
  const names = (head ?? []).map(name => name.trim().toLowerCase());
  const place = (name: (typeof COLUMNS)[number]): number => names.indexOf(name);
  if (place('recipient') === -1)
    return { changes, faults: [{ pointer: '', detail: 'The first line must name a column "recipient".' }] };
  if (rows.length > ROWS_MAX)
    return { changes, faults: [{ pointer: '', detail: `The file has more than ${ROWS_MAX} entries.` }] };
  for (const [index, row] of rows.entries()) {
    const cell = (name: (typeof COLUMNS)[number]): string => row[place(name)]?.trim() ?? '';
    const line = index + 2;
    const customer = cell('recipient');
    const reason = (cell('reason') || 'unsubscribed') as ConsentReason;
    const at = cell('at') === '' ? undefined : new Date(cell('at'));
    const fault = (detail: string) => faults.push({ pointer: '', detail: `Line ${line}: ${detail}` });
    if (!isE164(customer) && !isBsuid(customer)) fault(`"${customer}" is no number in E.164.`);
    else if (!CONSENT_REASONS.includes(reason))
      fault(`the reason must be one of ${CONSENT_REASONS.join(', ')}.`);
    else if (!CHANNEL.test(cell('channel') || 'whatsapp'))
      fault(`"${cell('channel').slice(0, 40)}" is no channel.`);
    else if ([...cell('note')].length > NOTE_MAX) fault(`the note has more than ${NOTE_MAX} characters.`);
    else if (at !== undefined && !(at.getTime() >= EARLIEST_MS && at.getTime() <= latestMs))
      fault(`"${cell('at').slice(0, 40)}" is no time between 2009, when WhatsApp began, and now.`);
    else
      changes.push({
        workspaceId,
        customer,
        reason,
        active: true,
        source: 'import',
        channel: cell('channel') || 'whatsapp',
        note: cell('note') || undefined,
        ...(at === undefined ? {} : { at }),
      });
    if (faults.length > FAULTS_MAX) break;
  }
  return { changes, faults };
}
