import { connect, createServer, type Server, type Socket } from 'node:net';

/** Where a wire leads: a port of this machine, or the file of a local socket. */
export type Target = number | string;

/** A TCP connection that can be cut and slowed, as networks are. */
export interface Wire {
  readonly port: number;
  /** Ends what goes through it, and refuses what comes, for so long. */
  readonly cut: (ms: number) => void;
  /** Each piece arrives so much later from now on; 0 is as fast as it goes. */
  readonly slow: (ms: number) => void;
  readonly close: () => Promise<void>;
}

/** As a network does that breaks; a local socket knows no reset. */
function reset(socket: Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

/**
 * @param target asked for each connection: several nodes may take turns; undefined refuses it
 * @param onData what a connection has sent towards the target, as it enters
 */
export async function wire(
  target: () => Target | undefined,
  onData?: (connection: object, data: Buffer) => void,
): Promise<Wire> {
  const open = new Set<Socket>();
  let delayMs = 0;
  let cutUntil = 0;
  const serve = (client: Socket): void => {
    const to = performance.now() < cutUntil ? undefined : target();
    if (to === undefined) {
      reset(client);
      return;
    }
    const upstream = typeof to === 'number' ? connect(to, '127.0.0.1') : connect(to);
    pass(client, upstream, data => onData?.(client, data));
    pass(upstream, client);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  };
  /** In order, also while the delay changes. */
  const pass = (from: Socket, to: Socket, onPiece?: (data: Buffer) => void): void => {
    let last = Promise.resolve();
    from.on('data', (data: Buffer) => {
      onPiece?.(data);
      const due = performance.now() + delayMs;
      if (delayMs === 0 && pending === 0) {
        to.write(data);
        return;
      }
      pending++;
      last = last.then(async () => {
        const wait = due - performance.now();
        if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait));
        pending--;
        if (!to.destroyed) to.write(data);
      });
    });
    let pending = 0;
    from.on('end', () => void last.then(() => to.end()));
  };
  const server: Server = createServer({ allowHalfOpen: true }, serve);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    cut: ms => {
      cutUntil = performance.now() + ms;
      for (const socket of open) reset(socket);
    },
    slow: ms => {
      delayMs = ms;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
