/**
 * A mass outage on a DynamoDB that has its documented limits and no more: beside the ledger as it is (`spread, repeating`) one as
 * it was first (`as at first`), with each list in one partition of its index, transactions that are not repeated when they are
 * throttled, and the SDK's default retries.
 */
import { type DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { ledgerRetries } from '../handlers/parts.ts';
import { massOutage, runMs } from '../test/support/mass-outage.ts';
import { ThrottledDynamoDb } from '../test/support/throttled-dynamodb.ts';

interface Outage {
  readonly databases: number;
  readonly tenants: number;
  /** Whether all tenants share each of the databases. */
  readonly shared: boolean;
}

const outages: readonly Outage[] = [
  { databases: 1_500, tenants: 75, shared: false },
  { databases: 10_000, tenants: 500, shared: false },
  { databases: 1, tenants: 500, shared: true },
];

export interface OutageResult extends Outage {
  readonly ledger: string;
  /** Seconds of simulated time that the sweep waited for DynamoDB. */
  readonly waited: number;
  /** Seconds of this machine's processors that it took. */
  readonly computed: number;
  readonly throttledCalls: number;
  readonly alertsOpened: number;
  readonly messages: number;
  readonly byNextWatch: number;
  readonly notifiedTwice: number;
  readonly neverNotified: number;
  readonly inOneRun: boolean;
}

export async function outageBenchmark(): Promise<OutageResult[]> {
  const results: OutageResult[] = [];
  for (const outage of outages) {
    const asAtFirst = new ThrottledDynamoDb({ partitionOf: withoutShard });
    results.push(await played('as at first', outage, asAtFirst, notRepeating(asAtFirst.client())));
    const dynamo = new ThrottledDynamoDb();
    const now = await played('spread, repeating', outage, dynamo, dynamo.client(ledgerRetries));
    if (now.notifiedTwice + now.neverNotified + now.byNextWatch > 0 || !now.inOneRun) {
      throw new Error(`people were not notified of a mass outage once, in one run: ${JSON.stringify(now)}`);
    }
    results.push(now);
  }
  return results;
}

async function played(
  ledger: string,
  outage: Outage,
  dynamo: ThrottledDynamoDb,
  client: DynamoDBClient,
): Promise<OutageResult> {
  const played = await massOutage({ ...outage, dynamo, client });
  const { row, waitedMs, computedMs, throttledCalls, messages, messagesAfter, notifiedTwice, neverNotified } = played;
  return {
    ...outage,
    ledger,
    waited: seconds(waitedMs),
    computed: seconds(computedMs),
    throttledCalls,
    alertsOpened: row.alerts.opened,
    messages,
    byNextWatch: messagesAfter,
    notifiedTwice,
    neverNotified,
    inOneRun: row.complete && waitedMs + computedMs < runMs,
  };
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}

/** A key without its shard. */
function withoutShard(key: string): string {
  return key.replace(/#\d$/, '');
}

/** A client whose throttled transactions fail with an error that the ledger does not repeat. */
function notRepeating(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        const isThrottled =
          error instanceof TransactionCanceledException &&
          error.CancellationReasons?.some(({ Code }) => Code === 'ThrottlingError');
        throw isThrottled ? new Error(error.message) : error;
      }
    },
    { step: 'initialize' },
  );
  return client;
}
