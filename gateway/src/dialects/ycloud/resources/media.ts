import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { UploadRefusal } from '../../../media/record.ts';
import type { Below } from '../../dialect.ts';
import { mount } from '../mount.ts';
import { invalid, notFound, type Refused, refused } from '../refused.ts';
import { withBoundary } from './boundary.ts';

/** YCloud keeps an upload so long (ycloud §9, "Media upload"). */
const KEPT_S = 30 * 86_400;

/** WhatsApp's largest: a document (ycloud §5.2). */
const FILE_MAX = 100 * 1_000_000;

/** The part of the form with the file. */
const PART = 'file';

export function mediaRoutes(app: FastifyInstance, below: Below): void {
  app.register(async scope => {
    scope.register(multipart, { throwFileSizeLimit: false });
    // A form is written without its boundary by the official client (ycloud §1.1).
    scope.addHook('preParsing', async (request, _reply, payload) => {
      await withBoundary(request, payload);
      return payload;
    });
    mount(scope, '/whatsapp/media/:phoneNumber/upload', {
      POST: [
        'send',
        async ({ workspaceId, params }, request) => {
          const sender = below.directory.senderByPhone(
            workspaceId,
            (params.phoneNumber ?? '').replaceAll(' ', ''),
          );
          if (sender === undefined) throw notFound('Phone number');
          const file = await readFile(request);
          const outcome = await below.media.upload(workspaceId, {
            bytes: file.bytes,
            filename: file.filename,
            mimeType: file.mimeType,
            ttlSeconds: KEPT_S,
            maxBytes: FILE_MAX,
          });
          if (outcome.kind !== 'stored') throw unfit(outcome);
          return { id: outcome.media.id };
        },
      ],
    });
  });
}

interface File {
  readonly bytes: Buffer;
  readonly filename: string | undefined;
  readonly mimeType: string | undefined;
}

/** The first part named `file`; others are passed over. */
async function readFile(request: FastifyRequest): Promise<File> {
  if (!request.isMultipart())
    throw invalid(PART, `The file must come as multipart/form-data, in a part named '${PART}'.`);
  let found: File | undefined;
  let tooLarge = false;
  try {
    for await (const part of request.parts({ limits: { fileSize: FILE_MAX, files: 5, fields: 20 } })) {
      if (part.type !== 'file') continue;
      if (part.fieldname !== PART || found !== undefined) {
        part.file.resume();
        continue;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of part.file as AsyncIterable<Buffer>) chunks.push(chunk);
      tooLarge = part.file.truncated;
      found = {
        bytes: Buffer.concat(chunks),
        filename: part.filename || undefined,
        // A buffer comes without a type of its own; the bytes say what it is.
        mimeType: part.mimetype === 'application/octet-stream' ? undefined : part.mimetype,
      };
    }
  } catch (error) {
    // Whatever the parser stumbles over is in the bytes that were sent.
    const said = error instanceof Error ? error.message : String(error);
    throw invalid(PART, `The form cannot be read: ${said}.`, 'BAD_REQUEST');
  }
  if (found === undefined) throw invalid(PART, `Parameter '${PART}' is required.`, 'PARAM_MISSING');
  if (tooLarge) throw tooMuch(`The file has more than ${FILE_MAX} bytes.`);
  if (found.bytes.length === 0) throw invalid(PART, 'The file is empty.');
  return found;
}

function unfit(refusal: UploadRefusal): Refused {
  if (refusal.kind === 'refused' && refusal.what === 'size') return tooMuch(refusal.detail);
  return invalid(PART, refusal.detail);
}

function tooMuch(message: string): Refused {
  return refused({ status: 413, code: 'CONTENT_TOO_LARGE', message, target: PART });
}
