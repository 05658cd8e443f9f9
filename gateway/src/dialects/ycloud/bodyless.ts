import type { FastifyInstance } from 'fastify';

/**
 * Routes that ask for no body. The official client calls its empty one a form, others call it JSON: whatever stands there is
 * passed over (ycloud §1.1).
 */
export function bodyless(app: FastifyInstance, routes: (scope: FastifyInstance) => void): void {
  app.register(async scope => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume();
      payload.on('end', () => done(null, undefined));
    });
    routes(scope);
  });
}
