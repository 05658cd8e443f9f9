import type { FastifyInstance } from 'fastify';
import { isBsuid, isE164 } from '../../message/phone.ts';
import type { Below } from '../dialect.ts';
import { bothV2, found, mount } from './mount.ts';
import { invalid } from './refused.ts';
import { ownNumber } from './resources/own-number.ts';
import { time } from './translate.ts';

/** Whether somebody wrote to a number in the last 24 hours (telnyx §3, row 14; §4.5). */
export function conversationWindowRoutes(app: FastifyInstance, below: Below): void {
  mount(app, bothV2('/whatsapp/phone_numbers/:number/conversation_window'), {
    GET: [
      'read',
      async ({ workspaceId, params, query }) => {
        const { record } = await ownNumber(below, workspaceId, params.number);
        const recipient = query.destination_number;
        const parameter = 'destination_number';
        if (recipient === undefined)
          throw invalid({ code: '10004', detail: `The parameter ${parameter} is required.`, parameter });
        if (!isE164(recipient) && !isBsuid(recipient)) {
          const detail = 'The number must be a plus sign, the country code and the number, digits only.';
          throw invalid({ code: '10016', detail, parameter });
        }
        const window = await below.windowOf(workspaceId, record.id, recipient);
        return found({
          // What is not known to be open may be open all the same; WhatsApp decides then.
          window_active: window.state === 'open',
          window_type: '24h',
          window_expires_at: time(window.expiresAt),
          last_user_message_at: time(window.lastMessageAt),
        });
      },
    ],
  });
}
