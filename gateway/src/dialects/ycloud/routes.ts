import type { FastifyInstance } from 'fastify';
import type { Below } from '../dialect.ts';
import { keepBodies } from '../once.ts';
import { newRequestId, REQUEST_ID } from './errors.ts';
import { answer, guard, principalOf, refuseOthers, requires } from './http.ts';
import { listMessages, messageRoutes } from './messages.ts';
import { askedBy } from './mount.ts';
import { Refused } from './refused.ts';
import { resourceRoutes } from './resources/index.ts';
import { enqueue, sendDirectly } from './send.ts';

/** Mounts YCloud's paths. Problems that are thrown here come back through the dialect's `refuse`. */
export function routes(app: FastifyInstance, below: Below): void {
  // Fastify takes plain text by itself; here only JSON is a body.
  app.removeContentTypeParser('text/plain');
  keepBodies(app);
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header(REQUEST_ID, newRequestId());
    done();
  });
  guard(app, below.directory);

  app.post('/v2/whatsapp/messages', { onRequest: requires('send') }, (request, reply) =>
    enqueue(request, reply, below),
  );
  app.get('/v2/whatsapp/messages', { onRequest: requires('read') }, async (request, reply) => {
    try {
      const { query } = askedBy(request);
      return await listMessages(below, principalOf(request).workspaceId, query);
    } catch (error) {
      if (error instanceof Refused) return answer(reply, error.refusal);
      throw error;
    }
  });
  refuseOthers(app, '/v2/whatsapp/messages', ['GET', 'HEAD', 'POST']);
  // The page writes the path of the direct route in the singular.
  for (const url of ['/v2/whatsapp/messages/sendDirectly', '/v2/whatsapp/message/sendDirectly']) {
    app.post(url, { onRequest: requires('send') }, (request, reply) => sendDirectly(request, reply, below));
    refuseOthers(app, url, ['POST']);
  }
  messageRoutes(app, below);
  resourceRoutes(app, below);
}
