import type { FastifyInstance, FastifyReply } from 'fastify';
import { GraphError } from '../graph/errors.ts';
import type { Network } from '../parts.ts';
import { accountControls } from './accounts.ts';
import { eventRoutes } from './events.ts';
import { machineryRoutes } from './machinery.ts';
import { mediaControls } from './media.ts';
import { phoneRoutes } from './phones.ts';
import { Problem, problemBody } from './problem.ts';
import { receiverControls } from './receivers.ts';
import { senderRoutes } from './senders.ts';
import { templateControls } from './templates.ts';

/** The sandbox's own controls, under /sandbox; for its page and for tests. */
export function controlRoutes(server: FastifyInstance, network: Network): void {
  phoneRoutes(server, network);
  senderRoutes(server, network);
  accountControls(server, network);
  templateControls(server, network);
  mediaControls(server, network);
  receiverControls(server, network);
  machineryRoutes(server, network);
  eventRoutes(server, network);
}

/** Errors of the controls, as application/problem+json. */
export function controlErrors(error: Error & { statusCode?: number }, reply: FastifyReply): FastifyReply {
  const unreadable = error instanceof GraphError;
  const status = error instanceof Problem ? error.status : unreadable ? 400 : (error.statusCode ?? 500);
  return reply.code(status).type('application/problem+json').send(problemBody(status, error.message));
}
