import type { Earlier } from './statements.ts';

/** What another node has under way, or tries again soon, is asked about after so long. */
const ELSEWHERE_MS = 500;

/** No lease is as long as this: what is due later waits for its next attempt. */
const LEASE_MAX_MS = 60_000;

interface Entry {
  /** Resolves when it is over; to the time until which what comes after it waits, Unix ms. */
  readonly over: Promise<number | undefined>;
}

/**
 * The reports that this node has under way, so that events of one message reach a receiver in their order: `sent` before
 * `delivered`, as far as attempts allow.
 */
export class UnderWay {
  readonly #now = new Map<string, Entry>();
  /** Those that were over lately: a claim that was under way meanwhile took them for open. */
  #ended = new Map<string, Entry>();
  #endedBefore = new Map<string, Entry>();

  /** @returns is to be called when it is over; only the first call counts */
  add(id: string): (until?: number) => void {
    const { promise: over, resolve } = Promise.withResolvers<number | undefined>();
    this.#now.set(id, { over });
    return resolve;
  }

  /** Its end is stored. */
  end(id: string): void {
    const entry = this.#now.get(id);
    if (entry !== undefined) this.#ended.set(id, entry);
    this.#now.delete(id);
  }

  /** Forgets what ended before the last turn. */
  turn(): void {
    this.#endedBefore = this.#ended;
    this.#ended = new Map();
  }

  /** Waits for what came before, where it is under way here; the time to wait for otherwise, Unix ms. */
  async blockedUntil(earlier: readonly Earlier[], now: number): Promise<number | undefined> {
    let until: number | undefined;
    for (const { id, run_at } of earlier) {
      const entry = this.#now.get(id) ?? this.#ended.get(id) ?? this.#endedBefore.get(id);
      const at = entry === undefined ? elsewhere(Date.parse(run_at), now) : await entry.over;
      if (at !== undefined && (until === undefined || at > until)) until = at;
    }
    return until;
  }
}

/** Nobody tells us whether another node has it under way or it waits for its next attempt. */
function elsewhere(runAt: number, now: number): number {
  return runAt > now + LEASE_MAX_MS ? runAt + 1 : now + ELSEWHERE_MS;
}
