/** Time that passes only where everybody waits: computing takes none, and a wait takes no longer than the computing behind it. */
import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

/** Time passes by so much at once; a wait ends that much too late at most. */
const stepMs = 5;

/** Runs something in simulated time, which `Date`, `setTimeout` and the SDK's retries go by. */
export async function inSimulatedTime<T>(act: () => Promise<T>): Promise<T> {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: Date.now() });
  // What is imported by name from node:timers/promises is replaced only by this.
  syncBuiltinESMExports();
  let running = true;
  try {
    const acting = act().finally(() => {
      running = false;
    });
    while (running) {
      // All that can go on without waiting does so before this is over.
      await turn();
      mock.timers.tick(stepMs);
    }
    return await acting;
  } finally {
    mock.timers.reset();
    syncBuiltinESMExports();
  }
}
