import { sql } from 'kysely';
import type { Send, SendResult } from '../carriers/whatsapp/client.ts';
import { EXPIRED, UNCONFIRMED } from '../message/failure.ts';
import { STATUS } from '../message/status.ts';
import { type Budget, CLAIM, CLAIM_WITHIN, type Claimed } from './claim.ts';
import type { QueueDepth } from './depth.ts';
import { WRITTEN_HOLD_MS } from './holds.ts';
import type { Lane } from './lane.ts';
import { Lanes, type LanesOptions } from './lanes.ts';
import type { PeopleLimit } from './portfolios.ts';
import type { Settle } from './settle.ts';
import { share, type Want } from './share.ts';

/** Between two claims, so that a steady stream is taken in handfuls and not one by one. */
const CLAIM_GAP_MS = 10;

/** Every lane is looked at this often even when nobody woke it: wakes can be lost, rows cannot. */
const LOOK_MS = 1_000;

/** Wakes of other nodes' lanes are told together. */
const TELL_MS = 20;

const WAKE_CHANNEL = 'wirebird_wake';

/** A notification holds 8,000 bytes; lanes beyond that are found by their owner's next look. */
const TOLD_MAX = 200;

export interface DispatchOptions extends LanesOptions {
  readonly settle: Settle;
  /** Hears of what leaves the queue. */
  readonly depth: Pick<QueueDepth, 'left'>;
  readonly workspaceOf: (senderId: string) => string | undefined;
  /** The portfolio of a sender and to how many people it may write in 24 hours, where that is known. */
  readonly limitOf: (senderId: string) => PeopleLimit | undefined;
  /** Sends one message; never throws. */
  readonly send: (senderId: string, send: Send) => Promise<SendResult>;
  /** True while a template may not be sent: its messages wait. */
  readonly isHeld: (templateId: string) => boolean;
  readonly sendTimeoutMs: number;
  /** Requests under way at once; no more than there are connections, since a request that waits for one has no clock. */
  readonly inFlightMax: number;
}

/**
 * Claims messages by lane within each lane's pace, and sends them.
 *
 * wake → claim (one at a time, all lanes together) → send (concurrently) → settle.
 */
export class Dispatch {
  readonly #options: DispatchOptions;
  readonly #lanes: Lanes;
  #claiming = false;
  #stopping = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #claimedAt = Number.NEGATIVE_INFINITY;
  #inFlight = 0;
  /** Lanes of other nodes that have work, to be told. */
  readonly #told = new Set<string>();
  #listening: { stop: () => Promise<void> } | undefined;
  #turn = 0;
  #quiet: (() => void)[] = [];
  readonly #intervals: NodeJS.Timeout[] = [];

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#lanes = new Lanes(options);
  }

  async start(): Promise<void> {
    await this.#lanes.start(() => this.#pump());
    if (!this.#options.alone)
      this.#listening = this.#options.store.listen(WAKE_CHANNEL, told => this.#heat(told.split(' ')));
    this.#intervals.push(setInterval(() => this.wakeAll(), LOOK_MS));
    this.#intervals.push(setInterval(() => void this.#tell(), TELL_MS));
    this.wakeAll();
  }

  /** Requests to the carrier that are under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  lane(senderId: string): Lane | undefined {
    return this.#lanes.get(senderId);
  }

  /** Says that these lanes have work; the owners of those of other nodes are told. */
  wake(senderIds: Iterable<string>): void {
    for (const senderId of this.#heat(senderIds)) this.#told.add(senderId);
  }

  wakeAll(): void {
    this.#heat(this.#lanes.keys());
  }

  /**
   * Keeps a lane still; it still owns its messages.
   *
   * @param ms a longer hold than `WRITTEN_HOLD_MS` goes on as the database says
   * @param slower Meta found its rate too high
   * @returns false when it is held already, so that many failures at once are one hold
   */
  hold(senderId: string, ms: number, slower = false): boolean {
    const lane = this.#lanes.get(senderId);
    if (lane === undefined) return false;
    const now = this.#options.clock.monotonic();
    const held = lane.held(now);
    lane.heldUntil = Math.max(lane.heldUntil, now + Math.min(ms, WRITTEN_HOLD_MS));
    if (slower && !held) lane.slow(now);
    return !held;
  }

  /** Renews the leases and takes free lanes; called at once when a sender was added. */
  async renew(): Promise<void> {
    await this.#lanes.renew();
    this.#pump();
  }

  /** Stops claiming, waits for the requests under way, and lets the lanes go. Unsent messages stay in the queue. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const interval of this.#intervals) clearInterval(interval);
    clearTimeout(this.#timer);
    await this.#listening?.stop();
    await this.#lanes.stop();
    if (this.#inFlight > 0 || this.#claiming) await new Promise<void>(resolve => this.#quiet.push(resolve));
  }

  /** After `stop` and the last settle. */
  async release(): Promise<void> {
    await this.#lanes.release();
  }

  /** Marks those that are ours; the others come back. */
  #heat(senderIds: Iterable<string>): string[] {
    const others: string[] = [];
    for (const senderId of senderIds) {
      const lane = this.#lanes.get(senderId);
      if (lane === undefined) others.push(senderId);
      else lane.hot = true;
    }
    this.#pump();
    return others;
  }

  async #tell(): Promise<void> {
    const { store, alone, onError } = this.#options;
    const told = [...this.#told].slice(0, TOLD_MAX);
    this.#told.clear();
    if (alone || told.length === 0 || this.#stopping) return;
    await sql`select pg_notify(${WAKE_CHANNEL}, ${told.join(' ')})`
      .execute(store.db)
      .catch(error => onError(error, 'wake the lanes of other nodes'));
  }

  #pump(): void {
    if (this.#claiming || this.#stopping) return;
    const now = this.#options.clock.monotonic();
    if (now < this.#claimedAt + CLAIM_GAP_MS) {
      this.#at(this.#claimedAt + CLAIM_GAP_MS, now);
      return;
    }
    const room = this.#options.inFlightMax - this.#inFlight;
    // An answer pumps again.
    if (room <= 0) return;
    let next = Number.POSITIVE_INFINITY;
    const wants: Want[] = [];
    for (const lane of this.#lanes.inTurn(this.#turn++)) {
      if (!lane.hot) continue;
      const n = lane.budget(now);
      if (n === 0) next = Math.min(next, lane.readyAt(now));
      else wants.push({ lane, workspace: this.#options.workspaceOf(lane.senderId) ?? '', n });
    }
    const budgets = share(room, wants).map(({ lane, n }) => {
      lane.draw(n, now);
      lane.hot = false;
      const limit = this.#options.limitOf(lane.senderId);
      return {
        s: lane.senderId,
        e: lane.epoch,
        n,
        k: Math.max(n, lane.look),
        w: limit?.workspaceId,
        a: limit?.wabaId,
        m: limit?.people,
      };
    });
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
    const { store, clock, depth, nodeId, sendTimeoutMs, settle, onError } = this.#options;
    this.#claiming = true;
    this.#claimedAt = now;
    try {
      const at = clock.now();
      // The lease outlives the request, its settling and a slow commit.
      const leaseUntil = new Date(at.getTime() + sendTimeoutMs + 15_000);
      const statement = budgets.some(budget => budget.m !== undefined) ? CLAIM_WITHIN : CLAIM;
      const claim = await store.run(statement, [budgets, nodeId, at.toISOString(), leaseUntil.toISOString()]);
      const fronts = new Map(claim.lanes.map(front => [front.s, front]));
      for (const budget of budgets) this.#lanes.get(budget.s)?.claimed(budget, fronts.get(budget.s));
      for (const { s, taken } of claim.lanes) depth.left(s, taken);
      for (const message of claim.ended) {
        const ending =
          message.barred === 0
            ? settle.end(message, STATUS.expired, EXPIRED)
            : // It may have arrived: what Meta says of that must still be heard.
              message.resends > 0
              ? settle.fail(message, UNCONFIRMED)
              : settle.suppress(message, message.barred);
        void ending.catch(error => onError(error, 'end a message'));
      }
      for (const message of claim.claimed) void this.#send(message);
    } catch (error) {
      onError(error, 'claim messages');
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
    const { settle, send, isHeld } = this.#options;
    const lane = this.#lanes.get(message.sender);
    this.#inFlight++;
    if (lane !== undefined) lane.inFlight++;
    try {
      await lane?.leave(this.#options.clock.monotonic);
      // A process that slept may have lost the lane meanwhile; what was not sent goes back.
      // The lane may also be held since: a claim that was under way then takes what the failure has put back.
      if (
        this.#stopping ||
        lane === undefined ||
        !this.#lanes.owns(lane) ||
        lane.held(this.#options.clock.monotonic())
      ) {
        await settle.giveBack(message);
        return;
      }
      if (message.template !== null && isHeld(message.template)) {
        lane.giveBack(1);
        await settle.parkForTemplate(message, 'its template is paused');
        return;
      }
      const asked = this.#options.clock.monotonic();
      const result = await send(message.sender, {
        recipient: message.recipient,
        content: message.content,
        callback: `wb:${message.id}:${message.attempt}`,
      });
      lane.answered(this.#options.clock.monotonic() - asked);
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

  #whenQuiet(): void {
    if (this.#stopping && this.#inFlight === 0 && !this.#claiming)
      for (const resolve of this.#quiet.splice(0)) resolve();
  }
}
