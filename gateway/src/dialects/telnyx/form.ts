import type { FastifyRequest } from 'fastify';
import { findUnsendable } from '../../message/content.ts';
import { invalid, refused } from './refused.ts';

/** Telnyx: bytes of an uploaded file (telnyx §3, row 21). */
export const FILE_MAX = 20 * 1_000_000;

/** A form has three fields; the bounds only keep it small. */
const FIELDS_MAX = 20;
const FIELD_BYTES_MAX = 4_096;

/** A multipart form with at most one file. */
export interface Form {
  readonly fields: ReadonlyMap<string, string>;
  readonly file:
    | { readonly bytes: Buffer; readonly filename: string | undefined; readonly mimeType: string }
    | undefined;
}

/**
 * Reads a form to its end.
 *
 * @param fileField the name of the field with the file
 * @throws Refused for a form that is broken or too large
 */
export async function readForm(request: FastifyRequest, fileField: string): Promise<Form> {
  const fields = new Map<string, string>();
  let file: Form['file'];
  let tooLarge = false;
  try {
    const limits = { fileSize: FILE_MAX, files: 1, fields: FIELDS_MAX, fieldSize: FIELD_BYTES_MAX };
    for await (const part of request.parts({ limits })) {
      if (part.type === 'field') {
        fields.set(part.fieldname, String(part.value));
        continue;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of part.file as AsyncIterable<Buffer>) chunks.push(chunk);
      tooLarge ||= part.file.truncated;
      if (part.fieldname === fileField)
        file = {
          bytes: Buffer.concat(chunks),
          filename: part.filename || undefined,
          mimeType: part.mimetype,
        };
    }
  } catch (error) {
    // Whatever the parser stumbles over is in the bytes that were sent.
    const said = error instanceof Error ? error.message : String(error);
    throw invalid({ code: '10015', detail: `The form cannot be read: ${said}.` });
  }
  if (tooLarge) {
    const detail = `The file has more than ${FILE_MAX} bytes.`;
    throw refused(413, { code: '10015', detail, pointer: `/${fileField}` });
  }
  const unsendable = findUnsendable([...fields, file?.filename ?? '', file?.mimeType ?? '']);
  if (unsendable !== undefined)
    throw invalid({ code: '10015', detail: `A field of the form ${unsendable.message}.` });
  return { fields, file };
}
