import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFields, isRefusal, missing, unreadable } from '../checks.ts';
import { recipientNumber } from '../number.ts';
import type { Network } from '../parts.ts';
import type { Sender } from '../senders.ts';
import { numberOf, VERSION } from './access.ts';
import { GraphError } from './errors.ts';

type NumberRequest = FastifyRequest<{ Params: { version: string; id: string }; Body: unknown }>;

/** Of a business profile, what Meta takes and gives (meta-cloud-api §9). */
const PROFILE = ['about', 'address', 'description', 'email', 'vertical', 'websites'] as const;

/** Meta: only people who wrote within a day can be blocked (meta-cloud-api §9). */
const BLOCKED_ONLY_AFTER =
  'Re-engagement needed: the user has not messaged your business within the last 24 hours.';

interface Kept {
  profile: Record<string, unknown>;
  commerce: { is_cart_enabled: boolean; is_catalog_visible: boolean };
  calling: Record<string, unknown>;
  blocked: Set<string>;
}

/** What a business sets about one of its numbers, and whom it blocks there; kept while the sandbox runs. */
export function numberSettingRoutes(server: FastifyInstance, network: Network): void {
  const keptOf = new WeakMap<Sender, Kept>();
  const kept = (request: NumberRequest): Kept => {
    const sender = numberOf(request, request.params.id, network.senders);
    if (isRefusal(sender)) throw new GraphError(sender);
    const known = keptOf.get(sender);
    if (known !== undefined) return known;
    const fresh: Kept = {
      profile: {},
      commerce: { is_cart_enabled: true, is_catalog_visible: false },
      calling: { status: 'DISABLED', call_icon_visibility: 'DEFAULT' },
      blocked: new Set(),
    };
    keptOf.set(sender, fresh);
    return fresh;
  };

  const profilePath = `${VERSION}/:id/whatsapp_business_profile`;
  server.get(profilePath, (request: NumberRequest) => ({
    data: [{ messaging_product: 'whatsapp', ...kept(request).profile }],
  }));
  server.post(profilePath, (request: NumberRequest) => {
    const { profile } = kept(request);
    const body = fieldsOf(request);
    for (const name of PROFILE) if (body[name] !== undefined) profile[name] = body[name];
    return { success: true };
  });

  const commercePath = `${VERSION}/:id/whatsapp_commerce_settings`;
  server.get(commercePath, (request: NumberRequest) => ({
    data: [{ id: request.params.id, ...kept(request).commerce }],
  }));
  server.post(commercePath, (request: NumberRequest) => {
    const { commerce } = kept(request);
    // Meta takes these from the query as well as from the body.
    const given = { ...(request.query as Record<string, unknown>), ...fieldsOf(request) };
    for (const name of ['is_cart_enabled', 'is_catalog_visible'] as const)
      if (given[name] !== undefined) commerce[name] = String(given[name]) === 'true';
    return { success: true };
  });

  const settingsPath = `${VERSION}/:id/settings`;
  server.get(settingsPath, (request: NumberRequest) => ({ calling: kept(request).calling }));
  server.post(settingsPath, (request: NumberRequest) => {
    const own = kept(request);
    const { calling } = fieldsOf(request);
    if (!isFields(calling)) throw new GraphError(unreadable('calling', 'a JSON object'));
    own.calling = { ...own.calling, ...calling };
    return { success: true };
  });

  server.post(`${VERSION}/:id/register`, (request: NumberRequest) => {
    kept(request);
    const { pin } = fieldsOf(request);
    if (pin === undefined) throw new GraphError(missing('pin'));
    if (!/^\d{6}$/.test(String(pin)))
      throw new GraphError({ code: 100, message: '(#100) pin must have 6 digits.' });
    return { success: true };
  });

  const blockPath = `${VERSION}/:id/block_users`;
  server.get(blockPath, (request: NumberRequest) => ({
    data: [...kept(request).blocked].map(number => ({
      messaging_product: 'whatsapp',
      wa_id: number.slice(1),
    })),
  }));
  for (const method of ['POST', 'DELETE'] as const) {
    server.route({
      method,
      url: blockPath,
      handler: async (request: NumberRequest) => {
        const { blocked } = kept(request);
        const from = network.senders.byId(request.params.id)!.phoneNumber;
        const users = fieldsOf(request).block_users;
        if (!Array.isArray(users)) throw new GraphError(unreadable('block_users', 'a list'));
        const done: object[] = [];
        for (const one of users as unknown[]) {
          const input = isFields(one) ? String(one.user ?? '') : '';
          const number = recipientNumber(input, from);
          if (number === undefined) throw new GraphError(unreadable('block_users.user', 'a phone number'));
          if (method === 'POST' && !network.windows.isOpen(request.params.id, number))
            throw new GraphError({ code: 139100, details: BLOCKED_ONLY_AFTER });
          if (method === 'POST') blocked.add(number);
          else blocked.delete(number);
          done.push({ input, wa_id: number.slice(1) });
        }
        return {
          messaging_product: 'whatsapp',
          block_users: { [method === 'POST' ? 'added_users' : 'removed_users']: done },
        };
      },
    });
  }
}

function fieldsOf(request: NumberRequest): Record<string, unknown> {
  return isFields(request.body) ? request.body : {};
}
