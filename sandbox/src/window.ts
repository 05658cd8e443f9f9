import type { Clock } from './clock.ts';
import type { Message } from './message.ts';

/** WhatsApp: free-form messages reach a person for 24 hours after they last wrote (meta-cloud-api §2) */
const WINDOW_MS = 24 * 3600 * 1000;
/** Pairs remembered; the one that was quiet the longest is forgotten first. */
const PAIRS_MAX = 200_000;

/** When each person last wrote to each business number. */
export class Windows {
  readonly #clock: Clock;
  /** The pair with the newest message is last. */
  readonly #lastWritten = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The person has written. */
  open(message: Message): void {
    // News of a changed number is no word of the person.
    if (message.type === 'system') return;
    const pair = pairOf(message.sender.phoneNumberId, message.phone);
    this.#lastWritten.delete(pair);
    this.#lastWritten.set(pair, message.at);
    if (this.#lastWritten.size > PAIRS_MAX) {
      this.#lastWritten.delete(this.#lastWritten.keys().next().value!);
    }
  }

  isOpen(phoneNumberId: string, phone: string): boolean {
    const at = this.#lastWritten.get(pairOf(phoneNumberId, phone));
    return at !== undefined && at + WINDOW_MS > this.#clock.now();
  }
}

function pairOf(phoneNumberId: string, phone: string): string {
  return `${phoneNumberId} ${phone}`;
}
