import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A sandbox that is just ending flushes its files in less. */
const PATIENCE_MS = 5000;
const LOOK_AGAIN_MS = 50;

/**
 * Makes this process the only one that writes into a data folder, by listening on a local socket named after
 * it: unlike a file with a process id it cannot outlive its owner. Returns how to let go. Throws when
 * another sandbox keeps the folder for all of `patienceMs`.
 */
export async function lockFolder(
  folder: string,
  patienceMs: number = PATIENCE_MS,
): Promise<() => Promise<void>> {
  mkdirSync(folder, { recursive: true });
  // Socket paths have about 100 characters: too few for some folders, so the name is a hash.
  const name = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 24);
  const path = join(tmpdir(), `wirebird-sandbox-${name}.sock`);
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const server = await listen(path);
    if (server !== undefined) {
      return () => new Promise(done => server.close(() => done()));
    }
    if (!(await isAlive(path))) rmSync(path, { force: true });
    else if (performance.now() > giveUpAt) {
      throw new Error(`Another sandbox is using the data folder ${folder}. Stop it, or give another --data.`);
    } else await pause(LOOK_AGAIN_MS);
  }
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((done, fail) => {
    const server = createServer(socket => socket.destroy());
    server.unref();
    server.once('error', error => {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') done(undefined);
      else fail(error);
    });
    server.listen(path, () => done(server));
  });
}

function isAlive(path: string): Promise<boolean> {
  return new Promise(done => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
