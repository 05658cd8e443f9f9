import { FormData } from 'undici';
import type { Failure } from '../../message/failure.ts';
import type { Credentials, WhatsApp } from './client.ts';

/** Uploads a file for one number (meta-cloud-api §6); Meta keeps it for 30 days. */
export async function uploadMedia(
  whatsapp: WhatsApp,
  credentials: Credentials,
  file: { readonly bytes: Uint8Array; readonly mimeType: string; readonly filename: string | undefined },
): Promise<{ readonly id: string } | { readonly failure: Failure }> {
  const form = new FormData();
  form.set('messaging_product', 'whatsapp');
  form.set('type', file.mimeType);
  const blob = new Blob([file.bytes as Uint8Array<ArrayBuffer>], { type: file.mimeType });
  form.set('file', blob, file.filename ?? 'file');
  const answer = await whatsapp.requestForm(credentials, `/${credentials.phoneNumberId}/media`, form);
  if (answer.kind === 'failed') return { failure: uploadFailure(answer.failure) };
  const id = (answer.body as { id?: unknown } | undefined)?.id;
  if (typeof id !== 'string') return { failure: NO_ID };
  return { id };
}

/** Nothing was sent by an upload, whatever became of it: the message may be tried again. */
function uploadFailure(failure: Failure): Failure {
  if (failure.outcome !== 'unknown') return failure;
  return { ...failure, outcome: 'retry', retry: { kind: 'backoff', tries: 3 } };
}

const NO_ID: Failure = {
  code: 'no_media_id',
  title: 'The Graph API answered an upload without an id',
  outcome: 'retry',
  retry: { kind: 'backoff', tries: 3 },
  remedy: 'Nothing to do: it is tried again.',
  source: 'network',
};

/** Whose addresses Meta gives for files: the token goes there and nowhere else. */
const META_HOST = /(^|\.)(fbsbx\.com|fbcdn\.net|facebook\.com|whatsapp\.net)$/;

const STRANGE_ADDRESS: Failure = {
  code: 'media_address',
  title: 'The Graph API gave an address for a file that is not Meta’s',
  outcome: 'final',
  remedy: 'Check the Graph API address of the sender.',
  source: 'wirebird',
};

/**
 * Asks where a file is and fetches it: the address lives for five minutes and wants the token. One that is over is
 * asked for once more (meta-cloud-api §6).
 */
export async function fetchMedia(
  whatsapp: WhatsApp,
  credentials: Credentials,
  metaId: string,
  maxBytes: number,
): Promise<
  { readonly bytes: Uint8Array; readonly mimeType: string | undefined } | { readonly failure: Failure }
> {
  const first = await fetchOnce(whatsapp, credentials, metaId, maxBytes);
  if (!('failure' in first) || first.failure.code !== 'http_404') return first;
  return fetchOnce(whatsapp, credentials, metaId, maxBytes);
}

async function fetchOnce(
  whatsapp: WhatsApp,
  credentials: Credentials,
  metaId: string,
  maxBytes: number,
): Promise<
  { readonly bytes: Uint8Array; readonly mimeType: string | undefined } | { readonly failure: Failure }
> {
  const query = `?phone_number_id=${encodeURIComponent(credentials.phoneNumberId)}`;
  const answer = await whatsapp.request(credentials, 'GET', `/${encodeURIComponent(metaId)}${query}`);
  if (answer.kind === 'failed') return { failure: answer.failure };
  const { url: said, mime_type } = (answer.body ?? {}) as { url?: unknown; mime_type?: unknown };
  const url = typeof said === 'string' ? URL.parse(said) : null;
  if (url === null || !mayHaveToken(url, whatsapp.originOf(credentials))) return { failure: STRANGE_ADDRESS };
  const file = await whatsapp.download(credentials, url.href, maxBytes);
  if ('failure' in file) return file;
  return { bytes: file.bytes, mimeType: typeof mime_type === 'string' ? mime_type : undefined };
}

/** Meta's own hosts, or the one that speaks Graph for this number, such as the sandbox. */
function mayHaveToken(url: URL, graphOrigin: string): boolean {
  return url.origin === graphOrigin || (url.protocol === 'https:' && META_HOST.test(url.hostname));
}
