import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFields, isRefusal, unreadable } from '../checks.ts';
import { displayNumber } from '../number.ts';
import type { Network } from '../parts.ts';
import type { Account, Sender } from '../senders.ts';
import { accountOf, numberOf, ownAccount, VERSION } from './access.ts';
import { GraphError, UNKNOWN_TOKEN } from './errors.ts';
import { pick } from './fields.ts';
import { mediaNode, ownMedia } from './media.ts';
import { readOverride } from './subscriptions.ts';
import { editTemplate, ownTemplate, templateNode } from './templates.ts';

type NodeRequest = FastifyRequest<{
  Params: { version: string; id: string };
  Querystring: { fields?: string; input_token?: string; phone_number_id?: string };
  Body: unknown;
}>;

/** What Meta gives of a number when no `fields` are asked for. */
const NUMBER_DEFAULTS =
  'verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput,webhook_configuration';
const ACCOUNT_DEFAULTS = 'name,timezone_id,message_template_namespace';

/** Reading numbers, accounts, templates and media by their ids, and what a token is good for. */
export function nodeRoutes(server: FastifyInstance, network: Network): void {
  const { senders } = network;

  server.get(`${VERSION}/:id`, (request: NodeRequest) => {
    const { id } = request.params;
    if (id === 'debug_token') return debugToken(request, network);
    if (senders.account(id) !== undefined) {
      const account = ownAccount(request, id, senders);
      return pick(
        'WhatsAppBusinessAccount',
        accountFields(account, network),
        request.query.fields,
        ACCOUNT_DEFAULTS,
      );
    }
    const template = ownTemplate(request, network);
    if (template !== undefined) return templateNode(template, request.query.fields);
    const media = ownMedia(request, network);
    if (media !== undefined) return mediaNode(media, request, network);
    return numberNode(own(request, network), request.query.fields);
  });

  server.post(`${VERSION}/:id`, async (request: NodeRequest) => {
    const template = ownTemplate(request, network);
    if (template !== undefined) return editTemplate(template, request.body, network);
    const sender = own(request, network);
    const configuration = isFields(request.body) ? request.body.webhook_configuration : undefined;
    if (!isFields(configuration)) throw new GraphError(unreadable('webhook_configuration', 'a JSON object'));
    sender.override = await readOverride(configuration, network);
    senders.save(sender);
    return { success: true };
  });

  server.get(`${VERSION}/:id/phone_numbers`, (request: NodeRequest) => {
    const account = ownAccount(request, request.params.id, senders);
    const data = senders.ofAccount(account).map(sender => numberNode(sender, request.query.fields));
    const cursor = Buffer.from(String(data.length)).toString('base64');
    return { data, paging: { cursors: { before: cursor, after: cursor } } };
  });

  server.get('/debug_token', (request: NodeRequest) => debugToken(request, network));
}

function own(request: NodeRequest, network: Network): Sender {
  const sender = numberOf(request, request.params.id, network.senders);
  if (isRefusal(sender)) throw new GraphError(sender);
  return sender;
}

function numberNode(sender: Sender, fields: string | undefined): Record<string, unknown> {
  const { account, override, throughput, quality = 'GREEN' } = sender;
  const all: Record<string, unknown> = {
    id: sender.phoneNumberId,
    verified_name: sender.displayName,
    display_phone_number: displayNumber(sender.phoneNumber),
    code_verification_status: 'VERIFIED',
    quality_rating: quality,
    quality_score: { score: quality },
    platform_type: 'CLOUD_API',
    name_status: 'APPROVED',
    status: account.disabled ? 'BANNED' : quality === 'RED' ? 'FLAGGED' : 'CONNECTED',
    account_mode: 'SANDBOX',
    is_official_business_account: false,
    // Meta: STANDARD is 80 messages per second, HIGH up to 1,000.
    throughput: { level: throughput > 80 ? 'HIGH' : 'STANDARD' },
    whatsapp_business_manager_messaging_limit: account.messagingLimit ?? 'TIER_UNLIMITED',
    health_status: { can_send_message: account.disabled ? 'BLOCKED' : 'AVAILABLE', entities: [] },
    webhook_configuration: {
      ...(override && { phone_number: override.url }),
      ...(account.override && { whatsapp_business_account: account.override.url }),
      ...(account.webhookUrl && { application: account.webhookUrl }),
    },
  };
  return pick('WhatsAppBusinessPhoneNumber', all, fields, NUMBER_DEFAULTS);
}

function accountFields(account: Account, network: Network): Record<string, unknown> {
  return {
    id: account.wabaId,
    name: `Sandbox account ${account.wabaId.slice(-4)}`,
    timezone_id: '1',
    message_template_namespace: `sandbox_${account.wabaId}`,
    currency: 'USD',
    account_review_status: 'APPROVED',
    phone_numbers: { data: network.senders.ofAccount(account).map(sender => numberNode(sender, undefined)) },
  };
}

/** Any known token may ask about any token. */
function debugToken(request: NodeRequest, { senders }: Network): { data: Record<string, unknown> } {
  if (accountOf(request, senders) === undefined) throw new GraphError(UNKNOWN_TOKEN);
  const account = senders.byToken(request.query.input_token ?? '');
  if (account === undefined) {
    const error = { code: 190, message: 'Invalid OAuth access token - Cannot parse access token' };
    return { data: { error, is_valid: false, scopes: [] } };
  }
  const scopes = ['whatsapp_business_management', 'whatsapp_business_messaging'];
  return {
    data: {
      app_id: account.appId,
      type: 'SYSTEM_USER',
      application: 'Wirebird sandbox',
      data_access_expires_at: 0,
      expires_at: 0,
      is_valid: true,
      scopes,
      granular_scopes: scopes.map(scope => ({ scope, target_ids: [account.wabaId] })),
    },
  };
}
