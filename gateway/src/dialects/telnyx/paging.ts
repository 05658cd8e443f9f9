import type { Slice, Sliced } from '../../accounts/outcome.ts';
import type { Fault } from './errors.ts';

/** telnyx §3, "Paging". */
const SIZE_DEFAULT = 20;
const SIZE_MAX = 250;

/** Pages are reached by skipping rows; further back nobody pages, and the database must not be made to. */
const NUMBER_MAX = 100_000;

/** A query as texts, each parameter once. */
export type Query = Readonly<Record<string, string>>;

/** A page as it was asked for, counted from 1. */
export interface PageAsked {
  readonly number: number;
  readonly size: number;
}

export interface Meta {
  readonly page_number: number;
  readonly page_size: number;
  readonly total_pages: number;
  readonly total_results: number;
}

/** `page[number]` and `page[size]`, or what is wrong with them. */
export function readPage(query: Query): PageAsked | readonly Fault[] {
  const number = whole(query['page[number]'], 1, NUMBER_MAX);
  const size = whole(query['page[size]'], SIZE_DEFAULT, SIZE_MAX);
  if (number !== undefined && size !== undefined) return { number, size };
  return [
    ...(number === undefined ? [outside('page[number]', NUMBER_MAX)] : []),
    ...(size === undefined ? [outside('page[size]', SIZE_MAX)] : []),
  ];
}

export function sliceOf(page: PageAsked): Slice {
  return { limit: page.size, offset: (page.number - 1) * page.size };
}

/** All four fields, always: without them the official client asks for the next page for ever (telnyx §3). */
export function metaOf(page: PageAsked, total: number): Meta {
  return {
    page_number: page.number,
    page_size: page.size,
    total_pages: Math.ceil(total / page.size),
    total_results: total,
  };
}

/** The page of a list that is in memory. */
export function pageOf<Row>(rows: readonly Row[], { limit, offset }: Slice): Sliced<Row> {
  return { rows: rows.slice(offset, offset + limit), total: rows.length };
}

function whole(text: string | undefined, otherwise: number, max: number): number | undefined {
  if (text === undefined) return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= max ? value : undefined;
}

function outside(parameter: string, max: number): Fault {
  return { code: '10033', detail: `${parameter} must be a whole number from 1 to ${max}.`, parameter };
}
