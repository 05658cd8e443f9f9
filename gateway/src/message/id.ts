import { hash, randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Of random bytes, for some hundred ids: each system call costs more than the id. */
const pool = Buffer.alloc(4_096);
let used = pool.length;

let last = { msecs: 0, seq: 0 };

/**
 * A new UUIDv7: the primary key of messages, timeline, reports and journal, which are partitioned by its time. Those of one
 * process and millisecond go up.
 */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + 16);
  used += 16;
  const msecs = Date.now();
  // As the package counts when it is left alone, with random bytes of its own: from half of what the counter holds at most.
  last =
    msecs > last.msecs
      ? { msecs, seq: random.readUInt32BE(6) >>> 1 }
      : { msecs: last.msecs, seq: last.seq + 1 };
  return v7({ random, ...last });
}

/** The first id of a millisecond: a border of partitions. */
export function firstIdAt(ms: number): string {
  const hex = Math.max(0, Math.trunc(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/**
 * An id that the same input always gives, with a time of its own choosing: Meta repeats webhooks over seven days, and
 * the repeats must meet their own primary key.
 *
 * @param ms Unix time in milliseconds that decides the partition
 */
export function derivedIdAt(ms: number, name: string): string {
  return shape(firstIdAt(ms).slice(0, 14), name);
}

/** The id of something that belongs to another row, in that row's partition. Equal to `derived_id` in the database. */
export function derivedId(base: string, name: string): string {
  return shape(base.slice(0, 14), `${base}:${name}`);
}

function shape(time: string, name: string): string {
  const digest = hash('md5', name);
  return `${time}7${digest.slice(0, 3)}-8${digest.slice(3, 6)}-${digest.slice(6, 18)}`;
}
