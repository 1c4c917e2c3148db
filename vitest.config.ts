import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/global-setup.ts',
    // The Temporal SDK is native code that does not survive worker threads.
    pool: 'forks',
    maxWorkers: 2,
    // The time-skipping server loses a workflow task in rare instants, and a whole day stands still. What fails twice is the test's own.
    retry: process.env.CI ? 1 : 0,
    // What a lost day still asked of its server, the SDK asks once more by a timer when the connection is closed (its grpc-retry.js).
    onUnhandledError({ message, stack }) {
      if (message === 'Channel has been shut down' && stack?.includes('grpc-retry')) return false;
    },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
  },
});
