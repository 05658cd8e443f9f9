import type { Campaign } from './campaign.ts';
import { Poster } from './post.ts';

/** As the aim of the project is stated. */
export const CONNECTIONS = 64;

export interface LoadResult {
  /** Ids of what was answered 200. */
  readonly accepted: string[];
  /** Anything else that came back, with how often. */
  readonly others: ReadonlyMap<string, number>;
  readonly ms: number;
  /** Of answered requests, ms, ascending. */
  readonly latencies: Float64Array;
}

/** The connections of several runs, closed with the stack. */
export function posterOf(stack: AsyncDisposableStack, url: string): Poster {
  const poster = new Poster(url, CONNECTIONS);
  stack.defer(() => poster.close());
  return poster;
}

/** How long to go on: for a time, or for a number of messages. */
export type Until = { readonly ms: number } | { readonly messages: number };

/**
 * Sends a campaign as fast as it is answered, with one request at a time on each of 64 kept-alive connections.
 *
 * @param kept connections that are open already: a busy Node takes a new one with each turn of its event loop, so that
 * runs which begin with new ones measure that
 */
export async function sendCampaign(
  url: string,
  key: string,
  campaign: Campaign,
  until: Until,
  kept?: Poster,
): Promise<LoadResult> {
  const poster = kept ?? new Poster(url, CONNECTIONS);
  const headers = ['content-type', 'application/json', 'authorization', `Bearer ${key}`];
  const accepted: string[] = [];
  const others = new Map<string, number>();
  const latencies: number[] = [];
  const began = performance.now();
  let left = 'messages' in until ? until.messages : Number.POSITIVE_INFINITY;
  const deadline = 'ms' in until ? began + until.ms : Number.POSITIVE_INFINITY;

  await new Promise<void>(resolve => {
    let busy = CONNECTIONS;
    const next = (): void => {
      const sentAt = performance.now();
      if (left <= 0 || sentAt >= deadline) {
        busy--;
        if (busy === 0) resolve();
        return;
      }
      left--;
      poster.post('/v2/messages/whatsapp', headers, campaign.next().body, answer => {
        if (answer.kind === 'answered' && answer.status === 200) {
          latencies.push(performance.now() - sentAt);
          accepted.push(acceptedId(answer.body));
        } else
          count(
            others,
            answer.kind === 'answered' ? `${answer.status} ${answer.body.slice(0, 200)}` : answer.code,
          );
        next();
      });
    };
    for (let connection = 0; connection < CONNECTIONS; connection++) next();
  });
  const ms = performance.now() - began;
  if (kept === undefined) await poster.close();
  return { accepted, others, ms, latencies: Float64Array.from(latencies).sort() };
}

/** The id in the answer to a send. */
export function acceptedId(body: string): string {
  return (JSON.parse(body) as { data: { id: string } }).data.id;
}

/** @param part from 0 to 1 */
export function percentile(ascending: Float64Array, part: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * part))] ?? Number.NaN;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
