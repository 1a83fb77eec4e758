import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { DynamoTable } from '../../../shared/ledger/dynamo.ts';
import { createLedgerTable } from '../../support/ledger-table.ts';
import { localAws } from '../../support/local-aws.ts';
import { play, step } from './random-names.ts';

describe('whatever is named how, over a DynamoDB of this machine', () => {
  it('no row is left behind, closed by mistake, or another tenant’s', async () => {
    const { clientConfig } = await localAws();
    const client = new DynamoDBClient(clientConfig);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 20 }), async (steps) => {
        run += 1;
        await createLedgerTable(client, `names-${run}`);
        await play(steps, new DynamoTable(DynamoDBDocumentClient.from(client), `names-${run}`));
      }),
      { numRuns: 4, seed: 20261126 },
    );
  }, 120_000);
});
