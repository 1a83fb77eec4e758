import { beforeAll, describe } from 'vitest';
import { newLedgerTable } from '../../support/ledger-table.ts';
import { startMoto } from '../../support/moto.ts';
import { ledgerContract } from './contract/index.ts';

/**
 * A second engine that speaks DynamoDB, so that the contract is no promise of one stand-in. Where moto 5.2 differs from what is
 * documented, the contract does not lean on it: it accepts a range that ends before it begins and more than 25 writes a
 * batch, names the same consumed capacity for every write, and answers some of many transactions at once with status 500.
 */
let config: Awaited<ReturnType<typeof startMoto>>;
beforeAll(async () => {
  config = await startMoto('123456789012');
}, 300_000);

describe('the ledger in moto’s DynamoDB', () => {
  ledgerContract(async (now) => {
    const { table, ledgerAt } = await newLedgerTable(config);
    return { ledger: ledgerAt(now), table };
  });
});
