/** A small outage on a small DynamoDB: the SDK's retries and the ledger's own run as they do on AWS, in simulated time. */
import { describe, expect, it } from 'vitest';
import { ledgerRetries } from '../../../handlers/parts.ts';
import { massOutage } from '../../support/mass-outage.ts';
import { ThrottledDynamoDb } from '../../support/throttled-dynamodb.ts';

const played = (databases: number, tenants: number, write: number, shared = false) => {
  const limits = { partition: { write, read: 3 * write }, table: { write: 4 * write, read: 12 * write } };
  const dynamo = new ThrottledDynamoDb({ limits });
  return massOutage({ databases, tenants, shared, dynamo, client: dynamo.client(ledgerRetries) });
};

describe('a mass outage on a DynamoDB that throttles', () => {
  it.each([
    ['of eight tenants', 8],
    ['of one tenant, whose lists are one partition each', 1],
  ])('is notified once, in one run: %s', async (_, tenants) => {
    const databases = 40;
    const { row, watched, throttledCalls, ...messages } = await played(databases, tenants, 20);
    expect(throttledCalls).toBeGreaterThan(10);
    expect(row).toMatchObject({ complete: true, errors: [], alerts: { opened: databases, reminded: 0, resolved: 0 } });
    expect(messages).toMatchObject({ notifiedTwice: 0, neverNotified: 0, messagesAfter: 0 });
    expect(watched.errors).toEqual([]);
  });

  it('is notified once, in one run: of a database that 40 tenants share, with the RDS calls of one', async () => {
    const tenants = 40;
    const { row, watched, throttledCalls, rdsCalls, ...messages } = await played(1, tenants, 20, true);
    expect(throttledCalls).toBeGreaterThan(10);
    expect(row).toMatchObject({
      complete: true,
      errors: [],
      alerts: { opened: tenants + 1, reminded: 0, resolved: 0 },
    });
    expect(messages).toMatchObject({ messages: tenants + 1, notifiedTwice: 0, neverNotified: 0, messagesAfter: 0 });
    expect(watched.errors).toEqual([]);
    expect(rdsCalls).toBe((await played(1, 1, 20)).rdsCalls);
  });
});
