import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a database that can be cut and mended, as a network is. */
export interface DatabaseProxy {
  /** The database's URL, by way of this. */
  readonly url: string;
  /** Ends every connection and takes no new one. */
  readonly cut: () => Promise<void>;
  readonly mend: () => Promise<void>;
}

export async function databaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const folder = target.searchParams.get('host');
  const port = Number(target.port || 5432);
  const open = new Set<Socket>();
  const serve = (client: Socket): void => {
    const upstream = folder === null ? connect(port, target.hostname) : connect(`${folder}/.s.PGSQL.${port}`);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  };
  let server: Server | undefined;
  const listen = (at: number): Promise<number> =>
    new Promise(resolve => {
      const fresh = createServer(serve);
      fresh.listen(at, '127.0.0.1', () => resolve((fresh.address() as { port: number }).port));
      server = fresh;
    });
  const own = await listen(0);
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(own);
  url.searchParams.delete('host');
  return {
    url: url.href,
    cut: async () => {
      const closed = new Promise(resolve => server?.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
    mend: async () => void (await listen(own)),
  };
}
