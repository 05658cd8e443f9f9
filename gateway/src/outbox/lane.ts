import type { Budget, LaneClaim } from './claim.ts';

/** A lane holds 50 ms of its number's rate, so that a burst after a pause stays within Meta's measure. */
const HOLD_MS = 50;

/**
 * So much of the rate leaves at once, the rest of a claim evenly after it. A claim that the database answered late must
 * not leave together with the next one, nor what an event loop that stood still has kept: seen, 87 requests in a second of
 * a number that has 80. What the network pushes together must have room too.
 */
const BURST_MS = 20;

/**
 * Requests that one number may have under way: twice as many as its rate needs at the present latency, and what comes
 * between two claims, within these. A Graph API that stops answering must not take every connection; seen without the
 * second part: 649 of 1,000 a second at a Graph API that answers in 3 ms.
 */
const IN_FLIGHT_MIN = 8;
const IN_FLIGHT_MAX = 128;

/** Weight of the newest request in the latency; about the last twenty count. */
const LATENCY_WEIGHT = 0.1;

/** A rate that Meta found too high is halved, to a tenth at least, and grows back by this part of the full rate per s. */
const RECOVERY_PER_S = 0.05;
const FACTOR_MIN = 0.1;

/** Messages that a claim looks at, at most, when most of those at the front must be put aside. */
const LOOK_MAX = 1_000;

/**
 * One sender's queue with its pace, while this node owns it.
 *
 * A token bucket of `rate` per second that starts empty, at start and at take-over, since the node before may just
 * have used the second up. Times are monotonic milliseconds.
 */
export class Lane {
  readonly senderId: string;
  readonly epoch: number;
  /** Until when this node may send; the database's lease less a margin. */
  ownedUntil = 0;
  /** A short hold, known to this node alone. */
  heldUntil = 0;
  /** A hold that stands in the database, as of the last renewal. */
  parkedUntil = 0;
  inFlight = 0;
  /** Messages may wait: set by a wake, cleared by a claim that found fewer than it asked for. */
  hot = true;
  /** Messages that the next claim looks at, if that is more than it may take. */
  look = 0;
  #rate: number;
  #tokens = 0;
  /** Part of the rate that is used now. */
  #factor = 1;
  /** Ms from a request to its answer; 0 until there was one. */
  #latency = 0;
  /** It goes to another node as soon as nothing of it is under way. */
  leaving = false;
  #filledAt: number;
  /** When the messages that have left would have, one by one. */
  #leftUntil = Number.NEGATIVE_INFINITY;
  /** Messages that wait for their turn to leave. */
  readonly #leaving: (() => void)[] = [];

  constructor(senderId: string, epoch: number, rate: number, now: number) {
    this.senderId = senderId;
    this.epoch = epoch;
    this.#rate = rate;
    this.#filledAt = now;
  }

  get rate(): number {
    return this.#rate;
  }

  setRate(rate: number, now: number): void {
    this.#fill(now);
    this.#rate = rate;
  }

  /** How many messages may be claimed now. */
  budget(now: number): number {
    if (now >= this.ownedUntil || this.leaving || this.held(now)) return 0;
    this.#fill(now);
    // Twenty additions of 0.05 are a little less than 1; the lane must not lose a slot to that.
    return Math.max(0, Math.min(Math.floor(this.#tokens + 1e-9), this.#inFlightMax - this.inFlight));
  }

  held(now: number): boolean {
    return now < this.heldUntil || now < this.parkedUntil;
  }

  /**
   * Takes tokens; inbound messages draw too, since Meta counts in and out together. The debt ends at one second's rate:
   * a backlog of inbound messages read at once is no reason to be silent for minutes.
   */
  draw(count: number, now: number): void {
    this.#fill(now);
    this.#tokens = Math.max(-this.#rate, this.#tokens - count);
  }

  /** Puts back what a claim asked for and did not get. */
  giveBack(count: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + count);
  }

  /**
   * Lets a message leave in its turn.
   *
   * @param now monotonic ms
   * @returns undefined when it may leave at once
   */
  leave(now: () => number): Promise<void> | undefined {
    if (this.#leaving.length === 0 && this.#leftUntil - BURST_MS <= now()) {
      this.#left(now());
      return undefined;
    }
    return new Promise(resolve => {
      this.#leaving.push(resolve);
      if (this.#leaving.length === 1) this.#callNext(now);
    });
  }

  /** What has left counts from the moment in which it did, however late its timer was. */
  #callNext(now: () => number): void {
    setTimeout(
      () => {
        while (this.#leaving.length > 0 && this.#leftUntil - BURST_MS <= now()) {
          this.#left(now());
          this.#leaving.shift()?.();
        }
        if (this.#leaving.length > 0) this.#callNext(now);
      },
      Math.max(0, this.#leftUntil - BURST_MS - now()),
    );
  }

  #left(now: number): void {
    this.#leftUntil = Math.max(this.#leftUntil, now) + 1000 / this.#rate;
  }

  /** Takes in what a claim for this lane has brought; nothing at all when `front` is undefined. */
  claimed({ n, k }: Pick<Budget, 'n' | 'k'>, front: LaneClaim | undefined): void {
    const { found, taken, aside } = front ?? { found: 0, taken: 0, aside: 0 };
    if (taken < n) this.giveBack(n - taken);
    this.look = aside > 0 && taken < n ? Math.min(LOOK_MAX, Math.max(k, 8) * 4) : 0;
    if (found === k || found > taken + aside) this.hot = true;
  }

  /** Monotonic ms at which the next message may leave; Infinity when only an answer or a renewal can. */
  readyAt(now: number): number {
    if (this.inFlight >= this.#inFlightMax || this.leaving || now >= this.ownedUntil)
      return Number.POSITIVE_INFINITY;
    this.#fill(now);
    const missing = Math.max(0, 1 - this.#tokens);
    return Math.max(this.heldUntil, this.parkedUntil, now + (missing * 1000) / (this.#rate * this.#factor));
  }

  /** Meta found the rate too high: sends at half of it, and comes back to it in small steps. */
  slow(now: number): void {
    this.#fill(now);
    this.#factor = Math.max(FACTOR_MIN, this.#factor / 2);
    this.#tokens = Math.min(this.#tokens, 0);
  }

  /** A request was answered after this many ms. */
  answered(ms: number): void {
    this.#latency = this.#latency === 0 ? ms : this.#latency + LATENCY_WEIGHT * (ms - this.#latency);
  }

  get #inFlightMax(): number {
    if (this.#latency === 0) return IN_FLIGHT_MAX;
    const needed = Math.ceil((this.#rate * (2 * this.#latency + HOLD_MS)) / 1000);
    return Math.min(IN_FLIGHT_MAX, Math.max(IN_FLIGHT_MIN, needed));
  }

  get #capacity(): number {
    return Math.max(1, (this.#rate * HOLD_MS) / 1000);
  }

  #fill(now: number): void {
    if (now <= this.#filledAt) return;
    const seconds = (now - this.#filledAt) / 1000;
    this.#tokens = Math.min(this.#capacity, this.#tokens + seconds * this.#rate * this.#factor);
    this.#factor = Math.min(1, this.#factor + seconds * RECOVERY_PER_S);
    this.#filledAt = now;
  }
}
