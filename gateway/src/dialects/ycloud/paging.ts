import type { Slice, Sliced } from '../../accounts/outcome.ts';
import { invalid } from './refused.ts';

/** ycloud §3, "Pagination". */
const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 100;
const PAGE_MAX = 100;

/** A query as texts, each parameter once. */
export type Query = Readonly<Record<string, string>>;

export interface PageAsked extends Slice {
  readonly includeTotal: boolean;
}

/** A page on the wire. */
export interface Page<Shown> {
  readonly offset: number;
  readonly limit: number;
  readonly length: number;
  readonly items: readonly Shown[];
  readonly total?: number;
}

/** @throws Refused for a page that cannot be */
export function readPage(query: Query): PageAsked {
  const page = whole(query, 'page', 1, PAGE_MAX);
  const limit = whole(query, 'limit', LIMIT_DEFAULT, LIMIT_MAX);
  return { limit, offset: (page - 1) * limit, includeTotal: flag(query, 'includeTotal') };
}

export function pageOf<Row, Shown>(
  { limit, offset, includeTotal }: PageAsked,
  { rows, total }: Sliced<Row>,
  show: (row: Row) => Shown,
): Page<Shown> {
  const items = rows.map(show);
  return { offset, limit, length: items.length, items, ...(includeTotal ? { total } : {}) };
}

/** The page of a list that is in memory. */
export function sliceOf<Row>(rows: readonly Row[], { limit, offset }: Slice): Sliced<Row> {
  return { rows: rows.slice(offset, offset + limit), total: rows.length };
}

export function flag(query: Query, name: string): boolean {
  const text = query[name];
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw invalid(name, `Parameter '${name}' should be true or false.`);
}

function whole(query: Query, name: string, otherwise: number, max: number): number {
  const text = query[name];
  if (text === undefined) return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw invalid(name, `Parameter '${name}' should be between 1 and ${max}.`);
}
