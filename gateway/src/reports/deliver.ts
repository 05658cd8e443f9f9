import type { GuardedClient } from '../fetch/guarded.ts';
import { mended } from '../message/content.ts';
import { eventName, isNoticeEvent } from '../message/event.ts';
import type { DialectName, Message } from '../message/message.ts';
import { Batch } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import { messageFromJson } from '../store/message-row.ts';
import type { Store } from '../store/store.ts';
import { eventIdOf, type Report, type ReportEncoder, type SigningKeys } from './encoder.ts';
import { noticeFromJson } from './notice-row.ts';
import {
  ANSWER_MAX,
  type Attempt,
  CLAIM_REPORTS,
  type ClaimedReport,
  REPORT,
  SETTLE_REPORTS,
} from './statements.ts';

/** Retries become due without anybody waking us. */
const LOOK_MS = 500;

/** Between two claims, so that a steady stream is taken in handfuls and not one by one. */
const CLAIM_GAP_MS = 10;

/** A claim is worth its commit only with some room. */
const CLAIM_MIN = 16;

export interface DeliverOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly client: Pick<GuardedClient, 'post'>;
  readonly encoders: Readonly<Partial<Record<DialectName, ReportEncoder>>>;
  readonly keysOf: (workspaceId: string, endpointId: string | undefined) => SigningKeys | undefined;
  readonly phoneOf: (senderId: string) => string | undefined;
  readonly wabaOf: (senderId: string) => string | undefined;
  /** Where the file of an inbound message is to be had; undefined when it has none. */
  readonly mediaUrlOf: (message: Message) => string | undefined;
  /** Pauses between attempts at one URL; one attempt more than pauses. */
  readonly scheduleMs: readonly number[];
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly onDelivered: (ok: boolean) => void;
  readonly onError: (error: unknown, doing: string) => void;
}

/** How one attempt went. */
interface Outcome {
  readonly ok: boolean;
  readonly status: number | null;
  readonly error: string | null;
  readonly ms: number;
  readonly answer: string;
}

/** Delivers reports: claim, encode, sign afresh, post, settle; each attempt is recorded. */
export class Deliver {
  readonly #options: DeliverOptions;
  readonly #settle: Batch<Attempt, undefined>;
  readonly #underWay = new Map<string, number>();
  /** Deliveries to one URL: half of all, so that a slow receiver leaves the other half. Also the size of a claim. */
  readonly #perUrl: number;
  /** The last claim passed a URL over that had its share. */
  #passedOver = false;
  #inFlight = 0;
  #claiming = false;
  #claimedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #again = false;
  #stopping = false;
  #quiet: (() => void)[] = [];
  #interval: NodeJS.Timeout | undefined;

  constructor(options: DeliverOptions) {
    this.#options = options;
    this.#perUrl = Math.max(1, options.concurrency >> 1);
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
    this.#interval = setInterval(() => this.wake(), LOOK_MS);
    this.wake();
  }

  /** Deliveries under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Says that reports wait. */
  wake(): void {
    this.#again = true;
    this.#pump();
  }

  /** Stops claiming and waits for the deliveries under way; the rest stays for the next start. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#interval);
    clearTimeout(this.#timer);
    if (this.#inFlight > 0 || this.#claiming) await new Promise<void>(resolve => this.#quiet.push(resolve));
    await this.#settle.idle();
  }

  #pump(): void {
    const room = this.#options.concurrency - this.#inFlight;
    if (
      this.#claiming ||
      this.#stopping ||
      !this.#again ||
      room < Math.min(CLAIM_MIN, this.#options.concurrency)
    )
      return;
    const early = this.#claimedAt + CLAIM_GAP_MS - this.#options.clock.monotonic();
    if (early > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#pump();
      }, early);
      return;
    }
    void this.#claim(Math.min(room, this.#perUrl));
  }

  async #claim(limit: number): Promise<void> {
    const { store, clock, timeoutMs, onError } = this.#options;
    this.#claiming = true;
    this.#claimedAt = this.#options.clock.monotonic();
    this.#again = false;
    try {
      const now = clock.now();
      const busy = [...this.#underWay].filter(([, count]) => count >= this.#perUrl).map(([url]) => url);
      const lease = new Date(now.getTime() + timeoutMs + 15_000).toISOString();
      const claimed = await store.run(CLAIM_REPORTS, [now.toISOString(), String(limit), lease, busy]);
      if (claimed.length === limit) this.#again = true;
      this.#passedOver = busy.length > 0;
      for (const report of claimed) void this.#deliver(report);
    } catch (error) {
      onError(error, 'claim reports');
    } finally {
      this.#claiming = false;
      this.#whenQuiet();
      this.#pump();
    }
  }

  async #deliver(report: ClaimedReport): Promise<void> {
    const { clock, onDelivered, onError } = this.#options;
    this.#inFlight++;
    this.#underWay.set(report.url, (this.#underWay.get(report.url) ?? 0) + 1);
    try {
      const at = clock.now();
      const url = this.#urlOf(report);
      const outcome = await this.#post(report, url, at);
      if (outcome === 'moot') return await this.#settle.add(mootAttempt(report, url, at));
      onDelivered(outcome.ok);
      await this.#settle.add({
        id: report.id,
        attempt: report.attempt,
        ...this.#next(report, outcome.ok),
        at: at.toISOString(),
        ms: Math.round(outcome.ms),
        url,
        status: outcome.status,
        error: outcome.error === null ? null : mended(outcome.error).slice(0, 500),
        answer: outcome.answer === '' ? null : mended(outcome.answer.slice(0, ANSWER_MAX)),
      });
    } catch (error) {
      // The lease brings it back.
      onError(error, 'deliver a report');
    } finally {
      this.#inFlight--;
      const left = (this.#underWay.get(report.url) ?? 1) - 1;
      if (left === 0) this.#underWay.delete(report.url);
      else this.#underWay.set(report.url, left);
      if (this.#passedOver && left <= this.#perUrl / 2) {
        this.#passedOver = false;
        this.#again = true;
      }
      this.#whenQuiet();
      this.#pump();
    }
  }

  #urlOf(report: ClaimedReport): string {
    const first = this.#options.scheduleMs.length + 1;
    return report.attempt > first && report.failover_url !== null ? report.failover_url : report.url;
  }

  /** What comes after this attempt: its end, or the time of the next. */
  #next(report: ClaimedReport, ok: boolean): { state: number; run_at: string } {
    const { clock, scheduleMs } = this.#options;
    const each = scheduleMs.length + 1;
    const attempts = report.failover_url === null ? each : 2 * each;
    const now = clock.now().getTime();
    if (ok) return { state: REPORT.delivered, run_at: new Date(now).toISOString() };
    if (report.attempt >= attempts) return { state: REPORT.failed, run_at: new Date(now).toISOString() };
    // The first attempt at the failover URL follows at once.
    const pause = scheduleMs[(report.attempt - 1) % each] ?? 0;
    return { state: REPORT.pending, run_at: new Date(now + pause).toISOString() };
  }

  /** `moot`: nobody wants it any more. */
  async #post(report: ClaimedReport, url: string, now: Date): Promise<Outcome | 'moot'> {
    const { client, encoders, keysOf } = this.#options;
    // Its endpoint was deleted.
    if (report.endpoint_id !== null && report.subscribed === null) return 'moot';
    const encode = encoders[report.dialect as DialectName];
    const keys = keysOf(report.workspace_id, report.endpoint_id ?? undefined);
    if (encode === undefined || keys === undefined) {
      return {
        ok: false,
        status: null,
        error: `nothing can sign for ${report.dialect} here`,
        ms: 0,
        answer: '',
      };
    }
    const told = this.#told(report, url);
    const request = told === undefined ? undefined : encode(told, keys, now);
    if (request === undefined) return 'moot';
    const result = await client.post(url, request);
    switch (result.kind) {
      case 'answered': {
        const ok = result.status >= 200 && result.status < 300;
        return {
          ok,
          status: result.status,
          error: ok ? null : `answered ${result.status}`,
          ms: result.durationMs,
          answer: result.excerpt,
        };
      }
      case 'refused':
        return { ok: false, status: null, error: result.reason, ms: 0, answer: '' };
      case 'failed':
        return {
          ok: false,
          status: null,
          error: `${result.code}: ${result.message}`,
          ms: result.durationMs,
          answer: '',
        };
    }
  }

  /** Undefined when the row that it is about is gone. */
  #told(report: ClaimedReport, url: string): Report | undefined {
    const { phoneOf, wabaOf, mediaUrlOf } = this.#options;
    const event = eventName(report.kind);
    const delivery = {
      occurredAt: new Date(report.occurred_at),
      attempt: report.attempt,
      deliveredTo: url,
      endpointId: report.endpoint_id ?? undefined,
    };
    if (isNoticeEvent(event)) {
      if (report.notice === null) return undefined;
      const notice = noticeFromJson(report.notice, phoneOf);
      const eventId = eventIdOf(notice.id, report.kind);
      return { ...delivery, about: 'notice', eventId, event, notice, subscribed: report.subscribed ?? [] };
    }
    if (report.message === null) return undefined;
    const message = messageFromJson(report.message);
    return {
      ...delivery,
      about: 'message',
      eventId: eventIdOf(message.id, report.kind),
      event,
      message,
      senderPhone: phoneOf(message.senderId) ?? '',
      senderWaba: wabaOf(message.senderId) ?? '',
      mediaUrl: message.direction === 'outbound' ? undefined : mediaUrlOf(message),
    };
  }

  #whenQuiet(): void {
    if (this.#stopping && this.#inFlight === 0 && !this.#claiming)
      for (const resolve of this.#quiet.splice(0)) resolve();
  }
}

/** Ends a report that nobody wants any more, without an attempt. */
function mootAttempt(report: ClaimedReport, url: string, now: Date): Attempt {
  return {
    id: report.id,
    attempt: report.attempt,
    state: REPORT.failed,
    run_at: now.toISOString(),
    at: null,
    ms: 0,
    url,
    status: null,
    error: null,
    answer: null,
  };
}
