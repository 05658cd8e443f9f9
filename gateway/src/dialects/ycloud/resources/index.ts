import type { FastifyInstance } from 'fastify';
import type { Below } from '../../dialect.ts';
import { balanceRoutes } from './balance.ts';
import { inboundRoutes } from './inbound.ts';
import { mediaRoutes } from './media.ts';
import { unsubscriberRoutes } from './unsubscribers.ts';

/** Everything beside the messages that are sent (ycloud §2). */
export function resourceRoutes(app: FastifyInstance, below: Below): void {
  balanceRoutes(app, below);
  inboundRoutes(app, below);
  mediaRoutes(app, below);
  unsubscriberRoutes(app, below);
}
