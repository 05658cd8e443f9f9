import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { query } from './database.ts';

/** What the figures of a run depend on. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGb: number;
  readonly node: string;
  readonly postgres: string;
  /** Median time of a write of 8 kB that is on the disk, ms. */
  readonly fsyncMs: number;
}

const WRITES = 200;

/** @param dataDir of a running gateway */
export async function describeMachine(folder: string, dataDir: string): Promise<Machine> {
  const [row] = await query<{ server_version: string }>(dataDir, 'show server_version');
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() || 'unknown processor',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgres: row?.server_version ?? 'unknown',
    fsyncMs: measureFsync(join(folder, 'fsync')),
  };
}

/** As PostgreSQL writes its log: the same place again and again, each time to the disk. */
function measureFsync(path: string): number {
  const file = openSync(path, 'w');
  const page = Buffer.alloc(8192, 1);
  const times: number[] = [];
  for (let write = 0; write < WRITES; write++) {
    const began = performance.now();
    writeSync(file, page, 0, page.length, 0);
    fdatasyncSync(file);
    times.push(performance.now() - began);
  }
  closeSync(file);
  return times.sort((a, b) => a - b)[WRITES / 2]!;
}
