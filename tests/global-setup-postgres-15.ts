import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { binariesIn } from '../gateway/src/store/postgres-binaries.ts';
import { startRunServer } from './run-server.ts';

/** The oldest PostgreSQL that the gateway runs on: the same package as the one it brings, under another name. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const main = createRequire(import.meta.url).resolve(`postgres-15-${process.platform}-${process.arch}`);
  return startRunServer(project, binariesIn(join(dirname(main), '..', 'native')));
}
