import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../control/problem.ts';
import { controlErrors } from '../control/routes.ts';
import type { Network } from '../parts.ts';
import type { Misbehaviour } from './behaviour.ts';
import type { Delivery } from './delivery.ts';
import { isReceiverName, NAME_RULE } from './name.ts';

type Request = FastifyRequest<{ Params: { name: string } }>;

/** Recordings of calls come as base64 inside JSON. */
const BODY_MAX_BYTES = 16 * 1024 * 1024;

/** Where senders of webhooks post to: `/receiver/{name}`, a receiver of any name. */
export async function receiverEndpoint(server: FastifyInstance, { receivers }: Network): Promise<void> {
  await server.register(async raw => {
    // The bytes as they came: signatures are over them, whatever a sender calls them.
    raw.removeAllContentTypeParsers();
    raw.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_MAX_BYTES }, (_, bytes, done) =>
      done(null, bytes),
    );
    raw.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => controlErrors(error, reply));

    raw.route({
      url: '/receiver/:name',
      // GET too: whoever follows a redirect comes back with one, and it is seen.
      method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      exposeHeadRoute: false,
      bodyLimit: BODY_MAX_BYTES,
      handler: (request: Request, reply) => {
        const { name } = request.params;
        if (!isReceiverName(name)) throw new Problem(404, NAME_RULE);
        // A person who opens the address in a browser wants to see what came.
        if (request.method === 'GET' && (request.headers.accept ?? '').includes('text/html')) {
          return reply.redirect(`/webhooks/${name}`);
        }
        const { delivery, how } = receivers.take(name, {
          method: request.method,
          path: request.url,
          headers: request.headers,
          body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        });
        const itself = `${server.listeningOrigin}${request.url}`;
        return answer(how, reply, itself, delivery, () => receivers.told(delivery));
      },
    });
  });
}

/** Answers, or does not; `tell` is called when the delivery is there and when its answer has changed. */
function answer(
  how: Misbehaviour,
  reply: FastifyReply,
  itself: string,
  { answer: given }: Delivery,
  tell: () => void,
): FastifyReply | Promise<FastifyReply> {
  const from = performance.now();
  const settle = (change: Partial<Delivery['answer']>) => {
    Object.assign(given, { ms: Math.round(performance.now() - from) }, change);
    tell();
  };
  switch (how.kind) {
    case 'ok':
      settle({ state: 'given', status: 200 });
      return reply.code(200).send();
    case 'status':
      settle({ state: 'given', status: how.status, retryAfter: how.retry_after });
      if (how.retry_after !== undefined) reply.header('retry-after', how.retry_after);
      return reply.code(how.status).send();
    case 'redirect': {
      const location = how.to ?? itself;
      settle({ state: 'given', status: how.status, location });
      return reply.redirect(location, how.status);
    }
    case 'close':
      settle({ state: 'closed' });
      reply.hijack();
      reply.raw.destroy();
      return reply;
    case 'hang':
      tell();
      reply.hijack();
      reply.raw.once('close', () => settle({ state: 'left' }));
      return reply;
    case 'slow': {
      tell();
      return stayed(reply.raw, how.ms).then(stayed => {
        settle(stayed ? { state: 'given', status: 200 } : { state: 'left' });
        if (stayed) return reply.code(200).send();
        reply.hijack();
        return reply;
      });
    }
  }
}

/** Whether the other side is still there after so many ms. */
function stayed(response: ServerResponse, ms: number): Promise<boolean> {
  return new Promise(done => {
    const left = () => {
      clearTimeout(timer);
      done(false);
    };
    const timer = setTimeout(() => {
      response.off('close', left);
      done(true);
    }, ms);
    response.once('close', left);
  });
}
