import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isRefusal, missing } from '../checks.ts';
import { MEDIA_PATH } from '../media/address.ts';
import { isOfType } from '../media/content.ts';
import { bareMime, kindOf, MIMES, sizeMax } from '../media/kinds.ts';
import { type Media, UPLOAD_LIFE_MS } from '../media/store.ts';
import { type Form, readForm } from '../media/upload.ts';
import type { Network } from '../parts.ts';
import { accountOf, numberOf, VERSION } from './access.ts';
import { GraphError, type Refusal, UNKNOWN_TOKEN, unknownNode } from './errors.ts';

type MediaRequest = FastifyRequest<{
  Params: { version: string; id: string };
  Querystring: { phone_number_id?: string };
}>;

/** Media of a business: upload, address, bytes, end. */
export function mediaRoutes(server: FastifyInstance, network: Network): void {
  const { media, addresses, senders } = network;

  server.post(`${VERSION}/:id/media`, async (request: MediaRequest) => {
    const sender = numberOf(request, request.params.id, senders);
    if (isRefusal(sender)) throw new GraphError(sender);
    if (!request.isMultipart()) throw new GraphError(missingParam('file'));
    const file = readFile(await readForm(request));
    const { phoneNumberId, account } = sender;
    const { id } = await media.add({ ...file, wabaId: account.wabaId, phoneNumberId }, UPLOAD_LIFE_MS);
    return { id };
  });

  server.delete(`${VERSION}/:id`, (request: MediaRequest) => {
    const found = ownMedia(request, network);
    if (found === undefined) throw new GraphError(unknownNode(request.params.id));
    media.expire(found);
    return { success: true };
  });

  server.get(MEDIA_PATH, async (request: FastifyRequest, reply) => {
    const id = addresses.read(request.query as Record<string, string>);
    const account = accountOf(request, senders);
    const found = id === undefined ? undefined : media.alive(id);
    if (account === undefined) return reply.code(401).send();
    const bytes = found?.wabaId === account.wabaId ? await media.bytes(found) : undefined;
    if (found === undefined || bytes === undefined) return reply.code(404).send();
    return reply.type(found.mimeType).send(bytes);
  });
}

/** The media object that a path names, when it is one; throws when the token does not open it. */
export function ownMedia(request: MediaRequest, { media, senders }: Network): Media | undefined {
  const { id } = request.params;
  const found = media.alive(id);
  if (found?.wabaId === undefined) return undefined;
  const account = accountOf(request, senders);
  if (account === undefined) throw new GraphError(UNKNOWN_TOKEN);
  const { phone_number_id: guard } = request.query;
  const isOther = guard !== undefined && guard !== found.phoneNumberId;
  if (account.wabaId !== found.wabaId || isOther) throw new GraphError(unknownNode(id));
  return found;
}

/** `GET /{media-id}` */
export function mediaNode(found: Media, request: FastifyRequest, network: Network): Record<string, unknown> {
  const { id, mimeType, sha256, size } = found;
  return {
    messaging_product: 'whatsapp',
    url: network.addresses.make(`${request.protocol}://${request.host}`, id),
    mime_type: mimeType,
    sha256,
    file_size: size,
    id,
  };
}

/** The file of a form, checked as Meta does. */
function readFile({ file, fields }: Form): { bytes: Buffer; mimeType: string; filename: string | undefined } {
  if (fields.messaging_product === undefined) throw new GraphError(missingParam('messaging_product'));
  if (fields.messaging_product !== 'whatsapp') {
    throw new GraphError({
      code: 100,
      message: "(#100) Param messaging_product must be one of {'WHATSAPP'}.",
    });
  }
  if (file === undefined) throw new GraphError(missingParam('file'));
  const { bytes, filename } = file;
  const mime = bareMime(file.mimeType);
  const kind = kindOf(mime);
  if (kind === undefined) {
    const message = `(#100) Param file must be a file with one of the following types: ${MIMES.join(', ')}. Received file of type '${mime}'.`;
    throw new GraphError({ code: 100, message });
  }
  const wrong = checkFile(bytes, mime, sizeMax(kind, bytes), file.tooLarge);
  if (wrong !== undefined) throw new GraphError({ code: 131053, details: wrong });
  return { bytes, mimeType: mime, filename };
}

function checkFile(bytes: Buffer, mime: string, max: number, tooLarge: boolean): string | undefined {
  if (bytes.length === 0) return 'The file is empty.';
  if (tooLarge || bytes.length > max) return `The file is larger than ${max} bytes.`;
  return isOfType(mime, bytes) ? undefined : `The content of the file is not of the type ${mime}.`;
}

function missingParam(name: string): Refusal {
  return { ...missing(name), code: 100, message: `(#100) The parameter ${name} is required.` };
}
