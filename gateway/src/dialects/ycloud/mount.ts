import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Scope } from '../../accounts/directory.ts';
import { findUnsendable } from '../../message/content.ts';
import { answer, principalOf, refuseOthers, requires } from './http.ts';
import type { Query } from './paging.ts';
import { invalid, Refused } from './refused.ts';

/** A request to a resource, with nothing in it that cannot be stored. */
export interface Asked {
  readonly workspaceId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** Any parsed JSON; undefined without one. */
  readonly body: unknown;
}

/**
 * What serves a method; what it returns is the body of a 200, and nothing is an empty one: YCloud has no other success.
 *
 * @throws Refused
 */
export type Serve = (asked: Asked, request: FastifyRequest) => Promise<unknown>;

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** The methods of one path, each with the scope that it asks for. */
export type Methods = Partial<Readonly<Record<Method, readonly [Scope, Serve]>>>;

/** Mounts a resource below `/v2`; another method is refused there. */
export function mount(app: FastifyInstance, path: string, methods: Methods): void {
  const url = `/v2${path}`;
  const allowed: HTTPMethods[] = [];
  for (const [method, [scope, serve]] of Object.entries(methods) as [Method, readonly [Scope, Serve]][]) {
    allowed.push(method);
    if (method === 'GET') allowed.push('HEAD');
    app.route({
      method,
      url,
      onRequest: requires(scope),
      handler: (request, reply) => answered(request, reply, serve),
    });
  }
  refuseOthers(app, url, allowed);
}

async function answered(request: FastifyRequest, reply: FastifyReply, serve: Serve): Promise<FastifyReply> {
  try {
    const body = await serve(askedBy(request), request);
    return reply.code(200).send(body);
  } catch (error) {
    if (error instanceof Refused) return answer(reply, error.refusal);
    throw error;
  }
}

export function askedBy(request: FastifyRequest): Asked {
  const { workspaceId } = principalOf(request);
  const params = request.params as Record<string, string>;
  const given = Object.entries(request.query as Record<string, unknown>);
  for (const [name, value] of given)
    if (typeof value !== 'string') throw invalid(name, `Parameter '${name}' may be given once.`);
  for (const [name, value] of [...Object.entries(params), ...given]) {
    const unsendable = findUnsendable(value);
    if (unsendable !== undefined) throw invalid(name, `Parameter '${name}' ${unsendable.message}.`);
  }
  const unsendable = findUnsendable(request.body);
  if (unsendable !== undefined) {
    const target = unsendable.pointer.slice(1).replaceAll('/', '.');
    throw invalid(target === '' ? undefined : target, `This value ${unsendable.message}.`);
  }
  // What is left empty is not said.
  const query = Object.fromEntries(given.filter(([, value]) => value !== '')) as Query;
  return { workspaceId, params, query, body: request.body ?? undefined };
}
