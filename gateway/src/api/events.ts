import type { FastifyRequest } from 'fastify';
import { isUuid } from '../accounts/outcome.ts';
import { EVENT, EVENT_TYPES, type EventName, eventMask, eventName } from '../message/event.ts';
import { DIRECTIONS } from '../message/message.ts';
import { type StatusName, statusName } from '../message/status.ts';
import { eventIdOf } from '../reports/encoder.ts';
import { type Place, REACH_MS } from '../reports/event-feed.ts';
import type { LoggedEvent } from '../reports/event-log.ts';
import { findMessage } from '../store/message-row.ts';
import { principalOf, requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';
import { EventStream, readPlace } from './event-stream.ts';
import { senderId } from './phones.ts';
import { invalid, notFound, Problem } from './problem.ts';
import { readFilters } from './query.ts';

const NAMES = Object.keys(EVENT) as EventName[];

/** What one workspace may have of the streams of a node. */
const WORKSPACE_PART = 4;

/** When a place may be free. */
const BUSY_RETRY_S = 10;

/** In which status an event left its message, where the event says it. */
const STATUS_AFTER: Readonly<Partial<Record<EventName, StatusName>>> = {
  sent: 'sent',
  delivered: 'delivered',
  read: 'read',
  failed: 'failed',
  suppressed: 'suppressed',
  canceled: 'canceled',
  expired: 'expired',
};

/** Events that come with the reason. */
const ENDS: readonly EventName[] = ['failed', 'suppressed', 'canceled', 'expired'];

/** One of the streams of this node, from before it begins. */
interface Seat {
  readonly workspaceId: string;
  stream?: EventStream;
}

/**
 * What happens, as it happens: `GET /api/events`, server-sent events.
 *
 * The key comes in a header only. In the address, where a browser's own EventSource would need it, it would be written
 * into the logs of every proxy on the way and into the history of the browser.
 */
export function eventRoutes(api: Api, deps: ApiDeps): void {
  const { store, clock, directory, feed, eventStreams } = deps;
  const open = new Set<Seat>();
  let closing = false;
  // They would keep the server from closing.
  api.addHook('preClose', async () => {
    closing = true;
    for (const { stream } of open) stream?.end();
  });

  api.get(
    '/api/events',
    // A HEAD would be a stream without anything in it.
    { ...requires(directory, 'read'), exposeHeadRoute: false },
    async (request, reply) => {
      const { workspaceId, keyId } = principalOf(request);
      const filters = readFilters(request, ['types', 'sender', 'message']);
      const mask = maskOf(filters.types);
      const sender = filters.sender === undefined ? undefined : await ownSender(workspaceId, filters.sender);
      const message =
        filters.message === undefined ? undefined : await ownMessage(workspaceId, filters.message);
      const since = sinceOf(request);

      const full = refusal(workspaceId);
      if (full !== undefined) {
        reply.header('retry-after', BUSY_RETRY_S);
        throw full;
      }
      const seat: Seat = { workspaceId };
      open.add(seat);
      reply.raw.once('close', () => open.delete(seat));
      const end = await feed.open(workspaceId);
      if (closing) throw new Problem(503, 'This node stops. Connect again: another one answers.');
      // He went while the log was opened.
      if (reply.raw.destroyed) return reply.hijack();
      reply.hijack();
      const place = since ?? end;
      const stream = new EventStream({
        workspaceId,
        mask,
        response: reply.raw,
        place,
        wants: event =>
          (event.kind & mask) !== 0 &&
          (sender === undefined || (event.message ?? event.notice)?.sender_id === sender) &&
          (message === undefined || event.message?.id === message),
        show,
        gap: after => ({
          type: 'gap',
          at: clock.now(),
          detail: `Events after ${after} are missing here: only those of the last ${REACH_MS / 60_000} minutes are kept. GET /api/messages and GET /api/notices have what became of them.`,
        }),
        isAllowed: () => {
          const principal = directory.authenticate(request.headers);
          return principal?.keyId === keyId && principal.scopes.includes('read');
        },
        onReady: () => feed.wake(),
        now: clock.monotonic,
      });
      seat.stream = stream;
      reply.raw.once('close', feed.listen(stream, place));
      return reply;
    },
  );

  /** Why no more streams may be opened; undefined when one may. */
  function refusal(workspaceId: string): Problem | undefined {
    const own = [...open].filter(one => one.workspaceId === workspaceId).length;
    if (own >= Math.ceil(eventStreams / WORKSPACE_PART))
      return new Problem(429, `The workspace has ${own} event streams open at this node, which is its part.`);
    if (open.size >= eventStreams)
      return new Problem(503, `This node has ${open.size} event streams open, which is all it may have.`);
    return undefined;
  }

  async function ownSender(workspaceId: string, text: string): Promise<string> {
    const id = senderId(directory, workspaceId, text);
    if (id === null || directory.senderById(id)?.workspaceId !== workspaceId) throw notFound('sender');
    return id;
  }

  async function ownMessage(workspaceId: string, text: string): Promise<string> {
    const found = isUuid(text) ? await findMessage(store, workspaceId, text) : undefined;
    if (found === undefined) throw notFound('message');
    return found.id;
  }

  function show({ id, kind, at, message, notice }: LoggedEvent) {
    const name = eventName(kind);
    const event = { id: eventIdOf(id, kind), type: EVENT_TYPES[name], at: new Date(at) };
    if (message === null)
      return { ...event, notice: { ...notice, sender: phoneOf(notice?.sender_id as string | null) } };
    return {
      ...event,
      message: {
        id: message.id,
        direction: DIRECTIONS[message.direction as number],
        dialect: message.dialect,
        status: STATUS_AFTER[name] ?? statusName(message.status as number),
        sender_id: message.sender_id,
        sender: phoneOf(message.sender_id as string),
        recipient: message.recipient,
        type: message.kind,
        wamid: message.wamid,
        callback_data: message.callback_data,
        failure:
          ENDS.includes(name) && message.failure !== null
            ? (JSON.parse(message.failure as string) as unknown)
            : null,
      },
    };
  }

  function phoneOf(id: string | null): string | null {
    return id === null ? null : (directory.senderById(id)?.phoneNumber ?? null);
  }
}

function maskOf(types: string | undefined): number {
  if (types === undefined) return eventMask(NAMES);
  const names = types.split(',').map(type => {
    const name = NAMES.find(one => EVENT_TYPES[one] === type.trim());
    if (name === undefined)
      throw invalid({
        parameter: 'types',
        detail: `types must be names with commas between them, of ${Object.values(EVENT_TYPES).join(', ')}.`,
      });
    return name;
  });
  return eventMask(names);
}

/** Where the client was; undefined when it comes for the first time. */
function sinceOf(request: FastifyRequest): Place | undefined {
  const text = request.headers['last-event-id'];
  if (text === undefined || text === '') return undefined;
  const place = readPlace(String(text));
  if (place === undefined) throw new Problem(400, 'Last-Event-ID must be the id of an event of this stream.');
  return place;
}
