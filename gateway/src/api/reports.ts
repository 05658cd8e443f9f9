import { type Static, Type } from 'typebox';
import { getEndpoint } from '../accounts/endpoints.ts';
import { isUuid } from '../accounts/outcome.ts';
import { getReport, type ListedReport, listReports, REPORT_STATES } from '../reports/list.ts';
import { REPLAYED, type ReplayFilter, replayReports } from '../reports/replay.ts';
import { principalOf, requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';
import { type Fault, invalid, notFound, Problem } from './problem.ts';
import { listOf, oneOf, readQuery } from './query.ts';
import { Exactly, Nullable } from './schema.ts';

const Id = Type.String({ maxLength: 36 });
const Time = Type.String({ maxLength: 40 });

const InTime = {
  state: Type.Optional(Type.Enum([...REPLAYED])),
  from: Type.Optional(Time),
  to: Type.Optional(Time),
};
const OfEndpoint = Exactly(InTime);
const OfAll = Exactly({
  ...InTime,
  event_id: Type.Optional(Id),
  message_id: Type.Optional(Id),
  endpoint_id: Type.Optional(Id),
});

const Params = Type.Object({ id: Type.String() });

/** What was reported to whom, and how to have it delivered again. */
export function reportRoutes(api: Api, deps: ApiDeps): void {
  const { store, directory } = deps;
  const admin = requires(directory, 'admin');
  const read = requires(directory, 'read');

  api.get('/api/reports', read, async request => {
    const { workspaceId } = principalOf(request);
    const { page, filters } = readQuery(request, ['state', 'endpoint', 'message']);
    const filter = {
      state: oneOf('state', filters.state, REPORT_STATES),
      endpointId: filters.endpoint,
      messageId: filters.message,
    };
    // What is no id names nothing.
    if ([filter.endpointId, filter.messageId].some(id => id !== undefined && !isUuid(id)))
      return { data: [], next: null };
    return listOf(page, one => listReports(store, workspaceId, filter, one), show);
  });

  api.get('/api/reports/:id', { ...read, schema: { params: Params } }, async request => {
    const { id } = request.params;
    const report = isUuid(id) ? await getReport(store, principalOf(request).workspaceId, id) : undefined;
    if (report === undefined) throw notFound('report');
    return show(report);
  });

  api.post('/api/reports/:id/replay', { ...admin, schema: { params: Params } }, async (request, reply) => {
    const { workspaceId } = principalOf(request);
    const { id } = request.params;
    const report = isUuid(id) ? await getReport(store, workspaceId, id) : undefined;
    if (report === undefined) throw notFound('report');
    const told = await replay({ workspaceId, state: 'all', reportId: id });
    if (told.skipped > 0) throw new Problem(409, 'Its endpoint is disabled or deleted.');
    return reply.code(202).send(told);
  });

  api.post('/api/reports/replay', { ...admin, schema: { body: Nullable(OfAll) } }, async (request, reply) => {
    const { workspaceId } = principalOf(request);
    const body = request.body ?? {};
    const { event_id: eventId, message_id: messageId, endpoint_id: endpointId } = body;
    const faults = (['event_id', 'message_id', 'endpoint_id'] as const)
      .filter(name => body[name] !== undefined && !isUuid(body[name]))
      .map((name): Fault => ({ pointer: `/${name}`, detail: `${name} must be an id.` }));
    const inTime = timesOf(body, faults);
    const told = await replay({ workspaceId, ...inTime, eventId, messageId, endpointId });
    return reply.code(202).send(told);
  });

  api.post(
    '/api/webhook-endpoints/:id/replay',
    { ...admin, schema: { params: Params, body: Nullable(OfEndpoint) } },
    async (request, reply) => {
      const { workspaceId } = principalOf(request);
      const endpoint = await getEndpoint(store, workspaceId, request.params.id);
      if (endpoint === undefined) throw notFound('webhook endpoint');
      if (endpoint.status !== 'active')
        throw new Problem(409, 'This endpoint is disabled: enable it before its reports are replayed.');
      const inTime = timesOf(request.body ?? {}, []);
      const told = await replay({ workspaceId, ...inTime, endpointId: endpoint.id });
      return reply.code(202).send(told);
    },
  );

  async function replay(filter: ReplayFilter) {
    const told = await replayReports(store, filter);
    if (told.scheduled > 0) deps.reportsReplayed();
    return told;
  }
}

/** @throws Problem with these faults and those of the times */
function timesOf(body: Static<typeof OfEndpoint>, faults: Fault[]) {
  const time = (name: 'from' | 'to'): Date | undefined => {
    const text = body[name];
    if (text === undefined) return undefined;
    const date = new Date(text);
    if (/^\d{4}-\d\d-\d\d(T|$)/.test(text) && !Number.isNaN(date.getTime())) return date;
    faults.push({ pointer: `/${name}`, detail: `${name} must be a time in ISO 8601.` });
    return undefined;
  };
  const inTime = { state: body.state ?? 'failed', from: time('from'), to: time('to') };
  if (faults.length > 0) throw invalid(...faults);
  return inTime;
}

function show(report: ListedReport) {
  return {
    id: report.id,
    event_id: report.eventId,
    event: report.event,
    state: report.state,
    endpoint_id: report.endpointId ?? null,
    message_id: report.messageId ?? null,
    notice_id: report.noticeId ?? null,
    dialect: report.dialect,
    url: report.url,
    occurred_at: report.occurredAt,
    due_at: report.dueAt ?? null,
    finished_at: report.finishedAt ?? null,
    attempts: report.attempts.map(one => ({
      attempt: one.attempt,
      at: one.at,
      duration_ms: one.durationMs,
      url: one.url,
      http_status: one.httpStatus ?? null,
      error: one.error ?? null,
      answer: one.answer ?? null,
    })),
  };
}
