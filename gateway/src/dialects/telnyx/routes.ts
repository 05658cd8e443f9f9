import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Below } from '../dialect.ts';
import { keepBodies } from '../once.ts';
import { conversationWindowRoutes } from './conversation-window.ts';
import { answerProblem, guard, principalOf, refuseOthers, requires } from './http.ts';
import { cancel, refuseSms, retrieve } from './messages.ts';
import { bothV2 } from './mount.ts';
import { resourceRoutes } from './resources/index.ts';
import { send } from './send.ts';

/** Mounts Telnyx's paths. Problems that are thrown here come back through the dialect's `refuse`. */
export function routes(app: FastifyInstance, below: Below): void {
  // Fastify takes plain text by itself; here only JSON is a body.
  app.removeContentTypeParser('text/plain');
  keepBodies(app);
  // Files of `/v2/media`; whatever takes no form has no body then, and says that it takes JSON.
  app.register(multipart, { throwFileSizeLimit: false });
  guard(app, below.directory);

  for (const url of bothV2('/messages/whatsapp')) {
    app.post(url, { onRequest: requires('send') }, (request, reply) => send(request, reply, below));
    refuseOthers(app, url, ['POST']);
  }
  for (const url of [...bothV2('/messages'), ...bothV2('/messages/schedule')]) {
    app.post(url, { onRequest: requires('send') }, refuseSms);
    refuseOthers(app, url, ['POST']);
  }
  for (const url of bothV2('/messages/:id')) {
    app.get<{ Params: { id: string } }>(url, { onRequest: requires('read') }, (request, reply) =>
      retrieve(request, reply, below),
    );
    app.delete<{ Params: { id: string } }>(url, { onRequest: requires('send') }, (request, reply) =>
      cancel(request, reply, below),
    );
    refuseOthers(app, url, ['GET', 'HEAD', 'DELETE']);
  }
  // The key only checks signatures: any key of the workspace may ask for it.
  app.get('/v2/public_key', (request, reply) => publicKey(request, reply, below));
  refuseOthers(app, '/v2/public_key', ['GET', 'HEAD']);

  conversationWindowRoutes(app, below);
  resourceRoutes(app, below);
}

async function publicKey(request: FastifyRequest, reply: FastifyReply, below: Below): Promise<unknown> {
  const workspace = below.directory.workspace(principalOf(request).workspaceId);
  // The workspace of a key that was just accepted is gone only when it was deleted in between.
  if (workspace === undefined) return answerProblem(reply, { kind: 'unauthenticated' });
  return { data: { record_type: 'public_key', public: workspace.publicKey.toString('base64') } };
}
