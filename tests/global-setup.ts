import type { TestProject } from 'vitest/node';
import { startRunServer } from './run-server.ts';

/** The PostgreSQL that the gateway brings; or a server that is given. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.WIREBIRD_TEST_DATABASE_URL;
  if (!given) return startRunServer(project);
  project.provide('databaseUrl', given);
  return async () => {};
}
