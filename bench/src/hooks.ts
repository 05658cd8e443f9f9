import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One event as it came to a path for the first time. */
export interface Arrival {
  readonly id: string;
  /** The message that it is about. */
  readonly message: string;
  /** `performance.now()` */
  readonly at: number;
}

/** Endpoints of customers on one port, each by its path, which take Standard Webhooks and misbehave on demand. */
export interface Hooks {
  readonly url: (name: string) => string;
  /** Answers in the place of 200; one that does nothing hangs. */
  readonly behaviours: Map<string, (response: ServerResponse) => void>;
  /** What each endpoint took, by the id of the event: only what was answered 200. */
  readonly taken: ReadonlyMap<string, ReadonlyMap<string, Arrival>>;
  /** Deliveries that were taken again. */
  readonly repeated: () => number;
  /** Ends all connections, and listens again on the same port after a while. */
  readonly restart: (awayMs: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startHooks(): Promise<Hooks> {
  const behaviours: Hooks['behaviours'] = new Map();
  const taken = new Map<string, Map<string, Arrival>>();
  let repeated = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const name = request.url!.slice(1);
      const misbehave = behaviours.get(name);
      if (misbehave !== undefined) return misbehave(response);
      const id = String(request.headers['webhook-id']);
      const own = taken.get(name) ?? new Map<string, Arrival>();
      taken.set(name, own);
      if (own.has(id)) repeated++;
      else {
        const { data } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { data: { id: string } };
        own.set(id, { id, message: data.id, at: performance.now() });
      }
      response.end();
    });
  });
  server.keepAliveTimeout = 120_000;
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: name => `http://127.0.0.1:${port}/${name}`,
    behaviours,
    taken,
    repeated: () => repeated,
    restart: async awayMs => {
      await close();
      await new Promise(resolve => setTimeout(resolve, awayMs));
      await listen(port);
    },
    stop: close,
  };
}
