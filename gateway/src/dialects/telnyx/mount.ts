import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Scope } from '../../accounts/directory.ts';
import type { Sliced } from '../../accounts/outcome.ts';
import { findUnsendable } from '../../message/content.ts';
import type { Fault } from './errors.ts';
import { type Form, readForm } from './form.ts';
import { answer, answerProblem, principalOf, refuseOthers, requires } from './http.ts';
import { metaOf, type PageAsked, type Query, readPage } from './paging.ts';
import { invalid, Refused } from './refused.ts';

/** A request to a resource, with nothing in it that cannot be stored. */
export interface Asked {
  readonly workspaceId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** Any parsed JSON; undefined for methods without a body. */
  readonly body: unknown;
  /** A multipart form, where the method takes one. */
  readonly form?: Form | undefined;
}

export interface Answered {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** @throws Refused */
export type Serve = (asked: Asked) => Promise<Answered>;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What serves a method: the scope that it asks for, and the field of a form that may bring a file instead of JSON. */
type Service = readonly [Scope, Serve, string?];

/** The methods of one path. */
export type Methods = Partial<Readonly<Record<Method, Service>>>;

/**
 * Mounts a resource at each of its paths; another method is refused there.
 *
 * @param paths several where Telnyx's clients do not agree on one
 */
export function mount(app: FastifyInstance, paths: readonly string[], methods: Methods): void {
  const allowed: HTTPMethods[] = [];
  for (const [method, [scope, serve, fileField]] of entries(methods)) {
    allowed.push(method);
    if (method === 'GET') allowed.push('HEAD');
    for (const url of paths) {
      app.route({
        method,
        url,
        onRequest: requires(scope),
        handler: (request, reply) => answered(request, reply, serve, fileField),
      });
    }
  }
  for (const url of paths) refuseOthers(app, url, allowed);
}

/**
 * A path below `/whatsapp` as clients call it: the official one writes most of them with a `/v2` of their own behind
 * the `/v2` of its base URL (telnyx §2).
 */
export function bothV2(path: string): readonly string[] {
  return [`/v2${path}`, `/v2/v2${path}`];
}

function entries(methods: Methods): [Method, Service][] {
  return Object.entries(methods) as [Method, Service][];
}

async function answered(
  request: FastifyRequest,
  reply: FastifyReply,
  serve: Serve,
  fileField: string | undefined,
): Promise<FastifyReply | undefined> {
  const takesForm = fileField !== undefined && request.isMultipart();
  // Without a content type and without a body Fastify parses nothing and complains about nothing.
  if (!takesForm && request.body === undefined && /^P/.test(request.method)) {
    return answerProblem(reply, { kind: 'unsupported_media_type', given: request.headers['content-type'] });
  }
  try {
    const asked = askedBy(request);
    const form = takesForm ? await readForm(request, fileField) : undefined;
    const { status, headers, body } = await serve({ ...asked, form });
    return reply
      .code(status)
      .headers(headers ?? {})
      .send(body);
  } catch (error) {
    if (error instanceof Refused) return answer(reply, error.refusal);
    throw error;
  }
}

export function askedBy(request: FastifyRequest): Asked {
  const { workspaceId } = principalOf(request);
  const params = request.params as Record<string, string>;
  const given = Object.entries(request.query as Record<string, unknown>);
  const faults: Fault[] = given
    .filter(([, value]) => typeof value !== 'string')
    .map(([parameter]) => ({ code: '10015', detail: `${parameter} may be given once.`, parameter }));
  for (const [parameter, value] of [...Object.entries(params), ...given]) {
    const unsendable = findUnsendable(value);
    if (unsendable !== undefined)
      faults.push({ code: '10015', detail: `This value ${unsendable.message}.`, parameter });
  }
  const unsendable = findUnsendable(request.body);
  if (unsendable !== undefined)
    faults.push({ code: '10015', detail: `This value ${unsendable.message}.`, pointer: unsendable.pointer });
  if (faults.length > 0) throw invalid(...faults);
  return { workspaceId, params, query: Object.fromEntries(given) as Query, body: request.body };
}

export function found(data: unknown): Answered {
  return { status: 200, body: { data } };
}

export function made(data: unknown): Answered {
  return { status: 201, body: { data } };
}

export const NOTHING: Answered = { status: 204 };

/** One page of a list. */
export async function listed<Row>(
  query: Query,
  read: (page: PageAsked) => Promise<Sliced<Row>>,
  show: (row: Row) => unknown,
): Promise<Answered> {
  const page = readPage(query);
  if (!('number' in page)) throw invalid(...page);
  const { rows, total } = await read(page);
  return { status: 200, body: { data: rows.map(show), meta: metaOf(page, total) } };
}
