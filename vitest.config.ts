import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/global-setup.ts',
    // The Temporal SDK is native code that does not survive worker threads.
    pool: 'forks',
    maxWorkers: 2,
    // Long enough for a machine that has other work: what hangs is found all the same.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
  },
});
