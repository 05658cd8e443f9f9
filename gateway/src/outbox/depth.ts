import type { Clock } from '../store/clock.ts';
import type { Statement, Store } from '../store/store.ts';

/** A count of a million messages takes a tenth of a second; it may take a twentieth of the time. */
const LOOK_MS = 10_000;
const LOOK_PART = 20;

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

/** How many messages wait for each number: counted now and then, and what this node accepts in between is added. */
export class QueueDepth {
  readonly #store: Store;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #limit: number;
  #waiting = new Map<string, number>();
  #nextLook = 0;

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

  added(senderId: string, count: number): void {
    this.#waiting.set(senderId, (this.#waiting.get(senderId) ?? 0) + count);
  }

  /** @throws QueueFull */
  check(senderId: string): void {
    if ((this.#waiting.get(senderId) ?? 0) >= this.#limit) throw new QueueFull(this.#limit);
  }

  /** Counts, when it is time. */
  async look(): Promise<void> {
    const began = this.#clock.monotonic();
    if (began < this.#nextLook) return;
    const counts = await this.#store.run(DEPTH, []);
    this.#waiting = new Map(counts.map(({ sender, n }) => [sender, n]));
    const took = this.#clock.monotonic() - began;
    this.#nextLook = began + Math.max(LOOK_MS, LOOK_PART * took);
  }
}
