import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what systems give to outgoing connections (Linux 32768, macOS 49152): while a killed gateway is away, one of the
 * many connections tried could otherwise take its port, or meet itself there.
 */
const FIRST = 20_000;
const LAST = 32_000;

/** A free port of 127.0.0.1 that stays usable over restarts. */
export async function restartablePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
