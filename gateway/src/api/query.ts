import type { FastifyRequest } from 'fastify';
import { isUuid, type Page } from '../accounts/outcome.ts';
import { type Fault, invalid } from './problem.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

/** A list on the wire: `next` goes into `after` for what follows, and is null at the end. */
export interface List<Row> {
  readonly data: readonly Row[];
  readonly next: string | null;
}

/**
 * The query of a list, as texts, with its page.
 *
 * @throws Problem with every fault
 */
export function readQuery<Name extends string>(
  request: FastifyRequest,
  names: readonly Name[],
): { page: Page; filters: Partial<Record<Name, string>> } {
  const filters: Partial<Record<string, string>> = {};
  const faults = readInto(filters, request, ['limit', 'after', ...names]);
  const limit = filters.limit === undefined ? LIMIT_DEFAULT : Number(filters.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    faults.push({ parameter: 'limit', detail: `limit must be a whole number from 1 to ${LIMIT_MAX}.` });
  }
  if (filters.after !== undefined && !isUuid(filters.after)) {
    faults.push({ parameter: 'after', detail: 'after must be the next of an earlier answer.' });
  }
  if (faults.length > 0) throw invalid(...faults);
  return { page: { limit, after: filters.after }, filters: filters as Partial<Record<Name, string>> };
}

/**
 * The query of what has no pages.
 *
 * @throws Problem with every fault
 */
export function readFilters<Name extends string>(
  request: FastifyRequest,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const filters: Partial<Record<string, string>> = {};
  const faults = readInto(filters, request, names);
  if (faults.length > 0) throw invalid(...faults);
  return filters as Partial<Record<Name, string>>;
}

/** An unknown parameter is a fault: a filter with a slip of the pen would otherwise let everything through. */
function readInto(
  filters: Partial<Record<string, string>>,
  request: FastifyRequest,
  known: readonly string[],
): Fault[] {
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(request.query as Record<string, unknown>)) {
    if (!known.includes(name)) {
      faults.push({
        parameter: name,
        detail: `There is no parameter ${name}; known are ${known.join(', ')}.`,
      });
    } else if (typeof value !== 'string')
      faults.push({ parameter: name, detail: `${name} may be given once.` });
    else if (value !== '') filters[name] = value;
  }
  return faults;
}

/**
 * @param read gives at most `limit` rows after the page's cursor, newest first
 */
export async function listOf<Row extends { id: string }, Shown>(
  page: Page,
  read: (page: Page) => Promise<Row[]>,
  show: (row: Row) => Shown,
): Promise<List<Shown>> {
  const rows = await read({ ...page, limit: page.limit + 1 });
  const shown = rows.slice(0, page.limit);
  return { data: shown.map(show), next: rows.length > page.limit ? (shown.at(-1)?.id ?? null) : null };
}

/** One element of a union of texts, for a filter. */
export function oneOf<Value extends string>(
  parameter: string,
  value: string | undefined,
  values: readonly Value[],
): Value | undefined {
  if (value === undefined) return undefined;
  const found = values.find(one => one === value);
  if (found === undefined)
    throw invalid({ parameter, detail: `${parameter} must be one of ${values.join(', ')}.` });
  return found;
}
