import type { Send, SendResult } from '../carriers/whatsapp/client.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import { type Budget, CLAIM, type Claimed } from './claim.ts';
import { Lane } from './lane.ts';
import { LEASE_MARGIN_MS, LEASE_MS, RELEASE, RENEW, RENEW_MS, WRITTEN_HOLD_MS } from './leases.ts';
import type { Settle } from './settle.ts';

/** Between two claims, so that a steady stream is taken in handfuls and not one by one. */
const CLAIM_GAP_MS = 10;

/** Every lane is looked at this often even when nobody woke it: wakes can be lost, rows cannot. */
const LOOK_MS = 1_000;

/** A monotonic clock that fell behind the wall by more than this slept, and its leases with it. */
const SLEPT_MS = 1_000;

export interface DispatchOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly nodeId: string;
  /** True on the embedded database: the directory lock proves that earlier owners are gone. */
  readonly alone: boolean;
  readonly settle: Settle;
  /** The rate of a sender in messages per second; undefined when it is gone. */
  readonly rateOf: (senderId: string) => number | undefined;
  /** Sends one message; never throws. */
  readonly send: (senderId: string, send: Send) => Promise<SendResult>;
  readonly sendTimeoutMs: number;
  /** Requests under way at once; no more than there are connections, since a request that waits for one has no clock. */
  readonly inFlightMax: number;
  readonly onError: (error: unknown, doing: string) => void;
}

/**
 * Claims messages by lane within each lane's pace, and sends them.
 *
 * wake → claim (one at a time, all lanes together) → send (concurrently) → settle.
 */
export class Dispatch {
  readonly #options: DispatchOptions;
  readonly #lanes = new Map<string, Lane>();
  #claiming = false;
  #renewing: Promise<void> | undefined;
  #takeOver: boolean;
  #stopping = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #claimedAt = Number.NEGATIVE_INFINITY;
  #inFlight = 0;
  /** Wall less monotonic, at the last renewal. */
  #drift = 0;
  #quiet: (() => void)[] = [];
  readonly #intervals: NodeJS.Timeout[] = [];

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#takeOver = options.alone;
  }

  async start(): Promise<void> {
    await this.renew();
    this.#intervals.push(setInterval(() => void this.renew(), RENEW_MS));
    this.#intervals.push(setInterval(() => this.wakeAll(), LOOK_MS));
    this.wakeAll();
  }

  /** Requests to the carrier that are under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  lane(senderId: string): Lane | undefined {
    return this.#lanes.get(senderId);
  }

  /** Says that these lanes have work; those of other nodes are passed over. */
  wake(senderIds: Iterable<string>): void {
    for (const senderId of senderIds) {
      const lane = this.#lanes.get(senderId);
      if (lane !== undefined) lane.hot = true;
    }
    this.#pump();
  }

  wakeAll(): void {
    this.wake(this.#lanes.keys());
  }

  /**
   * Keeps a lane still; it still owns its messages.
   *
   * @param ms a longer hold than `WRITTEN_HOLD_MS` goes on as the database says
   * @returns false when it is held already, so that many failures at once are one hold
   */
  hold(senderId: string, ms: number): boolean {
    const lane = this.#lanes.get(senderId);
    if (lane === undefined) return false;
    const now = this.#options.clock.monotonic();
    const held = lane.held(now);
    lane.heldUntil = Math.max(lane.heldUntil, now + Math.min(ms, WRITTEN_HOLD_MS));
    return !held;
  }

  /** Renews the leases and takes free lanes; called at once when a sender was added. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Stops claiming, waits for the requests under way, and lets the lanes go. Unsent messages stay in the queue. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const interval of this.#intervals) clearInterval(interval);
    clearTimeout(this.#timer);
    await this.#renewing?.catch(() => {});
    if (this.#inFlight > 0 || this.#claiming) await new Promise<void>(resolve => this.#quiet.push(resolve));
  }

  /** After `stop` and the last settle. */
  async release(): Promise<void> {
    await this.#options.store.run(RELEASE, [this.#options.nodeId]);
  }

  async #renew(): Promise<void> {
    const { store, clock, nodeId, rateOf } = this.#options;
    if (this.#stopping) return;
    const asked = clock.monotonic();
    const now = clock.now();
    try {
      const owned = await store.run(RENEW, [
        nodeId,
        now.toISOString(),
        new Date(now.getTime() + LEASE_MS).toISOString(),
        this.#takeOver,
      ]);
      this.#takeOver = false;
      this.#drift = clock.wall() - asked;
      const gone = new Set(this.#lanes.keys());
      for (const row of owned) {
        const rate = rateOf(row.sender);
        if (rate === undefined) continue;
        gone.delete(row.sender);
        let lane = this.#lanes.get(row.sender);
        if (lane === undefined || lane.epoch !== row.epoch) {
          lane = new Lane(row.sender, row.epoch, rate, clock.monotonic());
          this.#lanes.set(row.sender, lane);
        } else if (lane.rate !== rate) lane.setRate(rate, clock.monotonic());
        lane.ownedUntil = asked + LEASE_MS - LEASE_MARGIN_MS;
        lane.parkedUntil = row.held_ms > 0 ? asked + row.held_ms : 0;
      }
      for (const senderId of gone) this.#lanes.delete(senderId);
    } catch (error) {
      this.#options.onError(error, 'renew lane leases');
    }
    this.#pump();
  }

  #pump(): void {
    if (this.#claiming || this.#stopping) return;
    const now = this.#options.clock.monotonic();
    if (now < this.#claimedAt + CLAIM_GAP_MS) {
      this.#at(this.#claimedAt + CLAIM_GAP_MS, now);
      return;
    }
    let room = this.#options.inFlightMax - this.#inFlight;
    // An answer pumps again.
    if (room <= 0) return;
    let next = Number.POSITIVE_INFINITY;
    const budgets: Budget[] = [];
    for (const lane of this.#lanes.values()) {
      if (!lane.hot) continue;
      const n = Math.min(lane.budget(now), room);
      if (n > 0) {
        budgets.push({ s: lane.senderId, e: lane.epoch, n });
        lane.draw(n, now);
        lane.hot = false;
        room -= n;
      } else next = Math.min(next, lane.readyAt(now));
    }
    if (budgets.length > 0) void this.#claim(budgets, now);
    else if (next < Number.POSITIVE_INFINITY) this.#at(next, now);
  }

  #at(time: number, now: number): void {
    if (this.#timerAt <= time && this.#timerAt > now) return;
    clearTimeout(this.#timer);
    this.#timerAt = time;
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.#pump();
      },
      Math.max(1, Math.min(time - now, LOOK_MS)),
    );
  }

  async #claim(budgets: Budget[], now: number): Promise<void> {
    const { store, clock, nodeId, sendTimeoutMs } = this.#options;
    this.#claiming = true;
    this.#claimedAt = now;
    try {
      const at = clock.now();
      // The lease outlives the request, its settling and a slow commit.
      const leaseUntil = new Date(at.getTime() + sendTimeoutMs + 15_000);
      const claimed = await store.run(CLAIM, [budgets, nodeId, at.toISOString(), leaseUntil.toISOString()]);
      const taken = new Map<string, number>();
      for (const message of claimed) taken.set(message.sender, (taken.get(message.sender) ?? 0) + 1);
      for (const budget of budgets) {
        const lane = this.#lanes.get(budget.s);
        if (lane === undefined) continue;
        const got = taken.get(budget.s) ?? 0;
        if (got < budget.n) lane.giveBack(budget.n - got);
        else lane.hot = true;
      }
      for (const message of claimed) void this.#send(message);
    } catch (error) {
      this.#options.onError(error, 'claim messages');
      for (const budget of budgets) {
        const lane = this.#lanes.get(budget.s);
        if (lane !== undefined) lane.hot = true;
      }
      // The database is away: look again at the next tick, not in a loop.
      this.#claimedAt = clock.monotonic() + LOOK_MS;
    } finally {
      this.#claiming = false;
      this.#whenQuiet();
      this.#pump();
    }
  }

  async #send(message: Claimed): Promise<void> {
    const { settle, send } = this.#options;
    const lane = this.#lanes.get(message.sender);
    this.#inFlight++;
    if (lane !== undefined) lane.inFlight++;
    try {
      // A process that slept may have lost the lane meanwhile; what was not sent goes back.
      if (this.#stopping || lane === undefined || !this.#owns(lane)) {
        await settle.giveBack(message);
        return;
      }
      const result = await send(message.sender, {
        recipient: message.recipient,
        content: message.content,
        callback: `wb:${message.id}:${message.attempt}`,
      });
      await settle.result(message, result);
    } catch (error) {
      // Settling failed for good; the lease runs out and the message becomes unconfirmed.
      this.#options.onError(error, 'settle a message');
    } finally {
      this.#inFlight--;
      if (lane !== undefined) lane.inFlight--;
      this.#whenQuiet();
      if (this.#inFlight === this.#options.inFlightMax - 1 || lane?.hot === true) this.#pump();
    }
  }

  #owns(lane: Lane): boolean {
    const { clock } = this.#options;
    const now = clock.monotonic();
    return now < lane.ownedUntil && Math.abs(clock.wall() - now - this.#drift) < SLEPT_MS;
  }

  #whenQuiet(): void {
    if (this.#stopping && this.#inFlight === 0 && !this.#claiming)
      for (const resolve of this.#quiet.splice(0)) resolve();
  }
}
