import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Directory, Principal, Scope } from '../accounts/directory.ts';
import type { HttpProblem, Refusal } from '../problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key a request to a dialect's paths carries; set before anything of the body is read. */
    dialectPrincipal: Principal | null;
  }
}

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Who may call a dialect's routes, and how the others are turned away, in the vendor's own shape. */
export interface Access {
  /** Lets in nobody without a key of this installation. */
  readonly guard: (app: FastifyInstance, directory: Pick<Directory, 'authenticate'>) => void;
  /** Whose key the request carries. */
  readonly principalOf: (request: FastifyRequest) => Principal;
  /** Lets in only keys with this scope, before the body is read. */
  readonly requires: (
    scope: Scope,
  ) => (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;
  /** A known path with a wrong method says which methods there are; Fastify alone would say 404. */
  readonly refuseOthers: (app: FastifyInstance, url: string, allowed: readonly HTTPMethods[]) => void;
  readonly answerProblem: (reply: FastifyReply, problem: HttpProblem) => FastifyReply;
}

export function accessBy(refuse: (problem: HttpProblem) => Refusal): Access {
  const answerProblem = (reply: FastifyReply, problem: HttpProblem): FastifyReply =>
    answer(reply, refuse(problem));
  const principalOf = (request: FastifyRequest): Principal => {
    if (request.dialectPrincipal === null) throw new Error('a route without authentication');
    return request.dialectPrincipal;
  };
  return {
    answerProblem,
    principalOf,
    guard: (app, directory) => {
      app.decorateRequest('dialectPrincipal', null);
      app.addHook('onRequest', (request, reply, done) => {
        const principal = directory.authenticate(request.headers);
        if (principal === undefined) {
          answerProblem(reply, { kind: 'unauthenticated' });
          return;
        }
        request.dialectPrincipal = principal;
        done();
      });
    },
    requires: scope => (request, reply, done) => {
      const { scopes } = principalOf(request);
      if (scopes.includes(scope) || scopes.includes('admin')) done();
      else answerProblem(reply, { kind: 'forbidden', scope });
    },
    refuseOthers: (app, url, allowed) => {
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
    },
  };
}

export function answer(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return reply
    .code(refusal.status)
    .headers(refusal.headers ?? {})
    .send(refusal.body);
}
