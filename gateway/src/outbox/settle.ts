import type { SendResult } from '../carriers/whatsapp/client.ts';
import { exhausted, type Failure, SENDER_GONE, storedFailure, UNCONFIRMED } from '../message/failure.ts';
import { STATUS } from '../message/status.ts';
import { Batch } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import { APPLY, type Applied, type Fact, mergeFacts } from './apply.ts';
import { type Claimed, MOVE, type Move, ORPHANS, SWEEP } from './claim.ts';
import { HOLD, WRITTEN_HOLD_MS } from './leases.ts';

/** Pauses before the second, third and fourth try (meta-cloud-api §4: 131000, 131016, 2). */
const BACKOFF_MS = [1_000, 5_000, 25_000] as const;

/** A pair that is over Meta's rate waits 4^X seconds, X the tries so far (meta-cloud-api §8.1); a minute at most. */
const PAIR_POWER_MAX = 3;

/** Retries of many messages at once spread by this part of their pause. */
const JITTER = 0.2;

/** How long a sender waits after a failure that only a person can mend, until it is tried again. */
const HOLD_MS = 60_000;

export interface SettleOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly startedAt: Date;
  readonly unconfirmedDeadlineMs: number;
  /** Keeps a lane of this node still; false when it is held already. */
  readonly hold: (senderId: string, ms: number) => boolean;
  readonly wake: (senderIds: Iterable<string>) => void;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Reports were written, or events happened. */
  readonly onApplied: (applied: Applied) => void;
  /** Something that a person should know. */
  readonly onAlert: (senderId: string, failure: Failure) => void;
}

/** Writes down how each send ended, in batches. */
export class Settle {
  readonly #options: SettleOptions;
  readonly #facts: Batch<Fact, undefined>;
  readonly #moves: Batch<Move, undefined>;

  constructor(options: SettleOptions) {
    this.#options = options;
    // What was sent must be written down however long the database is away: nothing is refused and nothing expires.
    const patient = {
      maxWaiting: Number.POSITIVE_INFINITY,
      maxWaitingBytes: Number.POSITIVE_INFINITY,
      timeoutMs: Number.POSITIVE_INFINITY,
      everyMs: 10,
    };
    this.#facts = new Batch<Fact, undefined>({
      ...patient,
      commit: async facts => {
        options.onApplied(
          await options.store.run(APPLY, [mergeFacts(facts), [], [], options.clock.now().toISOString()]),
        );
        return [];
      },
    });
    this.#moves = new Batch<Move, undefined>({
      ...patient,
      commit: async moves => {
        await options.store.run(MOVE, [moves, options.clock.now().toISOString()]);
        return [];
      },
    });
  }

  /** Settles one send by its result. */
  async result(message: Claimed, result: SendResult): Promise<void> {
    const { clock } = this.#options;
    if (result.kind === 'accepted') {
      await this.#facts.add({
        id: message.id,
        sender: message.sender,
        attempt: message.attempt,
        accepted: clock.now().toISOString(),
        wamid: result.wamid,
      });
      return;
    }
    const failure = result.failure;
    switch (failure.outcome) {
      case 'final':
        return this.fail(message, failure);
      case 'unknown':
        return this.#doubt(message, failure);
      case 'hold':
        return this.#hold(message, failure);
      case 'retry':
        return this.#retry(message, failure);
    }
  }

  /** A claim that never left this process goes back as if it had not been. */
  async giveBack(message: Claimed): Promise<void> {
    await this.#moves.add(this.#move(message, STATUS.queued, { undo: 1 }));
  }

  /** Ends a message of ours. */
  async fail(message: Pick<Claimed, 'id' | 'sender' | 'attempt'>, failure: Failure): Promise<void> {
    await this.#facts.add({
      id: message.id,
      sender: message.sender,
      attempt: message.attempt,
      failed: this.#options.clock.now().toISOString(),
      failure: JSON.stringify(storedFailure(failure)),
    });
  }

  /** Once a second: what waited long enough moves on. */
  async sweep(): Promise<{ unconfirmed: number; resent: number }> {
    const { store, clock, startedAt, unconfirmedDeadlineMs, wake } = this.#options;
    const swept = await store.run(SWEEP, [
      clock.now().toISOString(),
      startedAt.toISOString(),
      String(unconfirmedDeadlineMs),
    ]);
    await Promise.all(swept.given_up.map(message => this.fail(message, UNCONFIRMED)));
    if (swept.woken.length > 0) wake(swept.woken);
    return swept;
  }

  /** Once a minute: messages of senders that are gone end. */
  async endOrphans(): Promise<number> {
    const orphans = await this.#options.store.run(ORPHANS, []);
    await Promise.all(orphans.map(message => this.fail(message, SENDER_GONE)));
    return orphans.length;
  }

  /** Resolves when everything is on disk. */
  async idle(): Promise<void> {
    await Promise.all([this.#facts.idle(), this.#moves.idle()]);
  }

  async #doubt(message: Claimed, failure: Failure): Promise<void> {
    const pause = this.#options.unconfirmedDeadlineMs * 2 ** message.resends;
    await this.#moves.add(
      this.#move(message, STATUS.unconfirmed, {
        runAt: new Date(this.#options.clock.now().getTime() + pause),
        step: 'unconfirmed',
        detail: describe(failure),
      }),
    );
  }

  async #hold(message: Claimed, failure: Failure): Promise<void> {
    const { store, clock, hold } = this.#options;
    const ms = failure.retry?.kind === 'after' ? failure.retry.ms : HOLD_MS;
    const newly = hold(message.sender, ms);
    await this.#moves.add(
      this.#move(message, STATUS.queued, {
        undo: failure.neverLeft === true ? 1 : 0,
        step: 'held',
        detail: describe(failure),
      }),
    );
    if (!newly || ms < WRITTEN_HOLD_MS) return;
    this.#options.onAlert(message.sender, failure);
    const until = new Date(clock.now().getTime() + ms).toISOString();
    await store.run(HOLD, [message.sender, until, failure.code, describe(failure)]);
  }

  async #retry(message: Claimed, failure: Failure): Promise<void> {
    const retry = failure.retry ?? { kind: 'backoff', tries: BACKOFF_MS.length };
    if (retry.kind === 'backoff' && message.tries >= retry.tries)
      return this.fail(message, exhausted(failure));
    const pause =
      failure.hold === 'pair'
        ? 1_000 * 4 ** Math.min(message.tries, PAIR_POWER_MAX)
        : retry.kind === 'after'
          ? retry.ms
          : BACKOFF_MS[Math.min(message.tries, BACKOFF_MS.length - 1)]!;
    const spread = pause * (1 + JITTER * this.#options.random());
    await this.#moves.add(
      this.#move(message, STATUS.queued, {
        parked: failure.hold === 'pair' ? 'pair' : 'retry',
        runAt: new Date(this.#options.clock.now().getTime() + spread),
        undo: failure.neverLeft === true ? 1 : 0,
        tried: failure.neverLeft === true ? 0 : 1,
        step: 'retry',
        detail: describe(failure),
      }),
    );
  }

  #move(
    message: Claimed,
    to: number,
    more: { parked?: string; runAt?: Date; undo?: 0 | 1; tried?: 0 | 1; step?: string; detail?: string },
  ): Move {
    return {
      id: message.id,
      attempt: message.attempt,
      from: STATUS.sending,
      to,
      parked: more.parked ?? null,
      run_at: more.runAt?.toISOString() ?? null,
      undo: more.undo ?? 0,
      tried: more.tried ?? 0,
      step: more.step ?? null,
      detail: more.detail ?? null,
    };
  }
}

function describe(failure: Failure): string {
  return `${failure.code}: ${failure.title}${failure.detail === undefined ? '' : ` — ${failure.detail}`}`;
}
