/** A small outage on a small DynamoDB: the SDK's retries and the ledger's own run as they do on AWS, in simulated time. */
import { describe, expect, it } from 'vitest';
import { ledgerRetries } from '../../../handlers/parts.ts';
import { massOutage } from '../../support/mass-outage.ts';
import { ThrottledDynamoDb } from '../../support/throttled-dynamodb.ts';

const played = (databases: number, tenants: number, write: number) => {
  const limits = { partition: { write, read: 3 * write }, table: { write: 4 * write, read: 12 * write } };
  const dynamo = new ThrottledDynamoDb({ limits });
  return massOutage({ databases, tenants, dynamo, client: dynamo.client(ledgerRetries) });
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
});
