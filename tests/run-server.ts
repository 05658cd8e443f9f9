import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbedded } from '../gateway/src/store/embedded.ts';
import type { Binaries } from '../gateway/src/store/postgres-binaries.ts';
import { startOf } from '../gateway/src/store/process-identity.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of a superuser, on a server that lives as long as the run. */
    databaseUrl: string;
  }
}

/** The run's process stands in the folder's name, so that a later run can clear up after one that was killed. */
const FOLDER = /^wirebird-tests-(\d+)-/;

/**
 * Starts one PostgreSQL server for the whole run of a project, in memory as far as possible.
 *
 * @param binaries instead of those that the gateway brings
 * @returns stops it and deletes its data
 */
export async function startRunServer(
  project: TestProject,
  binaries?: Binaries,
): Promise<() => Promise<void>> {
  await clearUp();
  const dataDir = await mkdtemp(join(tmpdir(), `wirebird-tests-${process.pid}-`));
  // As root, the server may run as nobody, who must get there.
  await chmod(dataDir, 0o755);
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: 200, shared_buffers: '128MB' };
  const database = await startEmbedded({
    dataDir,
    settings,
    apart: join(dataDir, 'apart'),
    log: console.error,
    ...(binaries === undefined ? {} : { binaries }),
  });
  project.provide('databaseUrl', database.url);
  return async () => {
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

/** What a run that was killed has left: its server and its folder. */
async function clearUp(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = FOLDER.exec(name)?.[1];
    if (pid === undefined || startOf(Number(pid)) !== undefined) continue;
    const dataDir = join(tmpdir(), name);
    try {
      if (existsSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'))) {
        const left = await startEmbedded({ dataDir, apart: join(dataDir, 'apart'), log: () => {} });
        await left.stop();
      }
      await rm(dataDir, { recursive: true, force: true });
    } catch (error) {
      // Another user's, or cleared by another run at this moment: no reason to run no tests.
      console.error(`${dataDir}: ${(error as Error).message}`);
    }
  }
}
