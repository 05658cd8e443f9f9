import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import {
  KEEP_LOGGING,
  LOGGING_UNDER_WAY,
  type LoggedEvent,
  PLACE_EVENTS,
  PLACE_MAX,
  READ_EVENTS,
  START_LOGGING,
  TRIM_EVENTS,
} from './event-log.ts';

/** How far back a listener may resume, and for how long events are logged after the last one has gone. */
export const REACH_MS = 3_600_000;

/**
 * What other nodes write is looked for so often; what this node writes wakes the feed. A look that finds nothing takes
 * 0.7 ms for one workspace and 0.9 ms for twenty, beside an hour of 100,000 rows; a page of 500 events takes 13 ms.
 */
const LOOK_MS = 100;

/** Between two looks, so that a steady stream is read in handfuls. */
const GAP_MS = 20;

/** After a look that failed. */
const RETRY_MS = 1_000;

/** Rows that one look reads for all listeners together; each gets one at least. */
const ROWS_MAX = 128;

/** Longest wait for statements that began before a workspace's events were logged; they take milliseconds. */
const START_MS = 1_000;
const START_LOOK_MS = 10;

/** A place in a workspace's log: all rows up to `position`, or of that row the first `index` events only. */
export interface Place {
  readonly position: number;
  readonly index: number | null;
}

/** What a listener is told at once. */
export interface Portion {
  /** Something between the place where it was and the first event is not kept any more. */
  readonly isGap: boolean;
  /** Also such as it did not ask for: they were read for others too. */
  readonly events: readonly LoggedEvent[];
  /** Where it is now, whether anything was for it or not. */
  readonly place: Place;
}

export interface Listener {
  readonly workspaceId: string;
  /** Bits of the events that it wants. */
  readonly mask: number;
  /** False while it has not yet got rid of what it was told: it is told more later. */
  readonly isReady: () => boolean;
  readonly take: (portion: Portion) => void;
}

export interface EventFeedOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly onError: (error: unknown, doing: string) => void;
}

/**
 * Tells listeners of this node what happens in their workspaces, on whichever node. Each has its own place in the log,
 * and those at the same place are read for together: who resumes, or was slow, reads on from where he was and joins the
 * others at the end. Nothing is kept for anybody in memory.
 */
export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #listeners = new Map<Listener, Place>();
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #awake = false;

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /**
   * Makes sure that a workspace's events are logged, and resolves when all that are committed from now on will be.
   *
   * @returns the end of its log
   */
  async open(workspaceId: string): Promise<Place> {
    const { store, clock } = this.#options;
    const now = clock.now().toISOString();
    // What happened while nobody listened is not news.
    await this.#place();
    const [logged] = await store.run(KEEP_LOGGING, [[workspaceId], now]);
    if (logged !== undefined) return { position: logged.position, index: null };
    await store.run(START_LOGGING, [workspaceId, now]);
    await this.#loggingHasBegun();
    return this.open(workspaceId);
  }

  /** @returns how to stop listening */
  listen(listener: Listener, from: Place): () => void {
    this.#listeners.set(listener, from);
    this.#running ??= this.#run();
    this.wake();
    return () => {
      this.#listeners.delete(listener);
      // Ends the run with the last of them.
      if (this.#listeners.size === 0) this.wake();
    };
  }

  /** Says that there may be something to tell: events were committed, or a listener is ready again. */
  wake(): void {
    this.#awake = true;
    this.#wake?.();
  }

  /** The same, when one of these events is of a workspace that is listened to here. */
  happened(events: readonly { readonly workspace: string }[]): void {
    if (this.#listeners.size === 0 || events.length === 0) return;
    const workspaces = new Set(events.map(event => event.workspace));
    if ([...this.#listeners.keys()].some(one => workspaces.has(one.workspaceId))) this.wake();
  }

  /** Says that the workspaces of this node's listeners are listened to. */
  async keep(): Promise<void> {
    if (this.#listeners.size === 0) return;
    const { store, clock } = this.#options;
    const workspaces = new Set([...this.#listeners.keys()].map(one => one.workspaceId));
    await store.run(KEEP_LOGGING, [[...workspaces], clock.now().toISOString()]);
  }

  /** Forgets what the log reaches back to no more. */
  async trim(): Promise<void> {
    const { store, clock } = this.#options;
    await this.#place();
    await store.run(TRIM_EVENTS, [new Date(clock.now().getTime() - REACH_MS).toISOString()]);
  }

  /** Resolves when nothing of it is under way any more; every listener must have stopped. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #loggingHasBegun(): Promise<void> {
    const { store, clock } = this.#options;
    const until = clock.monotonic() + START_MS;
    const before = new Set(await store.run(LOGGING_UNDER_WAY, []));
    while (before.size > 0 && clock.monotonic() < until) {
      await new Promise(resolve => setTimeout(resolve, START_LOOK_MS));
      const still = new Set(await store.run(LOGGING_UNDER_WAY, []));
      for (const one of before) if (!still.has(one)) before.delete(one);
    }
  }

  async #place(): Promise<void> {
    while ((await this.#options.store.run(PLACE_EVENTS, [])) === PLACE_MAX);
  }

  async #run(): Promise<void> {
    while (this.#listeners.size > 0) {
      let pause = LOOK_MS;
      this.#awake = false;
      try {
        if (await this.#look()) continue;
      } catch (error) {
        this.#options.onError(error, 'read events for those who listen');
        pause = RETRY_MS;
      }
      await this.#sleep(pause);
    }
    this.#running = undefined;
  }

  /** At least the gap, at most `ms`, until woken. */
  async #sleep(ms: number): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, GAP_MS));
    if (this.#awake) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms - GAP_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** @returns whether there is more to tell at once */
  async #look(): Promise<boolean> {
    let { unplaced, isFull } = await this.#read();
    if (unplaced) {
      await this.#place();
      ({ unplaced, isFull } = await this.#read());
      // Under load there is always something: it is taken in handfuls.
      if (unplaced) this.#awake = true;
    }
    return isFull;
  }

  /** Tells everybody the next page. */
  async #read(): Promise<{ unplaced: boolean; isFull: boolean }> {
    const groups = this.#groups();
    if (groups.length === 0) return { unplaced: false, isFull: false };
    const asked = groups.map(({ listeners, place }, n) => ({
      n,
      workspace: listeners[0]!.workspaceId,
      ...place,
      mask: listeners.reduce((mask, one) => mask | one.mask, 0),
    }));
    const rows = Math.max(1, Math.floor(ROWS_MAX / groups.length));
    const { pages, events, unplaced } = await this.#options.store.run(READ_EVENTS, [asked, rows]);
    const byPage = Map.groupBy(events, event => event.n);
    let isFull = false;
    for (const { n, is_gap, position, end } of pages) {
      const from = groups[n]!.place;
      // Nothing that can be seen at this moment lies between the place and the end.
      const place = { position: position ?? end, index: null };
      isFull ||= position !== null && position < end;
      const moved = is_gap || position !== null || end !== from.position;
      for (const listener of groups[n]!.listeners) {
        // It may have gone meanwhile.
        if (!moved || !this.#listeners.has(listener)) continue;
        this.#listeners.set(listener, place);
        listener.take({ isGap: is_gap, events: byPage.get(n) ?? [], place });
      }
    }
    return { unplaced, isFull };
  }

  /** Those who can be told something, by workspace and place. */
  #groups(): { listeners: Listener[]; place: Place }[] {
    const groups = new Map<string, { listeners: Listener[]; place: Place }>();
    for (const [listener, place] of this.#listeners) {
      if (!listener.isReady()) continue;
      const key = `${listener.workspaceId} ${place.position} ${place.index}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { listeners: [listener], place });
      else group.listeners.push(listener);
    }
    return [...groups.values()];
  }
}
