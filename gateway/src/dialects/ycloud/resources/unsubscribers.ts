import type { FastifyInstance } from 'fastify';
import { isE164 } from '../../../message/phone.ts';
import {
  type OptOut,
  type OptOutFilter,
  optOutOf,
  optOutsOf,
  pageOfOptOuts,
} from '../../../recipients/opt-outs.ts';
import { countriesOf } from '../../countries.ts';
import type { Below } from '../../dialect.ts';
import { field } from '../../field.ts';
import { mount } from '../mount.ts';
import { flag, type Query, readPage } from '../paging.ts';
import { invalid, notFound, refused } from '../refused.ts';
import { time } from '../translate.ts';

const UNKNOWN = 'Unsubscriber';

/** What YCloud names; each is kept, and `whatsapp` is what messages here go by (ycloud §9). */
const CHANNELS = ['whatsapp', 'sms', 'email', 'voice'];

/** Who opted out of what (ycloud §2, §9). A STOP word makes an unsubscriber of its writer. */
export function unsubscriberRoutes(app: FastifyInstance, below: Below): void {
  const { store, consents } = below;

  mount(app, '/unsubscribers', {
    GET: ['read', ({ workspaceId, query }) => list(below, workspaceId, query)],
    POST: [
      'send',
      async ({ workspaceId, body }) => {
        const { customer, channel } = readNew(body);
        const [changed] = await consents.record([
          { workspaceId, customer, channel, reason: 'unsubscribed', active: true, source: 'api' },
        ]);
        if (changed === undefined) {
          const message = `There is an unsubscriber ${customer} of ${channel} already.`;
          throw refused({ status: 409, code: 'ALREADY_EXISTS', message });
        }
        const made = await optOutOf(store, workspaceId, customer, channel);
        if (made === undefined) throw notFound(UNKNOWN);
        return show(made);
      },
    ],
  });

  mount(app, '/unsubscribers/:customer', {
    GET: [
      'read',
      async ({ workspaceId, params }) => {
        const found = await optOutsOf(store, workspaceId, plain(params.customer));
        if (found.length === 0) throw notFound(UNKNOWN);
        return found.map(show);
      },
    ],
  });

  mount(app, '/unsubscribers/:customer/:channel', {
    GET: [
      'read',
      async ({ workspaceId, params }) => {
        const found = await optOutOf(store, workspaceId, plain(params.customer), params.channel ?? '');
        if (found === undefined) throw notFound(UNKNOWN);
        return show(found);
      },
    ],
    DELETE: [
      'send',
      async ({ workspaceId, params }) => {
        const channel = params.channel ?? '';
        const found = await optOutOf(store, workspaceId, plain(params.customer), channel);
        if (found === undefined) throw notFound(UNKNOWN);
        const { customer } = found;
        await consents.record(
          (['unsubscribed', 'stopped'] as const).map(reason => ({
            workspaceId,
            customer,
            channel,
            reason,
            active: false,
            source: 'api',
          })),
        );
        return show(found);
      },
    ],
  });
}

async function list({ store }: Below, workspaceId: string, query: Query): Promise<object> {
  const page = readPage(query);
  const filter: OptOutFilter = {
    customer: query['filter.customer'] === undefined ? undefined : plain(query['filter.customer']),
    channel: query['filter.channel'],
    regionCodes: query['filter.regionCode']?.split(','),
    countriesOf,
  };
  const after = query.pageAfter;
  const counted = flag(query, 'includeTotal');
  const { rows, next, total } = await pageOfOptOuts(store, workspaceId, filter, {
    limit: page.limit,
    offset: after === undefined ? page.offset : 0,
    after: after === undefined || after === '0' ? undefined : after,
    counted,
  });
  return {
    offset: after === undefined ? page.offset : 0,
    limit: page.limit,
    length: rows.length,
    items: rows.map(show),
    ...(counted ? { total } : {}),
    cursor: next === undefined ? {} : { after: next },
  };
}

function readNew(body: unknown): { readonly customer: string; readonly channel: string } {
  const type = field(body, 'type') ?? 'PHONE_NUMBER';
  if (type !== 'PHONE_NUMBER') throw invalid('type', "Parameter 'type' should be PHONE_NUMBER.");
  const customer = field(body, 'customer');
  if (customer === undefined) throw invalid('customer', "Parameter 'customer' is required.", 'PARAM_MISSING');
  if (typeof customer !== 'string' || !isE164(plain(customer)))
    throw invalid('customer', "Parameter 'customer' should be a phone number in E.164 format.");
  const channel = field(body, 'channel');
  if (channel === undefined) throw invalid('channel', "Parameter 'channel' is required.", 'PARAM_MISSING');
  if (typeof channel !== 'string' || !CHANNELS.includes(channel))
    throw invalid('channel', `Parameter 'channel' should be one of ${CHANNELS.join(', ')}.`);
  return { customer: plain(customer), channel };
}

/** A plus sign that was not written as %2B arrives as a space. */
function plain(phone = ''): string {
  return phone.replace(/^ (?=\d)/, '+').replaceAll(' ', '');
}

function show({ customer, channel, createdAt }: OptOut): object {
  const [region] = countriesOf(customer);
  return {
    type: 'PHONE_NUMBER',
    customer,
    channel,
    ...(region === undefined ? {} : { regionCode: region }),
    createTime: time(createdAt),
  };
}
