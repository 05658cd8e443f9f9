import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { assignProfile } from '../../../accounts/messaging-profiles.ts';
import { type SenderRecord, sliceSenders } from '../../../accounts/senders.ts';
import type { Below } from '../../dialect.ts';
import { found, listed, mount } from '../mount.ts';
import { sliceOf } from '../paging.ts';
import { invalid, notFound } from '../refused.ts';
import { time } from '../translate.ts';
import { OptionalText, readBody } from './body.ts';
import { ownNumber } from './own-number.ts';
import { known } from './profiles.ts';

const CHANGE = Compile(
  Type.Object({
    messaging_profile_id: OptionalText,
    messaging_product: OptionalText,
    tags: Type.Optional(Type.Array(Type.String())),
  }),
);

/** Numbers a filter may name at once. */
const PHONES_MAX = 250;

/** Which messaging profile a number is in, as the package's `phoneNumbers.messaging` asks and says it. */
export function messagingSettingsRoutes(app: FastifyInstance, below: Below): void {
  const { store, clock, directory } = below;

  mount(app, ['/v2/messaging_profiles/:id/phone_numbers'], {
    GET: [
      'read',
      async ({ workspaceId, params, query }) => {
        const { id: profileId } = await known(below, workspaceId, params.id);
        return listed(query, page => sliceSenders(store, workspaceId, { profileId }, sliceOf(page)), show);
      },
    ],
  });

  mount(app, ['/v2/phone_numbers/messaging'], {
    GET: [
      'read',
      async ({ workspaceId, query }) => {
        const profile = query['filter[messaging_profile_id]'];
        const phones = query['filter[phone_number]']?.split(',').slice(0, PHONES_MAX);
        const filter = {
          profileId: profile === undefined ? undefined : (await known(below, workspaceId, profile)).id,
          phones,
          phoneContains: query['filter[phone_number][contains]'],
          sort: sortOf(query['sort[phone_number]']),
        };
        return listed(query, page => sliceSenders(store, workspaceId, filter, sliceOf(page)), show);
      },
    ],
  });

  mount(app, ['/v2/phone_numbers/:id/messaging'], {
    GET: [
      'read',
      async ({ workspaceId, params }) => found(show((await ownNumber(below, workspaceId, params.id)).record)),
    ],
    PATCH: [
      'admin',
      async ({ workspaceId, params, body }) => {
        const { record } = await ownNumber(below, workspaceId, params.id);
        const wanted = readBody(CHANGE, body).messaging_profile_id;
        // Telnyx: null leaves it where it is, an empty text takes it out of its profile.
        if (wanted === null || wanted === undefined) return found(show(record));
        const profileId = wanted === '' ? undefined : wanted;
        const outcome = await assignProfile(store, workspaceId, record.id, profileId, clock.now());
        if (outcome === 'no such sender') throw notFound(`WhatsApp number ${params.id}`);
        if (outcome === 'no such profile') {
          const pointer = '/messaging_profile_id';
          throw invalid({ code: '10015', detail: `You have no messaging profile ${wanted}.`, pointer });
        }
        await directory.refresh();
        return found(show((await ownNumber(below, workspaceId, params.id)).record));
      },
    ],
  });
}

function sortOf(order: string | undefined): 'asc' | 'desc' | undefined {
  if (order === undefined || order === 'asc' || order === 'desc') return order;
  const parameter = 'sort[phone_number]';
  throw invalid({ code: '10032', detail: `${parameter} must be asc or desc.`, parameter });
}

function show(sender: SenderRecord) {
  return {
    record_type: 'messaging_settings',
    id: sender.id,
    phone_number: sender.phoneNumber,
    organization_id: sender.workspaceId,
    messaging_profile_id: sender.profileId,
    messaging_product: 'WHATSAPP',
    eligible_messaging_products: ['WHATSAPP'],
    type: 'long-code',
    features: { sms: null, mms: null },
    tags: [],
    created_at: time(sender.createdAt),
    updated_at: time(sender.updatedAt),
  };
}
