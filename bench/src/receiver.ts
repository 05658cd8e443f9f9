import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The reports that tell of a message's whole way: sent, delivered, read. */
export const REPORTS_PER_MESSAGE = 3;

/** A customer's webhook receiver, counting the reports of each message. */
export interface Receiver {
  /** What a message gives as its webhook_url. */
  readonly url: string;
  /** For each message id, how often each kind of report came. */
  readonly counts: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Different reports: a message and a kind count once. */
  readonly different: () => number;
  /** `performance.now()` of the newest different report. */
  readonly newestAt: () => number;
  readonly stop: () => Promise<void>;
}

interface Report {
  readonly data: { readonly event_type: string; readonly payload: { readonly id: string } };
}

export async function startReceiver(): Promise<Receiver> {
  const counts = new Map<string, Map<string, number>>();
  let different = 0;
  let newestAt = 0;
  const count = (body: string): void => {
    const { data } = JSON.parse(body) as Report;
    const kinds = counts.get(data.payload.id) ?? new Map<string, number>();
    counts.set(data.payload.id, kinds);
    const before = kinds.get(data.event_type) ?? 0;
    kinds.set(data.event_type, before + 1);
    if (before > 0) return;
    different++;
    newestAt = performance.now();
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      count(Buffer.concat(chunks).toString('utf8'));
      response.end();
    });
  });
  // Reports come in waves; a connection closed between two would look like a lost answer.
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/reports`,
    counts,
    different: () => different,
    newestAt: () => newestAt,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Reports that are missing for these messages, and those that came more than once. */
export function compareReports(
  ids: readonly string[],
  receiver: Receiver,
): { missing: number; repeated: number } {
  let missing = 0;
  let repeated = 0;
  for (const id of ids) {
    const kinds = receiver.counts.get(id);
    missing += REPORTS_PER_MESSAGE - (kinds?.size ?? 0);
    for (const times of kinds?.values() ?? []) repeated += times - 1;
  }
  return { missing, repeated };
}
