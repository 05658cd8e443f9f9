import { Agent } from 'undici';
import type { PrivateTargets } from './addresses.ts';
import { guardedConnector, Refused, type Resolve } from './connector.ts';
import { judge } from './guarded.ts';

export interface DownloadOptions {
  readonly privateTargets: PrivateTargets;
  /** For everything together: connecting, headers and body. */
  readonly timeoutMs: number;
  readonly resolve?: Resolve;
}

export type Download =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** As it was said; nobody has looked into the bytes. */
      readonly contentType: string | undefined;
      /** Throws `TooLarge` past the limit, and whatever the connection breaks with. */
      readonly body: AsyncIterable<Buffer>;
      /** For a body that nobody reads to its end. */
      readonly discard: () => void;
    }
  /** Nothing left: the address may not be fetched. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly message: string };

/** What was fetched has more bytes than were asked for. */
export class TooLarge extends Error {
  constructor(limit: number) {
    super(`it has more than ${limit} bytes`);
  }
}

/** Fetches files from addresses that others give, under the same guard as reports are sent. */
export interface Downloads {
  /** @param maxBytes of the body */
  readonly get: (url: string, maxBytes: number) => Promise<Download>;
  readonly close: () => Promise<void>;
}

export function createDownloads(options: DownloadOptions): Downloads {
  const { privateTargets, timeoutMs } = options;
  const agent = new Agent({ pipelining: 1, connect: guardedConnector(options) });
  return {
    get: async (url, maxBytes) => {
      const target = judge(url, privateTargets);
      if (typeof target === 'string') return { kind: 'refused', reason: target };
      try {
        // undici follows no redirect by itself: each would be an address that nobody judged.
        const { statusCode, headers, body } = await agent.request({
          origin: target.origin,
          path: `${target.pathname}${target.search}`,
          method: 'GET',
          headers: { accept: '*/*' },
          signal: AbortSignal.timeout(timeoutMs),
        });
        // Broken off or discarded: whoever reads it is told, and otherwise nobody has to know.
        body.on('error', () => {});
        const type = headers['content-type'];
        return {
          kind: 'answered',
          status: statusCode,
          contentType: typeof type === 'string' ? type : undefined,
          body: limited(body, maxBytes, headers['content-length']),
          discard: () => void body.destroy(),
        };
      } catch (error) {
        if (error instanceof Refused) return { kind: 'refused', reason: error.message };
        return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
      }
    },
    close: () => agent.destroy(),
  };
}

async function* limited(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
  announced: string | string[] | undefined,
): AsyncGenerator<Buffer, void> {
  let size = 0;
  if (Number(announced ?? 0) > maxBytes) throw new TooLarge(maxBytes);
  // Leaving the loop early ends the body.
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new TooLarge(maxBytes);
    yield chunk;
  }
}
