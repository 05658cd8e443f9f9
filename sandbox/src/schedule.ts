import type { Clock } from './clock.ts';

/**
 * Timers fire on this grid. Thousands of statuses a second then cost a few hundred wake-ups, and nobody
 * can tell 4 ms on a delivery time that varies by ± 30 %.
 */
const GRID_MS = 4;

/** setTimeout counts milliseconds in 31 bits; a longer wait is asked for again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Entry<T> {
  due: number;
  order: number;
  item: T;
}

/**
 * Things to do later: one heap and one timer, however many there are. Equal times keep their order.
 * Times are the sandbox clock's, so moving the clock does what has become due.
 */
export class Schedule<T> {
  readonly #clock: Clock;
  readonly #fire: (item: T, due: number) => void;
  readonly #heap: Entry<T>[] = [];
  #order = 0;
  #timer: NodeJS.Timeout | undefined;
  #armedFor = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, fire: (item: T, due: number) => void) {
    this.#clock = clock;
    this.#fire = fire;
    clock.onAdvance(() => this.#arm(true));
  }

  get size(): number {
    return this.#heap.length;
  }

  at(due: number, item: T): void {
    const heap = this.#heap;
    const entry: Entry<T> = { due, order: this.#order++, item };
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (before(heap[parent]!, entry)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
    if (due < this.#armedFor) this.#arm(false);
  }

  /** Stops the timer and hands back what was still to be done. */
  close(): { due: number; item: T }[] {
    clearTimeout(this.#timer);
    this.#armedFor = Number.NEGATIVE_INFINITY;
    return this.#heap.splice(0).sort((a, b) => (before(a, b) ? -1 : 1));
  }

  #arm(again: boolean): void {
    if (this.#armedFor === Number.NEGATIVE_INFINITY) return;
    const first = this.#heap[0];
    clearTimeout(this.#timer);
    this.#armedFor = Number.POSITIVE_INFINITY;
    if (first === undefined) return;
    const due = again ? first.due : Math.ceil(first.due / GRID_MS) * GRID_MS;
    this.#armedFor = due;
    const wait = Math.min(Math.max(0, due - this.#clock.now()), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#run(), wait);
  }

  #run(): void {
    const heap = this.#heap;
    const now = this.#clock.now();
    // Whatever is put in while running may not arm a timer: the one below will.
    this.#armedFor = 0;
    while (heap.length > 0 && heap[0]!.due <= now) {
      const { item, due } = this.#takeFirst();
      this.#fire(item, due);
      if (this.#armedFor === Number.NEGATIVE_INFINITY) return;
    }
    this.#arm(false);
  }

  #takeFirst(): Entry<T> {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (before(last, heap[child]!)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

function before<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
