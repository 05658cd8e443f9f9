import { createHash, randomInt } from 'node:crypto';

const LEAST = 100_000_000_000_000;

/** Meta's ids are numbers of about 15 digits. The same name has the same id in every sandbox. */
export function numericId(kind: string, name: string): string {
  const hash = createHash('sha256').update(`${kind}:${name}`).digest().readBigUInt64BE();
  return String(BigInt(LEAST) + (hash % 900_000_000_000_000n));
}

/** An id of that form that is not taken yet. */
export function randomId(isTaken: (id: string) => boolean): string {
  for (;;) {
    const id = String(LEAST + randomInt(2 ** 47));
    if (!isTaken(id)) return id;
  }
}
