/** The sandbox's time in milliseconds since 1970: the machine's, plus whatever a test has moved it ahead. */
export interface Clock {
  now(): number;
  /** Moves time ahead; what is due by then is done at once. */
  advance(ms: number): void;
  /** Called after each move, so that a schedule can look again. */
  onAdvance(listener: () => void): void;
}

export function createClock(machine: () => number = Date.now): Clock {
  let ahead = 0;
  const listeners: (() => void)[] = [];
  return {
    now: () => machine() + ahead,
    advance(ms) {
      ahead += ms;
      for (const listener of listeners) listener();
    },
    onAdvance(listener) {
      listeners.push(listener);
    },
  };
}
