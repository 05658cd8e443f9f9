import { slowDownMs } from './schedule.ts';

/** An answer that takes longer on average makes a receiver a slow one; so does silence while something is under way. */
const SLOW_MS = 500;

/** Weight of the newest answer in the average. */
const NEWEST = 0.2;

/** How much more a receiver gets whose first answer was well. */
const PROVEN = 4;

/** A single failure may be the report's fault; so many one after the other are the receiver's. */
const FAILURES = 3;

/** A receiver that nothing was sent to for so long is forgotten, and is a new one when something comes. */
const FORGET_MS = 60_000;

/** The same for one that never had much: messages may have a URL each. */
const FORGET_NEW_MS = 2_000;

/** One receiver, as this node knows it. */
interface Lane {
  underWay: number;
  /** Deliveries that it may have under way: one more for each that went well while it was full, half after failures. */
  share: number;
  failures: number;
  /** Pauses that it asked for one after the other. */
  pauses: number;
  /** Nothing goes before, monotonic ms. */
  pausedUntil: number;
  /** Average time of an answer; undefined before the first. */
  answerMs: number | undefined;
  /** Monotonic ms of the last answer, or of the first delivery after a silence. */
  heardAt: number;
  /** Others wait in line for it, as far as we know. */
  waiting: boolean;
}

/** How many may go of those that wait in one lane. */
export interface Wanted {
  readonly lane: string;
  readonly room: number;
  readonly sound: boolean;
}

/** How one delivery went. */
export interface Heard {
  readonly ok: boolean;
  readonly ms: number;
}

/**
 * How much of this node's deliveries each receiver may have. A new one gets a little, and what it has grows while it
 * answers well and quickly; one that fails has a single delivery under way at last. All that are not known to be well share
 * half of the deliveries, so that any number of stuck receivers leaves the other half.
 */
export class ReportLanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #now: () => number;
  /** Of a single lane, and of all together that are not sound. */
  readonly #most: number;
  readonly #slow: number;
  /** Of a new lane. */
  readonly first: number;
  #turn = 0;

  /**
   * @param concurrency deliveries that this node has under way at most
   * @param now monotonic ms
   */
  constructor(concurrency: number, now: () => number) {
    this.#now = now;
    this.#most = Math.max(1, concurrency >> 1);
    this.#slow = Math.max(1, concurrency >> 3);
    this.first = Math.max(1, concurrency >> 5);
  }

  /**
   * Lanes that differ from a new one, as the claim wants to know them.
   *
   * @param taking what is taken from those in line meanwhile
   */
  known(taking: readonly Wanted[] = []): Record<string, [room: number, sound: boolean]> {
    const known: Record<string, [number, boolean]> = {};
    for (const [key, lane] of this.#lanes) known[key] = [this.#room(lane), this.#isSound(lane)];
    for (const { lane, sound } of taking) known[lane] = [0, sound];
    return known;
  }

  /** The room of all lanes together that are not sound. */
  unsoundRoom(taking: readonly Wanted[] = []): number {
    let underWay = 0;
    for (const { room, sound } of taking) if (!sound) underWay += room;
    for (const lane of this.#lanes.values()) if (!this.#isSound(lane)) underWay += lane.underWay;
    return Math.max(0, this.#most - underWay);
  }

  /** Lanes that are well, in which nobody waits, with their room: at most so much for all together, shared evenly. */
  sound(most: number): Record<string, number> {
    const sound: [lane: string, room: number][] = [];
    for (const [key, lane] of this.#lanes) {
      if (lane.waiting || !this.#isSound(lane)) continue;
      const room = this.#room(lane);
      if (room > 0) sound.push([key, room]);
    }
    const each = Math.ceil(most / sound.length);
    return Object.fromEntries(sound.slice(0, most).map(([key, room]) => [key, Math.min(room, each)]));
  }

  began(key: string): void {
    const lane = this.#lane(key);
    if (lane.underWay === 0) lane.heardAt = this.#now();
    lane.underWay++;
  }

  /** @param heard undefined when nothing was sent */
  ended(key: string, heard: Heard | undefined): void {
    const lane = this.#lane(key);
    const full = lane.waiting || lane.underWay >= lane.share;
    lane.underWay--;
    if (heard === undefined) return;
    lane.heardAt = this.#now();
    if (heard.ok && lane.answerMs === undefined) lane.share = Math.min(this.#most, lane.share * PROVEN);
    lane.answerMs =
      lane.answerMs === undefined ? heard.ms : lane.answerMs + NEWEST * (heard.ms - lane.answerMs);
    if (heard.ok) {
      lane.failures = 0;
      lane.pauses = 0;
      if (full) lane.share = Math.min(this.#most, lane.share + 1);
    } else if (++lane.failures >= FAILURES) lane.share = Math.max(1, lane.share >> 1);
  }

  /**
   * The receiver wants nothing for a while, and then little.
   *
   * @param askedMs how long, when it said so
   * @returns for how long nothing goes
   */
  pause(key: string, askedMs: number | undefined, random: () => number): number {
    const lane = this.#lane(key);
    const now = this.#now();
    lane.share = 1;
    const standing = lane.pausedUntil - now;
    const ms = askedMs ?? (standing > 0 ? standing : slowDownMs(lane.pauses, random));
    // What was under way together is told the same together.
    if (standing <= 0) lane.pauses++;
    lane.pausedUntil = Math.max(lane.pausedUntil, now + ms);
    return lane.pausedUntil - now;
  }

  /** Others wait in line for it, or do not any more. */
  setWaiting(key: string, waiting: boolean): void {
    if (waiting || this.#lanes.has(key)) this.#lane(key).waiting = waiting;
  }

  /** Some wait in line, wherever. */
  get areWaiting(): boolean {
    for (const lane of this.#lanes.values()) if (lane.waiting) return true;
    return false;
  }

  /**
   * Lanes in which some wait, with how many may go now: each gets a part of the room, from another one on each time.
   *
   * @param room deliveries that may be begun
   */
  inLine(room: number): Wanted[] {
    const able: Wanted[] = [];
    let unsound = this.unsoundRoom();
    for (const [key, lane] of this.#lanes) {
      if (!lane.waiting) continue;
      const [own, sound] = [this.#room(lane), this.#isSound(lane)];
      if (own > 0 && (sound || unsound > 0)) able.push({ lane: key, room: own, sound });
    }
    const taken: Wanted[] = [];
    let left = room;
    this.#turn++;
    for (let n = 0; n < able.length && left > 0; n++) {
      const one = able[(n + this.#turn) % able.length]!;
      const fair = Math.ceil(left / (able.length - n));
      const some = Math.min(one.room, fair, one.sound ? left : unsound);
      if (some <= 0) continue;
      left -= some;
      if (!one.sound) unsound -= some;
      taken.push({ ...one, room: some });
    }
    return taken;
  }

  /** Forgets those that nothing is to be known of. */
  forget(): void {
    const now = this.#now();
    for (const [key, lane] of this.#lanes) {
      const before =
        now - (lane.share <= PROVEN * this.first && lane.failures === 0 ? FORGET_NEW_MS : FORGET_MS);
      if (lane.underWay === 0 && !lane.waiting && lane.heardAt < before && lane.pausedUntil < before)
        this.#lanes.delete(key);
    }
  }

  #room(lane: Lane): number {
    if (lane.pausedUntil > this.#now()) return 0;
    const share = this.#isStuck(lane)
      ? Math.min(this.first, lane.share)
      : this.#isSlow(lane)
        ? Math.min(this.#slow, lane.share)
        : lane.share;
    return Math.max(0, share - lane.underWay);
  }

  #isSlow({ answerMs }: Lane): boolean {
    return answerMs !== undefined && answerMs > SLOW_MS;
  }

  #isStuck({ underWay, heardAt }: Lane): boolean {
    return underWay > 0 && this.#now() - heardAt > SLOW_MS;
  }

  #isSound(lane: Lane): boolean {
    return (
      lane.answerMs !== undefined && lane.failures < FAILURES && !this.#isSlow(lane) && !this.#isStuck(lane)
    );
  }

  #lane(key: string): Lane {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = {
        underWay: 0,
        share: this.first,
        failures: 0,
        pauses: 0,
        pausedUntil: Number.NEGATIVE_INFINITY,
        answerMs: undefined,
        heardAt: this.#now(),
        waiting: false,
      };
      this.#lanes.set(key, lane);
    }
    return lane;
  }
}
