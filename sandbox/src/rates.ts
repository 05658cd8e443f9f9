import type { Clock } from './clock.ts';
import type { Refusal } from './graph/errors.ts';
import type { Sender } from './senders.ts';
import type { Settings } from './settings.ts';

/** Meta: one message per 6 s between one number and one person … */
const PAIR_GAP_MS = 6000;
/** … with bursts of 45 that borrow from the future. */
const PAIR_BURST = 45;
/** Pairs that have rested are dropped when so many are known. */
const PAIRS_SWEEP_AT = 50_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** Meta's limits of speed, as token buckets on the sandbox's clock. */
export class Rates {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #numbers = new Map<Sender, Bucket>();
  /** The time at which the pair's bucket is full again. */
  readonly #pairs = new Map<string, number>();
  #sweepAt = PAIRS_SWEEP_AT;

  constructor(clock: Clock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Takes one message from the number's rate; a second's worth may come at once. */
  takeFromNumber(sender: Sender): Refusal | undefined {
    if (!this.#settings.number_rates) return undefined;
    const bucket = this.#bucket(sender);
    if (bucket.tokens < 1) {
      return { code: 130429, details: 'Cloud API message throughput has been reached.' };
    }
    bucket.tokens--;
    return undefined;
  }

  /** What people write counts too (Meta: in and out together), but is never refused. */
  countInbound(sender: Sender): void {
    const bucket = this.#bucket(sender);
    bucket.tokens = Math.max(0, bucket.tokens - 1);
  }

  takeFromPair(sender: Sender, phone: string): Refusal | undefined {
    if (!this.#settings.pair_rates) return undefined;
    const now = this.#clock.now();
    const pair = `${sender.phoneNumberId}${phone}`;
    const full = Math.max(this.#pairs.get(pair) ?? 0, now);
    if (full - now > (PAIR_BURST - 1) * PAIR_GAP_MS) {
      return {
        code: 131056,
        details:
          'Message failed to send because there were too many messages sent from this phone number to the ' +
          'same phone number in a short period of time.',
      };
    }
    this.#pairs.set(pair, full + PAIR_GAP_MS);
    if (this.#pairs.size >= this.#sweepAt) this.#sweep(now);
    return undefined;
  }

  #bucket(sender: Sender): Bucket {
    const now = this.#clock.now();
    const { throughput } = sender;
    let bucket = this.#numbers.get(sender);
    if (bucket === undefined) {
      bucket = { tokens: throughput, at: now };
      this.#numbers.set(sender, bucket);
    }
    bucket.tokens = Math.min(throughput, bucket.tokens + ((now - bucket.at) / 1000) * throughput);
    bucket.at = now;
    return bucket;
  }

  #sweep(now: number): void {
    for (const [pair, full] of this.#pairs) if (full <= now) this.#pairs.delete(pair);
    this.#sweepAt = Math.max(PAIRS_SWEEP_AT, 2 * this.#pairs.size);
  }
}
