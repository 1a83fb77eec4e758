import fc from 'fast-check';
import { describe, it } from 'vitest';
import { play, step } from './random-names.ts';

describe('whatever is named how', () => {
  it('no row is left behind, closed by mistake, or another tenant’s', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => play(steps)),
      { numRuns: 60, seed: 20261126 },
    );
  }, 120_000);
});
