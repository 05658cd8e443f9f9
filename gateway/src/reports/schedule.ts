/** Pauses between attempts at one URL where a dialect has none of its own; one attempt more than pauses. */
export const SCHEDULE_MS: readonly number[] = [
  5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000,
];

/** A pause is up to so much shorter or longer, so that what failed together does not come back together. */
const JITTER = 0.2;

/** A receiver may ask for a longer pause than this; it is asked again then all the same. */
export const RETRY_AFTER_MAX_MS = 3_600_000;

/** The pauses of a receiver that says that it is too much and not for how long: each twice the one before. */
const SLOW_DOWN_MS = 1_000;
const SLOW_DOWN_MAX_MS = 300_000;

/** @param random from 0 to 1 */
export function jittered(ms: number, random: () => number): number {
  return Math.round(ms * (1 + JITTER * (2 * random() - 1)));
}

/**
 * What a `Retry-After` asks for, capped; undefined when it says nothing that can be read.
 *
 * @param header whole seconds or an HTTP date (RFC 9110 §10.2.3)
 */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim();
  if (text === undefined || text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : dateOf(text) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), RETRY_AFTER_MAX_MS);
}

/** A date names its day or its month; Date reads numbers of many kinds as well. */
function dateOf(text: string): number {
  return /^[A-Z][a-z]+,? /.test(text) ? Date.parse(text) : Number.NaN;
}

/** @param before how many such pauses came one after the other before this one */
export function slowDownMs(before: number, random: () => number): number {
  return jittered(Math.min(SLOW_DOWN_MS * 2 ** Math.min(before, 20), SLOW_DOWN_MAX_MS), random);
}

/** A report is tried when there is room, and a node that stops leaves it to others. */
const ORDER_MARGIN_MS = 60_000;

/** How long a report may hold those after it, at most, while it has so many attempts. */
export function orderedForMs(schedule: readonly number[], timeoutMs: number, attempts: number): number {
  const pauses = schedule.slice(0, attempts).reduce((sum, ms) => sum + ms, 0);
  return pauses * (1 + JITTER) + attempts * timeoutMs + ORDER_MARGIN_MS;
}

/** Where one report stands. */
export interface Standing {
  /** From 1, since the last replay. */
  readonly tried: number;
  readonly hasFailover: boolean;
}

/** True when the attempt goes to the failover URL: the URL has had all of its own. */
export function isAtFailover({ tried, hasFailover }: Standing, schedule: readonly number[]): boolean {
  return hasFailover && tried > schedule.length + 1;
}

/**
 * The pause after a failed attempt; undefined when it was the last one. The first attempt at the failover URL follows at
 * once. A `Retry-After` makes a pause longer and never shorter: the schedule is what the sender promised.
 */
export function pauseAfter(
  { tried, hasFailover }: Standing,
  schedule: readonly number[],
  askedMs: number | undefined,
  random: () => number,
): number | undefined {
  const each = schedule.length + 1;
  if (tried >= (hasFailover ? 2 * each : each)) return undefined;
  const next = schedule[(tried - 1) % each];
  // To another receiver: what the first one asked for does not concern it.
  if (next === undefined) return 0;
  return Math.max(jittered(next, random), askedMs ?? 0);
}
