import { randomBytes } from 'node:crypto';

const UNIQUE_BYTES = 9;

/**
 * Ids shaped like Meta's: `wamid.` and base64 of a small frame with the other person's number and 18 hex
 * digits. Random per process and counted inside it, so that no two runs of a sandbox share one.
 */
export function wamids(): (digits: string) => string {
  const unique = randomBytes(UNIQUE_BYTES);
  let count = 0;
  return digits => {
    count++;
    unique.writeUInt32BE(count >>> 0, UNIQUE_BYTES - 4);
    const frame = `\x1c\x18${String.fromCharCode(digits.length)}${digits}\x15\x02\x00\x11\x18\x12${unique.toString('hex').toUpperCase()}\x00`;
    return `wamid.${Buffer.from(frame, 'latin1').toString('base64')}`;
  };
}
