/** The tests that mutation testing runs, once for each change: those that are fast and come to the same outcome each time. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // Set by `scripts/mutation.ts`.
    include: process.env.MUTATION_TESTS?.split(' ') ?? [],
    exclude: ['test/**/*.local.test.ts', 'test/**/crashes.test.ts', 'test/**/*{property,properties}.test.ts'],
    // Most of a run is loading modules: its files of tests share them.
    isolate: false,
    setupFiles: ['test/support/shared-modules.ts'],
    testTimeout: 20_000,
  },
});
