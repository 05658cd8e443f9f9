import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';

/**
 * How much garbage may lie beside what is of use before it is collected. Left alone, V8 lets it grow to four times as much on
 * a machine with memory to spare: 420 MB with a million messages in the queue, where 50 are in use and 190 are needed idle.
 */
const GROWTH_PERCENT = 40;

/** V8 decides. */
const AS_V8_LIKES = 0;

/** Part of the time in which the event loop works; above it, collecting early would cost what callers wait for. */
const BUSY = 0.5;

const LOOK_MS = 1_000;

/** A start is busy too, and how far the heap may grow is decided at its last collection. */
const BUSY_LOOKS = 5;

/** The growth that suits a load, as V8's flag takes it. @param busyLooks how many looks in a row found it busy */
export function heapGrowth(busyLooks: number): number {
  return busyLooks >= BUSY_LOOKS ? AS_V8_LIKES : GROWTH_PERCENT;
}

/** Keeps memory small for as long as there is time for it; runs as long as the process does. */
export function keepHeapSmall(): void {
  let before = performance.eventLoopUtilization();
  let busyLooks = 0;
  let growth: number | undefined;
  const apply = (wanted: number): void => {
    if (wanted === growth) return;
    growth = wanted;
    setFlagsFromString(`--heap-growing-percent=${wanted}`);
  };
  const look = (): void => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    busyLooks = utilization > BUSY ? busyLooks + 1 : 0;
    apply(heapGrowth(busyLooks));
  };
  apply(heapGrowth(0));
  setInterval(look, LOOK_MS).unref();
}
