/** What of a step is looked at and told. */
export interface Timed {
  readonly at: Date;
  readonly step: string;
  readonly detail?: string;
  readonly waited_ms?: number;
}

/** Steps after which a message stands still until the next one. */
const WAITS: ReadonlySet<string> = new Set(['waiting', 'held', 'retry', 'unconfirmed']);

/** A message that takes this long from the door to its first try has waited for the pace of its number. */
const PACE_MS = 1_000;

/** In words, where nothing else says why. */
const PACE = 'the number’s pace, and messages before it';

/**
 * Says how long each wait was, and why: "4.2 s: pair limit".
 *
 * @param steps in their order, reports apart
 * @param now for a wait that is not over
 */
export function withWaits<Step extends Timed>(steps: readonly Step[], isOver: boolean, now: Date): Step[] {
  return steps.map((step, index) => {
    const next = steps[index + 1];
    if (next === undefined && isOver) return step;
    const ms = (next?.at ?? now).getTime() - step.at.getTime();
    const soFar = next === undefined ? ' so far' : '';
    if (WAITS.has(step.step)) {
      const reason = step.detail === undefined ? '' : `: ${step.detail}`;
      return { ...step, waited_ms: Math.max(0, ms), detail: `${inWords(ms)}${soFar}${reason}` };
    }
    if (step.step !== 'queued' || ms < PACE_MS) return step;
    return { ...step, waited_ms: ms, detail: `${inWords(ms)}${soFar}: ${PACE}` };
  });
}

/** 420 ms, 4.2 s, 3 min 20 s, 5 h 12 min. */
export function inWords(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1_000) return `${whole} ms`;
  if (whole < 60_000) return `${(Math.floor(whole / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(whole / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1_440)} d ${Math.floor((minutes % 1_440) / 60)} h`;
}
