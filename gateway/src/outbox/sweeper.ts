import { EXPIRED, SENDER_GONE, UNCONFIRMED } from '../message/failure.ts';
import { STATUS } from '../message/status.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import { FIND_FOLLOWERS, FORGET_PAIRS, FREE_FOLLOWERS, type PairKey } from './pairs.ts';
import type { Settle } from './settle.ts';
import { LATE, ORPHANS, SWEEP } from './sweep.ts';

/** Rows of pairs that one look passes: at one a minute, 30 million pairs a day. */
const PAIRS_PORTION = 20_000;

const FIRST_PAIR: PairKey = { sender: '00000000-0000-0000-0000-000000000000', recipient: '', priority: -1 };

export interface SweeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly startedAt: Date;
  readonly unconfirmedDeadlineMs: number;
  readonly settle: Pick<Settle, 'fail' | 'end'>;
  /** Lanes that have work now. */
  readonly wake: (senderIds: Iterable<string>) => void;
}

/** Moves on what only time moves. Safe on every node at once. */
export class Sweeper {
  readonly #options: SweeperOptions;
  #pair = FIRST_PAIR;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** Once a second: what waited long enough moves on, what is past its validity ends. */
  async sweep(): Promise<{ unconfirmed: number; resent: number; expired: number }> {
    const { store, clock, startedAt, unconfirmedDeadlineMs, settle, wake } = this.#options;
    const now = clock.now().toISOString();
    const swept = await store.run(SWEEP, [now, startedAt.toISOString(), String(unconfirmedDeadlineMs)]);
    const late = await store.run(LATE, [now]);
    await Promise.all([
      ...swept.given_up.map(message => settle.fail(message, UNCONFIRMED)),
      ...late.map(message => settle.end(message, STATUS.expired, EXPIRED)),
    ]);
    const freed = await store.run(FREE_FOLLOWERS, [now]);
    const woken = [...swept.woken, ...freed];
    if (woken.length > 0) wake(woken);
    return { unconfirmed: swept.unconfirmed, resent: swept.resent, expired: late.length };
  }

  /** Once a minute: messages of senders that are gone end, pairs that say nothing any more are forgotten. */
  async tidy(): Promise<{ orphans: number }> {
    const { store, clock, settle } = this.#options;
    const orphans = await store.run(ORPHANS, []);
    await Promise.all(orphans.map(message => settle.fail(message, SENDER_GONE)));
    await store.run(FIND_FOLLOWERS, []);
    const { sender, recipient, priority } = this.#pair;
    const { last } = await store.run(FORGET_PAIRS, [
      clock.now().toISOString(),
      sender,
      recipient,
      String(priority),
      String(PAIRS_PORTION),
    ]);
    this.#pair = last ?? FIRST_PAIR;
    return { orphans: orphans.length };
  }
}
