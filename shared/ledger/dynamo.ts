/** The ledger in DynamoDB. `items.ts` has the keys and the questions; this file has the calls, and why each is safe. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import pMap from 'p-map';
import type { Alert, Backup, DatabaseKey, DatabaseKind, DatabaseRow, Day, SweepRow } from '../model.ts';
import {
  backupKey,
  databaseKey,
  databaseOfKey,
  type Item,
  indexes,
  isPresent,
  itemOfAlert,
  itemOfBackup,
  itemOfDatabase,
  itemOfDay,
  itemOfLease,
  itemOfServed,
  itemOfSweep,
  leaseKey,
  type PrimaryKey,
  parseAlert,
  parseBackup,
  parseDatabase,
  parseDatabaseSummary,
  parseDay,
  parseKey,
  parseServed,
  parseSweep,
  type Range,
  ranges,
  tableKeys,
} from './items.ts';
import {
  type DatabaseSummary,
  type Ledger,
  type ListedCopyState,
  type OnUnreadable,
  type Span,
  UnreadableRow,
  type Written,
} from './ledger.ts';

const query = ['dynamodb:Query'] as const;
const batchGet = ['dynamodb:BatchGetItem'] as const;
// A transaction of puts needs the right to put, and no other.
const put = ['dynamodb:PutItem'] as const;

/** The IAM actions that each method needs: `Query` on the table and its indexes, the others on the table. */
export const ledgerActions = {
  recordBackup: put,
  updateBackup: put,
  backupByArn: [...query, ...batchGet],
  backups: batchGet,
  backupsOfDatabase: query,
  backupsOfTenant: query,
  backupsOfDay: query,
  copies: query,
  takeLease: put,
  releaseLease: put,
  tenantsServed: query,
  noteTenantServed: put,
  databases: batchGet,
  putDatabase: put,
  databasesByName: [...query, ...batchGet],
  databasesOfTenant: query,
  allDatabases: query,
  databasesToCheck: query,
  putDatabaseWithAlert: put,
  openAlerts: query,
  alertsOfDatabase: query,
  alertsOfTenant: query,
  putDays: ['dynamodb:BatchWriteItem'],
  daysOfDatabase: query,
  daysOfTenant: query,
  daysOfDate: query,
  putSweep: put,
  sweeps: query,
  lastWatch: query,
} as const satisfies Record<keyof Ledger, readonly string[]>;

/** DynamoDB's own limits for one batch. */
const maxReads = 100;
const maxWrites = 25;
/** Batches under way at a time: enough to hide the latency, few enough not to throttle ourselves. */
const parallelBatches = 4;
/** Tries of a batch that DynamoDB did only in part, about 25 s with their pauses. */
const maxTries = 10;
/** Whoever stops early (the newest backup, a first screen) has not read a megabyte. */
const firstPage = 50;

export class DynamoLedger implements Ledger {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;

  /** `now` decides which rows have expired; DynamoDB itself removes them only some days later. */
  constructor(client: DynamoDBDocumentClient, tableName: string, now: () => Date) {
    this.#client = client;
    this.#table = tableName;
    this.#now = now;
  }

  // Backups -----------------------------------------------------------------------------------------------------------

  async recordBackup(backup: Backup): Promise<'recorded' | 'duplicate'> {
    const written = await this.#putIf(itemOfBackup(backup, 1), {
      // EventBridge delivers at least once, so the first record of a backup wins; an expired row is not there.
      ConditionExpression: 'attribute_not_exists(pk) OR facts.closed.expiresAt <= :now',
      ExpressionAttributeValues: { ':now': this.#now().toISOString() },
    });
    return written === 'written' ? 'recorded' : 'duplicate';
  }

  async updateBackup(backup: Backup): Promise<Written> {
    return backup.version === undefined
      ? 'conflict'
      : this.#putIf(itemOfBackup(backup, backup.version + 1), unchangedSince(backup.version));
  }

  async backupByArn(arn: string): Promise<Backup | undefined> {
    const keys = await collect(this.#query(ranges.backupByArn(arn), parseKey));
    const [backup] = this.#stillThere((await this.#read(keys)).map(parseBackup));
    return backup;
  }

  async backups(ids: readonly { readonly database: DatabaseKey; readonly liveBackup: string }[]): Promise<Backup[]> {
    const items = await this.#read(ids.map(({ database, liveBackup }) => backupKey(database, liveBackup)));
    return this.#stillThere(items.map(parseBackup));
  }

  backupsOfDatabase(database: DatabaseKey, span?: Span): AsyncIterable<Backup> {
    return this.#presentBackups(ranges.backupsOfDatabase(database, span));
  }

  backupsOfTenant(tenant: string, span?: Span): AsyncIterable<Backup> {
    return this.#presentBackups(ranges.backupsOfTenant(tenant, span));
  }

  backupsOfDay(day: string): AsyncIterable<Backup> {
    return this.#presentBackups(ranges.backupsOfDay(day));
  }

  // Copies ------------------------------------------------------------------------------------------------------------

  copies(state: ListedCopyState): AsyncIterable<Backup> {
    return this.#presentBackups(ranges.copies(state));
  }

  async takeLease(holder: string, now: Date, until: Date): Promise<'taken' | 'held'> {
    const written = await this.#putIf(itemOfLease(holder, until), {
      // One run at a time starts copies; a run that died holds the lease no longer than it had asked for.
      ConditionExpression: 'attribute_not_exists(holder) OR holder = :holder OR leasedUntil <= :now',
      ExpressionAttributeValues: { ':holder': holder, ':now': now.toISOString() },
    });
    return written === 'written' ? 'taken' : 'held';
  }

  async releaseLease(holder: string): Promise<void> {
    // If the lease has run out and another run has it, it stays that run's.
    await this.#putIf(
      { ...leaseKey },
      { ConditionExpression: 'holder = :holder', ExpressionAttributeValues: { ':holder': holder } },
    );
  }

  async tenantsServed(): Promise<ReadonlyMap<string, Date>> {
    const rows = await collect(this.#query(ranges.tenantsServed(), parseServed));
    return new Map(rows.map(({ tenant, servedAt }) => [tenant, servedAt]));
  }

  async noteTenantServed(tenant: string, at: Date): Promise<void> {
    // A slower run must not make a tenant look as if it had waited longer.
    await this.#putIf(itemOfServed(tenant, at), {
      ConditionExpression: 'attribute_not_exists(pk) OR servedAt < :at',
      ExpressionAttributeValues: { ':at': at.toISOString() },
    });
  }

  // Databases ---------------------------------------------------------------------------------------------------------

  async databases(keys: readonly DatabaseKey[], onUnreadable?: OnUnreadable): Promise<DatabaseRow[]> {
    const items = await this.#read(keys.map(databaseKey));
    return items.flatMap((item) => readable(parseDatabase, item, onUnreadable));
  }

  async putDatabase(row: DatabaseRow): Promise<Written> {
    return this.#putIf(itemOfDatabase(row, (row.version ?? 0) + 1), unchangedSince(row.version));
  }

  async databasesByName(kind: DatabaseKind, id: string): Promise<DatabaseRow[]> {
    const keys = await collect(this.#query(ranges.databasesByName(kind, id), parseKey));
    return (await this.#read(keys)).map(parseDatabase);
  }

  databasesOfTenant(tenant: string): AsyncIterable<DatabaseSummary> {
    return this.#query(ranges.databasesOfTenant(tenant), parseDatabaseSummary);
  }

  async *allDatabases(onUnreadable?: OnUnreadable): AsyncIterable<DatabaseSummary> {
    for await (const item of this.#query(ranges.allDatabases(), (row) => row)) {
      yield* readable(parseDatabaseSummary, item, onUnreadable);
    }
  }

  async *databasesToCheck(now: Date): AsyncIterable<DatabaseKey> {
    for await (const key of this.#query(ranges.databasesToCheck(now), parseKey)) {
      const database = databaseOfKey(key);
      if (database !== undefined) yield database;
    }
  }

  // Alerts ------------------------------------------------------------------------------------------------------------

  async putDatabaseWithAlert(row: DatabaseRow, alert: Alert): Promise<Written> {
    const TableName = this.#table;
    const command = new TransactWriteCommand({
      TransactItems: [
        // The alert was decided on the row that was read: if a backup has come in between, it is decided anew.
        { Put: { TableName, Item: itemOfDatabase(row, (row.version ?? 0) + 1), ...unchangedSince(row.version) } },
        { Put: { TableName, Item: itemOfAlert(alert) } },
      ],
    });
    return unlessConflict(this.#client.send(command));
  }

  openAlerts(): AsyncIterable<Alert> {
    return this.#present(ranges.openAlerts(), parseAlert);
  }

  alertsOfDatabase(database: DatabaseKey): AsyncIterable<Alert> {
    return this.#present(ranges.alertsOfDatabase(database), parseAlert);
  }

  alertsOfTenant(tenant: string, span?: Span): AsyncIterable<Alert> {
    return this.#present(ranges.alertsOfTenant(tenant, span), parseAlert);
  }

  // Days and sweeps ---------------------------------------------------------------------------------------------------

  async putDays(days: readonly Day[]): Promise<void> {
    // DynamoDB refuses a batch that names a row twice, so of one day's judgements only the last is sent.
    const items = lastOfEach(days.map(itemOfDay));
    await pMap(chunks(items, maxWrites), (batch) => this.#write(batch), { concurrency: parallelBatches });
  }

  daysOfDatabase(database: DatabaseKey, from: string, to: string): AsyncIterable<Day> {
    return this.#present(ranges.daysOfDatabase(database, from, to), parseDay);
  }

  daysOfTenant(tenant: string, from: string, to: string): AsyncIterable<Day> {
    return this.#present(ranges.daysOfTenant(tenant, from, to), parseDay);
  }

  daysOfDate(date: string): AsyncIterable<Day> {
    return this.#present(ranges.daysOfDate(date), parseDay);
  }

  async putSweep(row: SweepRow): Promise<void> {
    await this.#client.send(new PutCommand({ TableName: this.#table, Item: itemOfSweep(row) }));
  }

  sweeps(span?: Span): AsyncIterable<SweepRow> {
    return this.#present(ranges.sweeps(span), parseSweep);
  }

  async lastWatch(): Promise<SweepRow | undefined> {
    const [row] = await collect(this.#query(ranges.lastWatch(), parseSweep));
    return row;
  }

  // Calls -------------------------------------------------------------------------------------------------------------

  /** The rows of a range that have not expired. */
  async *#present<Row extends { readonly expiresAt?: Date }>(
    range: Range,
    parse: (item: Item) => Row,
  ): AsyncIterable<Row> {
    for await (const row of this.#query(range, parse)) if (isPresent(row, this.#now())) yield row;
  }

  async *#presentBackups(range: Range): AsyncIterable<Backup> {
    for await (const backup of this.#query(range, parseBackup)) {
      if (isPresent(backup.closed ?? {}, this.#now())) yield backup;
    }
  }

  /** The rows of a range, page by page as they are asked for. */
  async *#query<Row>(range: Range, parse: (item: Item) => Row): AsyncIterable<Row> {
    const { index, partition, between, newestFirst = false } = range;
    // DynamoDB calls a range that ends before it begins an error; to us it is empty.
    if (between !== undefined && between[0] > between[1]) return;
    const names: { partitionKey: string; sortKey?: string } = index === undefined ? tableKeys : indexes[index];
    const input = {
      TableName: this.#table,
      ...(index === undefined ? { ConsistentRead: true } : { IndexName: index }),
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
      for (const item of page.Items ?? []) yield parse(item);
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  /** The rows with these keys, strongly consistent, in no order. */
  async #read(keys: readonly PrimaryKey[]): Promise<Item[]> {
    // DynamoDB refuses a batch that names a row twice.
    const batches = chunks(lastOfEach(keys), maxReads);
    return (await pMap(batches, (batch) => this.#readBatch(batch), { concurrency: parallelBatches })).flat();
  }

  async #readBatch(batch: readonly PrimaryKey[]): Promise<Item[]> {
    const found: Item[] = [];
    await untilDone('read', batch, async (keys) => {
      const { Responses, UnprocessedKeys } = await this.#client.send(
        new BatchGetCommand({
          RequestItems: { [this.#table]: { Keys: keys.map(({ pk, sk }) => ({ pk, sk })), ConsistentRead: true } },
        }),
      );
      found.push(...(Responses?.[this.#table] ?? []));
      return (UnprocessedKeys?.[this.#table]?.Keys ?? []).map(parseKey);
    });
    return found;
  }

  async #write(batch: readonly Item[]): Promise<void> {
    await untilDone('written', batch, async (items) => {
      const { UnprocessedItems } = await this.#client.send(
        new BatchWriteCommand({
          RequestItems: { [this.#table]: items.map((Item) => ({ PutRequest: { Item } })) },
        }),
      );
      return (UnprocessedItems?.[this.#table] ?? []).flatMap(({ PutRequest }) => PutRequest?.Item ?? []);
    });
  }

  #putIf(
    item: Item,
    condition: Pick<PutCommandInput, 'ConditionExpression' | 'ExpressionAttributeValues'>,
  ): Promise<Written> {
    return unlessConflict(this.#client.send(new PutCommand({ TableName: this.#table, Item: item, ...condition })));
  }

  #stillThere(backups: readonly Backup[]): Backup[] {
    return backups.filter(({ closed }) => isPresent(closed ?? {}, this.#now()));
  }
}

/** Holds if nobody wrote the row since this version of it was read, or created it where none was read. */
function unchangedSince(version: number | undefined) {
  return version === undefined
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } };
}

/** Reasons for which DynamoDB cancels a transaction because somebody else wrote, or is just writing, the same row. */
const conflictReasons = new Set(['ConditionalCheckFailed', 'TransactionConflict']);

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
  if (error instanceof TransactionCanceledException) {
    const reasons = (error.CancellationReasons ?? []).flatMap(({ Code }) => (Code && Code !== 'None' ? [Code] : []));
    return reasons.length > 0 && reasons.every((reason) => conflictReasons.has(reason));
  }
  return error instanceof ConditionalCheckFailedException || error instanceof TransactionConflictException;
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
    await pause(Math.random() * Math.min(50 * 2 ** tries, 5_000));
    left = await attempt(left);
  }
}

function readable<Row>(parse: (item: Item) => Row, item: Item, onUnreadable: OnUnreadable | undefined): Row[] {
  try {
    return [parse(item)];
  } catch (error) {
    if (onUnreadable === undefined || !(error instanceof UnreadableRow)) throw error;
    onUnreadable(error);
    return [];
  }
}

async function collect<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const collected: Row[] = [];
  for await (const row of rows) collected.push(row);
  return collected;
}

function lastOfEach<Row extends Item | PrimaryKey>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [`${row.pk}\n${row.sk}`, row])).values()];
}

function chunks<Row>(rows: readonly Row[], size: number): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    rows.slice(index * size, (index + 1) * size),
  );
}
