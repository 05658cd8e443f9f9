import type { FastifyRequest } from 'fastify';
import { GraphError } from './errors.ts';

export interface PageQuery {
  limit?: string;
  after?: string;
  before?: string;
}

interface Page<T> {
  data: T[];
  paging?: { cursors: { before: string; after: string }; next?: string; previous?: string };
}

const LIMIT_MAX = 1000;

/** One page of a list, with Meta's cursors; each names an item by its key. */
export function pageOf<T>(
  request: FastifyRequest,
  all: readonly T[],
  keyOf: (item: T) => string,
  limitDefault: number,
): Page<T> {
  const query = request.query as PageQuery;
  const limit = query.limit === undefined ? limitDefault : Number(query.limit);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new GraphError({ code: 100, message: '(#100) Param limit must be a whole number, 1 or more.' });
  }
  const size = Math.min(limit, LIMIT_MAX);
  let from = 0;
  if (query.after !== undefined) from = indexOf(all, keyOf, query.after) + 1;
  else if (query.before !== undefined) from = Math.max(0, indexOf(all, keyOf, query.before) - size);
  const data = all.slice(from, from + size);
  if (data.length === 0) return { data };
  const cursors = { before: cursorOf(keyOf(data[0]!)), after: cursorOf(keyOf(data.at(-1)!)) };
  return {
    data,
    paging: {
      cursors,
      ...(from + size < all.length && { next: urlOf(request, 'after', cursors.after) }),
      ...(from > 0 && { previous: urlOf(request, 'before', cursors.before) }),
    },
  };
}

function indexOf<T>(all: readonly T[], keyOf: (item: T) => string, cursor: string): number {
  const key = Buffer.from(cursor, 'base64url').toString();
  const index = all.findIndex(item => keyOf(item) === key);
  if (index === -1) throw new GraphError({ code: 100, message: '(#100) Invalid cursor' });
  return index;
}

function cursorOf(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function urlOf(request: FastifyRequest, name: 'after' | 'before', cursor: string): string {
  const url = new URL(request.url, `${request.protocol}://${request.host}`);
  url.searchParams.delete('after');
  url.searchParams.delete('before');
  url.searchParams.set(name, cursor);
  return url.href;
}
