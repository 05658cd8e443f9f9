/**
 * The life of a message, as ranks that the database stores.
 *
 *   scheduled → queued → sending → accepted → sent → delivered → read
 *                 ↑  ↓       ↘ unconfirmed ↗      ↘ failed
 *               (retry)
 *
 * Queue moves (claim, retry, unconfirmed, cancel, expire) are guarded by `status = <from> and attempt = <n>`. What Meta
 * says is applied by rank: a lower status never overwrites a higher one. `failed` stands below `delivered`, so that a
 * late failure does not undo a delivery. Ends of our own stand above everything, and `received` is inbound.
 */
export const STATUS = {
  scheduled: 5,
  queued: 10,
  sending: 20,
  unconfirmed: 30,
  accepted: 40,
  sent: 50,
  failed: 60,
  delivered: 70,
  read: 80,
  suppressed: 90,
  canceled: 91,
  expired: 92,
  received: 100,
} as const;

export type StatusName = keyof typeof STATUS;

const NAMES = new Map<number, StatusName>(
  Object.entries(STATUS).map(([name, rank]) => [rank, name as StatusName]),
);

/** The name of a stored rank; throws on a number that is none, since only we write them. */
export function statusName(rank: number): StatusName {
  const name = NAMES.get(rank);
  if (name === undefined) throw new Error(`unknown status rank ${rank}`);
  return name;
}
