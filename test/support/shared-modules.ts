/**
 * Setup of the `unit` tests, whose files share the modules of their worker: importing the CDK and the SDK anew for each takes longer than
 * the tests. What a file has mocked ends with it.
 */
import { afterAll, vi } from 'vitest';
import { restoreClients } from './mock-client.ts';

afterAll(() => {
  restoreClients();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
