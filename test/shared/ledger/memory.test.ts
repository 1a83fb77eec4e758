import { describe } from 'vitest';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { ledgerContract } from './contract/index.ts';

describe('the ledger in memory', () => {
  ledgerContract(async (now) => {
    const ledger = new MemoryLedger(now);
    return { ledger, table: ledger.table };
  });
});
