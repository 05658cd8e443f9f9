import { createHash } from 'node:crypto';
import { mended } from '../message/content.ts';
import type { Outcome } from './post.ts';
import { type ClaimedReport, REPORT } from './report-sql.ts';
import { isAtFailover, retryAfterMs, type Standing } from './schedule.ts';
import { ANSWER_MAX, type Attempt } from './statements.ts';

/** Where an attempt goes. */
export interface Aim extends Standing {
  readonly url: string;
  readonly atFailover: boolean;
  /** It is the last one at its URL, and another URL is left. */
  readonly lastBeforeFailover: boolean;
}

export function aimOf(report: ClaimedReport, schedule: readonly number[]): Aim {
  const standing = { tried: report.attempt - report.base, hasFailover: report.failover_url !== null };
  const atFailover = isAtFailover(standing, schedule);
  return {
    ...standing,
    atFailover,
    url: atFailover ? report.failover_url! : report.url,
    lastBeforeFailover: standing.hasFailover && standing.tried === schedule.length + 1,
  };
}

/** What an answer asks for beside another attempt. */
export interface Wishes {
  /** The report's next attempt is not before. */
  readonly askedMs: number | undefined;
  /** The receiver wants nothing for a while: too much at once, or it said for how long it is away. */
  readonly wantsPause: boolean;
  /** It is gone for good. */
  readonly isGone: boolean;
}

export function wishesOf({ ok, status, retryAfter }: Outcome, now: Date): Wishes {
  const askedMs = ok ? undefined : retryAfterMs(retryAfter, now);
  return {
    askedMs,
    wantsPause: status === 429 || (status === 503 && askedMs !== undefined),
    isGone: status === 410,
  };
}

export interface Times {
  readonly at: Date;
  readonly now: Date;
  /** Until the next attempt; undefined when there is none. */
  readonly next: number | undefined;
  readonly pauseMs: number | undefined;
}

/** An attempt as it is stored. */
export function tried(report: ClaimedReport, aim: Aim, outcome: Outcome, times: Times): Attempt {
  const { at, now, next, pauseMs } = times;
  const again = next === undefined ? REPORT.failed : REPORT.pending;
  return {
    ...untried(report, new Date(now.getTime() + (next ?? 0)), outcome.ok ? REPORT.delivered : again),
    back: false,
    at: at.toISOString(),
    ms: Math.round(outcome.ms),
    url: aim.url,
    status: outcome.status,
    error: outcome.error === null ? null : mended(outcome.error).slice(0, 500),
    answer: outcome.answer === '' ? null : mended(outcome.answer.slice(0, ANSWER_MAX)),
    asked: report.lane,
    endpoint: report.endpoint_id,
    lane: next !== undefined && aim.lastBeforeFailover ? laneOfUrl(report.failover_url!) : null,
    pause: pauseMs === undefined ? null : new Date(now.getTime() + pauseMs).toISOString(),
  };
}

/** Puts a report back, or ends it, without an attempt. */
export function untried(report: ClaimedReport, at: Date, state: number): Attempt {
  return {
    id: report.id,
    attempt: report.attempt,
    state,
    run_at: at.toISOString(),
    at: null,
    back: state === REPORT.pending,
    ms: 0,
    url: report.url,
    status: null,
    error: null,
    answer: null,
    asked: null,
    endpoint: null,
    lane: null,
    pause: null,
  };
}

/** The lane of a URL, as the claim has it. */
function laneOfUrl(url: string): string {
  return createHash('md5').update(url.split('?', 1)[0]!).digest('hex');
}
