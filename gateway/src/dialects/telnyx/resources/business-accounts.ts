import type { FastifyInstance } from 'fastify';
import { type BusinessAccount, listAccounts } from '../../../accounts/business-accounts.ts';
import { deleteAccount } from '../../../accounts/delete-sender.ts';
import type { Below } from '../../dialect.ts';
import {
  type Facts,
  type FieldSets,
  freshFacts,
  knownFacts,
  type Node,
  speakerOf,
  textOf,
} from '../../facts.ts';
import { bothV2, found, listed, mount, NOTHING } from '../mount.ts';
import { sliceOf } from '../paging.ts';
import { invalid, notFound } from '../refused.ts';
import { time } from '../translate.ts';
import { ownAccount } from './own-account.ts';

/** What Meta is asked about an account; not every token may read all of it. */
const ACCOUNT_FIELDS: FieldSets = [
  'name,country,status,account_review_status,business_verification_status',
  'name,account_review_status',
];

/** The workspace's WhatsApp Business accounts (telnyx §3, row 18). */
export function businessAccountRoutes(app: FastifyInstance, below: Below): void {
  const { store, clock, directory } = below;
  const nodeOf = (workspaceId: string, { wabaId }: BusinessAccount): Node => ({
    metaId: wabaId,
    speaker: speakerOf(below, workspaceId, wabaId),
  });

  mount(app, bothV2('/whatsapp/business_accounts'), {
    GET: [
      'read',
      ({ workspaceId, query }) =>
        listed(
          query,
          async page => {
            const { rows, total } = await listAccounts(store, workspaceId, sliceOf(page));
            const nodes = rows.map(account => nodeOf(workspaceId, account));
            const facts = await knownFacts(below, workspaceId, nodes, ACCOUNT_FIELDS);
            return { rows: rows.map(account => show(account, facts.get(account.wabaId))), total };
          },
          row => row,
        ),
    ],
  });

  mount(app, bothV2('/whatsapp/business_accounts/:id'), {
    GET: [
      'read',
      async ({ workspaceId, params }) => {
        const account = await ownAccount(below, workspaceId, params.id);
        const node = nodeOf(workspaceId, account);
        return found(show(account, await freshFacts(below, workspaceId, node, ACCOUNT_FIELDS)));
      },
    ],
    DELETE: [
      'admin',
      async ({ workspaceId, params }) => {
        const outcome = await deleteAccount(store, workspaceId, params.id ?? '', clock.now());
        if (outcome === undefined) throw notFound(`WhatsApp Business account ${params.id}`);
        if (outcome !== 'deleted') throw invalid({ code: '10015', detail: outcome.detail });
        await directory.refresh();
        await below.sendersChanged();
        return NOTHING;
      },
    ],
  });
}

function show(account: BusinessAccount, facts: Facts | undefined) {
  return {
    record_type: 'whatsapp_business_account',
    id: account.wabaId,
    waba_id: account.wabaId,
    name: account.name ?? textOf(facts, 'name') ?? null,
    country: textOf(facts, 'country') ?? null,
    status: textOf(facts, 'status') ?? null,
    account_review_status: textOf(facts, 'account_review_status') ?? null,
    business_verification_status: textOf(facts, 'business_verification_status') ?? null,
    phone_numbers_count: account.phoneNumbers,
    created_at: time(account.createdAt),
  };
}
