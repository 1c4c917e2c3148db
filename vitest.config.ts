import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/global-setup.ts',
    // The Temporal SDK is native code that does not survive worker threads.
    pool: 'forks',
    maxWorkers: 2,
    // A machine that has other work takes long: these only tell a hang from slowness.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 300_000 } },
    teardownTimeout: 20_000,
  },
});
