import { isOfType } from './content.ts';
import { bareMime, fits, kindOf, type MediaKind, sizeMax } from './kinds.ts';

/** Meta waits so long for a link, ms (measured by others; Meta says no figure). */
const FETCH_MS = 10_000;

/** A file behind a link. */
export interface Fetched {
  bytes: Buffer;
  mimeType: string;
  filename: string | undefined;
}

/** RFC 2606: no name under `.invalid` ever leads anywhere, so that a link that fails needs no network. */
export function leadsNowhere(link: string): boolean {
  return URL.parse(link)?.hostname.endsWith('.invalid') ?? true;
}

/** Fetches a link as Meta does for a message of this kind; a sentence when that fails. */
export async function fetchLink(link: string, kind: MediaKind): Promise<Fetched | string> {
  if (leadsNowhere(link)) return `The link ${link} leads nowhere.`;
  let response: Response;
  let bytes: Buffer;
  try {
    response = await fetch(link, { signal: AbortSignal.timeout(FETCH_MS) });
    if (!response.ok) return `The link ${link} answered ${response.status}.`;
    bytes = Buffer.from(await response.arrayBuffer());
  } catch {
    return `The link ${link} could not be fetched.`;
  }
  const mimeType = bareMime(response.headers.get('content-type') ?? 'application/octet-stream');
  const wrong = misfit(bytes, mimeType, kind);
  const filename = decodeURIComponent(new URL(link).pathname.split('/').at(-1) ?? '') || undefined;
  return wrong ?? { bytes, mimeType, filename };
}

/** Why a file cannot be sent as this kind. */
export function misfit(bytes: Buffer, mimeType: string, kind: MediaKind): string | undefined {
  if (!fits(kind, mimeType)) return `A file of the type ${mimeType} cannot be sent as ${kind}.`;
  const max = sizeMax(kind, bytes);
  if (bytes.length > max) return `The file is larger than ${max} bytes.`;
  return kindOf(mimeType) === undefined || isOfType(mimeType, bytes)
    ? undefined
    : `The content of the file is not of the type ${mimeType}.`;
}
