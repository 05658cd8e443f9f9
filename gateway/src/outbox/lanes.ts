import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import { Lane } from './lane.ts';
import { LEASE_MARGIN_MS, LEASE_MS, RELEASE, RENEW, RENEW_MS, YIELD } from './leases.ts';

/** A monotonic clock that fell behind the wall by more than this slept, and its leases with it. */
const SLEPT_MS = 1_000;

export interface LanesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly nodeId: string;
  /** True on the embedded database: the directory lock proves that earlier owners are gone. */
  readonly alone: boolean;
  /** The rate of a sender in messages per second; undefined when it is gone. */
  readonly rateOf: (senderId: string) => number | undefined;
  readonly onError: (error: unknown, doing: string) => void;
}

/** The lanes that this node owns. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  #renewing: Promise<void> | undefined;
  #stopping = false;
  #takeOver: boolean;
  /** Wall less monotonic, at the last renewal. */
  #drift = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#takeOver = options.alone;
  }

  get(senderId: string): Lane | undefined {
    return this.#lanes.get(senderId);
  }

  keys(): Iterable<string> {
    return this.#lanes.keys();
  }

  /** From a lane on that moves with each call, so that the first is not always the same one. */
  *inTurn(turn: number): Iterable<Lane> {
    const all = [...this.#lanes.values()];
    for (let n = 0; n < all.length; n++) yield all[(n + turn) % all.length]!;
  }

  /** @param after called after each renewal */
  async start(after: () => void): Promise<void> {
    await this.renew();
    this.#timer = setInterval(() => void this.renew().then(after), RENEW_MS);
  }

  /** Renews the leases, takes free lanes and lets go of those that are another node's part. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** False when this process slept: its leases may have gone to another. */
  owns(lane: Lane): boolean {
    const { clock } = this.#options;
    const now = clock.monotonic();
    return now < lane.ownedUntil && Math.abs(clock.wall() - now - this.#drift) < SLEPT_MS;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    await this.#renewing?.catch(() => {});
  }

  /** After `stop` and the last settle. */
  async release(): Promise<void> {
    await this.#options.store.run(RELEASE, [this.#options.nodeId]);
  }

  async #renew(): Promise<void> {
    const { store, clock, nodeId, alone, onError } = this.#options;
    if (this.#stopping) return;
    try {
      await this.#yield();
      const asked = clock.monotonic();
      const now = clock.now();
      const { lanes, part } = await store.run(RENEW, [
        nodeId,
        now.toISOString(),
        new Date(now.getTime() + LEASE_MS).toISOString(),
        alone,
        new Date(now.getTime() - LEASE_MS).toISOString(),
        this.#takeOver,
      ]);
      this.#takeOver = false;
      this.#drift = clock.wall() - asked;
      const gone = new Set(this.#lanes.keys());
      for (const row of lanes) {
        const lane = this.#owned(row.sender, row.epoch);
        if (lane === undefined) continue;
        gone.delete(row.sender);
        lane.ownedUntil = asked + LEASE_MS - LEASE_MARGIN_MS;
        lane.parkedUntil = row.held_ms > 0 ? asked + row.held_ms : 0;
      }
      for (const senderId of gone) this.#lanes.delete(senderId);
      this.#share(part);
    } catch (error) {
      onError(error, 'renew lane leases');
    }
  }

  #owned(senderId: string, epoch: number): Lane | undefined {
    const { clock, rateOf } = this.#options;
    const rate = rateOf(senderId);
    if (rate === undefined) return undefined;
    const known = this.#lanes.get(senderId);
    if (known !== undefined && known.epoch === epoch) {
      if (known.rate !== rate) known.setRate(rate, clock.monotonic());
      return known;
    }
    const lane = new Lane(senderId, epoch, rate, clock.monotonic());
    this.#lanes.set(senderId, lane);
    return lane;
  }

  /** A node has joined: the lanes above our part finish what is under way, then go. */
  #share(part: number): void {
    const idleFirst = [...this.#lanes.values()].sort((a, b) => a.inFlight - b.inFlight);
    const surplus = new Set(idleFirst.slice(0, Math.max(0, this.#lanes.size - part)));
    for (const lane of this.#lanes.values()) lane.leaving = surplus.has(lane);
  }

  async #yield(): Promise<void> {
    const idle = [...this.#lanes.values()].filter(lane => lane.leaving && lane.inFlight === 0);
    if (idle.length === 0) return;
    // First here: what a claim that is under way still takes finds no lane and goes back.
    for (const lane of idle) this.#lanes.delete(lane.senderId);
    await this.#options.store.run(YIELD, [this.#options.nodeId, idle.map(lane => lane.senderId)]);
  }
}
