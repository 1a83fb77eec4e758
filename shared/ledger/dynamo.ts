/** The ledger's table in DynamoDB: the calls, their retries, and the conditions of writes. */

import { setTimeout as pause } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { chunk } from 'es-toolkit/array';
import pMap from 'p-map';
import type { Ledger, LedgerMethod, Written } from './ledger.ts';
import {
  type Condition,
  type IndexName,
  type Item,
  indexes,
  localIndexes,
  type PrimaryKey,
  type Range,
  type Table,
  tableKeys,
  type Write,
} from './table.ts';
import { TableLedger } from './table-ledger.ts';

/** What a method of the ledger asks of DynamoDB, as IAM names it. */
export interface LedgerCall {
  /** Actions on the table. A range of the table itself is a `Query`. */
  readonly table: readonly ('BatchGetItem' | 'BatchWriteItem' | 'PutItem' | 'Query')[];
  /** The index that a range is asked of, which is a `Query` on it. */
  readonly index?: IndexName;
}

const range = { table: ['Query'] } as const;
const rowsByKey = { table: ['BatchGetItem'] } as const;
// A transaction of puts needs the right to put, and no other.
const put = { table: ['PutItem'] } as const;
const keysIn = <Index extends IndexName>(index: Index) => ({ table: [], index }) as const;
// A list is a range of keys, and rows by these keys.
const rowsIn = <Index extends IndexName>(index: Index) => ({ table: ['BatchGetItem'], index }) as const;

/** What each method asks for: the stack's roles get the rights to what their function uses. */
export const ledgerCalls = {
  recordBackup: put,
  updateBackup: put,
  backupsByArn: rowsIn('byIdentity'),
  backups: rowsByKey,
  liveBackups: keysIn('live'),
  backupsOfDatabase: range,
  backupsOfTenant: rowsIn('byTenant'),
  backupsOfDay: rowsIn('byDay'),
  copies: rowsIn('byState'),
  takeLease: put,
  releaseLease: put,
  environments: range,
  putEnvironment: put,
  copyPauses: range,
  putCopyPause: put,
  tenantsServed: range,
  noteTenantServed: put,
  databases: rowsByKey,
  putDatabase: put,
  databasesByName: rowsIn('byIdentity'),
  databasesOfTenant: rowsIn('byTenant'),
  allDatabases: rowsIn('byState'),
  databasesToCheck: keysIn('byState'),
  putDatabaseWithAlert: put,
  alerts: rowsByKey,
  openAlerts: rowsIn('byState'),
  alertsOfDatabase: rowsIn('byIdentity'),
  alertsOfTenant: rowsIn('byTenant'),
  putDays: { table: ['BatchWriteItem'] },
  daysOfDatabase: range,
  daysOfTenant: keysIn('byTenant'),
  daysOfDate: keysIn('byDay'),
  putSweep: put,
  sweeps: range,
  lastWatch: range,
} as const satisfies Record<LedgerMethod, LedgerCall>;

/** DynamoDB's own limits for one batch. */
const maxReads = 100;
const maxWrites = 25;
/** Batches under way at a time: enough to hide the latency, few enough not to throttle ourselves. */
const parallelBatches = 4;
/** Tries of a batch that DynamoDB did only in part, or of a transaction that it throttled, about 12 s with their pauses. */
const maxTries = 10;
/** Whoever stops early (the newest backup, a first screen) has not read a megabyte. */
const firstPage = 50;

/** The ledger in a table of DynamoDB. `now` decides which rows have expired. */
export function dynamoLedger(client: DynamoDBClient, tableName: string, now: () => Date): Ledger {
  return new TableLedger(new DynamoTable(DynamoDBDocumentClient.from(client), tableName), now);
}

export class DynamoTable implements Table {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async read(keys: readonly PrimaryKey[]): Promise<Item[]> {
    // DynamoDB refuses a batch that names a row twice.
    const batches = chunk(lastOfEach(keys), maxReads);
    return (await pMap(batches, (batch) => this.#readBatch(batch), { concurrency: parallelBatches })).flat();
  }

  async *query({ index, partition, between, newestFirst = false }: Range): AsyncIterable<Item> {
    // DynamoDB calls a range that ends before it begins an error; to us it is empty.
    if (between !== undefined && between[0] > between[1]) return;
    const names = index === undefined ? tableKeys : { ...indexes, ...localIndexes }[index];
    const input = {
      TableName: this.#name,
      ...(index !== undefined && { IndexName: index }),
      // Global indexes lag behind, and refuse consistent reads.
      ...((index === undefined || index in localIndexes) && { ConsistentRead: true }),
      KeyConditionExpression: between
        ? `${names.partitionKey} = :partition AND ${names.sortKey} BETWEEN :from AND :to`
        : `${names.partitionKey} = :partition`,
      ExpressionAttributeValues: {
        ':partition': partition,
        ...(between && { ':from': between[0], ':to': between[1] }),
      },
      ScanIndexForward: !newestFirst,
    };
    let start: Record<string, unknown> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({ ...input, ...(start ? { ExclusiveStartKey: start } : { Limit: firstPage }) }),
      );
      yield* (page.Items ?? []) as Item[];
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  put({ item, condition }: Write): Promise<Written> {
    return unlessConflict(
      this.#client.send(new PutCommand({ TableName: this.#name, Item: item, ...expressionOf(condition) })),
    );
  }

  async putTogether(writes: readonly Write[]): Promise<Written> {
    const command = new TransactWriteCommand({
      TransactItems: writes.map(({ item, condition }) => ({
        Put: { TableName: this.#name, Item: item, ...expressionOf(condition) },
      })),
    });
    for (let tries = 1; ; tries += 1) {
      try {
        return await unlessConflict(this.#client.send(command));
      } catch (error) {
        // The SDK repeats a call that was throttled, but no transaction that was cancelled because a part of it was.
        if (!isThrottled(error) || tries === maxTries) throw error;
      }
      await pauseBefore(tries + 1);
    }
  }

  async putAll(items: readonly Item[]): Promise<void> {
    // DynamoDB refuses a batch that names a row twice, so of two the last is sent.
    await pMap(chunk(lastOfEach(items), maxWrites), (batch) => this.#writeBatch(batch), {
      concurrency: parallelBatches,
    });
  }

  async #readBatch(batch: readonly PrimaryKey[]): Promise<Item[]> {
    const found: Item[] = [];
    await untilDone('read', batch, async (keys) => {
      const { Responses, UnprocessedKeys } = await this.#client.send(
        new BatchGetCommand({
          RequestItems: { [this.#name]: { Keys: keys.map(({ pk, sk }) => ({ pk, sk })), ConsistentRead: true } },
        }),
      );
      found.push(...((Responses?.[this.#name] ?? []) as Item[]));
      return (UnprocessedKeys?.[this.#name]?.Keys ?? []) as unknown as PrimaryKey[];
    });
    return found;
  }

  async #writeBatch(batch: readonly Item[]): Promise<void> {
    await untilDone('written', batch, async (items) => {
      const { UnprocessedItems } = await this.#client.send(
        new BatchWriteCommand({
          RequestItems: { [this.#name]: items.map((Item) => ({ PutRequest: { Item } })) },
        }),
      );
      return (UnprocessedItems?.[this.#name] ?? []).flatMap(({ PutRequest }) => (PutRequest?.Item as Item) ?? []);
    });
  }
}

type Expression = Pick<PutCommandInput, 'ConditionExpression' | 'ExpressionAttributeValues'>;

function expressionOf(condition: Condition | undefined): Expression {
  switch (condition?.is) {
    case undefined:
      return {};
    case 'unchanged':
      return condition.version === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: 'version = :version',
            ExpressionAttributeValues: { ':version': condition.version },
          };
    case 'absent or expired':
      return {
        ConditionExpression: 'attribute_not_exists(pk) OR backupFacts.closed.expiresAt <= :now',
        ExpressionAttributeValues: { ':now': condition.now.toISOString() },
      };
    case 'free':
      return {
        ConditionExpression: 'attribute_not_exists(holder) OR holder = :holder OR leasedUntil <= :now',
        ExpressionAttributeValues: { ':holder': condition.holder, ':now': condition.now.toISOString() },
      };
    case 'held by':
      return { ConditionExpression: 'holder = :holder', ExpressionAttributeValues: { ':holder': condition.holder } };
    case 'earlier':
      return {
        ConditionExpression: 'attribute_not_exists(pk) OR servedAt < :at',
        ExpressionAttributeValues: { ':at': condition.at.toISOString() },
      };
  }
}

/**
 * Reasons for which DynamoDB cancels a transaction: somebody else wrote, or is just writing, the same row; or a partition of the
 * table or of an index has no capacity at the moment. Source: Amazon DynamoDB API Reference, TransactWriteItems.
 */
const conflictReasons = ['ConditionalCheckFailed', 'TransactionConflict'];
const throttlingReasons = ['ThrottlingError', 'ProvisionedThroughputExceeded', 'RequestLimitExceeded'];

/** `conflict` where the condition did not hold, or a transaction had the row at that moment; all other errors climb. */
async function unlessConflict(write: Promise<unknown>): Promise<Written> {
  try {
    await write;
    return 'written';
  } catch (error) {
    if (isConflict(error)) return 'conflict';
    throw error;
  }
}

function isConflict(error: unknown): boolean {
  const reasons = cancellationReasons(error);
  // A condition that does not hold will not hold in another try either, whatever else was wrong.
  if (reasons.includes('ConditionalCheckFailed')) return true;
  if (reasons.length > 0) return reasons.every((reason) => conflictReasons.includes(reason));
  return error instanceof ConditionalCheckFailedException || error instanceof TransactionConflictException;
}

function isThrottled(error: unknown): boolean {
  const reasons = cancellationReasons(error);
  return reasons.length > 0 && reasons.every((reason) => [...throttlingReasons, ...conflictReasons].includes(reason));
}

function cancellationReasons(error: unknown): string[] {
  if (!(error instanceof TransactionCanceledException)) return [];
  return (error.CancellationReasons ?? []).flatMap(({ Code }) => (Code && Code !== 'None' ? [Code] : []));
}

/** Repeats a batch with what DynamoDB left over, pausing ever longer: it leaves over what it has no capacity for. */
async function untilDone<Part>(
  verb: 'read' | 'written',
  batch: readonly Part[],
  attempt: (parts: readonly Part[]) => Promise<readonly Part[]>,
): Promise<void> {
  let left = await attempt(batch);
  for (let tries = 1; left.length > 0; tries += 1) {
    if (tries === maxTries) {
      throw new Error(
        `DynamoDB left ${left.length} of ${batch.length} rows not ${verb} after ${maxTries} tries; it is throttling: see the table's capacity`,
      );
    }
    await pauseBefore(tries + 1);
    left = await attempt(left);
  }
}

/** An ever longer pause with jitter before the n-th try, up to 5 s. */
function pauseBefore(tries: number): Promise<void> {
  return pause(Math.random() * Math.min(50 * 2 ** (tries - 1), 5_000));
}

function lastOfEach<Row extends PrimaryKey>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [`${row.pk}\n${row.sk}`, row])).values()];
}
