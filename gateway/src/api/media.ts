import multipart from '@fastify/multipart';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isUuid } from '../accounts/outcome.ts';
import { MEDIA_BYTES_MAX } from '../media/kinds.ts';
import type { Media } from '../media/media.ts';
import type { MediaRecord, UploadRefusal } from '../media/record.ts';
import type { Upload } from '../media/uploads.ts';
import { principalOf, requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';
import { sendFile } from './file.ts';
import { invalid, notFound, Problem } from './problem.ts';
import { listOf, oneOf, readQuery } from './query.ts';

const Params = Type.Object({ id: Type.String() });

/** Ten years: longer is for ever. */
const TTL_MAX_S = 10 * 365 * 86_400;

/** Files of the workspace: what it uploads, to be sent as `wbm:<id>`, and what people send to it. */
export function mediaRoutes(api: Api, deps: ApiDeps): void {
  const { directory, media } = deps;
  const read = requires(directory, 'read');
  const send = requires(directory, 'send');

  api.register(async scope => {
    await scope.register(multipart, { throwFileSizeLimit: false });
    scope.post('/api/media', send, async (request, reply) => {
      const upload = await readUpload(request);
      const outcome = await media.upload(principalOf(request).workspaceId, upload);
      if (outcome.kind !== 'stored') throw refused(outcome);
      return reply.code(201).send(show(outcome.media, media));
    });
  });

  api.get('/api/media', read, async request => {
    const { page, filters } = readQuery(request, ['origin', 'state']);
    const filter = {
      origin: oneOf('origin', filters.origin, ['upload', 'inbound']),
      state: oneOf('state', filters.state, ['pending', 'stored', 'failed', 'expired']),
    };
    return listOf(
      page,
      asked => media.list(principalOf(request).workspaceId, filter, asked),
      one => show(one, media),
    );
  });

  api.get('/api/media/:id', { ...read, schema: { params: Params } }, async request =>
    show(await found(request, request.params.id), media),
  );

  api.delete('/api/media/:id', { ...send, schema: { params: Params } }, async (request, reply) => {
    await media.remove(await found(request, request.params.id));
    return reply.code(204).send();
  });

  const download = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const one = await found(request, (request.params as { id: string }).id);
    const stored = await media.present(one.id);
    if (stored === undefined) throw absent();
    return sendFile(request, reply, media, stored);
  };
  api.get(
    '/api/media/:id/content',
    { ...read, exposeHeadRoute: false, schema: { params: Params } },
    download,
  );
  api.head('/api/media/:id/content', { ...read, schema: { params: Params } }, download);

  const linked = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { id } = request.params as { id: string };
    const behind = await media.behindLink(id, request.query as Record<string, unknown>);
    switch (behind) {
      case 'forged':
        throw new Problem(403, 'The link was not made here, or was changed.');
      case 'expired':
        throw new Problem(403, 'The link has expired; a newer one is at GET /api/media.');
      case 'gone':
        throw absent();
      default:
        return sendFile(request, reply, media, behind);
    }
  };
  api.get('/media/:id', { exposeHeadRoute: false, schema: { params: Params } }, linked);
  api.head('/media/:id', { schema: { params: Params } }, linked);

  async function found(request: FastifyRequest, id: string): Promise<MediaRecord> {
    const one = isUuid(id) ? await media.byId(principalOf(request).workspaceId, id) : undefined;
    if (one === undefined) throw notFound('media');
    return one;
  }
}

const absent = (): Problem =>
  new Problem(404, 'The file is not here: it was deleted, or could not be fetched from WhatsApp.');

/** A form with a `file` and, before or behind it, `name` and `ttl_seconds`. */
async function readUpload(request: FastifyRequest): Promise<Upload> {
  if (!request.isMultipart())
    throw new Problem(415, 'The body must be multipart/form-data with the field "file".');
  const fields = new Map<string, string>();
  let file: Upload | undefined;
  const limits = { fileSize: MEDIA_BYTES_MAX, files: 1, fields: 10, fieldSize: 10_000 };
  for await (const part of request.parts({ limits })) {
    if (part.type === 'field') {
      fields.set(part.fieldname, String(part.value));
      continue;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of part.file) chunks.push(chunk as Buffer);
    if (part.file.truncated)
      throw new Problem(
        413,
        `The file is larger than ${MEDIA_BYTES_MAX} bytes, the most that WhatsApp takes.`,
      );
    if (part.fieldname !== 'file') continue;
    file = { bytes: Buffer.concat(chunks), mimeType: part.mimetype, filename: part.filename || undefined };
  }
  if (file === undefined) throw invalid({ pointer: '/file', detail: '/file is missing.' });
  for (const name of fields.keys()) {
    if (name !== 'name' && name !== 'ttl_seconds')
      throw invalid({ pointer: `/${name}`, detail: `/${name} is not a known field.` });
  }
  const ttl = fields.get('ttl_seconds');
  if (ttl !== undefined && !(/^[1-9]\d{0,9}$/.test(ttl) && Number(ttl) <= TTL_MAX_S)) {
    throw invalid({
      pointer: '/ttl_seconds',
      detail: `/ttl_seconds must be a whole number from 1 to ${TTL_MAX_S}.`,
    });
  }
  return { ...file, name: fields.get('name'), ...(ttl === undefined ? {} : { ttlSeconds: Number(ttl) }) };
}

function refused(refusal: UploadRefusal): Problem {
  switch (refusal.kind) {
    case 'conflict':
      return new Problem(409, refusal.detail);
    case 'unreachable':
      return new Problem(422, refusal.detail);
    case 'refused':
      return invalid({ pointer: refusal.what === 'name' ? '/name' : '/file', detail: refusal.detail });
  }
}

function show(one: MediaRecord, media: Media) {
  return {
    id: one.id,
    /** What stands in the place of Meta's media id when it is sent. */
    send_as: one.origin === 'upload' ? `wbm:${one.id}` : null,
    origin: one.origin,
    name: one.name ?? null,
    state: one.state,
    error: one.error ?? null,
    mime_type: one.mimeType,
    size: one.size ?? null,
    sha256: one.sha256 ?? null,
    filename: one.filename ?? null,
    url: one.state === 'stored' || one.state === 'pending' ? media.urlOf(one.id) : null,
    created_at: one.createdAt,
    expires_at: one.expiresAt ?? null,
  };
}
