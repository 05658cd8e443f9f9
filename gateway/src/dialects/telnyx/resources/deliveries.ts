import type { FastifyInstance } from 'fastify';
import { isUuid, type Sliced } from '../../../accounts/outcome.ts';
import { eventMask, eventName, isNoticeEvent } from '../../../message/event.ts';
import {
  type Delivery,
  type DeliveryFilter,
  getDelivery,
  listDeliveries,
} from '../../../reports/deliveries.ts';
import { eventIdOf, type Report, type SigningKeys } from '../../../reports/encoder.ts';
import type { Below } from '../../dialect.ts';
import { found, listed, mount } from '../mount.ts';
import { type PageAsked, pageOf, type Query, sliceOf } from '../paging.ts';
import { invalid, notFound } from '../refused.ts';
import { EVENT_NAMES, encode } from '../reports.ts';
import { time } from '../translate.ts';

/** A text is looked for in so many of the newest deliveries: each has to be encoded again for it. */
const SEARCHED_MAX = 1_000;

/** The log of what was reported, to find out why a receiver does not get it (telnyx §3, row 24). */
export function deliveryRoutes(app: FastifyInstance, below: Below): void {
  mount(app, ['/v2/webhook_deliveries'], {
    GET: [
      'read',
      ({ workspaceId, query }) =>
        listed(
          query,
          page => deliveries(below, workspaceId, query, page),
          row => row,
        ),
    ],
  });

  mount(app, ['/v2/webhook_deliveries/:id'], {
    GET: [
      'read',
      async ({ workspaceId, params }) => {
        const id = params.id ?? '';
        const delivery = isUuid(id)
          ? await getDelivery(below.store, workspaceId, 'telnyx', id, phoneIn(below))
          : undefined;
        if (delivery === undefined) throw notFound(`webhook delivery ${id}`);
        return found(show(delivery, below));
      },
    ],
  });
}

async function deliveries(
  below: Below,
  workspaceId: string,
  query: Query,
  page: PageAsked,
): Promise<Sliced<Shown>> {
  const filter = filterOf(query);
  const inWebhook = query['filter[webhook][contains]'];
  const inAttempts = query['filter[attempts][contains]'];
  if (inWebhook === undefined && inAttempts === undefined) {
    const { rows, total } = await listDeliveries(
      below.store,
      workspaceId,
      filter,
      sliceOf(page),
      phoneIn(below),
    );
    return { rows: rows.map(row => show(row, below)), total };
  }
  const searched = { limit: SEARCHED_MAX, offset: 0 };
  const { rows } = await listDeliveries(below.store, workspaceId, filter, searched, phoneIn(below));
  const holds = (value: unknown, text: string | undefined): boolean =>
    text === undefined || JSON.stringify(value).includes(text);
  const matching = rows
    .map(row => show(row, below))
    .filter(shown => holds(shown.webhook, inWebhook) && holds(shown.attempts, inAttempts));
  return pageOf(matching, sliceOf(page));
}

function filterOf(query: Query): DeliveryFilter {
  const types = query['filter[event_type]']?.split(',');
  return {
    dialect: 'telnyx',
    delivered: statusOf(query['filter[status][eq]']),
    // A name that is none finds nothing.
    kinds: types?.reduce((mask, name) => mask | maskOf(name.trim()), 0),
    startedFrom: timeOf(query, 'filter[started_at][gte]'),
    startedTo: timeOf(query, 'filter[started_at][lte]'),
    finishedFrom: timeOf(query, 'filter[finished_at][gte]'),
    finishedTo: timeOf(query, 'filter[finished_at][lte]'),
  };
}

function maskOf(name: string): number {
  return Object.hasOwn(EVENT_NAMES, name) ? eventMask(EVENT_NAMES[name] ?? []) : 0;
}

function statusOf(status: string | undefined): boolean | undefined {
  switch (status) {
    case undefined:
      return undefined;
    case 'delivered':
      return true;
    case 'failed':
      return false;
    default: {
      const parameter = 'filter[status][eq]';
      throw invalid({ code: '10032', detail: `${parameter} must be delivered or failed.`, parameter });
    }
  }
}

/** ISO 8601 with a year of four digits; Date reads many other texts, and years that the database does not. */
const ISO = /^\d{4}-\d\d-\d\d(T|$)/;

function timeOf(query: Query, parameter: string): Date | undefined {
  const text = query[parameter];
  if (text === undefined) return undefined;
  // A plus sign that nobody encoded is a space by now.
  const date = new Date(text.replace(/ (?=\d\d:?\d\d$)/, '+'));
  if (ISO.test(text) && !Number.isNaN(date.getTime())) return date;
  throw invalid({ code: '10015', detail: `${parameter} must be a time in ISO 8601.`, parameter });
}

type Shown = ReturnType<typeof show>;

function show(delivery: Delivery, below: Below) {
  const { attempts } = delivery;
  const keys = keysOf(below, delivery.workspaceId);
  const sent = attempts.map(attempt => requestOf(delivery, attempt, keys, below));
  const first = attempts.at(-1);
  const last = attempts[0];
  return {
    record_type: 'webhook_delivery',
    id: delivery.id,
    user_id: delivery.workspaceId,
    status: delivery.delivered ? 'delivered' : 'failed',
    started_at: time(first?.at),
    finished_at: time(last === undefined ? undefined : endOf(last)),
    webhook: sent[0] === undefined ? null : (JSON.parse(sent[0].body) as { data: unknown }).data,
    attempts: attempts.map((attempt, index) => ({
      status: succeeded(attempt) ? 'delivered' : 'failed',
      started_at: time(attempt.at),
      finished_at: time(endOf(attempt)),
      errors: errorsOf(attempt),
      http: {
        request: { url: attempt.url, headers: Object.entries(sent[index]?.headers ?? {}) },
        ...(attempt.httpStatus === undefined
          ? {}
          : { response: { status: attempt.httpStatus, headers: [], body: attempt.answer ?? '' } }),
      },
    })),
  };
}

type Attempt = Delivery['attempts'][number];

/** The request as it was made: the same message, time and key give the same bytes again. */
function requestOf(delivery: Delivery, attempt: Attempt, keys: SigningKeys, below: Below) {
  const report = reportOf(delivery, attempt, below);
  return report === undefined ? undefined : encode(report, keys, attempt.at);
}

function reportOf(delivery: Delivery, attempt: Attempt, below: Below): Report | undefined {
  const { message, notice, kind, occurredAt } = delivery;
  const event = eventName(kind);
  const one = {
    occurredAt,
    attempt: attempt.attempt,
    deliveredTo: attempt.url,
    endpointId: delivery.endpointId,
  };
  if (isNoticeEvent(event)) {
    if (notice === undefined) return undefined;
    const eventId = eventIdOf(notice.id, kind);
    // It was sent, so it had been asked for, whatever its endpoint asks for now.
    return { ...one, about: 'notice', eventId, event, notice, subscribed: ['*'] };
  }
  if (message === undefined) return undefined;
  return {
    ...one,
    about: 'message',
    eventId: eventIdOf(message.id, kind),
    event,
    message,
    senderPhone: phoneIn(below)(message.senderId) ?? '',
    senderWaba: below.directory.senderById(message.senderId)?.wabaId ?? '',
    mediaUrl: message.direction === 'outbound' ? undefined : below.mediaUrlOf(message),
  };
}

function phoneIn({ directory }: Below): (senderId: string) => string | undefined {
  return senderId => directory.senderById(senderId)?.phoneNumber;
}

function keysOf({ directory }: Below, workspaceId: string): SigningKeys {
  const workspace = directory.workspace(workspaceId);
  return {
    ed25519: bytes => workspace?.sign(bytes) ?? Buffer.alloc(0),
    secret: undefined,
  };
}

function endOf(attempt: Attempt): Date {
  return new Date(attempt.at.getTime() + attempt.durationMs);
}

function succeeded({ httpStatus }: Attempt): boolean {
  return httpStatus !== undefined && httpStatus >= 200 && httpStatus < 300;
}

/** What Node and undici say before there is a connection; the guard's refusals name no code. */
const UNCONNECTED =
  /^(ECONN|EHOST|ENET|EPIPE|CERT|DEPTH|SELF|UNABLE|ERR_TLS|UND_ERR_CONNECT)|is not a public/;

/** Telnyx's codes: 75000 not successful, 75001 name not resolved, 75002 not connected (telnyx §7). */
function errorsOf(attempt: Attempt): number[] {
  if (succeeded(attempt)) return [];
  if (/^(ENOTFOUND|EAI_)/.test(attempt.error ?? '')) return [75001];
  return [UNCONNECTED.test(attempt.error ?? '') ? 75002 : 75000];
}
