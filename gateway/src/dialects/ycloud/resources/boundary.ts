import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';

/** RFC 2046 §5.1.1: a boundary has at most 70 characters; two hyphens stand before it, and a line ends after it. */
const LINE_MAX = 74;

const FORM_WITHOUT_BOUNDARY = /^multipart\/form-data\s*;?\s*$/i;

/**
 * Finds the boundary of a form whose header does not name it, in the first line of its body, and writes it into the
 * header. The body stays as it is.
 */
export async function withBoundary(request: FastifyRequest, body: Readable): Promise<void> {
  const type = request.headers['content-type'];
  if (type === undefined || !FORM_WITHOUT_BOUNDARY.test(type)) return;
  const line = await firstLine(body);
  const boundary = line === undefined ? undefined : /^--([0-9A-Za-z'()+_,\-./:=? ]{1,70})$/.exec(line)?.[1];
  if (boundary !== undefined)
    request.raw.headers['content-type'] = `multipart/form-data; boundary="${boundary}"`;
}

async function firstLine(body: Readable): Promise<string | undefined> {
  const seen: Buffer[] = [];
  let text = '';
  while (!text.includes('\r\n') && text.length < LINE_MAX) {
    const chunk = body.read() as Buffer | null;
    if (chunk === null) {
      if (body.readableEnded || body.destroyed) break;
      await Promise.race([once(body, 'readable'), once(body, 'end'), once(body, 'close')]).catch(() => {});
      if (body.readableEnded || body.destroyed) break;
      continue;
    }
    seen.push(chunk);
    text += chunk.subarray(0, LINE_MAX).toString('latin1');
  }
  if (seen.length > 0) body.unshift(Buffer.concat(seen));
  const end = text.indexOf('\r\n');
  return end === -1 ? undefined : text.slice(0, end);
}
