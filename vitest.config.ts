import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** CI adds up the results of its runs; people read them as they come. */
const resultsFile = process.env.TEST_RESULTS;

export default defineConfig({
  test: {
    // By default one fewer, which of two cores leaves one idle.
    maxWorkers: availableParallelism(),
    // On Node 20 the SDK would warn in front of every file's tests.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    ...(resultsFile && { reporters: ['default', 'json'], outputFile: { json: resultsFile } }),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.local.test.ts', 'test/e2e/**', 'test/browser/**', 'test/judges/**'],
          isolate: false,
          setupFiles: ['test/support/no-settings.ts', 'test/support/no-process.ts', 'test/support/shared-modules.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'local',
          include: ['test/**/*.local.test.ts'],
          // They start a local AWS, moto or a command; the machine may be busy with others of their kind.
          testTimeout: 60_000,
          hookTimeout: 240_000,
        },
      },
      {
        extends: true,
        // What others know of AWS: the same on every Node, so once is enough.
        test: { name: 'judges', include: ['test/judges/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 600_000 },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // Each file deploys a stack of its own, to a local AWS of its own.
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: { name: 'browser', include: ['test/browser/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
      },
    ],
  },
});
