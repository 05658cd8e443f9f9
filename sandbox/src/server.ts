import multipart from '@fastify/multipart';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Problem } from './control/problem.ts';
import { controlErrors, controlRoutes } from './control/routes.ts';
import { envelopeOf, GraphError, graphErrors } from './graph/errors.ts';
import { mediaRoutes } from './graph/media.ts';
import { messageRoutes } from './graph/messages.ts';
import { nodeRoutes } from './graph/nodes.ts';
import { numberSettingRoutes } from './graph/number-settings.ts';
import { subscriptionRoutes } from './graph/subscriptions.ts';
import { templateRoutes } from './graph/templates.ts';
import { uploadRoutes } from './graph/uploads.ts';
import { pageRoutes } from './page.ts';
import type { Network } from './parts.ts';
import { receiverEndpoint } from './receivers/endpoint.ts';

const BODY_MAX_BYTES = 5 * 1024 * 1024;
/** Longer than a client keeps an idle connection, so that the client is the one that closes it. */
const KEEP_ALIVE_MS = 75_000;

/** The network's HTTP: Meta's Graph API under a version, the sandbox's own control under /sandbox, receivers, the page. */
export async function buildServer(network: Network, pageDir?: string): Promise<FastifyInstance> {
  const server = fastify({
    bodyLimit: BODY_MAX_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    logger: false,
    routerOptions: { maxParamLength: 500 },
    frameworkErrors: (_error: unknown, _request: FastifyRequest, reply: FastifyReply) => {
      reply.code(400).send(envelopeOf({ code: 2500, message: 'The path of the request cannot be read.' }));
    },
  });
  // Whatever a client calls its body, it is JSON; an empty one is an empty object.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_, text, done) => {
    if (text === '') return done(null, {});
    try {
      done(null, JSON.parse(text as string));
    } catch {
      done(new GraphError({ code: 100, message: '(#100) The request body is not valid JSON.' }));
    }
  });
  // A file beyond the limit is cut short, and refused by whoever reads it.
  await server.register(multipart, { throwFileSizeLimit: false });
  server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if ((error.statusCode ?? 500) >= 500 && !isAnswer(error)) {
      network.log(`${request.method} ${request.routeOptions.url}: ${error.stack}`);
    }
    return request.url.startsWith('/sandbox/') ? controlErrors(error, reply) : graphErrors(error, reply);
  });
  messageRoutes(server, network);
  nodeRoutes(server, network);
  numberSettingRoutes(server, network);
  subscriptionRoutes(server, network);
  templateRoutes(server, network);
  mediaRoutes(server, network);
  await uploadRoutes(server, network);
  await server.register(async control => controlRoutes(control, network), { prefix: '/sandbox' });
  await receiverEndpoint(server, network);
  await pageRoutes(server, pageDir);
  return server;
}

/** Refusals that a route has thrown on purpose. */
function isAnswer(error: Error): boolean {
  return error instanceof GraphError || error instanceof Problem;
}
