import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { Directory, Principal, Scope } from '../accounts/directory.ts';
import { Problem } from './problem.ts';
import { refuseApi } from './refuse.ts';

const principals = new WeakMap<FastifyRequest, Principal>();

/** Lets in only keys with this scope, before the body is read. */
export function requires(directory: Directory, scope: Scope): { onRequest: onRequestAsyncHookHandler } {
  return {
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
      const principal = directory.authenticate(request.headers);
      if (principal?.scopes.includes(scope)) {
        principals.set(request, principal);
        return;
      }
      const refused = refuseApi(
        principal === undefined ? { kind: 'unauthenticated' } : { kind: 'forbidden', scope },
      );
      return reply.code(refused.status).headers(refused.headers).send(refused.body);
    },
  };
}

/** Who was let in. */
export function principalOf(request: FastifyRequest): Principal {
  const principal = principals.get(request);
  if (principal === undefined) throw new Error(`${request.routeOptions.url} lets in everybody`);
  return principal;
}

/** Operators hold an admin key of the workspace `default`: they make the other workspaces. */
export function isOperator(directory: Directory, principal: Principal): boolean {
  return principal.workspaceId === directory.defaultWorkspaceId && principal.scopes.includes('admin');
}

export function operatorOnly(directory: Directory, request: FastifyRequest): void {
  if (isOperator(directory, principalOf(request))) return;
  throw new Problem(403, 'Only an admin key of the workspace default may do this.');
}
