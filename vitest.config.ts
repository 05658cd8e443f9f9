import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Two cores: more workers only take turns, and each may have a database and a gateway of its own.
    maxWorkers: 2,
    reporters: ['default', './tests/closing-line.ts'],
    // What hangs is found; a machine that is slow, or does other work, is no failure.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: [
            'gateway/**/*.test.ts',
            'sandbox/**/*.test.ts',
            'bench/**/*.test.ts',
            'tests/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', 'tests/postgres-15.test.ts'],
          globalSetup: ['./tests/global-setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          // The rooms whose statements lean on the database, again on the oldest one that they run on.
          name: 'postgres-15',
          include: ['gateway/src/{store,outbox,inbox}/*.test.ts', 'tests/postgres-15.test.ts'],
          // About the server that the gateway brings, and about files.
          exclude: ['gateway/src/store/{embedded*,data-*,postgres-binaries,batch}.test.ts'],
          globalSetup: ['./tests/global-setup-postgres-15.ts'],
        },
      },
    ],
  },
});
