import type { FastifyInstance } from 'fastify';
import type { Network } from '../parts.ts';

/** Keeps proxies and browsers from taking a quiet stream for a dead one. */
const PING_MS = 15_000;
/** A watcher that does not read is let go; it comes back and asks for the lists again. */
const UNREAD_MAX_BYTES = 4 * 1024 * 1024;

/** Server-sent events: `message` for a new message, `status` for a step of one, `delivery` and `receiver`. */
export function eventRoutes(server: FastifyInstance, { feed }: Network): void {
  const streams = new Set<() => void>();

  server.get('/events', (request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    raw.write(': watching\n\n');
    const tell = (text: string) => {
      if (raw.writableLength > UNREAD_MAX_BYTES) request.raw.socket.destroy();
      else raw.write(text);
    };
    const unwatch = feed.watch(tell);
    const ping = setInterval(() => tell(': ping\n\n'), PING_MS);
    const end = () => {
      unwatch();
      clearInterval(ping);
      streams.delete(close);
    };
    const close = () => raw.end();
    streams.add(close);
    raw.on('close', end);
  });

  server.addHook('preClose', async () => {
    for (const close of streams) close();
  });
}
