import { Batch } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import { aimOf, tried, untried, wishesOf } from './attempt.ts';
import { BEGUN_WITHIN_MS, Claims, type Timing } from './claims.ts';
import { ReportLanes, type Wanted } from './lanes.ts';
import { type Outcome, type PostOptions, postReport } from './post.ts';
import { type ClaimedReport, REPORT, type Take } from './report-sql.ts';
import { orderedForMs, pauseAfter } from './schedule.ts';
import { type Attempt, ORDERED_ATTEMPTS, SETTLE_REPORTS } from './statements.ts';
import { before, type Open, UnderWay } from './under-way.ts';

/** Retries become due without anybody waking us, and other nodes put reports in line. */
const LOOK_MS = 500;

/** Between two claims, so that a steady stream is taken in handfuls and not one by one. */
const CLAIM_GAP_MS = 10;

/** A claim is worth its commit only with some room. */
const CLAIM_MIN = 16;

export interface DeliverOptions extends PostOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly timingOf: (dialect: string) => Timing;
  readonly concurrency: number;
  readonly random: () => number;
  readonly onDelivered: (ok: boolean) => void;
  /** The receiver of an endpoint says that it is gone for good. */
  readonly onGone: (endpointId: string) => void;
  readonly onError: (error: unknown, doing: string) => void;
}

/** Delivers reports: claim, encode, sign afresh, post, settle; each attempt is recorded. */
export class Deliver {
  readonly #options: DeliverOptions;
  readonly #settle: Batch<Attempt, undefined>;
  readonly #lanes: ReportLanes;
  readonly #claims: Claims;
  readonly #underWay: UnderWay;
  #inFlight = 0;
  #claiming = false;
  /** Of the room, what a statement that writes reports may take of them; undefined when none is under way. */
  #offered: number | undefined;
  #claimedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** Some may be due, or in line for a lane with room. */
  #due = false;
  #inLine = false;
  #stopping = false;
  #quiet: (() => void)[] = [];
  #interval: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: DeliverOptions) {
    this.#options = options;
    this.#lanes = new ReportLanes(options.concurrency, () => options.clock.monotonic());
    this.#claims = new Claims({ ...options, dialects: Object.keys(options.encoders) }, this.#lanes);
    this.#underWay = new UnderWay(() => options.clock.now().getTime());
    this.#settle = new Batch<Attempt, undefined>({
      maxWaiting: Number.POSITIVE_INFINITY,
      maxWaitingBytes: Number.POSITIVE_INFINITY,
      timeoutMs: Number.POSITIVE_INFINITY,
      everyMs: 10,
      commit: async attempts => {
        await options.store.run(SETTLE_REPORTS, [attempts, options.clock.now().toISOString()]);
        return [];
      },
    });
  }

  start(): void {
    this.#interval = setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  /** Deliveries under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Says that reports wait. */
  wake(): void {
    this.#due = true;
    this.#pump();
  }

  /** Says that reports wait in line. */
  wakeLanes(): void {
    this.#look();
  }

  /**
   * What a statement that writes reports may take of them, so that they need no claim; one at a time. Half of the room is
   * left to those that are due.
   *
   * @returns undefined when nothing can be taken; else `took` must follow
   */
  offer(): Take | undefined {
    const { concurrency, clock } = this.#options;
    if (this.#stopping || this.#offered !== undefined) return undefined;
    const most = (concurrency - this.#inFlight) >> 1;
    const lanes = most > 0 ? this.#lanes.sound(most) : {};
    if (Object.keys(lanes).length === 0) return undefined;
    this.#offered = most;
    return { lanes, leases: this.#claims.leaseFrom(clock.now()) };
  }

  /** What was taken of an offer, to be delivered now. */
  took(reports: readonly ClaimedReport[]): void {
    this.#offered = undefined;
    this.#begin(reports);
    this.#whenQuiet();
    this.#pump();
  }

  /** Stops claiming and waits for the deliveries under way; the rest stays for the next start. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#interval);
    clearTimeout(this.#timer);
    if (this.#isBusy) await new Promise<void>(resolve => this.#quiet.push(resolve));
    await Promise.all([this.#settle.idle(), this.#looking]);
  }

  #look(): void {
    if (this.#stopping) return;
    this.#looking ??= this.#readLanes().finally(() => {
      this.#looking = undefined;
    });
    this.wake();
  }

  async #readLanes(): Promise<void> {
    try {
      const lanes = await this.#claims.waitingLanes();
      for (const lane of lanes) this.#lanes.setWaiting(lane, true);
      if (lanes.length > 0) this.#inLine = true;
      this.#lanes.forget();
    } catch (error) {
      this.#options.onError(error, 'look for reports that wait in line');
    }
    this.#pump();
  }

  #pump(): void {
    const { concurrency, clock } = this.#options;
    const room = concurrency - this.#inFlight - (this.#offered ?? 0);
    if (this.#claiming || this.#stopping || !(this.#due || this.#inLine)) return;
    if (room < Math.min(CLAIM_MIN, concurrency)) return;
    const early = this.#claimedAt + CLAIM_GAP_MS - clock.monotonic();
    if (early > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#pump();
      }, early);
      return;
    }
    void this.#claim();
  }

  async #claim(): Promise<void> {
    this.#claiming = true;
    this.#claimedAt = this.#options.clock.monotonic();
    const [due, inLine] = [this.#due, this.#inLine];
    this.#due = false;
    this.#inLine = false;
    const slots = this.#options.concurrency - this.#inFlight - (this.#offered ?? 0);
    // Those that are due are never kept waiting by those in line.
    const wanted = inLine ? this.#lanes.inLine(due ? slots - (slots >> 2) : slots) : [];
    const rest = slots - wanted.reduce((sum, { room }) => sum + room, 0);
    try {
      const [emptied, waiting] = await Promise.all([
        wanted.length > 0 ? this.#take(wanted) : [],
        due && rest > 0 ? this.#claimDue(rest, wanted) : [],
      ]);
      for (const lane of emptied) this.#lanes.setWaiting(lane, false);
      for (const lane of waiting) this.#lanes.setWaiting(lane, true);
      if (waiting.length > 0) this.#inLine = true;
      if (due && rest <= 0) this.#due = true;
    } catch (error) {
      this.#options.onError(error, 'claim reports');
    } finally {
      this.#claiming = false;
      this.#whenQuiet();
      this.#pump();
    }
  }

  async #take(wanted: readonly Wanted[]): Promise<readonly string[]> {
    const { reports, emptied } = await this.#claims.inLine(wanted);
    this.#begin(reports);
    return emptied;
  }

  async #claimDue(limit: number, taking: readonly Wanted[]): Promise<readonly string[]> {
    const { reports, waiting, left } = await this.#claims.due(limit, taking);
    if (left) this.#due = true;
    this.#begin(reports);
    return waiting;
  }

  #begin(reports: readonly ClaimedReport[]): void {
    const claimedAt = this.#options.clock.monotonic();
    // All are known before the first one goes: one may have to wait for another of them.
    const over = reports.map(report => this.#underWay.add(report.id));
    this.#inFlight += reports.length;
    for (const report of reports) this.#lanes.began(report.lane);
    const earlier = reports.map(report => this.#earlier(report));
    const unknown = earlier.flat().filter(id => !this.#underWay.knows(id));
    const open = unknown.length === 0 ? Promise.resolve(new Map()) : this.#claims.open(unknown);
    // Whoever waits for it takes its failure.
    open.catch(() => {});
    for (const [index, report] of reports.entries())
      void this.#deliver(report, claimedAt, over[index]!, earlier[index]!, open);
  }

  /** What was told of the same message before, and may not be over. */
  #earlier(report: ClaimedReport): string[] {
    const { scheduleMs, timeoutMs } = this.#options.timingOf(report.dialect);
    const heldMs = orderedForMs(scheduleMs, timeoutMs, ORDERED_ATTEMPTS);
    return before(report, this.#options.clock.now().getTime() - heldMs);
  }

  /** @param over is told when it is over, and until when what comes after it must wait */
  async #deliver(
    report: ClaimedReport,
    claimedAt: number,
    over: (until?: number) => void,
    earlier: readonly string[],
    open: Promise<Open>,
  ): Promise<void> {
    try {
      const attempt = await this.#attempt(report, claimedAt, earlier, open);
      // What comes after it waits as long as it does itself.
      const holds = attempt.state === REPORT.pending && report.attempt - report.base <= ORDERED_ATTEMPTS;
      over(holds ? Date.parse(attempt.run_at) + 1 : undefined);
      await this.#settle.add(attempt);
    } catch (error) {
      // The lease brings it back.
      this.#options.onError(error, 'deliver a report');
    } finally {
      over();
      this.#underWay.end(report.id);
      this.#inFlight--;
      this.#whenQuiet();
      this.#pump();
    }
  }

  /** Tries it, or says why not; the lane is free again when its receiver has answered, not when that is stored. */
  async #attempt(
    report: ClaimedReport,
    claimedAt: number,
    earlier: readonly string[],
    open: Promise<Open>,
  ): Promise<Attempt> {
    const { clock } = this.#options;
    let heard: Outcome | undefined;
    try {
      const until = await this.#underWay.blockedUntil(earlier, open, clock.now().getTime());
      if (report.shut !== null) return untried(report, clock.now(), REPORT.failed);
      if (until !== undefined) return untried(report, new Date(until), REPORT.pending);
      const lateMs = clock.monotonic() - claimedAt;
      if (lateMs > BEGUN_WITHIN_MS) return untried(report, clock.now(), REPORT.pending);
      const done = await this.#try(report);
      heard = done.heard;
      return done.attempt;
    } finally {
      this.#lanes.ended(report.lane, heard);
      if (this.#lanes.areWaiting) this.#inLine = true;
      this.#pump();
    }
  }

  async #try(report: ClaimedReport): Promise<{ attempt: Attempt; heard: Outcome | undefined }> {
    const { clock, timingOf, random, onDelivered, onGone } = this.#options;
    const timing = timingOf(report.dialect);
    const aim = aimOf(report, timing.scheduleMs);
    const at = clock.now();
    const outcome = await postReport(this.#options, report, aim.url, timing.timeoutMs, at);
    const now = clock.now();
    if (outcome === 'moot') return { attempt: untried(report, now, REPORT.failed), heard: undefined };
    onDelivered(outcome.ok);
    const { askedMs, wantsPause, isGone } = wishesOf(outcome, now);
    const pauseMs = wantsPause ? this.#lanes.pause(report.lane, askedMs, random) : undefined;
    // Only an endpoint can be gone, and only at its own URL.
    const gone = isGone && report.endpoint_id !== null && !aim.atFailover;
    if (gone) onGone(report.endpoint_id!);
    const next = outcome.ok || gone ? undefined : pauseAfter(aim, timing.scheduleMs, askedMs, random);
    return { attempt: tried(report, aim, outcome, { at, now, next, pauseMs }), heard: outcome };
  }

  get #isBusy(): boolean {
    return this.#inFlight > 0 || this.#claiming || this.#offered !== undefined;
  }

  #whenQuiet(): void {
    if (this.#stopping && !this.#isBusy) for (const resolve of this.#quiet.splice(0)) resolve();
  }
}
