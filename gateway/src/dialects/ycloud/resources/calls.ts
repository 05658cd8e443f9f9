import type { FastifyInstance } from 'fastify';
import type { Below } from '../../dialect.ts';
import { mount } from '../mount.ts';
import { refused } from '../refused.ts';

const STEPS = ['connect', 'preAccept', 'accept', 'reject', 'terminate'] as const;

/** Calls by the caller's own WebRTC (ycloud §2): nothing here makes calls yet, and says so. */
export function callRoutes(app: FastifyInstance, _below: Below): void {
  for (const step of STEPS) {
    mount(app, `/whatsapp/calls/${step}`, {
      POST: [
        'send',
        async () => {
          const message = 'Wirebird does not make WhatsApp calls through this API yet.';
          throw refused({ status: 400, code: 'BAD_REQUEST', message });
        },
      ],
    });
  }
}
