import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { newLedgerTable } from '../../support/ledger-table.ts';
import { localAws } from '../../support/local-aws.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { start } from './contract/given.ts';
import { answersOf, happen, happenings } from './random-writes.ts';

describe('the ledger in memory and in DynamoDB', () => {
  let config: Awaited<ReturnType<typeof localAws>>['clientConfig'];
  beforeAll(async () => {
    config = (await localAws()).clientConfig;
  }, 120_000);

  it('answer every write and every question alike', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (happened) => {
        const clocks = { memory: { now: start }, dynamo: { now: start } };
        const memory = new MemoryLedger(() => clocks.memory.now);
        const dynamo = (await newLedgerTable(config)).ledgerAt(() => clocks.dynamo.now);
        for (const what of happened) {
          expect(await happen(dynamo, clocks.dynamo, what)).toEqual(await happen(memory, clocks.memory, what));
        }
        const { now } = clocks.memory;
        expect(await answersOf(dynamo, now)).toEqual(await answersOf(memory, now));
      }),
      { numRuns: 6 },
    );
  });
});
