import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bareMime } from '../media/kinds.ts';
import { INBOUND_LIFE_MS } from '../media/store.ts';
import { readForm } from '../media/upload.ts';
import type { Network } from '../parts.ts';
import { Problem } from './problem.ts';

type Request = FastifyRequest<{ Params: { id: string } }>;

/** Media of the person at the page, and the bytes of any media for the page. */
export function mediaControls(server: FastifyInstance, { media }: Network): void {
  server.post('/media', async (request: Request, reply) => {
    if (!request.isMultipart()) throw new Problem(400, 'The body must be a multipart form with a "file".');
    const { file } = await readForm(request);
    if (file === undefined) throw new Problem(400, 'The form has no "file".');
    if (file.tooLarge) throw new Problem(413, 'WhatsApp carries files of at most 100 MB.');
    const { bytes, filename } = file;
    const mimeType = bareMime(file.mimeType);
    const { id, size, sha256 } = await media.add({ bytes, filename, mimeType }, INBOUND_LIFE_MS);
    return reply.code(201).send({ id, mime_type: mimeType, size, sha256 });
  });

  server.get('/media/:id', async (request: Request, reply) => {
    const found = media.any(request.params.id);
    const bytes = found && (await media.bytes(found));
    if (found === undefined || bytes === undefined) {
      throw new Problem(404, `There is no media ${request.params.id}.`);
    }
    reply.headers({
      'content-type': found.mimeType,
      'accept-ranges': 'bytes',
      'cache-control': 'private, max-age=86400, immutable',
      // Whatever somebody sends must not run as a page of the sandbox.
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    return sendPart(request, reply, bytes);
  });
}

/** Players ask for parts of a film. */
function sendPart(request: Request, reply: FastifyReply, bytes: Buffer): FastifyReply {
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
  if (range === null || (range[1] === '' && range[2] === '')) return reply.send(bytes);
  const last = bytes.length - 1;
  const from = range[1] === '' ? Math.max(0, bytes.length - Number(range[2])) : Number(range[1]);
  const to = range[1] === '' || range[2] === '' ? last : Math.min(Number(range[2]), last);
  if (from > to) return reply.code(416).header('content-range', `bytes */${bytes.length}`).send();
  return reply
    .code(206)
    .header('content-range', `bytes ${from}-${to}/${bytes.length}`)
    .send(bytes.subarray(from, to + 1));
}
