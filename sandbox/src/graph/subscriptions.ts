import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFields, missing, unreadable } from '../checks.ts';
import type { Network } from '../parts.ts';
import type { Account, Override } from '../senders.ts';
import { ownAccount, VERSION } from './access.ts';
import { GraphError } from './errors.ts';

type AccountRequest = FastifyRequest<{ Params: { version: string; id: string }; Body: unknown }>;

/** Meta: an override's address has at most 200 characters. */
const OVERRIDE_URL_MAX = 200;

/** `subscribed_apps` of a WABA: whether, and where, its webhooks go. */
export function subscriptionRoutes(server: FastifyInstance, network: Network): void {
  const { senders } = network;
  const path = `${VERSION}/:id/subscribed_apps`;
  const save = (account: Account) => {
    for (const sender of senders.ofAccount(account)) senders.save(sender);
  };

  server.get(path, (request: AccountRequest) => {
    const account = ownAccount(request, request.params.id, senders);
    if (!account.subscribed) return { data: [] };
    const { appId, override } = account;
    const app = {
      id: appId,
      name: 'Wirebird sandbox',
      link: `https://www.facebook.com/games/?app_id=${appId}`,
    };
    return {
      data: [{ whatsapp_business_api_data: app, ...(override && { override_callback_uri: override.url }) }],
    };
  });

  server.post(path, async (request: AccountRequest) => {
    const account = ownAccount(request, request.params.id, senders);
    const body = isFields(request.body) ? request.body : {};
    // Meta: subscribing again without an override takes the old one away.
    account.override = await readOverride(body, network);
    account.subscribed = true;
    save(account);
    return { success: true };
  });

  server.delete(path, (request: AccountRequest) => {
    const account = ownAccount(request, request.params.id, senders);
    account.subscribed = false;
    account.override = undefined;
    save(account);
    return { success: true };
  });
}

/** An override as a request gives it; none or `""` removes. Throws unless the address passes the handshake, as at Meta. */
export async function readOverride(
  fields: Record<string, unknown>,
  network: Network,
): Promise<Override | undefined> {
  const { override_callback_uri: url, verify_token: verifyToken } = fields;
  if (url === undefined || url === '') return undefined;
  if (typeof url !== 'string') throw new GraphError(unreadable('override_callback_uri', 'a string'));
  if (typeof verifyToken !== 'string' || verifyToken === '') throw new GraphError(missing('verify_token'));
  if (url.length > OVERRIDE_URL_MAX || !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new GraphError({
      code: 100,
      message: `(#100) override_callback_uri must be a URL of at most ${OVERRIDE_URL_MAX} characters.`,
    });
  }
  const override = { url, verifyToken };
  if (!(await network.webhooks.handshake(override))) {
    throw new GraphError({
      code: 2200,
      message: '(#2200) Callback verification failed: the callback URL did not give the challenge back.',
    });
  }
  return override;
}
