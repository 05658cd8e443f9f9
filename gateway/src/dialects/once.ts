import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../accounts/directory.ts';
import { Overloaded } from '../outbox/accept.ts';
import { QueueFull } from '../outbox/depth.ts';
import { type Key, KeyTaken, type Mark } from '../outbox/repeats.ts';
import type { HttpProblem } from '../problem.ts';
import type { Below } from './dialect.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came; null where there was none. */
    bodyText: string | null;
  }
}

/** The characters of Telnyx's keys, the only vendor that has said (telnyx §10); UUIDs and hashes fit. */
const KEY = /^[A-Za-z0-9_:-]{1,255}$/;

/** Says that an answer was given before. */
const REPLAYED = { 'idempotent-replayed': 'true' };

/** Keeps the text of JSON bodies: an equal body is how a request is known that comes again without a key. */
export function keepBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.decorateRequest('bodyText', null);
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    request.bodyText = body as string;
    parse(request, body as string, done);
  });
}

/**
 * Runs a route that sends, so that a request that comes again is the same one (design §4, front-door repeats): with an
 * `Idempotency-Key` it gets the answer of the first, without one its messages.
 *
 * A caller that went before its answer, or was told that something went wrong, may come again.
 *
 * @param handle accepts with the mark; what it returns is the answer
 * @param replayed makes the answer to a repeat from what was kept, where that is not the whole of it
 */
export async function once(
  request: FastifyRequest,
  reply: FastifyReply,
  { repeats }: Below,
  principal: Principal,
  handle: (mark: Mark) => Promise<unknown>,
  refuse: (problem: HttpProblem) => unknown,
  replayed?: (kept: string) => Promise<unknown>,
): Promise<unknown> {
  const given = request.headers['idempotency-key'];
  if (given === undefined) return unkeyed(request, reply, repeats, principal, handle);
  if (typeof given !== 'string' || !KEY.test(given))
    return refuse({ kind: 'idempotency_key', why: 'malformed' });
  const key: Key = {
    workspaceId: principal.workspaceId,
    route: routeOf(request),
    key: given,
    bodyHash: hash('sha256', request.bodyText ?? ''),
  };
  if (!repeats.begin(key)) return refuse({ kind: 'idempotency_key', why: 'running' });
  const replay = async (): Promise<unknown> => {
    const before = await repeats.answered(key);
    if (before === undefined) return undefined;
    if (before === 'reused') return refuse({ kind: 'idempotency_key', why: 'reused' });
    reply.headers(REPLAYED);
    if (replayed !== undefined) return replayed(before.answer);
    return reply.type('application/json; charset=utf-8').send(before.answer);
  };
  try {
    return (await replay()) ?? (await handle({ hash: undefined, retried: false, isOpen: () => true, key }));
  } catch (error) {
    if (!(error instanceof KeyTaken)) throw error;
    // Another node has taken it in the meantime.
    return (await replay()) ?? refuse({ kind: 'idempotency_key', why: 'running' });
  } finally {
    repeats.end(key);
  }
}

async function unkeyed(
  request: FastifyRequest,
  reply: FastifyReply,
  repeats: Below['repeats'],
  principal: Principal,
  handle: (mark: Mark) => Promise<unknown>,
): Promise<unknown> {
  const digest = hash('sha256', `${principal.keyId} ${routeOf(request)} ${request.bodyText ?? ''}`, 'buffer');
  const mark: Mark = {
    hash: digest.readBigInt64BE().toString(),
    // The official clients of Telnyx and their generator count their retries.
    retried: Number(request.headers['x-stainless-retry-count'] ?? 0) >= 1,
    isOpen: () => !reply.raw.destroyed,
    key: undefined,
  };
  const doubt = (): void => {
    // Nobody waits for it; a node that cannot write it down knows it all the same.
    repeats.doubt(mark.hash!).catch(() => {});
  };
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) doubt();
  });
  try {
    return await handle(mark);
  } catch (error) {
    if (mayBeStored(error)) doubt();
    throw error;
  }
}

/** False for what is refused at the door: a full queue is no reason to write to the database for each request. */
function mayBeStored(error: unknown): boolean {
  return !(error instanceof QueueFull) && (!(error instanceof Overloaded) || error.inDoubt);
}

/** An answer whose messages were stored by an equal request before. */
export function tellRepeated(reply: FastifyReply): void {
  reply.headers(REPLAYED);
}

function routeOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? ''}`;
}
