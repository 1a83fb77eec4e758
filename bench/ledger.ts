/**
 * What `tenant` and `status` read of a ledger of 10,000 databases and 365 days, beside a Scan of the same table.
 *
 * `full size`: the commands' own requests, answered from rows that are made as they are asked for, page by page as DynamoDB
 * does (what a Query evaluates counts as read, shown or not; a page ends at 1 MB). It counts items, keys in an index as well as
 * rows, and no time; the Scan's items there are what the table has, by the formula that the smaller ledger's real Scan is held
 * against.
 * `local AWS`: a smaller ledger really written there; it takes the time of the commands' reads and of a Scan in the same run,
 * the median of five. The local AWS is no DynamoDB: the ratio tells, not the milliseconds.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type BatchGetCommandInput,
  DynamoDBDocumentClient,
  paginateScan,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { clientConfig, startLocalAws } from '../local/aws/local-aws.ts';
import {
  type Alert,
  type Backup,
  type DatabaseRow,
  type Day,
  databaseKey,
  type SweepRow,
} from '../shared/domain/index.ts';
import {
  DynamoTable,
  type IndexName,
  type Item,
  itemOfAlert,
  itemOfBackup,
  itemOfDatabase,
  itemOfDay,
  itemOfSweep,
  type Ledger,
  type PrimaryKey,
  sortKeyOf,
  TableLedger,
} from '../shared/ledger/index.ts';
import { collect } from '../shared/lib/iterables.ts';
import { dayMs } from '../shared/lib/time.ts';
import { readStatus, readTenant } from '../shared/read-model/index.ts';
import { createLedgerTable } from '../test/support/ledger-table.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const tableName = 'ledger';
const environment = { account: '123456789012', region: 'eu-west-1' };
const databasesOfTenant = 20;
const repeats = 5;

export interface LedgerResult {
  readonly ledger: string;
  readonly what: string;
  /** Rows of the ledger whose facts are printed or counted on the screen. */
  readonly itemsShown: number;
  readonly itemsRead: number;
  readonly readPerShown: number;
  /** Items that a Scan reads, by those that the command reads. */
  readonly scanReadsTimes: number;
  readonly requests: number;
  /** Only where time was taken. */
  readonly ms?: number;
  readonly scanTakesTimes?: number;
}

export async function ledgerBenchmark(): Promise<LedgerResult[]> {
  return [...(await fullSize()), ...(await onLocalAws())];
}

// The ledger that is read ---------------------------------------------------------------------------------------------

interface Size {
  readonly databases: number;
  readonly days: number;
}

const isoDay = (daysAgo: number) => new Date(now.getTime() - daysAgo * dayMs).toISOString().slice(0, 10);
const tenantOf = (number: number) => `tenant-${Math.floor(number / databasesOfTenant)}`;
const keyOf = (number: number) => databaseKey(environment, `db-${String(number).padStart(26, '0')}`);
const nameOf = (number: number) => `database-${number}`;
const copiesUnderWay = 48;
/** Some wait, some run, some failed, as on a morning after a busy night. */
const copyStateOf = (number: number, daysAgo: number) =>
  daysAgo > 0 || number >= copiesUnderWay ? 'complete' : number < 40 ? 'queued' : number < 45 ? 'running' : 'failed';
const openAlerts = 12;

function backupOf(number: number, daysAgo: number): Backup {
  const createdAt = new Date(`${isoDay(daysAgo)}T04:08:53.123Z`);
  const id = `rds:${nameOf(number)}-${isoDay(daysAgo)}-04-08`;
  return {
    arn: `arn:aws:rds:eu-west-1:123456789012:snapshot:${id}`,
    id,
    database: keyOf(number),
    databaseId: nameOf(number),
    databaseKind: 'instance',
    tenant: tenantOf(number),
    kind: 'automated',
    engine: 'postgres',
    sizeGiB: 100,
    encrypted: true,
    createdAt,
    backupTime: createdAt,
    recordedAt: createdAt,
    learnedFrom: 'event',
    copy: { mode: 'export', state: copyStateOf(number, daysAgo), attempt: 1, queuedAt: createdAt },
  };
}

function databaseOf(number: number, days: number): DatabaseRow {
  const { id, createdAt } = backupOf(number, 0);
  const alert = number < openAlerts ? alertOf(number) : undefined;
  return {
    key: keyOf(number),
    id: nameOf(number),
    kind: 'instance',
    tenant: tenantOf(number),
    engine: 'postgres',
    enrolledAt: new Date(now.getTime() - days * dayMs),
    newestBackup: { id, createdAt, time: createdAt },
    verdict: alert ? 'overdue' : 'protected',
    severity: alert ? 'critical' : 'info',
    cause: alert?.cause ?? null,
    notes: [],
    evaluatedAt: now,
    ...(alert && { alert: { tenant: alert.tenant, opened: alert.opened } }),
  };
}

function alertOf(number: number): Alert {
  return {
    database: keyOf(number),
    databaseId: nameOf(number),
    databaseKind: 'instance',
    tenant: tenantOf(number),
    opened: new Date(now.getTime() - 3_600_000),
    verdict: 'overdue',
    severity: 'critical',
    cause: { code: 'no-known-cause', facts: {} },
    notes: [],
    notified: [{ at: now, step: 'open', to: 'all' }],
  };
}

function dayOf(number: number, daysAgo: number): Day {
  return {
    database: keyOf(number),
    databaseId: nameOf(number),
    databaseKind: 'instance',
    tenant: tenantOf(number),
    date: isoDay(daysAgo),
    verdict: 'protected',
    severity: 'info',
    cause: null,
    notes: [],
    evaluatedAt: now,
    maxAgeHours: 24,
    graceHours: 2,
  };
}

function sweepOf(daysAgo: number): SweepRow {
  const at = new Date(now.getTime() - daysAgo * dayMs);
  return {
    mode: 'sweep',
    started: at,
    finished: at,
    at,
    complete: true,
    databases: 10_000,
    counts: { protected: 9_988, overdue: openAlerts },
    eventsMissed: 0,
    missed: [],
    recorded: 0,
    closed: 0,
    unconfigured: [],
    alerts: { opened: 0, reminded: 0, resolved: 0 },
    apiCalls: {},
    errors: [],
    configHash: 'a3f5',
  };
}

/** How many rows the table has; the Scan on the local AWS is held against it. */
function itemCount({ databases, days }: Size): number {
  return 1 + days + databases * (1 + 2 * days) + Math.min(databases, openAlerts);
}

// Full size -----------------------------------------------------------------------------------------------------------

interface Count {
  items: number;
  requests: number;
}

async function fullSize(): Promise<LedgerResult[]> {
  const size = { databases: 10_000, days: 365 };
  const count = { items: 0, requests: 0 };
  const ledger = ledgerIn(answering(size, count));
  const results: LedgerResult[] = [];
  for (const [what, expected, read] of reads) {
    count.items = 0;
    count.requests = 0;
    const shown = await read(ledger);
    mustBe(what, shown, expected);
    results.push(resultOf('full size: 10,000 × 365', what, shown, count, itemCount(size)));
  }
  return results;
}

/** A command that finds nothing reads little: that would look like a success. */
function mustBe(what: string, shown: number, expected: number): void {
  if (shown !== expected) throw new Error(`${what} showed ${shown} items of ${expected}: nothing was measured`);
}

function resultOf(ledger: string, what: string, itemsShown: number, { items, requests }: Count, scanned: number) {
  return {
    ledger,
    what,
    itemsShown,
    itemsRead: items,
    readPerShown: Math.round((items / itemsShown) * 100) / 100,
    scanReadsTimes: Math.round(scanned / items),
    requests,
  };
}

/** The commands, how many rows' facts they must show, and their reading, which says how many they did show. */
const reads: readonly (readonly [string, number, (ledger: Ledger) => Promise<number>])[] = [
  [
    'tenant',
    2 * databasesOfTenant,
    async (ledger) => {
      const shown = await collect(readTenant(ledger, tenantOf(0), now));
      return shown.length + shown.filter(({ copy }) => copy !== null).length;
    },
  ],
  [
    'status',
    2 + openAlerts + copiesUnderWay,
    async (ledger) => {
      const {
        sweep,
        watch,
        openAlerts: open,
        copies,
      } = await readStatus(ledger, { ...environment, table: tableName, alarms: async () => [] }, now);
      const counted = copies.queued + copies.starting + copies.running + copies.failed;
      return Number(sweep !== null) + Number(watch !== null) + open.length + counted;
    },
  ],
];

/** A client whose answers come from rows that are made as they are asked for. */
function answering(size: Size, count: Count): DynamoDBDocumentClient {
  const send = async ({ input }: { readonly input: QueryCommandInput | BatchGetCommandInput }) => {
    count.requests += 1;
    const answer = 'RequestItems' in input ? batchGet(input, size) : query(input as QueryCommandInput, size);
    count.items += answer.read;
    return answer.output;
  };
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-west-1' }));
  return Object.assign(client, { send });
}

function ledgerIn(client: DynamoDBDocumentClient): Ledger {
  return new TableLedger(new DynamoTable(client, tableName), () => now);
}

function batchGet({ RequestItems }: BatchGetCommandInput, size: Size) {
  const found = (RequestItems?.[tableName]?.Keys ?? []).flatMap(
    (key) => rowAt(key as unknown as PrimaryKey, size) ?? [],
  );
  return { read: found.length, output: { Responses: { [tableName]: found } } };
}

/** The row of a key that a list has named. */
function rowAt({ pk, sk }: PrimaryKey, size: Size): Item | undefined {
  const number = Number(/db-(\d+)/.exec(pk)?.[1]);
  if (Number.isNaN(number) || number >= size.databases) throw new Error(`the benchmark has no row pk=${pk} sk=${sk}`);
  if (pk.startsWith('ALERT#')) return itemOfAlert(alertOf(number));
  if (sk === 'DATABASE') return itemOfDatabase(databaseOf(number, size.days));
  const daysAgo = Math.round((Date.parse(isoDay(0)) - Date.parse(sk.slice('BACKUP#'.length).slice(0, 10))) / dayMs);
  const item = itemOfBackup(backupOf(number, daysAgo));
  return item.sk === sk ? item : undefined;
}

const pageBytes = 1_000_000;

function query(input: QueryCommandInput, size: Size) {
  const values = input.ExpressionAttributeValues ?? {};
  const partition: string = values[':partition'];
  const index = input.IndexName as IndexName | undefined;
  const sort = sortKeyOf(index === undefined ? {} : { index });
  const rows = partitionOf(index, partition, size);
  const [from, to]: [string, string] = [values[':from'] ?? '', values[':to'] ?? '\uffff'];
  const key = (item: Item) => String(item[sort]);
  const wanted = rows
    .filter((item) => key(item) >= from && key(item) <= to)
    .sort((a, b) => (key(a) < key(b) ? -1 : 1) * (input.ScanIndexForward === false ? -1 : 1));
  const start = input.ExclusiveStartKey ? Number(input.ExclusiveStartKey.position) : 0;
  const page: Item[] = [];
  let bytes = 0;
  for (const item of wanted.slice(start)) {
    if (page.length === input.Limit || bytes >= pageBytes) break;
    page.push(item);
    bytes += JSON.stringify(item).length;
  }
  const end = start + page.length;
  const more = end < wanted.length ? { LastEvaluatedKey: { position: end } } : {};
  return { read: page.length, output: { Items: page, ...more } };
}

/** The rows of one partition; those of kinds that the commands do not ask for are named by an error, not left out. */
function partitionOf(index: IndexName | undefined, partition: string, { databases, days }: Size): Item[] {
  const range = (count: number) => Array.from({ length: count }, (_, number) => number);
  if (index === undefined && partition === 'SWEEP') return range(days).map((day) => itemOfSweep(sweepOf(day)));
  if (index === undefined && partition === 'WATCH') return [itemOfSweep({ ...sweepOf(0), mode: 'watch' })];
  const inState = (items: readonly Item[]) => items.filter(({ stateKey }) => stateKey === partition).map(keysIn);
  if (index === 'byState' && partition.startsWith('ALERT#')) {
    return inState(range(openAlerts).map((number) => itemOfAlert(alertOf(number))));
  }
  if (index === 'byState' && partition.startsWith('COPY#')) {
    // Those of earlier days, and of databases behind these, are complete.
    return inState(range(Math.min(databases, copiesUnderWay)).map((number) => itemOfBackup(backupOf(number, 0))));
  }
  if (index === 'byTenant') {
    // Everything that the tenant has in the index: its backups and days lie beside its databases.
    return range(databases)
      .filter((number) => tenantOf(number) === partition)
      .flatMap((number) => [
        keysIn(itemOfDatabase(databaseOf(number, days))),
        ...range(days).flatMap((day) => [keysIn(itemOfBackup(backupOf(number, day))), itemOfDay(dayOf(number, day))]),
      ]);
  }
  throw new Error(`the benchmark has no rows for ${index ?? 'the table'}, ${partition}`);
}

/** What an index holds of a row. */
function keysIn({ pk, sk, tenantKey, listSort, stateKey, stateSort }: Item): Item {
  return { pk, sk, tenantKey, listSort, stateKey, stateSort };
}

// Local AWS -----------------------------------------------------------------------------------------------------------

async function onLocalAws(): Promise<LedgerResult[]> {
  const size = { databases: 100, days: 60 };
  const aws = await startLocalAws({ rdsSimulatorUrl: 'http://127.0.0.1:1' });
  try {
    const dynamo = new DynamoDBClient(clientConfig(aws));
    await createLedgerTable(dynamo, tableName);
    const client = DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } });
    const ledger = ledgerIn(client);
    await fill(ledger, size);
    const count = counting(client);
    const scan = await timed(async () => {
      let scanned = 0;
      for await (const page of paginateScan({ client }, { TableName: tableName })) scanned += page.Items?.length ?? 0;
      return scanned;
    });
    if (scan.result !== itemCount(size)) throw new Error(`a Scan found ${scan.result} items, not ${itemCount(size)}`);
    const results: LedgerResult[] = [];
    for (const [what, expected, read] of reads) {
      count.items = 0;
      count.requests = 0;
      const shown = await read(ledger);
      mustBe(what, shown, expected);
      const once = { ...count };
      const { ms } = await timed(() => read(ledger));
      results.push({
        ...resultOf('local AWS: 100 × 60', what, shown, once, scan.result),
        ms: Math.round(ms * 10) / 10,
        scanTakesTimes: Math.round(scan.ms / ms),
      });
    }
    return results;
  } finally {
    await aws.stop();
  }
}

async function fill(ledger: Ledger, { databases, days }: Size): Promise<void> {
  await ledger.putSweep({ ...sweepOf(0), mode: 'watch' });
  for (let day = 0; day < days; day += 1) await ledger.putSweep(sweepOf(day));
  for (let number = 0; number < databases; number += 1) {
    const row = databaseOf(number, days);
    if (row.alert) await ledger.putDatabaseWithAlert(row, alertOf(number));
    else await ledger.putDatabase(row);
    const range = Array.from({ length: days }, (_, day) => day);
    await Promise.all([
      ledger.putDays(range.map((day) => dayOf(number, day))),
      ...range.map((day) => ledger.recordBackup(backupOf(number, day))),
    ]);
  }
}

/** Counts what the answers hold: a filter would hide what was read, and the ledger uses none. */
function counting(client: DynamoDBDocumentClient): Count {
  const count = { items: 0, requests: 0 };
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const { ScannedCount, Responses } = answer.output as {
        ScannedCount?: number;
        Responses?: Record<string, unknown[]>;
      };
      count.requests += 1;
      count.items += ScannedCount ?? Object.values(Responses ?? {}).flat().length;
      return answer;
    },
    { step: 'initialize', name: 'countItems' },
  );
  return count;
}

async function timed<T>(run: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const times: number[] = [];
  let result = await run();
  for (let turn = 0; turn < repeats; turn += 1) {
    const started = performance.now();
    result = await run();
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return { result, ms: times[Math.floor(repeats / 2)] ?? 0 };
}
