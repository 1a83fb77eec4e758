/**
 * The ledger in memory, for tests of months and of thousands of databases. It keeps the promises of `ledger.ts` by the
 * same keys and ranges as the DynamoDB one, so both list the same rows in the same order.
 */
import type { Alert, Backup, DatabaseKey, DatabaseKind, DatabaseRow, Day, SweepRow } from '../model.ts';
import {
  backupKey,
  databaseKey,
  type IndexName,
  indexes,
  isPresent,
  type Keys,
  keysOfAlert,
  keysOfBackup,
  keysOfDatabase,
  keysOfDay,
  keysOfSweep,
  type PrimaryKey,
  type Range,
  ranges,
} from './items.ts';
import type { DatabaseSummary, Ledger, ListedCopyState, Span, Written } from './ledger.ts';

export class MemoryLedger implements Ledger {
  readonly #now: () => Date;
  readonly #backups = new Table<Backup>(keysOfBackup);
  readonly #databases = new Table<DatabaseRow>(keysOfDatabase);
  readonly #alerts = new Table<Alert>(keysOfAlert);
  readonly #days = new Table<Day>(keysOfDay);
  readonly #sweeps = new Table<SweepRow>(keysOfSweep);
  readonly #served = new Map<string, Date>();
  #lease: { readonly holder: string; readonly until: Date } | undefined;

  /** `now` decides which rows have expired. */
  constructor(now: () => Date) {
    this.#now = now;
  }

  // Backups -----------------------------------------------------------------------------------------------------------

  async recordBackup(backup: Backup): Promise<'recorded' | 'duplicate'> {
    const known = this.#backups.get(keysOfBackup(backup));
    if (known !== undefined && this.#isPresent(known)) return 'duplicate';
    this.#backups.put({ ...backup, version: 1 });
    return 'recorded';
  }

  async updateBackup(backup: Backup): Promise<Written> {
    const known = this.#backups.get(keysOfBackup(backup));
    if (backup.version === undefined || known?.version !== backup.version) return 'conflict';
    this.#backups.put({ ...backup, version: backup.version + 1 });
    return 'written';
  }

  async backupByArn(arn: string): Promise<Backup | undefined> {
    return this.#present(this.#backups.query(ranges.backupByArn(arn)))[0];
  }

  async backups(ids: readonly { readonly database: DatabaseKey; readonly liveBackup: string }[]): Promise<Backup[]> {
    const keys = ids.map(({ database, liveBackup }) => backupKey(database, liveBackup));
    return this.#present(this.#backups.getAll(keys));
  }

  async *backupsOfDatabase(database: DatabaseKey, span?: Span): AsyncIterable<Backup> {
    yield* this.#present(this.#backups.query(ranges.backupsOfDatabase(database, span)));
  }

  async *backupsOfTenant(tenant: string, span?: Span): AsyncIterable<Backup> {
    yield* this.#present(this.#backups.query(ranges.backupsOfTenant(tenant, span)));
  }

  async *backupsOfDay(day: string): AsyncIterable<Backup> {
    yield* this.#present(this.#backups.query(ranges.backupsOfDay(day)));
  }

  // Copies ------------------------------------------------------------------------------------------------------------

  async *copies(state: ListedCopyState): AsyncIterable<Backup> {
    yield* this.#present(this.#backups.query(ranges.copies(state)));
  }

  async takeLease(holder: string, now: Date, until: Date): Promise<'taken' | 'held'> {
    if (this.#lease !== undefined && this.#lease.holder !== holder && this.#lease.until > now) return 'held';
    this.#lease = { holder, until };
    return 'taken';
  }

  async releaseLease(holder: string): Promise<void> {
    if (this.#lease?.holder === holder) this.#lease = undefined;
  }

  async tenantsServed(): Promise<ReadonlyMap<string, Date>> {
    return new Map(this.#served);
  }

  async noteTenantServed(tenant: string, at: Date): Promise<void> {
    const last = this.#served.get(tenant);
    if (last === undefined || last < at) this.#served.set(tenant, at);
  }

  // Databases ---------------------------------------------------------------------------------------------------------

  async databases(keys: readonly DatabaseKey[]): Promise<DatabaseRow[]> {
    return this.#databases.getAll(keys.map(databaseKey));
  }

  async putDatabase(row: DatabaseRow): Promise<Written> {
    const known = this.#databases.get(databaseKey(row.key));
    if (known?.version !== row.version) return 'conflict';
    this.#databases.put({ ...row, version: (row.version ?? 0) + 1 });
    return 'written';
  }

  async databasesByName(kind: DatabaseKind, id: string): Promise<DatabaseRow[]> {
    return this.#databases.query(ranges.databasesByName(kind, id));
  }

  async *databasesOfTenant(tenant: string): AsyncIterable<DatabaseSummary> {
    yield* this.#databases.query(ranges.databasesOfTenant(tenant)).map(summary);
  }

  async *allDatabases(): AsyncIterable<DatabaseSummary> {
    yield* this.#databases.query(ranges.allDatabases()).map(summary);
  }

  async *databasesToCheck(now: Date): AsyncIterable<DatabaseKey> {
    yield* this.#databases.query(ranges.databasesToCheck(now)).map((row) => row.key);
  }

  // Alerts ------------------------------------------------------------------------------------------------------------

  async putDatabaseWithAlert(row: DatabaseRow, alert: Alert): Promise<Written> {
    const written = await this.putDatabase(row);
    if (written === 'written') this.#alerts.put(alert);
    return written;
  }

  async *openAlerts(): AsyncIterable<Alert> {
    yield* this.#stillThere(this.#alerts.query(ranges.openAlerts()));
  }

  async *alertsOfDatabase(database: DatabaseKey): AsyncIterable<Alert> {
    yield* this.#stillThere(this.#alerts.query(ranges.alertsOfDatabase(database)));
  }

  async *alertsOfTenant(tenant: string, span?: Span): AsyncIterable<Alert> {
    yield* this.#stillThere(this.#alerts.query(ranges.alertsOfTenant(tenant, span)));
  }

  // Days and sweeps ---------------------------------------------------------------------------------------------------

  async putDays(days: readonly Day[]): Promise<void> {
    for (const day of days) this.#days.put(day);
  }

  async *daysOfDatabase(database: DatabaseKey, from: string, to: string): AsyncIterable<Day> {
    yield* this.#stillThere(this.#days.query(ranges.daysOfDatabase(database, from, to)));
  }

  async *daysOfTenant(tenant: string, from: string, to: string): AsyncIterable<Day> {
    yield* this.#stillThere(this.#days.query(ranges.daysOfTenant(tenant, from, to)));
  }

  async *daysOfDate(date: string): AsyncIterable<Day> {
    yield* this.#stillThere(this.#days.query(ranges.daysOfDate(date)));
  }

  async putSweep(row: SweepRow): Promise<void> {
    this.#sweeps.put(row);
  }

  async *sweeps(span?: Span): AsyncIterable<SweepRow> {
    yield* this.#stillThere(this.#sweeps.query(ranges.sweeps(span)));
  }

  async lastWatch(): Promise<SweepRow | undefined> {
    return this.#sweeps.query(ranges.lastWatch())[0];
  }

  #isPresent({ closed }: Backup): boolean {
    return isPresent(closed ?? {}, this.#now());
  }

  #stillThere<Row extends { readonly expiresAt?: Date }>(rows: readonly Row[]): Row[] {
    return rows.filter((row) => isPresent(row, this.#now()));
  }

  #present(backups: readonly Backup[]): Backup[] {
    return backups.filter((backup) => this.#isPresent(backup));
  }
}

function summary({ liveBackups: _, version: __, ...shown }: DatabaseRow): DatabaseSummary {
  return shown;
}

interface Entry<Row> {
  readonly primary: string;
  readonly sort: string;
  readonly row: Row;
}

/** Rows of one kind, with the table's own partitions and those of its indexes. */
class Table<Row> {
  readonly #keysOf: (row: Row) => Keys;
  readonly #rows = new Map<string, Row>();
  readonly #partitions = new Map<string, Partition<Row>>();

  constructor(keysOf: (row: Row) => Keys) {
    this.#keysOf = keysOf;
  }

  get(key: PrimaryKey): Row | undefined {
    return this.#rows.get(primary(key));
  }

  getAll(keys: readonly PrimaryKey[]): Row[] {
    return [...new Set(keys.map(primary))].flatMap((key) => this.#rows.get(key) ?? []);
  }

  put(row: Row): void {
    const keys = this.#keysOf(row);
    const key = primary(keys);
    const known = this.#rows.get(key);
    if (known !== undefined) {
      for (const { partition } of placesOf(this.#keysOf(known))) this.#partitions.get(partition)?.remove(key);
    }
    this.#rows.set(key, row);
    for (const { partition, sort } of placesOf(keys)) {
      const entries = this.#partitions.get(partition) ?? new Partition<Row>();
      this.#partitions.set(partition, entries);
      entries.add({ primary: key, sort, row });
    }
  }

  query({ index, partition, between, newestFirst = false }: Range): Row[] {
    const entries = this.#partitions.get(place(index, partition))?.sorted() ?? [];
    const inRange = between
      ? entries.slice(firstFrom(entries, between[0]), firstBeyond(entries, between[1]))
      : [...entries];
    const rows = inRange.map(({ row }) => row);
    return newestFirst ? rows.reverse() : rows;
  }
}

/** The rows that share a partition key, sorted when they are asked for after a change. */
class Partition<Row> {
  readonly #entries = new Map<string, Entry<Row>>();
  #sorted: readonly Entry<Row>[] | undefined;

  add(entry: Entry<Row>): void {
    this.#entries.set(entry.primary, entry);
    this.#sorted = undefined;
  }

  remove(key: string): void {
    this.#entries.delete(key);
    this.#sorted = undefined;
  }

  sorted(): readonly Entry<Row>[] {
    this.#sorted ??= [...this.#entries.values()].sort(bySort);
    return this.#sorted;
  }
}

const bySort = (a: { sort: string }, b: { sort: string }) => (a.sort < b.sort ? -1 : a.sort > b.sort ? 1 : 0);
const primary = ({ pk, sk }: PrimaryKey) => `${pk}\n${sk}`;
const place = (index: IndexName | undefined, partition: string) => `${index ?? ''}\n${partition}`;

/** Where a row stands: in the table, and in each index whose key it has. */
function placesOf(keys: Keys): { readonly partition: string; readonly sort: string }[] {
  const places = [{ partition: place(undefined, keys.pk), sort: keys.sk }];
  for (const [name, index] of Object.entries(indexes) as [IndexName, IndexKeys][]) {
    const partition = keys[index.partitionKey];
    if (partition !== undefined) {
      places.push({ partition: place(name, partition), sort: (index.sortKey && keys[index.sortKey]) ?? '' });
    }
  }
  return places;
}

interface IndexKeys {
  readonly partitionKey: keyof Keys;
  readonly sortKey?: keyof Keys;
}

/** The position of the first entry for which `isBehind` holds, by bisection. */
function firstWhere<Row>(entries: readonly Entry<Row>[], isBehind: (sort: string) => boolean): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBehind((entries[middle] as Entry<Row>).sort)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const firstFrom = <Row>(entries: readonly Entry<Row>[], from: string) => firstWhere(entries, (sort) => sort >= from);
const firstBeyond = <Row>(entries: readonly Entry<Row>[], to: string) => firstWhere(entries, (sort) => sort > to);
