import type { FastifyInstance } from 'fastify';
import { type BusinessAccount, getAccount, listAccounts } from '../../../accounts/business-accounts.ts';
import type { Below } from '../../dialect.ts';
import { type Facts, type FieldSets, freshFacts, knownFacts, type Node, speakerOf } from '../../facts.ts';
import { mount } from '../mount.ts';
import { pageOf, readPage, sliceOf } from '../paging.ts';
import { notFound } from '../refused.ts';

/** What Meta is asked about an account; not every token may read all of it. */
const FIELDS: FieldSets = [
  'name,currency,message_template_namespace,account_review_status,business_verification_status,country,ownership_type,timezone_id',
  'name,currency,message_template_namespace,account_review_status,timezone_id',
];

/** More than a workspace has. */
const ACCOUNTS_MAX = 1_000;

/** The workspace's WhatsApp Business accounts (ycloud §2). */
export function businessAccountRoutes(app: FastifyInstance, below: Below): void {
  const { store } = below;
  const nodeOf = (workspaceId: string, { wabaId }: BusinessAccount): Node => ({
    metaId: wabaId,
    speaker: speakerOf(below, workspaceId, wabaId),
  });

  mount(app, '/whatsapp/businessAccounts', {
    GET: [
      'read',
      async ({ workspaceId, query }) => {
        const page = readPage(query);
        // What Meta says is no column: all are looked at, as many as anybody has.
        const { rows } = await listAccounts(store, workspaceId, { limit: ACCOUNTS_MAX, offset: 0 });
        const nodes = rows.map(account => nodeOf(workspaceId, account));
        const facts = await knownFacts(below, workspaceId, nodes, FIELDS);
        const wanted = query['filter.accountReviewStatus'];
        const shown = rows
          .map(account => show(account, facts.get(account.wabaId)))
          .filter(one => wanted === undefined || one.accountReviewStatus === wanted);
        return pageOf(page, sliceOf(shown, page), row => row);
      },
    ],
  });

  mount(app, '/whatsapp/businessAccounts/:id', {
    GET: [
      'read',
      async ({ workspaceId, params }) => {
        const account = await getAccount(store, workspaceId, params.id ?? '');
        if (account === undefined) throw notFound('WhatsApp Business account');
        return show(account, await freshFacts(below, workspaceId, nodeOf(workspaceId, account), FIELDS));
      },
    ],
  });
}

/** Meta's names in YCloud's casing (ycloud §9, "WABA"). */
const NAMES = {
  currency: 'currency',
  message_template_namespace: 'messageTemplateNamespace',
  account_review_status: 'accountReviewStatus',
  business_verification_status: 'businessVerificationStatus',
  country: 'country',
  ownership_type: 'ownershipType',
  timezone_id: 'timezoneId',
} as const;

function show(account: BusinessAccount, facts: Facts | undefined): Record<string, unknown> {
  const shown: Record<string, unknown> = { id: account.wabaId };
  const name = account.name ?? facts?.name;
  if (typeof name === 'string') shown.name = name;
  for (const [metas, own] of Object.entries(NAMES))
    if (typeof facts?.[metas] === 'string') shown[own] = facts[metas];
  return shown;
}
