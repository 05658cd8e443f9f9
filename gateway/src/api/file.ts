import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Media } from '../media/media.ts';
import type { MediaRecord } from '../media/record.ts';
import type { ByteRange } from '../media/storage.ts';
import { Problem } from './problem.ts';

/** What a browser may show by itself: nothing that can hold a script. */
const SHOWN = /^(image\/(jpeg|png|webp|gif)|video\/(mp4|3gpp)|audio\/[\w.+-]+|application\/pdf)$/;

/** Answers GET and HEAD with a stored file, or with a part of it. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  media: Media,
  file: MediaRecord,
): Promise<FastifyReply> {
  const size = file.size ?? 0;
  const range = readRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    return reply.code(416).header('content-range', `bytes */${size}`).send();
  }
  const shown = SHOWN.test(file.mimeType);
  reply.headers({
    'content-type': shown ? file.mimeType : safeType(file.mimeType),
    'content-length': range === undefined ? size : range.end - range.start + 1,
    'content-disposition': disposition(shown ? 'inline' : 'attachment', file.filename),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=3600',
    ...(file.sha256 === undefined ? {} : { etag: `"${file.sha256}"` }),
  });
  if (range !== undefined) {
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${size}`);
  }
  if (request.method === 'HEAD') return reply.send();
  const stream = await media.open(file.id, range);
  if (stream === undefined) {
    for (const name of ['content-length', 'content-range', 'content-disposition', 'etag', 'cache-control']) {
      reply.removeHeader(name);
    }
    throw new Problem(404, 'The file is not here any more.');
  }
  return reply.send(stream);
}

/** A type is a header: what is not written like one is sent as bytes. */
function safeType(mimeType: string): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(mimeType) ? mimeType : 'application/octet-stream';
}

/** RFC 6266, with the name in both of its forms. */
function disposition(kind: 'inline' | 'attachment', filename: string | undefined): string {
  if (filename === undefined) return kind;
  const plain = filename.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const full = encodeURIComponent(filename.toWellFormed()).replace(
    /['()*]/g,
    sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${plain}"; filename*=UTF-8''${full}`;
}

/** RFC 9110 §14: one range of bytes; anything else is as if it were not there. */
function readRange(header: string | undefined, size: number): ByteRange | undefined | 'unsatisfiable' {
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (found === null) return undefined;
  const [, first = '', last = ''] = found;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const start = Math.max(0, size - Number(last));
    return start >= size ? 'unsatisfiable' : { start, end: size - 1 };
  }
  const start = Number(first);
  if (start >= size) return 'unsatisfiable';
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return end < start ? undefined : { start, end };
}
