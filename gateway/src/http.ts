import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream';
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify';
import { QueueFull } from './outbox/depth.ts';
import type { HttpProblem, Refusal } from './problem.ts';
import { Overloaded } from './store/batch.ts';
import { isPassing } from './store/store.ts';

/** The largest documented send is a few kilobytes; media go elsewhere. */
const BODY_MAX = 1024 * 1024;

/** Chooses in whose shape a request is refused. */
export type Refuser = (path: string, headers: FastifyRequest['headers']) => (problem: HttpProblem) => Refusal;

/**
 * The HTTP server, with every refusal in somebody's own shape: never a bare 500, never a stack trace.
 *
 * @param refuser by path where the path is known, else by the auth header
 */
export function createServer(refuser: Refuser, log: FastifyBaseLogger): FastifyInstance {
  const refuse = (request: FastifyRequest, reply: FastifyReply, problem: HttpProblem): FastifyReply => {
    const refusal = refuser(pathOf(request.raw.url ?? '/'), request.headers)(problem);
    return reply
      .code(refusal.status)
      .headers(refusal.headers ?? {})
      .send(refusal.body);
  };

  const app = fastify({
    // One line for each request would cost more than the request; metrics count, and problems are logged below.
    loggerInstance: log,
    // Nor is a logger of its own made for each: what we log of one says which.
    childLoggerFactory: logger => logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_MAX,
    forceCloseConnections: 'idle',
    // Fastify's own 503 is in nobody's shape; what still comes on an open connection is served.
    return503OnClosing: false,
    // A base URL with a slash at its end, before paths that begin with one.
    rewriteUrl: ({ url = '/' }) => (url.includes('//') ? singleSlashes(url) : url),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    // A path with a bad percent sign never reaches the error handler.
    frameworkErrors: (error, request, reply) => {
      refuse(request as FastifyRequest, reply as FastifyReply, {
        kind: 'bad_request',
        message: error.message,
      });
    },
    clientErrorHandler(error, socket) {
      if ((error as { code?: string }).code === 'ECONNRESET' || !socket.writable) return;
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        allErrors: true,
        keywords: ['errorMessage'],
      },
    },
  });

  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const problem = problemOf(error, request, log);
    if (problem.kind === 'too_large') await drained(request.raw);
    return refuse(request, reply, problem);
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(request, reply, {
      kind: 'not_found',
      method: request.method,
      path: pathOf(request.raw.url ?? '/'),
    }),
  );
  endUnusedConnections(app);
  return app;
}

/**
 * At a close Node ends connections between two requests, but not one on which none has come yet: it counts as busy for
 * a minute. Clients open such connections in advance, so those that are left go when the last answer is written.
 */
function endUnusedConnections(app: FastifyInstance): void {
  let underWay = 0;
  let closing = false;
  const endWhenQuiet = (): void => {
    if (closing && underWay === 0) app.server.closeAllConnections();
  };
  app.server.on('request', (_request, response) => {
    underWay++;
    response.once('close', () => {
      underWay--;
      if (closing) setImmediate(endWhenQuiet);
    });
  });
  app.addHook('preClose', done => {
    closing = true;
    // After the server has stopped to listen, which follows this hook.
    setImmediate(endWhenQuiet);
    done();
  });
}

/** What a thrown error means to a caller; what is our fault is logged with the reference that he is shown. */
export function problemOf(error: FastifyError, request: FastifyRequest, log: FastifyBaseLogger): HttpProblem {
  if (error instanceof Overloaded) {
    return { kind: 'overloaded', retryAfterSeconds: error.retryAfterSeconds, inDoubt: error.inDoubt };
  }
  if (error instanceof QueueFull) return { kind: 'queue_full', limit: error.limit };
  // The database is away: only what reads may be asked again without a thought.
  if (isPassing(error)) {
    const reads = request.method === 'GET' || request.method === 'HEAD';
    return { kind: 'overloaded', retryAfterSeconds: 5, inDoubt: !reads };
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return { kind: 'too_large', limit: BODY_MAX };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { kind: 'unsupported_media_type', given: request.headers['content-type'] };
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return { kind: 'malformed_json', message: error.message };
  }
  if (error instanceof SyntaxError) return { kind: 'malformed_json', message: error.message };
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return { kind: 'bad_request', message: error.message };
  }
  const reference = randomUUID();
  log.error(
    { err: error, reference, method: request.method, route: request.routeOptions.url },
    'a request failed here',
  );
  return { kind: 'internal', reference };
}

/** A refused body is read to its end for this long, so that its sender sees the answer and not a broken pipe. */
const DRAIN_MS = 10_000;

function drained(body: IncomingMessage): Promise<void> {
  return new Promise(resolve => {
    if (body.readableEnded || body.destroyed) return resolve();
    const timer = setTimeout(resolve, DRAIN_MS);
    finished(body, { writable: false }, () => {
      clearTimeout(timer);
      resolve();
    });
    body.resume();
  });
}

function singleSlashes(url: string): string {
  const path = pathOf(url);
  return path.replace(/\/{2,}/g, '/') + url.slice(path.length);
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
