import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyError, FastifyInstance } from 'fastify';
import { findUnsendable } from '../message/content.ts';
import { consentRoutes } from './consents.ts';
import type { Api, ApiDeps } from './deps.ts';
import { errorCodeRoutes } from './error-codes.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { keyRoutes } from './keys.ts';
import { mediaRoutes } from './media.ts';
import { messageRoutes } from './messages.ts';
import { noticeRoutes } from './notices.ts';
import { type Fault, invalid, Problem, refusal } from './problem.ts';
import { reportRoutes } from './reports.ts';
import { PATTERNS } from './schema.ts';
import { senderRoutes } from './senders.ts';
import { templateRoutes } from './templates.ts';
import { webhookEndpointRoutes } from './webhook-endpoints.ts';
import { workspaceRoutes } from './workspaces.ts';

export type { ApiDeps } from './deps.ts';
export { refuseApi } from './refuse.ts';

/**
 * Wirebird's own HTTP API, for operators, scripts and the console: `/api`, `/healthz`, `/readyz`, `/metrics`.
 *
 * Refusals that no route of it makes (unknown path, broken JSON, too large) are the server's to answer by `refuseApi`.
 */
export function apiRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.register(async scope => {
    scope.setErrorHandler((error: FastifyError | Problem, _request, reply) => {
      const problem = error instanceof Problem ? error : invalidBody(error);
      // What is not ours to explain goes to the server's own handler.
      if (problem === undefined) throw error;
      const { status, headers, body } = refusal(problem.status, problem.message, { errors: problem.errors });
      return reply.code(status).headers(headers).send(body);
    });
    scope.addHook('preValidation', async request => {
      const fault = findUnsendable(request.body);
      if (fault !== undefined) {
        throw invalid({ pointer: fault.pointer, detail: `${fault.pointer || 'The body'} ${fault.message}.` });
      }
    });
    const api: Api = scope.withTypeProvider<TypeBoxTypeProvider>();
    healthRoutes(api, deps);
    errorCodeRoutes(api, deps);
    workspaceRoutes(api, deps);
    keyRoutes(api, deps);
    senderRoutes(api, deps);
    messageRoutes(api, deps);
    consentRoutes(api, deps);
    noticeRoutes(api, deps);
    eventRoutes(api, deps);
    mediaRoutes(api, deps);
    webhookEndpointRoutes(api, deps);
    reportRoutes(api, deps);
    templateRoutes(api, deps);
  });
}

/** What the schema has against a body, each fault with its pointer. */
function invalidBody(error: FastifyError): Problem | undefined {
  if (error.validation === undefined) return undefined;
  const faults = new Map<string, Fault>();
  for (const { instancePath, keyword, params, message } of error.validation) {
    const pointer = `${instancePath}${member(keyword, params)}`;
    // Of the branches of a union only the first is told: the others say the same of another type.
    if (!faults.has(pointer))
      faults.set(pointer, { pointer, detail: `${pointer || 'The body'} ${said(keyword, params, message)}.` });
  }
  return invalid(...faults.values());
}

function member(keyword: string, params: Readonly<Record<string, unknown>>): string {
  if (keyword === 'required') return `/${params.missingProperty}`;
  return keyword === 'additionalProperties' ? `/${params.additionalProperty}` : '';
}

function said(
  keyword: string,
  params: Readonly<Record<string, unknown>>,
  message: string | undefined,
): string {
  switch (keyword) {
    case 'required':
      return 'is missing';
    case 'additionalProperties':
      return 'is not a known field';
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`;
    case 'pattern':
      return PATTERNS.get(params.pattern) ?? 'is not valid';
    default:
      return message ?? 'is not valid';
  }
}
