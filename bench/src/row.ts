import type { Cores } from './processor.ts';

/** A line of the table; what does not apply is undefined. */
export interface Row {
  readonly name: string;
  /** Messages per second: the median of the runs. */
  readonly perSecond: number;
  /** Slowest and fastest run. */
  readonly range: readonly [number, number];
  /** Of the ceiling of this line, 0 to 1. */
  readonly ofCeiling?: number;
  /** Of the accept's answer, ms. */
  readonly p50?: number;
  readonly p99?: number;
  /** Accepted, and not stored (accept) or not sent (pipeline). */
  readonly lost?: number;
  /** Sent more than once. */
  readonly twice?: number;
  /** Reports that never came, and those that came again. */
  readonly reportsMissing?: number;
  readonly reportsRepeated?: number;
  readonly cores: Cores;
}

/** What one run of a measure gave. */
export type Run = Pick<Row, 'perSecond' | 'p50' | 'p99' | 'cores'>;

/** The run in the middle stands for all. */
export function rowOf(name: string, runs: readonly Run[], more: Partial<Row> = {}): Row {
  const sorted = runs.toSorted((a, b) => a.perSecond - b.perSecond);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]!;
  return { name, ...middle, range: [sorted[0]!.perSecond, sorted.at(-1)!.perSecond], ...more };
}
