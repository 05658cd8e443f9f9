import type { EventEmitter } from 'node:events';

/**
 * One Ctrl-C reaches the whole process group, and npm and the launcher forward it as well: the same keystroke arrives
 * two or three times within milliseconds. Only later than this is it a second wish.
 */
const SAME_WISH_MS = 500;

/** SIGHUP too: a terminal that is closed should leave a clean stop behind, not a crash to recover from. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface StopSeam {
  /** Monotonic milliseconds. */
  now: () => number;
  emitter: Pick<EventEmitter, 'on'>;
}

/**
 *   running --first signal--> draining --another, 500 ms or more after the first--> atOnce
 *
 * Returns a function that starts the drain without a signal (the parent is gone) and never hurries one under way.
 */
export function onStop(
  drain: (signal: NodeJS.Signals) => Promise<void>,
  atOnce: () => void,
  { now, emitter }: StopSeam = { now: () => performance.now(), emitter: process },
): (signal: NodeJS.Signals) => void {
  let drainingSince: number | undefined;

  function begin(signal: NodeJS.Signals): void {
    if (drainingSince !== undefined) return;
    drainingSince = now();
    void drain(signal);
  }

  for (const signal of STOP_SIGNALS) {
    emitter.on(signal, () => {
      if (drainingSince === undefined) begin(signal);
      else if (now() - drainingSince >= SAME_WISH_MS) atOnce();
    });
  }
  return begin;
}
