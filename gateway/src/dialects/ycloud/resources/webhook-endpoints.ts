import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import {
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  type Endpoint,
  type EventProperties,
  getEndpoint,
  rotateSecret,
  sliceEndpoints,
} from '../../../accounts/endpoints.ts';
import { eventMask } from '../../../message/event.ts';
import type { Below } from '../../dialect.ts';
import { field } from '../../field.ts';
import { bodyless } from '../bodyless.ts';
import { mount } from '../mount.ts';
import { pageOf, readPage } from '../paging.ts';
import { invalid, notFound, refused } from '../refused.ts';
import { EVENT_NAMES, QUIET_EVENT_NAMES } from '../reports.ts';
import { time } from '../translate.ts';

/** ycloud §8, "Endpoint object". */
const URL_MAX = 500;
const DESCRIPTION_MAX = 400;
const ENDPOINTS_MAX = 20;

/** A vendor's list of names, and then some. */
const EVENTS_MAX = 100;

/** Where the workspace's events go in YCloud's form (ycloud §2, §8). */
export function webhookEndpointRoutes(app: FastifyInstance, below: Below): void {
  const { store, secrets, clock, directory } = below;
  const show = (endpoint: Endpoint): object => shown(endpoint, directory.endpointSecret(endpoint.id));

  mount(app, '/webhookEndpoints', {
    GET: [
      'admin',
      async ({ workspaceId, query }) => {
        const page = readPage(query);
        return pageOf(page, await sliceEndpoints(store, workspaceId, 'ycloud', page), show);
      },
    ],
    POST: [
      'admin',
      async ({ workspaceId, body }) => {
        const url = urlIn(body, below);
        if (url === undefined) throw invalid('url', "Parameter 'url' is required.", 'PARAM_MISSING');
        const events = eventsIn(body);
        if (events === undefined)
          throw invalid('enabledEvents', "Parameter 'enabledEvents' is required.", 'PARAM_MISSING');
        const { total } = await sliceEndpoints(store, workspaceId, 'ycloud', { limit: 1, offset: 0 });
        if (total >= ENDPOINTS_MAX)
          throw refused({
            status: 400,
            code: 'BAD_REQUEST',
            message: `There are ${ENDPOINTS_MAX} webhook endpoints already, as many as may be.`,
          });
        const made = await createEndpoint(
          store,
          secrets,
          {
            workspaceId,
            url,
            dialect: 'ycloud',
            events,
            description: descriptionIn(body) ?? undefined,
            properties: propertiesIn(body, events),
            enabled: enabledIn(body),
            secret: newSecret(),
          },
          (_, names) => maskOf(names),
          clock.now(),
        );
        await directory.refresh();
        return show(made);
      },
    ],
  });

  mount(app, '/webhookEndpoints/:id', {
    GET: ['admin', async ({ workspaceId, params }) => show(await own(below, workspaceId, params.id))],
    PATCH: [
      'admin',
      async ({ workspaceId, params, body }) => {
        const { id } = await own(below, workspaceId, params.id);
        const events = eventsIn(body);
        const change = {
          url: urlIn(body, below),
          events: events && { names: events, mask: maskOf(events) },
          description: descriptionIn(body),
          properties: propertiesIn(body, events ?? []),
          enabled: enabledIn(body),
        };
        const changed = await changeEndpoint(store, workspaceId, id, change, clock.now());
        if (changed === undefined || 'kind' in changed) throw notFound('Webhook endpoint');
        await directory.refresh();
        return show(changed);
      },
    ],
    DELETE: [
      'admin',
      async ({ workspaceId, params }) => {
        const endpoint = await own(below, workspaceId, params.id);
        const before = show(endpoint);
        if ((await deleteEndpoint(store, workspaceId, endpoint.id)) !== 'deleted')
          throw notFound('Webhook endpoint');
        await directory.refresh();
        return before;
      },
    ],
  });

  bodyless(app, scope => {
    mount(scope, '/webhookEndpoints/:id/rotateSecret', {
      POST: [
        'admin',
        async ({ workspaceId, params }) => {
          const { id } = await own(below, workspaceId, params.id);
          // YCloud's header has room for one signature: the new secret counts at once.
          const rotated = await rotateSecret(store, secrets, workspaceId, id, newSecret(), 0, clock.now());
          if (rotated === undefined) throw notFound('Webhook endpoint');
          await directory.refresh();
          return show(rotated);
        },
      ],
    });
  });
}

/** As YCloud's look; the whole text is the key (ycloud §8, "Signature"). */
function newSecret(): string {
  return `whsec_${randomBytes(16).toString('hex')}`;
}

/** An endpoint in another dialect is not YCloud's to show. */
async function own({ store }: Below, workspaceId: string, id = ''): Promise<Endpoint> {
  const endpoint = await getEndpoint(store, workspaceId, id);
  if (endpoint?.dialect !== 'ycloud') throw notFound('Webhook endpoint');
  return endpoint;
}

function urlIn(body: unknown, { checkUrl }: Below): string | undefined {
  const url = field(body, 'url') ?? undefined;
  if (url === undefined) return undefined;
  if (typeof url !== 'string') throw invalid('url', "Parameter 'url' should be text.");
  if (url.length > URL_MAX)
    throw invalid('url', `Parameter 'url' has more than ${URL_MAX} characters.`, 'PARAM_INVALID_LENGTH');
  const shut = checkUrl(url);
  if (shut !== undefined) throw invalid('url', `Parameter 'url' cannot be used: ${shut}.`);
  return url;
}

function eventsIn(body: unknown): string[] | undefined {
  const events = field(body, 'enabledEvents') ?? undefined;
  if (events === undefined) return undefined;
  if (!Array.isArray(events) || events.length === 0 || events.length > EVENTS_MAX)
    throw invalid('enabledEvents', `Parameter 'enabledEvents' should be a list of 1 to ${EVENTS_MAX} names.`);
  for (const name of events as unknown[]) {
    const known =
      typeof name === 'string' && (Object.hasOwn(EVENT_NAMES, name) || QUIET_EVENT_NAMES.test(name));
    if (!known) throw invalid('enabledEvents', `There is no event ${JSON.stringify(name)?.slice(0, 100)}.`);
  }
  return [...new Set(events as string[])];
}

/** What never happens here is subscribed to in vain. */
function maskOf(names: readonly string[]): number {
  return eventMask(names.flatMap(name => EVENT_NAMES[name] ?? []));
}

/** Whoever asks for the changes of contacts says of which of their properties (ycloud §8). */
const CHANGES = 'contact.attributes_changed';

function propertiesIn(body: unknown, events: readonly string[]): EventProperties | undefined {
  const given = field(body, 'eventProperties') ?? undefined;
  if (given === undefined) {
    if (events.includes(CHANGES))
      throw invalid(
        'eventProperties',
        `Parameter 'eventProperties' is required with ${CHANGES}.`,
        'PARAM_MISSING',
      );
    return undefined;
  }
  const wrong = () =>
    invalid('eventProperties', "Parameter 'eventProperties' should be a list of {event, properties}.");
  if (!Array.isArray(given) || given.length > EVENTS_MAX) throw wrong();
  return Object.fromEntries(
    given.map((one: unknown) => {
      const [event, properties] = [field(one, 'event'), field(one, 'properties')];
      if (typeof event !== 'string' || !isNames(properties)) throw wrong();
      return [event, properties];
    }),
  );
}

function isNames(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= EVENTS_MAX &&
    value.every(one => typeof one === 'string' && one.length <= DESCRIPTION_MAX)
  );
}

function descriptionIn(body: unknown): string | null | undefined {
  const description = field(body, 'description');
  if (description === undefined || description === null) return description;
  if (typeof description !== 'string')
    throw invalid('description', "Parameter 'description' should be text.");
  if ([...description].length > DESCRIPTION_MAX)
    throw invalid(
      'description',
      `Parameter 'description' has more than ${DESCRIPTION_MAX} characters.`,
      'PARAM_INVALID_LENGTH',
    );
  return description;
}

function enabledIn(body: unknown): boolean | undefined {
  const status = field(body, 'status') ?? undefined;
  if (status === undefined) return undefined;
  if (status !== 'active' && status !== 'disabled')
    throw invalid('status', "Parameter 'status' should be active or disabled.");
  return status === 'active';
}

function shown(endpoint: Endpoint, secret: string | undefined): object {
  return {
    id: endpoint.id,
    url: endpoint.url,
    enabledEvents: endpoint.events,
    ...(endpoint.properties === undefined
      ? {}
      : {
          eventProperties: Object.entries(endpoint.properties).map(([event, properties]) => ({
            event,
            properties,
          })),
        }),
    ...(endpoint.description === undefined ? {} : { description: endpoint.description }),
    status: endpoint.status,
    ...(secret === undefined ? {} : { secret }),
    createTime: time(endpoint.createdAt),
    updateTime: time(endpoint.updatedAt),
  };
}
