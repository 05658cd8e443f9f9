import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { httpOf, titleOf } from './codes.ts';

/** Why Meta refuses a request. */
export interface Refusal {
  code: number;
  /** `error_data.details`: what exactly is wrong */
  details?: string;
  subcode?: number;
  /** Instead of `(#code) title` */
  message?: string;
  /** Instead of OAuthException */
  type?: string;
  /** `error_user_title` and `error_user_msg`: what a person is told */
  user?: { title: string; message: string };
}

/** Thrown by routes off the hot path; the server's error handler answers it. */
export class GraphError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.details ?? refusal.message ?? titleOf(refusal.code));
    this.refusal = refusal;
  }
}

export function statusOf(refusal: Refusal): number {
  return httpOf(refusal.code);
}

/** Meta's envelope of an error. */
export function envelopeOf(refusal: Refusal): { error: Record<string, unknown> } {
  const error: Record<string, unknown> = {
    message: refusal.message ?? `(#${refusal.code}) ${titleOf(refusal.code)}`,
    type: refusal.type ?? 'OAuthException',
    code: refusal.code,
  };
  if (refusal.details !== undefined) {
    error.error_data = { messaging_product: 'whatsapp', details: refusal.details };
  }
  if (refusal.subcode !== undefined) error.error_subcode = refusal.subcode;
  if (refusal.user !== undefined) {
    error.is_transient = false;
    error.error_user_title = refusal.user.title;
    error.error_user_msg = refusal.user.message;
  }
  error.fbtrace_id = `A${randomBytes(17).toString('base64url').slice(0, 22)}`;
  return { error };
}

/** Answers whatever went wrong with a Graph request: a refusal, an unreadable body, an error of the sandbox itself. */
export function graphErrors(error: Error & { statusCode?: number }, reply: FastifyReply): FastifyReply {
  if (error instanceof GraphError) return reply.code(statusOf(error.refusal)).send(envelopeOf(error.refusal));
  const http = error.statusCode ?? 500;
  const refusal =
    http >= 500
      ? { code: 1, message: 'An unknown error occurred' }
      : { code: 100, message: `(#100) ${error.message}` };
  return reply.code(http).send(envelopeOf(refusal));
}

export const UNKNOWN_TOKEN: Refusal = {
  code: 190,
  message: 'Invalid OAuth access token - Cannot parse access token',
};

/** Meta does not say whether a node is absent or another's. */
export function unknownNode(id: string): Refusal {
  return {
    code: 100,
    subcode: 33,
    type: 'GraphMethodException',
    message:
      `Unsupported request. Object with ID '${id}' does not exist, cannot be loaded due to missing ` +
      'permissions, or does not support this operation. Please read the Graph API documentation at ' +
      'https://developers.facebook.com/docs/graph-api',
  };
}
