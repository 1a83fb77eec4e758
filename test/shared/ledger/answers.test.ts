import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { start } from './contract/given.ts';
import { answersByHand, answersOf, happen, happenings } from './random-writes.ts';

describe('every list of the ledger', () => {
  it('is what a look at all rows gives', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (happened) => {
        const clock = { now: start };
        const ledger = new MemoryLedger(() => clock.now);
        for (const what of happened) await happen(ledger, clock, what);
        expect(await answersOf(ledger, clock.now)).toMatchObject(answersByHand(ledger.table, clock.now));
      }),
      { numRuns: 100 },
    );
  });
});
