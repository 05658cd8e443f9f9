import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Principal, Scope } from '../../accounts/directory.ts';
import type { HttpProblem, Refusal } from '../../problem.ts';
import { refuse } from './errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key a request to Telnyx's paths carries; set before anything of the body is read. */
    telnyxPrincipal: Principal | null;
  }
}

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Whose key the request carries. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.telnyxPrincipal === null) throw new Error('a route without authentication');
  return request.telnyxPrincipal;
}

/** Lets in only keys with this scope, before the body is read. */
export function requires(scope: Scope) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { scopes } = principalOf(request);
    if (scopes.includes(scope) || scopes.includes('admin')) done();
    else answerProblem(reply, { kind: 'forbidden', scope });
  };
}

/** A known path with a wrong method is 405 and says which methods there are; Fastify alone would say 404. */
export function refuseOthers(app: FastifyInstance, url: string, allowed: readonly HTTPMethods[]): void {
  const refuseMethod = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    answerProblem(reply, { kind: 'method_not_allowed', method: request.method, allowed });
  app.route({
    method: METHODS.filter(method => !allowed.includes(method)),
    url,
    exposeHeadRoute: false,
    // Before the body is read: whether it is JSON does not matter any more.
    onRequest: refuseMethod,
    handler: refuseMethod,
  });
}

export function answerProblem(reply: FastifyReply, problem: HttpProblem): FastifyReply {
  return answer(reply, refuse(problem));
}

export function answer(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return reply
    .code(refusal.status)
    .headers(refusal.headers ?? {})
    .send(refusal.body);
}
