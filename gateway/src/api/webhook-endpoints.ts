import { Type } from 'typebox';
import {
  createEndpoint,
  deleteEndpoint,
  type Endpoint,
  getEndpoint,
  listEndpoints,
} from '../accounts/endpoints.ts';
import { eventMask } from '../message/event.ts';
import { principalOf, requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';
import { type Fault, invalid, notFound, Problem } from './problem.ts';
import { listOf, readQuery } from './query.ts';
import { Exactly, Secret, Url } from './schema.ts';

/** Names in one subscription; no vendor has half as many events. */
const EVENTS_MAX = 100;

const NewEndpoint = Exactly({
  url: Url,
  failover_url: Type.Optional(Url),
  dialect: Type.String(),
  events: Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: EVENTS_MAX }),
  secret: Type.Optional(Secret),
});

const Params = Type.Object({ id: Type.String() });

/** Where a workspace's events go. */
export function webhookEndpointRoutes(api: Api, deps: ApiDeps): void {
  const { store, secrets, clock, directory } = deps;
  const admin = requires(directory, 'admin');
  const read = requires(directory, 'read');

  api.post('/api/webhook-endpoints', { ...admin, schema: { body: NewEndpoint } }, async (request, reply) => {
    const { url, failover_url: failoverUrl, secret } = request.body;
    const { dialect, mask, events, faults } = subscription(deps, request.body);
    for (const [pointer, address] of [
      ['/url', url],
      ['/failover_url', failoverUrl],
    ] as const) {
      const shut = address === undefined ? undefined : deps.checkUrl(address);
      if (shut !== undefined)
        faults.push({ pointer, detail: `${pointer.slice(1)} cannot be used: ${shut}.` });
    }
    if (dialect === undefined || faults.length > 0) throw invalid(...faults);
    const made = await createEndpoint(
      store,
      secrets,
      { workspaceId: principalOf(request).workspaceId, url, failoverUrl, dialect, events, secret },
      () => mask,
      clock.now(),
    );
    await directory.refresh();
    return reply.code(201).send(show(made));
  });

  api.get('/api/webhook-endpoints', read, async request =>
    listOf(
      readQuery(request, []).page,
      page => listEndpoints(store, principalOf(request).workspaceId, page),
      show,
    ),
  );

  api.get('/api/webhook-endpoints/:id', { ...read, schema: { params: Params } }, async request => {
    const endpoint = await getEndpoint(store, principalOf(request).workspaceId, request.params.id);
    if (endpoint === undefined) throw notFound('webhook endpoint');
    return show(endpoint);
  });

  api.delete(
    '/api/webhook-endpoints/:id',
    { ...admin, schema: { params: Params } },
    async (request, reply) => {
      const outcome = await deleteEndpoint(store, principalOf(request).workspaceId, request.params.id);
      if (outcome === undefined) throw notFound('webhook endpoint');
      if (outcome !== 'deleted') throw new Problem(409, outcome.detail);
      await directory.refresh();
      return reply.code(204).send();
    },
  );
}

/** What is subscribed to, in the dialect's own names. */
function subscription(deps: ApiDeps, body: { dialect: string; events: readonly string[] }) {
  const faults: Fault[] = [];
  const dialect = deps.dialects.find(({ name }) => name === body.dialect);
  if (dialect === undefined) {
    const known = deps.dialects.map(({ name }) => name).join(', ');
    faults.push({
      pointer: '/dialect',
      detail: `There is no dialect ${body.dialect} here; there is ${known}.`,
    });
    return { dialect: undefined, mask: 0, events: [], faults };
  }
  const events = [...new Set(body.events)];
  let mask = 0;
  for (const name of events) {
    if (Object.hasOwn(dialect.eventNames, name)) mask |= eventMask(dialect.eventNames[name]!);
    else {
      const known = Object.keys(dialect.eventNames).join(', ');
      faults.push({
        pointer: `/events/${body.events.indexOf(name)}`,
        detail: `${dialect.name} has no event ${name}; it has ${known}.`,
      });
    }
  }
  return { dialect: dialect.name, mask, events, faults };
}

function show(endpoint: Endpoint) {
  return {
    id: endpoint.id,
    url: endpoint.url,
    failover_url: endpoint.failoverUrl ?? null,
    dialect: endpoint.dialect,
    events: endpoint.events,
    has_secret: endpoint.hasSecret,
    enabled: endpoint.enabled,
    origin: endpoint.origin ?? null,
    created_at: endpoint.createdAt,
  };
}
