import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Sender } from '../../../accounts/directory.ts';
import { pinOf } from '../../../accounts/pins.ts';
import type { Below } from '../../dialect.ts';
import { field } from '../../field.ts';
import { bothV2, mount, NOTHING } from '../mount.ts';
import { notFound, refusedByMeta } from '../refused.ts';
import { readBody } from './body.ts';
import { ownNumber } from './own-number.ts';

export const VerificationMethod = Type.Optional(Type.Enum(['sms', 'voice']));

/** Meta's codes have six digits, written with or without a hyphen. */
const VERIFY = Compile(Type.Object({ code: Type.String({ minLength: 1, maxLength: 32 }) }));
const RESEND = Compile(Type.Object({ verification_method: VerificationMethod }));

const LANGUAGE = 'en_US';

/** Showing WhatsApp that a number is one's own (telnyx §3, row 16). */
export function numberVerificationRoutes(app: FastifyInstance, below: Below): void {
  mount(app, bothV2('/whatsapp/phone_numbers/:number/verify'), {
    POST: [
      'admin',
      async ({ workspaceId, params, body }) => {
        const { sender } = await ownNumber(below, workspaceId, params.number);
        const { code } = readBody(VERIFY, body);
        await verify(below, sender, code.replaceAll(/\D/g, ''));
        await register(below, sender);
        return NOTHING;
      },
    ],
  });

  mount(app, bothV2('/whatsapp/phone_numbers/:number/resend_verification'), {
    POST: [
      'admin',
      async ({ workspaceId, params, body }) => {
        const { sender } = await ownNumber(below, workspaceId, params.number);
        await requestCode(below, sender, readBody(RESEND, body).verification_method, undefined);
        return NOTHING;
      },
    ],
  });
}

/** @throws Refused in Meta's words */
export async function requestCode(
  below: Below,
  sender: Sender,
  method: 'sms' | 'voice' | undefined,
  language: string | undefined,
): Promise<void> {
  const answer = await below.graph(sender, 'POST', `/${sender.phoneNumberId}/request_code`, {
    code_method: method === 'voice' ? 'VOICE' : 'SMS',
    language: language ?? LANGUAGE,
  });
  if (answer.kind === 'failed') throw refusedByMeta(answer.failure);
}

/** A code is good once: when only what comes after it failed, the same request goes on from there. */
async function verify(below: Below, sender: Sender, code: string): Promise<void> {
  const path = `/${sender.phoneNumberId}`;
  const now = await below.graph(sender, 'GET', `${path}?fields=code_verification_status`);
  if (now.kind === 'answered' && field(now.body, 'code_verification_status') === 'VERIFIED') return;
  const answer = await below.graph(sender, 'POST', `${path}/verify_code`, { code });
  if (answer.kind === 'failed') throw refusedByMeta(answer.failure);
}

/**
 * Lets the number send through the Cloud API, which a verified one may not yet. Meta asks for the same PIN each time
 * that a number is registered, so it is kept.
 */
async function register(below: Below, sender: Sender): Promise<void> {
  const pin = await pinOf(below.store, below.secrets, sender.id);
  if (pin === undefined) throw notFound(`WhatsApp number ${sender.phoneNumber}`);
  const answer = await below.graph(sender, 'POST', `/${sender.phoneNumberId}/register`, {
    messaging_product: 'whatsapp',
    pin,
  });
  if (answer.kind === 'failed') throw refusedByMeta(answer.failure);
}
