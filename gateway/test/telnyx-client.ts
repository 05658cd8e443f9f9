import Telnyx from 'telnyx';
import { expect } from 'vitest';
import type { Running } from './running.ts';

/** The official package, pointed at a gateway; what it asks for is written down as `GET /v2/…?…`. */
export interface Client {
  readonly telnyx: Telnyx;
  readonly asked: string[];
}

export function clientOf(running: Running, apiKey = running.key): Client {
  const asked: string[] = [];
  const telnyx = new Telnyx({
    apiKey,
    baseURL: `${running.url}/v2`,
    maxRetries: 0,
    // The credentials of OAuth would leave for api.telnyx.com, whatever the base URL.
    clientID: null,
    clientSecret: null,
    fetch: (url, init) => {
      const { pathname, search } = new URL(String(url));
      asked.push(`${init?.method?.toUpperCase()} ${pathname}${decodeURIComponent(search)}`);
      return fetch(url, init);
    },
  });
  return { telnyx, asked };
}

interface Errors {
  readonly errors: {
    readonly code: string;
    readonly title: string;
    readonly detail: string;
    readonly source?: { readonly pointer?: string; readonly parameter?: string };
  }[];
}

/** How a call was refused: the status, then each code with where it points. */
export async function refused(calling: Promise<unknown>): Promise<string> {
  const error = await calling.then(
    () => {
      throw new Error('it was accepted');
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof Telnyx.APIError)) throw error;
  return shown(error.status ?? 0, error.error);
}

/** A refusal in one line; it must be in Telnyx's shape. */
export function shown(status: number, body: unknown): string {
  const { errors } = body as Errors;
  for (const one of errors) {
    expect(one).toMatchObject({ code: expect.stringMatching(/^\d{5}$/), title: expect.any(String) });
    expect(one.detail).not.toBe('');
  }
  const found = errors.map(one => `${one.code} ${one.source?.pointer ?? one.source?.parameter ?? '-'}`);
  return `${status} ${found.join(', ')}`;
}

/** Every item of every page. */
export async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}
