import { Type } from 'typebox';
import {
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  type Endpoint,
  getEndpoint,
  listEndpoints,
  newEndpointSecret,
  rotateSecret,
} from '../accounts/endpoints.ts';
import { eventMask } from '../message/event.ts';
import { principalOf, requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';
import { type Fault, invalid, notFound, Problem } from './problem.ts';
import { listOf, readQuery } from './query.ts';
import { Exactly, Nullable, Secret, Url } from './schema.ts';

/** Names in one subscription; no vendor has half as many events. */
const EVENTS_MAX = 100;

/** How long the secret before the last one holds too, when nobody says otherwise, and at most. */
const OVERLAP_S = 86_400;
const OVERLAP_MAX_S = 30 * 86_400;

const Events = Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: EVENTS_MAX });
const Description = Nullable(Type.String({ maxLength: 400 }));

const NewEndpoint = Exactly({
  url: Url,
  failover_url: Type.Optional(Url),
  dialect: Type.String(),
  events: Events,
  description: Type.Optional(Description),
  secret: Type.Optional(Secret),
});

const Change = Exactly({
  url: Type.Optional(Url),
  failover_url: Type.Optional(Nullable(Url)),
  events: Type.Optional(Events),
  description: Type.Optional(Description),
  enabled: Type.Optional(Type.Boolean()),
});

const Rotation = Nullable(
  Exactly({
    secret: Type.Optional(Secret),
    overlap_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: OVERLAP_MAX_S })),
  }),
);

const Params = Type.Object({ id: Type.String() });

/** Where a workspace's events go. */
export function webhookEndpointRoutes(api: Api, deps: ApiDeps): void {
  const { store, secrets, clock, directory } = deps;
  const admin = requires(directory, 'admin');
  const read = requires(directory, 'read');

  api.post('/api/webhook-endpoints', { ...admin, schema: { body: NewEndpoint } }, async (request, reply) => {
    const { url, failover_url: failoverUrl, description, secret: given } = request.body;
    const dialect = dialectNamed(deps, request.body.dialect);
    const { mask, events, faults } = subscription(dialect, request.body.events);
    faults.push(...shutUrls(deps, request.body), ...unfitSecret(dialect, given));
    if (faults.length > 0) throw invalid(...faults);
    const secret = given ?? (dialect.signsWithSecret ? newEndpointSecret() : undefined);
    const { workspaceId } = principalOf(request);
    const made = await createEndpoint(
      store,
      secrets,
      {
        workspaceId,
        url,
        failoverUrl,
        dialect: dialect.name,
        events,
        description: description ?? undefined,
        secret,
      },
      () => mask,
      clock.now(),
    );
    await directory.refresh();
    // Whoever gave it knows it; ours is told now, and later only by the route of its own.
    return reply.code(201).send({ ...show(made), ...(given === undefined && secret ? { secret } : {}) });
  });

  api.get('/api/webhook-endpoints', read, async request =>
    listOf(
      readQuery(request, []).page,
      page => listEndpoints(store, principalOf(request).workspaceId, page),
      show,
    ),
  );

  api.get('/api/webhook-endpoints/:id', { ...read, schema: { params: Params } }, async request =>
    show(await endpointOf(principalOf(request).workspaceId, request.params.id)),
  );

  api.get('/api/webhook-endpoints/:id/secret', { ...admin, schema: { params: Params } }, async request => {
    const { id } = await endpointOf(principalOf(request).workspaceId, request.params.id);
    await directory.refresh();
    return { secret: directory.endpointSecret(id) ?? null };
  });

  api.patch(
    '/api/webhook-endpoints/:id',
    { ...admin, schema: { params: Params, body: Change } },
    async request => {
      const { workspaceId } = principalOf(request);
      const { url, failover_url: failoverUrl, events, description, enabled } = request.body;
      const standing = await endpointOf(workspaceId, request.params.id);
      const asked =
        events === undefined ? undefined : subscription(dialectNamed(deps, standing.dialect), events);
      const faults = [...(asked?.faults ?? []), ...shutUrls(deps, request.body)];
      if (faults.length > 0) throw invalid(...faults);
      const outcome = await changeEndpoint(
        store,
        workspaceId,
        standing.id,
        {
          url,
          failoverUrl,
          events: asked && { names: asked.events, mask: asked.mask },
          description,
          enabled,
        },
        clock.now(),
      );
      if (outcome === undefined) throw notFound('webhook endpoint');
      if ('kind' in outcome) throw new Problem(409, outcome.detail);
      await directory.refresh();
      return show(outcome);
    },
  );

  api.post(
    '/api/webhook-endpoints/:id/rotate-secret',
    { ...admin, schema: { params: Params, body: Rotation } },
    async request => {
      const { workspaceId } = principalOf(request);
      const standing = await endpointOf(workspaceId, request.params.id);
      const dialect = dialectNamed(deps, standing.dialect);
      if (!dialect.signsWithSecret) {
        throw new Problem(
          409,
          `Reports in the form of ${dialect.name} are not signed with a secret of the endpoint.`,
        );
      }
      const { secret = newEndpointSecret(), overlap_seconds: overlapS = OVERLAP_S } = request.body ?? {};
      const faults = unfitSecret(dialect, secret);
      if (faults.length > 0) throw invalid(...faults);
      const changed = await rotateSecret(
        store,
        secrets,
        workspaceId,
        standing.id,
        secret,
        overlapS * 1_000,
        clock.now(),
      );
      if (changed === undefined) throw notFound('webhook endpoint');
      await directory.refresh();
      return { ...show(changed), secret };
    },
  );

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

  async function endpointOf(workspaceId: string, id: string): Promise<Endpoint> {
    const endpoint = await getEndpoint(store, workspaceId, id);
    if (endpoint === undefined) throw notFound('webhook endpoint');
    return endpoint;
  }
}

type Dialect = ApiDeps['dialects'][number];

function dialectNamed({ dialects }: ApiDeps, name: string): Dialect {
  const dialect = dialects.find(one => one.name === name);
  if (dialect !== undefined) return dialect;
  const known = dialects.map(one => one.name).join(', ');
  throw invalid({ pointer: '/dialect', detail: `There is no dialect ${name} here; there is ${known}.` });
}

/** What is subscribed to, in the dialect's own names. */
function subscription(dialect: Dialect, names: readonly string[]) {
  const faults: Fault[] = [];
  const events = [...new Set(names)];
  let mask = 0;
  for (const name of events) {
    if (Object.hasOwn(dialect.eventNames, name)) mask |= eventMask(dialect.eventNames[name]!);
    else {
      const known = Object.keys(dialect.eventNames).join(', ');
      faults.push({
        pointer: `/events/${names.indexOf(name)}`,
        detail: `${dialect.name} has no event ${name}; it has ${known}.`,
      });
    }
  }
  return { mask, events, faults };
}

function shutUrls(
  deps: ApiDeps,
  body: { url?: string | undefined; failover_url?: string | null | undefined },
): Fault[] {
  const faults: Fault[] = [];
  for (const field of ['url', 'failover_url'] as const) {
    const address = body[field];
    const shut = typeof address === 'string' ? deps.checkUrl(address) : undefined;
    if (shut !== undefined)
      faults.push({ pointer: `/${field}`, detail: `${field} cannot be used: ${shut}.` });
  }
  return faults;
}

function unfitSecret(dialect: Dialect, secret: string | undefined): Fault[] {
  const unfit = secret === undefined ? undefined : dialect.checkSecret?.(secret);
  return unfit === undefined ? [] : [{ pointer: '/secret', detail: `secret ${unfit}.` }];
}

function show(endpoint: Endpoint) {
  return {
    id: endpoint.id,
    url: endpoint.url,
    failover_url: endpoint.failoverUrl ?? null,
    dialect: endpoint.dialect,
    events: endpoint.events,
    description: endpoint.description ?? null,
    has_secret: endpoint.hasSecret,
    previous_secret_until: endpoint.previousSecretUntil ?? null,
    enabled: endpoint.status === 'active',
    /** Set when we disabled it: its reports are kept as failed. */
    disabled_reason: endpoint.stopped?.reason ?? null,
    disabled_at: endpoint.stopped?.at ?? null,
    origin: endpoint.origin ?? null,
    created_at: endpoint.createdAt,
    updated_at: endpoint.updatedAt,
  };
}
