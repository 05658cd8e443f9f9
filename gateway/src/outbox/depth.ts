import type { Clock } from '../store/clock.ts';
import type { Statement, Store } from '../store/store.ts';

/** A count of a million messages takes a tenth of a second; it may take a twentieth of the time. */
const LOOK_MS = 10_000;
const LOOK_PART = 20;

/** While somebody is refused: another node may have sent what this one takes for waiting. */
const SOON_MS = 1_000;

const DEPTH: Statement<{ sender: string; n: number }[]> = {
  name: 'queue_depth',
  text: `
    with parked as (
      select sender_id, count(*) as n from messages where parked is not null and status = 10 group by sender_id
    )
    select coalesce(json_agg(json_build_object('sender', l.sender_id, 'n', coalesce(p.n, 0) + (
      select count(*) from messages m where m.sender_id = l.sender_id and m.status = 10 and m.parked is null
    ))), '[]') as out
    from lanes l left join parked p on p.sender_id = l.sender_id`,
};

/** The queue of a number is as long as it may become. */
export class QueueFull extends Error {
  readonly limit: number;
  constructor(limit: number) {
    super(`the number has ${limit} messages in its queue`);
    this.limit = limit;
  }
}

/**
 * How many messages wait for each number: counted now and then. What this node accepts in between or puts back into the
 * queue is added, and what it claims or ends there is taken off, by commits and not by messages. What other nodes do, and
 * what a sweep sends again, is known with the next count.
 */
export class QueueDepth {
  readonly #store: Store;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #limit: number;
  #waiting = new Map<string, number>();
  /** What has changed since a count began, while it is under way. */
  #since: Map<string, number> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;
  #refused = false;

  /** @param limit messages of one number */
  constructor(store: Store, clock: Pick<Clock, 'monotonic'>, limit: number) {
    this.#store = store;
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Messages that wait to be sent, of all numbers. */
  get total(): number {
    let sum = 0;
    for (const count of this.#waiting.values()) sum += count;
    return sum;
  }

  /** Messages wait, or wait again. */
  added(senderId: string, count: number): void {
    change(this.#waiting, senderId, count);
    if (this.#since !== undefined) this.#since.set(senderId, (this.#since.get(senderId) ?? 0) + count);
  }

  /** Messages wait no more. */
  left(senderId: string, count: number): void {
    this.added(senderId, -count);
  }

  /** @throws QueueFull */
  check(senderId: string): void {
    if ((this.#waiting.get(senderId) ?? 0) < this.#limit) return;
    this.#refused = true;
    throw new QueueFull(this.#limit);
  }

  /** Counts, when it is time. */
  async look(): Promise<void> {
    const began = this.#clock.monotonic();
    const pause = Math.max(this.#refused ? SOON_MS : LOOK_MS, LOOK_PART * this.#tookMs);
    if (this.#since !== undefined || began < this.#lookedAt + pause) return;
    const since = new Map<string, number>();
    this.#since = since;
    try {
      const counts = await this.#store.run(DEPTH, []);
      this.#waiting = new Map(counts.map(({ sender, n }) => [sender, n]));
      // The count is of the moment in which it began.
      for (const [senderId, count] of since) change(this.#waiting, senderId, count);
      this.#refused = false;
      this.#lookedAt = began;
      this.#tookMs = this.#clock.monotonic() - began;
    } finally {
      this.#since = undefined;
    }
  }
}

/** Never below zero: what this node sends may have been accepted by another. */
function change(waiting: Map<string, number>, senderId: string, count: number): void {
  waiting.set(senderId, Math.max(0, (waiting.get(senderId) ?? 0) + count));
}
