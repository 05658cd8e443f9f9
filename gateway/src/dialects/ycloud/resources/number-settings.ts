import type { FastifyInstance } from 'fastify';
import type { Sender } from '../../../accounts/directory.ts';
import type { Below } from '../../dialect.ts';
import { field, isObject } from '../../field.ts';
import { type Asked, mount } from '../mount.ts';
import { invalid, refusedByMeta } from '../refused.ts';
import { ownNumber } from './own-number.ts';

/** Of a profile: YCloud's name, Meta's, and the longest that is taken (ycloud §9, "Profile"). */
const PROFILE = [
  ['about', 'about', 139],
  ['address', 'address', 256],
  ['description', 'description', 512],
  ['email', 'email', 128],
  ['vertical', 'vertical', 64],
] as const;
const WEBSITES_MAX = 2;
const WEBSITE_MAX = 255;
const PROFILE_FIELDS = 'about,address,description,email,profile_picture_url,vertical,websites';

/** What a business sets about one of its numbers: Meta keeps it, under other names. */
export function numberSettingRoutes(app: FastifyInstance, below: Below, path: string): void {
  const own = ({ workspaceId, params }: Asked): Sender => ownNumber(below, workspaceId, params);
  const ask = async (
    sender: Sender,
    method: 'GET' | 'POST',
    rest: string,
    body?: Record<string, unknown>,
  ) => {
    const outcome = await below.graph(sender, method, `/${sender.phoneNumberId}/${rest}`, body);
    if (outcome.kind === 'failed') throw refusedByMeta(outcome.failure);
    return outcome.body;
  };

  const profile = async (sender: Sender): Promise<object> => {
    const [found] = listOf(await ask(sender, 'GET', `whatsapp_business_profile?fields=${PROFILE_FIELDS}`));
    const { websites, profile_picture_url: picture } = found ?? {};
    return {
      ...Object.fromEntries(
        PROFILE.flatMap(([name, metas]) => (found?.[metas] === undefined ? [] : [[name, found[metas]]])),
      ),
      ...(typeof picture === 'string' ? { profilePictureUrl: picture } : {}),
      ...(Array.isArray(websites) ? { websites } : {}),
    };
  };
  mount(app, `${path}/profile`, {
    GET: ['read', async asked => profile(own(asked))],
    PATCH: [
      'admin',
      async asked => {
        const sender = own(asked);
        await ask(sender, 'POST', 'whatsapp_business_profile', {
          messaging_product: 'whatsapp',
          ...profileIn(asked.body),
        });
        return profile(sender);
      },
    ],
  });

  const commerce = async (sender: Sender): Promise<object> => {
    const [found] = listOf(await ask(sender, 'GET', 'whatsapp_commerce_settings'));
    return {
      id: typeof found?.id === 'string' ? found.id : sender.phoneNumberId,
      isCartEnabled: found?.is_cart_enabled === true,
      isCatalogVisible: found?.is_catalog_visible === true,
    };
  };
  mount(app, `${path}/whatsappCommerceSettings`, {
    GET: ['read', async asked => commerce(own(asked))],
    PATCH: [
      'admin',
      async asked => {
        const sender = own(asked);
        await ask(sender, 'POST', 'whatsapp_commerce_settings', {
          ...flagIn(asked.body, 'isCartEnabled', 'is_cart_enabled'),
          ...flagIn(asked.body, 'isCatalogVisible', 'is_catalog_visible'),
        });
        return commerce(sender);
      },
    ],
  });

  const settings = async (sender: Sender): Promise<object> => {
    const calling = field(await ask(sender, 'GET', 'settings'), 'calling');
    const [status, icon] = [field(calling, 'status'), field(calling, 'call_icon_visibility')];
    return {
      calling: {
        id: sender.phoneNumberId,
        ...(typeof status === 'string' ? { status } : {}),
        ...(typeof icon === 'string' ? { iconVisibility: icon } : {}),
      },
    };
  };
  mount(app, `${path}/settings`, {
    GET: ['read', async asked => settings(own(asked))],
    POST: [
      'admin',
      async asked => {
        const sender = own(asked);
        const calling = field(asked.body, 'calling');
        if (!isObject(calling)) throw invalid('calling', "Parameter 'calling' is required.", 'PARAM_MISSING');
        const { status, iconVisibility } = calling;
        await ask(sender, 'POST', 'settings', {
          calling: {
            ...(status === undefined ? {} : { status }),
            ...(iconVisibility === undefined ? {} : { call_icon_visibility: iconVisibility }),
          },
        });
        return settings(sender);
      },
    ],
  });
}

function profileIn(body: unknown): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [name, metas, max] of PROFILE) {
    const value = field(body, name) ?? undefined;
    if (value === undefined) continue;
    if (typeof value !== 'string') throw invalid(name, `Parameter '${name}' should be text.`);
    if ([...value].length > max)
      throw invalid(name, `Parameter '${name}' has more than ${max} characters.`, 'PARAM_INVALID_LENGTH');
    given[metas] = value;
  }
  const websites = field(body, 'websites') ?? undefined;
  if (websites === undefined) return given;
  const fits =
    Array.isArray(websites) &&
    websites.length <= WEBSITES_MAX &&
    websites.every(one => typeof one === 'string' && one.length <= WEBSITE_MAX);
  if (!fits) throw invalid('websites', `Parameter 'websites' should be at most ${WEBSITES_MAX} addresses.`);
  return { ...given, websites };
}

function flagIn(body: unknown, name: string, metas: string): Record<string, unknown> {
  const flag = field(body, name) ?? undefined;
  if (flag === undefined) return {};
  if (typeof flag !== 'boolean') throw invalid(name, `Parameter '${name}' should be true or false.`);
  return { [metas]: flag };
}

function listOf(body: unknown): Readonly<Record<string, unknown>>[] {
  const data = field(body, 'data');
  return Array.isArray(data) ? data.filter(isObject) : [];
}
