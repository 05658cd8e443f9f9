import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { envelopeOf } from './graph/errors.ts';

const BUILT_PAGE = fileURLToPath(new URL('../web/dist', import.meta.url));
const NOT_BUILT =
  'The Wirebird sandbox is running. Its page is not built yet: run "node sandbox/web/build.js" in the repository, then start again.\n';

/** Serves the built page of phones; a path of the page's own gives the page, any other unknown one Meta's answer. */
export async function pageRoutes(server: FastifyInstance, folder: string = BUILT_PAGE): Promise<void> {
  const built = existsSync(join(folder, 'index.html'));
  if (built) await server.register(fastifyStatic, { root: folder });
  else server.get('/', (_, reply) => reply.type('text/plain; charset=utf-8').send(NOT_BUILT));
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    if (path.startsWith('/sandbox/')) {
      return reply
        .code(404)
        .type('application/problem+json')
        .send({ title: 'Not found', status: 404, detail: `The sandbox has no ${request.method} ${path}.` });
    }
    const wantsPage = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
    if (wantsPage && built) return reply.sendFile('index.html');
    return reply.code(400).send(envelopeOf({ code: 2500, message: `Unknown path components: ${path}` }));
  });
}
