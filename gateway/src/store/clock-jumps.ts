import { readFileSync } from 'node:fs';

/** How soon a jump is noticed. */
const LOOK_MS = 100;

/**
 * A machine whose clock can be set from outside, for tests of what happens then (`WIREBIRD_CLOCK_JUMPS`).
 *
 * @param file holds how many milliseconds the clock is ahead of the time
 * @returns the machine's time in Unix ms
 */
export function jumpingWall(file: string): () => number {
  let aheadMs = 0;
  setInterval(() => {
    const read = Number(readFileSync(file, 'utf8'));
    if (Number.isFinite(read)) aheadMs = read;
  }, LOOK_MS).unref();
  return () => Date.now() + aheadMs;
}
