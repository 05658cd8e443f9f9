import type { Recognized } from '../carriers/whatsapp/answer.ts';
import type { SendResult } from '../carriers/whatsapp/client.ts';
import { exhausted, type Failure, storedFailure, suppressedFor } from '../message/failure.ts';
import { STATUS } from '../message/status.ts';
import { Batch } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import type { Apply } from './apply.ts';
import type { Fact } from './apply-statement.ts';
import type { Claimed, Waiting } from './claim.ts';
import type { QueueDepth } from './depth.ts';
import { type Holds, WRITTEN_HOLD_MS } from './holds.ts';
import { MOVE, type Move } from './move.ts';
import { UPLOADED } from './send.ts';

/** Pauses before the second, third and fourth try (meta-cloud-api §4: 131000, 131016, 2). */
const BACKOFF_MS = [1_000, 5_000, 25_000] as const;

/** A pair that is over Meta's rate waits 4^X seconds, X the tries so far (meta-cloud-api §8.1); a minute at most. */
const PAIR_POWER_MAX = 3;

/** Retries of many messages at once spread by this part of their pause. */
const JITTER = 0.2;

/** Meta: the number's rate is exceeded (meta-cloud-api §4). */
const RATE_EXCEEDED = '130429';

/** Meta: the recipient has stopped marketing messages of this business (meta-cloud-api §4). */
const MARKETING_STOPPED = '131050';

/** Meta: the template is paused (meta-cloud-api §4). */
const TEMPLATE_PAUSED = '132015';

export interface SettleOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly unconfirmedDeadlineMs: number;
  /** Keeps a lane of this node still, and slows it when its rate was too high; false when it is held already. */
  readonly hold: (senderId: string, ms: number, slower: boolean) => boolean;
  readonly holds: Pick<Holds, 'hold'>;
  readonly wake: (senderIds: Iterable<string>) => void;
  /** Hears of what goes back into the queue. */
  readonly depth: Pick<QueueDepth, 'added'>;
  /** Asks again whether a template that WhatsApp calls paused is; then its messages wait. */
  readonly confirmHeld: (templateId: string) => Promise<boolean>;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly apply: Apply;
  /** WhatsApp told other names of whom a message went to. */
  readonly onNames: (senderId: string, names: Recognized) => void;
  /** The answer that somebody waits for is on disk. */
  readonly onDirect: (id: string) => void;
  /** WhatsApp says that a recipient wants no marketing messages. */
  readonly onMarketingStopped: (senderId: string, recipient: string) => void;
  /** Something that a person should know. */
  readonly onAlert: (senderId: string, failure: Failure) => void;
}

/** Writes down how each send ended, in batches. */
export class Settle {
  readonly #options: SettleOptions;
  readonly #facts: Batch<Fact, undefined>;
  readonly #moves: Batch<Move, undefined>;
  readonly #notes: Batch<Tables['timeline'], undefined>;

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
        await options.apply.run({ facts });
        return [];
      },
    });
    this.#notes = new Batch<Tables['timeline'], undefined>({
      ...patient,
      commit: async notes => {
        await options.store.db.insertInto('timeline').values(notes).execute();
        return [];
      },
    });
    this.#moves = new Batch<Move, undefined>({
      ...patient,
      commit: async moves => {
        const { woken, back } = await options.store.run(MOVE, [moves, options.clock.now().toISOString()]);
        for (const { sender, count } of back) options.depth.added(sender, count);
        if (woken.length > 0) options.wake(woken);
        return [];
      },
    });
  }

  /** Settles one send by its result. */
  async result(message: Claimed, result: SendResult): Promise<void> {
    await this.#settleResult(message, result);
    if (message.direct) this.#options.onDirect(message.id);
  }

  async #settleResult(message: Claimed, result: SendResult): Promise<void> {
    const { clock } = this.#options;
    if (result.kind === 'accepted') {
      await this.#facts.add({
        id: message.id,
        sender: message.sender,
        attempt: message.attempt,
        accepted: clock.now().toISOString(),
        wamid: result.wamid,
      });
      if (result.names !== undefined) this.#options.onNames(message.sender, result.names);
      if (result.held !== undefined) await this.#heldByMeta(message, result.held);
      return;
    }
    const failure = result.failure;
    if (failure.code === MARKETING_STOPPED)
      this.#options.onMarketingStopped(message.sender, message.recipient);
    if (message.direct && failure.outcome !== 'unknown' && failure.code !== UPLOADED.code)
      return this.#failDirect(message, failure);
    switch (failure.outcome) {
      case 'final':
        if (failure.code === TEMPLATE_PAUSED && (await this.#isHeld(message)))
          return this.parkForTemplate(message, describe(failure));
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

  /** Its template is paused: it waits until that may be sent again, and the attempt does not count. */
  async parkForTemplate(message: Claimed, detail: string): Promise<void> {
    await this.#moves.add(
      this.#move(message, STATUS.queued, { parked: 'template', undo: 1, step: 'held', detail }),
    );
  }

  /** Ends a message of ours. */
  async fail(message: Waiting, failure: Failure): Promise<void> {
    await this.#facts.add({
      id: message.id,
      sender: message.sender,
      attempt: message.attempt,
      failed: this.#options.clock.now().toISOString(),
      failure: JSON.stringify(storedFailure(failure)),
    });
  }

  /** Ends a message that is still in the queue, unsent; nothing happens when it is not any more. */
  async end(message: Waiting, end: NonNullable<Fact['end']>, failure: Failure): Promise<void> {
    await this.#facts.add({
      id: message.id,
      sender: message.sender,
      attempt: message.attempt,
      ended: this.#options.clock.now().toISOString(),
      end,
      failure: JSON.stringify(storedFailure(failure)),
    });
  }

  /** Ends a message in the queue that its recipient does not want. */
  async suppress(message: Waiting, mask: number): Promise<void> {
    await this.end(message, STATUS.suppressed, suppressedFor(mask));
  }

  /** WhatsApp has given up on a message that it took, without a word. */
  async silent(message: Waiting): Promise<void> {
    await this.#facts.add({
      id: message.id,
      sender: message.sender,
      attempt: message.attempt,
      silent: this.#options.clock.now().toISOString(),
    });
  }

  /** Resolves when everything is on disk. */
  async idle(): Promise<void> {
    await Promise.all([this.#facts.idle(), this.#moves.idle(), this.#notes.idle()]);
  }

  /** Whoever waits for the answer is told no; what the failure says of the number holds for those that come after it. */
  async #failDirect(message: Claimed, failure: Failure): Promise<void> {
    if (failure.outcome === 'hold') await this.#keepStill(message.sender, failure);
    await this.fail(message, exhausted(failure));
  }

  async #isHeld(message: Claimed): Promise<boolean> {
    return message.template !== null && this.#options.confirmHeld(message.template);
  }

  /** A new template goes out in slices: it is sent, or fails, when WhatsApp has made up its mind (§7). */
  async #heldByMeta(message: Claimed, status: string): Promise<void> {
    await this.#notes.add({
      message_id: message.id,
      at: this.#options.clock.now(),
      step: 'held',
      attempt: message.attempt,
      detail: `WhatsApp took it and does not send it yet: ${status}`,
    });
  }

  async #doubt(message: Claimed, failure: Failure): Promise<void> {
    const deadline = message.unconfirmed_ms ?? this.#options.unconfirmedDeadlineMs;
    const pause = deadline * 2 ** message.resends;
    await this.#moves.add(
      this.#move(message, STATUS.unconfirmed, {
        runAt: new Date(this.#options.clock.now().getTime() + pause),
        step: 'unconfirmed',
        detail: describe(failure),
      }),
    );
  }

  async #hold(message: Claimed, failure: Failure): Promise<void> {
    const written = this.#keepStill(message.sender, failure);
    await this.#moves.add(
      this.#move(message, STATUS.queued, {
        undo: failure.neverLeft === true ? 1 : 0,
        step: 'held',
        detail: describe(failure),
      }),
    );
    await written;
  }

  /** Holds the lane at once, and in the database when it is for long. */
  async #keepStill(sender: string, failure: Failure): Promise<void> {
    const { hold, holds, onAlert } = this.#options;
    // Without a time a person has to mend it, or Meta.
    const ms = failure.retry?.kind === 'after' ? failure.retry.ms : undefined;
    const newly = hold(sender, ms ?? Number.POSITIVE_INFINITY, failure.code === RATE_EXCEEDED);
    if (!newly || (ms !== undefined && ms < WRITTEN_HOLD_MS)) return;
    onAlert(sender, failure);
    await holds.hold(sender, ms, failure.code, describe(failure));
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
