import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Principal } from '../../accounts/directory.ts';
import type { HttpProblem, Refusal } from '../../problem.ts';
import type { Below } from '../dialect.ts';
import { check } from './check.ts';
import { refuse, refuseFaults } from './errors.ts';
import { now, toAnswer, toInboundPayload, toOutbound, toOutboundPayload } from './translate.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key a request to Telnyx's paths carries; set before anything of the body is read. */
    telnyxPrincipal: Principal | null;
  }
}

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Mounts Telnyx's paths. Problems that are thrown here come back through the dialect's `refuse`. */
export function routes(app: FastifyInstance, below: Below): void {
  // Fastify takes plain text by itself; here only JSON is a body.
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('telnyxPrincipal', null);
  app.addHook('onRequest', (request, reply, done) => {
    const principal = below.directory.authenticate(request.headers);
    if (principal === undefined) {
      answerProblem(reply, { kind: 'unauthenticated' });
      return;
    }
    request.telnyxPrincipal = principal;
    done();
  });

  app.post('/v2/messages/whatsapp', { onRequest: requires('send') }, (request, reply) =>
    send(request, reply, below),
  );
  app.get<{ Params: { id: string } }>('/v2/messages/:id', { onRequest: requires('read') }, (request, reply) =>
    retrieve(request, request.params.id, reply, below),
  );
  // The key only checks signatures: any key of the workspace may ask for it.
  app.get('/v2/public_key', (request, reply) => publicKey(request, reply, below));

  refuseOthers(app, '/v2/messages/whatsapp', ['POST']);
  refuseOthers(app, '/v2/messages/:id', ['GET', 'HEAD']);
  refuseOthers(app, '/v2/public_key', ['GET', 'HEAD']);
}

async function send(request: FastifyRequest, reply: FastifyReply, below: Below): Promise<unknown> {
  // Without a content type and without a body Fastify parses nothing and complains about nothing.
  if (request.body === undefined) {
    return answerProblem(reply, { kind: 'unsupported_media_type', given: request.headers['content-type'] });
  }
  const checked = check(request.body, below.checkUrl);
  if (!checked.ok) return answer(reply, refuseFaults(422, checked.faults));
  const { workspaceId } = principalOf(request);
  const sender = below.directory.senderByPhone(workspaceId, checked.send.from);
  if (sender === undefined) {
    const detail = `${checked.send.from} is not one of your WhatsApp numbers.`;
    return answer(reply, refuseFaults(400, [{ code: '40305', detail, pointer: '/from' }]));
  }
  const [accepted] = await below.accept([toOutbound(checked.send, { workspaceId, senderId: sender.id })]);
  return toAnswer(checked.send, accepted!, workspaceId);
}

async function retrieve(
  request: FastifyRequest,
  id: string,
  reply: FastifyReply,
  below: Below,
): Promise<unknown> {
  const message = await below.findMessage(principalOf(request).workspaceId, id);
  if (message === undefined) {
    return answer(reply, refuseFaults(404, [{ code: '10005', detail: 'You have no message with this id.' }]));
  }
  const senderPhone = below.directory.senderById(message.senderId)?.phoneNumber ?? '';
  return {
    data:
      message.direction === 'inbound'
        ? toInboundPayload(message, senderPhone, undefined)
        : toOutboundPayload(message, senderPhone, now(message)),
  };
}

async function publicKey(request: FastifyRequest, reply: FastifyReply, below: Below): Promise<unknown> {
  const workspace = below.directory.workspace(principalOf(request).workspaceId);
  // The workspace of a key that was just accepted is gone only when it was deleted in between.
  if (workspace === undefined) return answerProblem(reply, { kind: 'unauthenticated' });
  return { data: { record_type: 'public_key', public: workspace.publicKey.toString('base64') } };
}

function principalOf(request: FastifyRequest): Principal {
  if (request.telnyxPrincipal === null) throw new Error('a route without authentication');
  return request.telnyxPrincipal;
}

function requires(scope: 'send' | 'read') {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { scopes } = principalOf(request);
    if (scopes.includes(scope) || scopes.includes('admin')) done();
    else answerProblem(reply, { kind: 'forbidden', scope });
  };
}

/** A known path with a wrong method is 405 and says which methods there are; Fastify alone would say 404. */
function refuseOthers(app: FastifyInstance, url: string, allowed: readonly HTTPMethods[]): void {
  const refuseMethod = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    answerProblem(reply, { kind: 'method_not_allowed', method: request.method, allowed });
  app.route({
    method: METHODS.filter(method => !allowed.includes(method)),
    url,
    exposeHeadRoute: false,
    // Before the body is read: whether it is JSON does not matter any more.
    onRequest: refuseMethod,
    handler: refuseMethod,
  });
}

function answerProblem(reply: FastifyReply, problem: HttpProblem): FastifyReply {
  return answer(reply, refuse(problem));
}

function answer(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return reply
    .code(refusal.status)
    .headers(refusal.headers ?? {})
    .send(refusal.body);
}
