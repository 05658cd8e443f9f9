import type { IncomingHttpHeaders } from 'node:http';

/** `Bearer` is everybody's, `App` Infobip's. */
const SCHEME = /^(?:Bearer|App)[ \t]+/i;

/** The API key of a request, wherever a vendor's client puts it; undefined when there is none. */
export function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const authorization = headers.authorization;
  if (authorization !== undefined) {
    const scheme = SCHEME.exec(authorization)?.[0];
    if (scheme !== undefined) return authorization.slice(scheme.length).trim();
  }
  // YCloud's, then ElevenLabs'.
  return single(headers['x-api-key']) ?? single(headers['xi-api-key']);
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
