import type { FastifyInstance } from 'fastify';
import type { Below } from '../../dialect.ts';
import { balanceRoutes } from './balance.ts';
import { businessAccountRoutes } from './business-accounts.ts';
import { callRoutes } from './calls.ts';
import { contactRoutes } from './contacts.ts';
import { inboundRoutes } from './inbound.ts';
import { mediaRoutes } from './media.ts';
import { phoneNumberRoutes } from './phone-numbers.ts';
import { templateRoutes } from './templates.ts';
import { unsubscriberRoutes } from './unsubscribers.ts';
import { webhookEndpointRoutes } from './webhook-endpoints.ts';

const RESOURCES: readonly ((app: FastifyInstance, below: Below) => void)[] = [
  balanceRoutes,
  businessAccountRoutes,
  callRoutes,
  contactRoutes,
  inboundRoutes,
  mediaRoutes,
  phoneNumberRoutes,
  templateRoutes,
  unsubscriberRoutes,
  webhookEndpointRoutes,
];

/** Everything beside the messages that are sent (ycloud §2). */
export function resourceRoutes(app: FastifyInstance, below: Below): void {
  for (const routes of RESOURCES) routes(app, below);
}
