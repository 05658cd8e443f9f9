import type { Row } from './row.ts';

/** The processes whose use of the processors is shown, in this order. */
const PARTS = ['load', 'gateway', 'network', 'database', 'others'];

const HEAD = ['', 'msg/s', 'min–max', 'of bare', 'p50 ms', 'p99 ms', 'lost', 'twice', 'reports', ...PARTS];

/** One table of everything that was measured; plain text for a terminal. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map(line => line[column]!.length)));
  return lines
    .map(line =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join('  '),
    )
    .join('\n');
}

function cells(row: Row): string[] {
  const { range, ofCeiling, reportsMissing, reportsRepeated } = row;
  return [
    row.name,
    whole(row.perSecond),
    range[0] === range[1] ? '–' : `${whole(range[0])}–${whole(range[1])}`,
    ofCeiling === undefined ? '–' : `${Math.round(ofCeiling * 100)} %`,
    figure(row.p50),
    figure(row.p99),
    row.lost === undefined ? '–' : whole(row.lost),
    row.twice === undefined ? '–' : whole(row.twice),
    reportsMissing === undefined ? '–' : `${whole(reportsMissing)} / ${whole(reportsRepeated ?? 0)}`,
    ...PARTS.map(part => figure(row.cores[part], 2)),
  ];
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function figure(value: number | undefined, digits = 1): string {
  return value === undefined ? '–' : value.toFixed(digits);
}
