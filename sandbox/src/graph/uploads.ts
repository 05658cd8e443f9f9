import type { FastifyInstance, FastifyRequest } from 'fastify';
import { FILE_MAX } from '../media/kinds.ts';
import type { Upload } from '../media/uploads.ts';
import type { Network } from '../parts.ts';
import { wrongParam } from '../templates/refusals.ts';
import { accountOf, VERSION } from './access.ts';
import { GraphError, UNKNOWN_TOKEN, unknownNode } from './errors.ts';

type BeginRequest = FastifyRequest<{
  Params: { id: string };
  Querystring: { file_length?: string; file_type?: string; file_name?: string };
}>;
type UploadRequest = FastifyRequest<{ Params: { upload: string } }>;

/** Meta: types of a resumable upload */
const TYPES = ['application/pdf', 'image/jpeg', 'image/jpg', 'image/png', 'image/webp', 'video/mp4'];

/** Meta's Resumable Upload API, which gives the handles of samples. */
export async function uploadRoutes(server: FastifyInstance, network: Network): Promise<void> {
  const { uploads } = network;

  server.post(`${VERSION}/:id/uploads`, (request: BeginRequest) => {
    const account = accountOf(request, network.senders);
    if (account === undefined) throw new GraphError(UNKNOWN_TOKEN);
    const { id } = request.params;
    if (id !== account.appId && id !== 'app') throw new GraphError(unknownNode(id));
    const { file_length, file_type } = { ...(request.body as object), ...request.query };
    const length = Number(file_length);
    if (!Number.isInteger(length) || length < 1 || length > FILE_MAX) {
      throw wrongParam(`Param file_length must be a whole number from 1 to ${FILE_MAX}.`);
    }
    if (file_type === undefined || !TYPES.includes(file_type)) {
      throw wrongParam(`Param file_type must be one of {${TYPES.join(', ')}}.`);
    }
    return { id: uploads.begin(account.appId, file_type, length).id };
  });

  // The bytes come as they are, whatever type a client calls them.
  await server.register(async raw => {
    raw.removeAllContentTypeParsers();
    raw.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: FILE_MAX }, (_, bytes, done) =>
      done(null, bytes),
    );
    const path = `${VERSION}/:upload(^upload:.+)`;

    raw.post(path, (request: UploadRequest) => {
      const upload = ownUpload(request, network);
      const offset = Number(request.headers.file_offset ?? 0);
      if (offset !== upload.bytes.length) {
        throw wrongParam(`file_offset must be ${upload.bytes.length}: so much has come.`);
      }
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const handle = uploads.append(upload, bytes);
      return handle === undefined ? { id: upload.id, file_offset: upload.bytes.length } : { h: handle };
    });

    raw.get(path, (request: UploadRequest) => {
      const { id, bytes } = ownUpload(request, network);
      return { id, file_offset: bytes.length };
    });
  });
}

function ownUpload(request: UploadRequest, { senders, uploads }: Network): Upload {
  const { upload: id } = request.params;
  const account = accountOf(request, senders);
  if (account === undefined) throw new GraphError(UNKNOWN_TOKEN);
  const upload = uploads.get(id);
  if (upload === undefined || upload.appId !== account.appId) throw new GraphError(unknownNode(id));
  return upload;
}
