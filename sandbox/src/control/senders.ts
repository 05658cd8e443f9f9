import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFields } from '../checks.ts';
import { isE164 } from '../number.ts';
import type { Network } from '../parts.ts';
import type { NewSender, Sender } from '../senders.ts';
import { Problem } from './problem.ts';

/** Business numbers: what an owner of a WhatsApp Business Account would set up at Meta by hand. */
export function senderRoutes(server: FastifyInstance, network: Network): void {
  const { senders } = network;

  server.get('/senders', () => ({
    data: senders.all().map(({ phoneNumber, displayName, phoneNumberId, account, throughput }) => ({
      phone_number: phoneNumber,
      display_name: displayName,
      phone_number_id: phoneNumberId,
      waba_id: account.wabaId,
      throughput,
      messaging_limit: account.messagingLimit ?? 'TIER_UNLIMITED',
    })),
  }));

  server.post('/senders', (request: FastifyRequest, reply) => {
    const { sender, created } = senders.register(readSender(request.body));
    return reply.code(created ? 201 : 200).send(credentialsOf(sender, server.listeningOrigin));
  });
}

/** Everything that a Cloud API client needs to use a number. */
export function credentialsOf(sender: Sender, graphUrl: string): Record<string, unknown> {
  const { account } = sender;
  return {
    phone_number: sender.phoneNumber,
    phone_number_id: sender.phoneNumberId,
    waba_id: account.wabaId,
    access_token: account.accessToken,
    app_secret: account.appSecret,
    verify_token: account.verifyToken,
    display_name: sender.displayName,
    throughput: sender.throughput,
    app_id: account.appId,
    graph_url: graphUrl,
  };
}

function readSender(body: unknown): NewSender {
  if (!isFields(body)) throw new Problem(400, 'The body must be a JSON object.');
  const { phone_number, display_name, throughput, webhook_url, waba_id, messaging_limit } = body;
  if (typeof phone_number !== 'string' || !isE164(phone_number)) {
    throw new Problem(400, '"phone_number" must be a number in E.164, such as "+15550001000".');
  }
  if (display_name !== undefined && (typeof display_name !== 'string' || display_name === '')) {
    throw new Problem(400, '"display_name" must be a text.');
  }
  if (throughput !== undefined && !(typeof throughput === 'number' && throughput >= 1)) {
    throw new Problem(400, '"throughput" must be a number of messages per second, 1 or more.');
  }
  if (webhook_url !== undefined && !isWebAddress(webhook_url)) {
    throw new Problem(400, '"webhook_url" must be an http or https URL.');
  }
  if (waba_id !== undefined && (typeof waba_id !== 'string' || !/^\d{5,20}$/.test(waba_id))) {
    throw new Problem(400, '"waba_id" must be a string of digits.');
  }
  if (messaging_limit !== undefined && !isTier(messaging_limit)) {
    throw new Problem(
      400,
      '"messaging_limit" must be a tier of Meta\'s, such as "TIER_250" or "TIER_UNLIMITED".',
    );
  }
  return {
    phoneNumber: phone_number,
    displayName: display_name,
    throughput,
    webhookUrl: webhook_url,
    wabaId: waba_id,
    messagingLimit: messaging_limit,
  };
}

function isTier(value: unknown): value is string {
  return typeof value === 'string' && /^TIER_(\d+K?|UNLIMITED|NOT_SET)$/.test(value);
}

function isWebAddress(value: unknown): value is string {
  return typeof value === 'string' && /^https?:$/.test(URL.parse(value)?.protocol ?? '');
}
