import type { FastifyInstance } from 'fastify';
import { deleteSender } from '../../../accounts/delete-sender.ts';
import type { Sliced } from '../../../accounts/outcome.ts';
import { type SenderFilter, type SenderRecord, sliceSenders } from '../../../accounts/senders.ts';
import type { Below } from '../../dialect.ts';
import { type Facts, type FieldSets, freshFacts, knownFacts, textOf } from '../../facts.ts';
import { type Answered, type Asked, bothV2, found, listed, mount, NOTHING } from '../mount.ts';
import { sliceOf } from '../paging.ts';
import { invalid, notFound } from '../refused.ts';
import { time } from '../translate.ts';
import { ownNumber } from './own-number.ts';

/** What Meta is asked about a number (meta-cloud-api §9); `is_on_biz_app` is missing from older versions. */
export const NUMBER_FIELDS: FieldSets = [
  'verified_name,status,quality_rating,code_verification_status,is_on_biz_app',
  'verified_name,status,quality_rating,code_verification_status',
];

/** The workspace's WhatsApp numbers (telnyx §3, rows 11 to 13 and 15). */
export function numberRoutes(app: FastifyInstance, below: Below): void {
  mount(app, bothV2('/whatsapp/phone_numbers'), {
    GET: ['read', asked => listNumbers(below, asked, {})],
  });

  mount(app, bothV2('/whatsapp/phone_numbers/:number'), {
    GET: [
      'read',
      async ({ workspaceId, params }) => {
        const { record, sender } = await ownNumber(below, workspaceId, params.number);
        const node = { metaId: record.phoneNumberId, speaker: sender };
        return found(show(record, await freshFacts(below, workspaceId, node, NUMBER_FIELDS)));
      },
    ],
    DELETE: [
      'admin',
      async ({ workspaceId, params }) => {
        const { record } = await ownNumber(below, workspaceId, params.number);
        const outcome = await deleteSender(below.store, workspaceId, record.id, below.clock.now());
        if (outcome === undefined) throw notFound(`WhatsApp number ${params.number}`);
        if (outcome !== 'deleted') throw invalid({ code: '10015', detail: outcome.detail });
        await below.directory.refresh();
        await below.sendersChanged();
        return NOTHING;
      },
    ],
  });
}

/** A page of numbers with what Meta says of them. */
export function listNumbers(
  below: Below,
  { workspaceId, query }: Asked,
  filter: SenderFilter,
): Promise<Answered> {
  return listed(
    query,
    async page => {
      const { rows, total } = await sliceSenders(below.store, workspaceId, filter, sliceOf(page));
      const nodes = rows.map(record => ({
        metaId: record.phoneNumberId,
        speaker: below.directory.senderById(record.id),
      }));
      const facts = await knownFacts(below, workspaceId, nodes, NUMBER_FIELDS);
      const shown = rows.map(record => show(record, facts.get(record.phoneNumberId)));
      return { rows: shown, total } satisfies Sliced<unknown>;
    },
    row => row,
  );
}

function show(record: SenderRecord, facts: Facts | undefined) {
  return {
    record_type: 'whatsapp_business_phone_number',
    phone_number: record.phoneNumber,
    phone_number_id: record.phoneNumberId,
    waba_id: record.wabaId,
    user_id: record.workspaceId,
    display_name: textOf(facts, 'verified_name') ?? record.displayName ?? null,
    status: textOf(facts, 'status') ?? null,
    enabled: true,
    calling_enabled: false,
    // Webhooks tell of every change; a number that never changed is known by asking only.
    quality_rating: record.qualityRating ?? textOf(facts, 'quality_rating') ?? null,
    is_on_biz_app: facts?.is_on_biz_app === true,
    coexistence_state: null,
    sync_deadline: null,
    sync_progress: null,
    created_at: time(record.createdAt),
  };
}
