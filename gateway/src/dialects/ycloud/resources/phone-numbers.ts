import { randomInt } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Sender } from '../../../accounts/directory.ts';
import { getSender, type SenderRecord, sliceSenders } from '../../../accounts/senders.ts';
import type { Below } from '../../dialect.ts';
import { type Facts, type FieldSets, freshFacts, knownFacts, textOf } from '../../facts.ts';
import { bodyless } from '../bodyless.ts';
import { mount } from '../mount.ts';
import { pageOf, readPage } from '../paging.ts';
import { notFound, refusedByMeta } from '../refused.ts';
import { numberSettingRoutes } from './number-settings.ts';
import { ownNumber } from './own-number.ts';

/** What Meta is asked about a number (meta-cloud-api §9). */
const FIELDS: FieldSets = [
  'verified_name,display_phone_number,status,quality_rating,code_verification_status,is_official_business_account,name_status,new_name_status,whatsapp_business_manager_messaging_limit',
  'verified_name,display_phone_number,status,quality_rating,code_verification_status,name_status',
];

/** The workspace's WhatsApp numbers (ycloud §2, §9). */
export function phoneNumberRoutes(app: FastifyInstance, below: Below): void {
  const { store, directory } = below;

  mount(app, '/whatsapp/phoneNumbers', {
    GET: [
      'read',
      async ({ workspaceId, query }) => {
        const page = readPage(query);
        const found = await sliceSenders(store, workspaceId, { wabaId: query['filter.wabaId'] }, page);
        const nodes = found.rows.map(record => ({
          metaId: record.phoneNumberId,
          speaker: directory.senderById(record.id),
        }));
        const facts = await knownFacts(below, workspaceId, nodes, FIELDS);
        return pageOf(page, found, record => show(record, facts.get(record.phoneNumberId)));
      },
    ],
  });

  const path = '/whatsapp/phoneNumbers/:wabaId/:phoneNumber';
  const current = async (workspaceId: string, sender: Sender): Promise<object> => {
    const record = await getSender(store, workspaceId, sender.id);
    // It was deleted a moment ago, maybe on another node.
    if (record === undefined) throw notFound('Phone number');
    const node = { metaId: record.phoneNumberId, speaker: sender };
    return show(record, await freshFacts(below, workspaceId, node, FIELDS));
  };

  mount(app, path, {
    GET: [
      'read',
      async ({ workspaceId, params }) => current(workspaceId, ownNumber(below, workspaceId, params)),
    ],
  });

  bodyless(app, scope => {
    mount(scope, `${path}/register`, {
      POST: [
        'admin',
        async ({ workspaceId, params }) => {
          const sender = ownNumber(below, workspaceId, params);
          // Two-step verification wants a pin; whoever sets one in WhatsApp Manager later does not need this one.
          const pin = String(randomInt(100_000, 1_000_000));
          const outcome = await below.graph(sender, 'POST', `/${sender.phoneNumberId}/register`, {
            messaging_product: 'whatsapp',
            pin,
          });
          if (outcome.kind === 'failed') throw refusedByMeta(outcome.failure);
          return current(workspaceId, sender);
        },
      ],
    });
  });

  numberSettingRoutes(app, below, path);
}

function show(record: SenderRecord, facts: Facts | undefined): object {
  const text = (name: string, as: string): object => {
    const value = textOf(facts, name);
    return value === undefined ? {} : { [as]: value };
  };
  const limit = record.messagingLimit ?? textOf(facts, 'whatsapp_business_manager_messaging_limit');
  const quality = record.qualityRating ?? textOf(facts, 'quality_rating');
  return {
    id: record.phoneNumberId,
    phoneNumber: record.phoneNumber,
    wabaId: record.wabaId,
    ...text('display_phone_number', 'displayPhoneNumber'),
    verifiedName: textOf(facts, 'verified_name') ?? record.displayName ?? '',
    qualityRating: quality ?? 'UNKNOWN',
    ...(limit === undefined ? {} : { messagingLimit: limit }),
    ...text('code_verification_status', 'codeVerificationStatus'),
    isOfficialBusinessAccount: facts?.is_official_business_account === true,
    status: textOf(facts, 'status') ?? 'UNKNOWN',
    ...text('name_status', 'nameStatus'),
    ...text('new_name_status', 'newNameStatus'),
  };
}
