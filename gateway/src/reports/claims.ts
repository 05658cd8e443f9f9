import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import type { ReportLanes, Wanted } from './lanes.ts';
import type { ClaimedReport } from './report-sql.ts';
import { CLAIM_REPORTS, type Claim, OPEN_REPORTS, TAKE_REPORTS, WAITING_LANES } from './statements.ts';
import type { Open } from './under-way.ts';

/** How a dialect's receivers are asked. */
export interface Timing {
  /** Pauses between attempts at one URL; one attempt more than pauses. */
  readonly scheduleMs: readonly number[];
  readonly timeoutMs: number;
}

/** A report is another node's when its lease has ended: so long after an attempt that begins at once. */
const LEASE_BEYOND_MS = 15_000;

/** An attempt must end within the lease, so it begins within so long of the claim. */
export const BEGUN_WITHIN_MS = 10_000;

export interface ClaimsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly dialects: readonly string[];
  readonly timingOf: (dialect: string) => Timing;
}

/** What this node takes of the reports in the database. */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #lanes: ReportLanes;

  constructor(options: ClaimsOptions, lanes: ReportLanes) {
    this.#options = options;
    this.#lanes = lanes;
  }

  /** Takes from lanes in which some wait; `emptied` have no more. */
  async inLine(
    wanted: readonly Wanted[],
  ): Promise<{ readonly reports: readonly ClaimedReport[]; readonly emptied: readonly string[] }> {
    const { store, clock } = this.#options;
    const now = clock.now();
    const reports = await store.run(TAKE_REPORTS, [now.toISOString(), this.leaseFrom(now), wanted]);
    const counts = new Map<string, number>();
    for (const { lane } of reports) counts.set(lane, (counts.get(lane) ?? 0) + 1);
    const emptied = wanted.filter(({ lane, room }) => (counts.get(lane) ?? 0) < room);
    return { reports, emptied: emptied.map(({ lane }) => lane) };
  }

  /**
   * Takes what is due.
   *
   * @param taking what is taken from those in line meanwhile
   */
  due(limit: number, taking: readonly Wanted[]): Promise<Claim> {
    const { store, clock } = this.#options;
    const now = clock.now();
    return store.run(CLAIM_REPORTS, [
      now.toISOString(),
      String(limit),
      this.leaseFrom(now),
      this.#lanes.known(taking),
      String(this.#lanes.first),
      String(this.#lanes.unsoundRoom(taking)),
    ]);
  }

  /** Which of these are not over. */
  async open(ids: readonly string[]): Promise<Open> {
    const rows = await this.#options.store.run(OPEN_REPORTS, [ids]);
    return new Map(rows.map(row => [row.id, Date.parse(row.run_at)]));
  }

  /** Lanes in which some wait, whichever node put them there. */
  waitingLanes(): Promise<string[]> {
    return this.#options.store.run(WAITING_LANES, [this.#options.clock.now().toISOString()]);
  }

  /** When what is claimed now is another node's, by dialect; `*` for those that nobody here speaks. */
  leaseFrom(now: Date): Record<string, string> {
    const { dialects, timingOf } = this.#options;
    const end = (dialect: string) =>
      new Date(now.getTime() + timingOf(dialect).timeoutMs + LEASE_BEYOND_MS).toISOString();
    return Object.fromEntries([...dialects, '*'].map(dialect => [dialect, end(dialect)]));
  }
}
