import type { FastifyInstance } from 'fastify';
import type { Below } from '../../dialect.ts';
import { accountNumberRoutes } from './account-numbers.ts';
import { accountSettingsRoutes } from './account-settings.ts';
import { businessAccountRoutes } from './business-accounts.ts';
import { deliveryRoutes } from './deliveries.ts';
import { mediaRoutes } from './media.ts';
import { messagingSettingsRoutes } from './messaging-settings.ts';
import { numberVerificationRoutes } from './number-verification.ts';
import { numberRoutes } from './numbers.ts';
import { profileRoutes } from './profiles.ts';
import { templateRoutes } from './templates.ts';
import { userDataRoutes } from './user-data.ts';

/** What stands beside sending and following messages (telnyx §3, rows 6 to 24). */
export function resourceRoutes(app: FastifyInstance, below: Below): void {
  templateRoutes(app, below);
  mediaRoutes(app, below);
  profileRoutes(app, below);
  messagingSettingsRoutes(app, below);
  numberRoutes(app, below);
  numberVerificationRoutes(app, below);
  businessAccountRoutes(app, below);
  accountNumberRoutes(app, below);
  accountSettingsRoutes(app, below);
  userDataRoutes(app, below);
  deliveryRoutes(app, below);
}
