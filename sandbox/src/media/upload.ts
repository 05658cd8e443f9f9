import type { FastifyRequest } from 'fastify';
import { FILE_MAX } from './kinds.ts';

/** A file as a multipart form brings it, and the other fields of the form. */
export interface Form {
  file: { bytes: Buffer; mimeType: string; filename: string | undefined; tooLarge: boolean } | undefined;
  fields: Record<string, string>;
}

/** Reads a multipart form with at most one file. What is beyond the largest file is not kept. */
export async function readForm(request: FastifyRequest): Promise<Form> {
  const form: Form = { file: undefined, fields: {} };
  for await (const part of request.parts({
    limits: { fileSize: FILE_MAX + 1, files: 1, fields: 20 },
  })) {
    if (part.type === 'field') {
      form.fields[part.fieldname] = String(part.value);
      continue;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of part.file) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    form.file = {
      bytes,
      mimeType: part.mimetype,
      filename: part.filename || undefined,
      tooLarge: part.file.truncated || bytes.length > FILE_MAX,
    };
  }
  return form;
}
