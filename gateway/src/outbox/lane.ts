/** A lane holds 50 ms of its number's rate, so that a burst after a pause stays within Meta's measure. */
const HOLD_MS = 50;

/** Requests that one number may have under way: a Graph API that stops answering must not take every connection. */
const IN_FLIGHT_MAX = 128;

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
  #rate: number;
  #tokens = 0;
  #filledAt: number;

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
    if (now >= this.ownedUntil || this.held(now)) return 0;
    this.#fill(now);
    // Twenty additions of 0.05 are a little less than 1; the lane must not lose a slot to that.
    return Math.max(0, Math.min(Math.floor(this.#tokens + 1e-9), IN_FLIGHT_MAX - this.inFlight));
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

  /** Monotonic ms at which the next message may leave; Infinity when only an answer or a renewal can. */
  readyAt(now: number): number {
    if (this.inFlight >= IN_FLIGHT_MAX || now >= this.ownedUntil) return Number.POSITIVE_INFINITY;
    this.#fill(now);
    const missing = Math.max(0, 1 - this.#tokens);
    return Math.max(this.heldUntil, this.parkedUntil, now + (missing * 1000) / this.#rate);
  }

  get #capacity(): number {
    return Math.max(1, (this.#rate * HOLD_MS) / 1000);
  }

  #fill(now: number): void {
    if (now <= this.#filledAt) return;
    this.#tokens = Math.min(this.#capacity, this.#tokens + ((now - this.#filledAt) * this.#rate) / 1000);
    this.#filledAt = now;
  }
}
