import { describe } from 'vitest';
import { MemoryLedger } from '../../../shared/ledger/memory.ts';
import { ledgerContract } from './contract.ts';

describe('the ledger in memory', () => {
  ledgerContract(async (now) => new MemoryLedger(now));
});
