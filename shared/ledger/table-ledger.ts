/** The ledger over its table: `items.ts` has the rows and the questions; this file has the writes, and why each is safe. */
import type {
  Alert,
  AlertId,
  Backup,
  BackupId,
  CopyPause,
  DatabaseKey,
  DatabaseName,
  DatabaseRow,
  Day,
  Environment,
  EnvironmentRow,
  LiveBackup,
  SweepRow,
} from '../domain/index.ts';
import { collect, inChunks, merged } from '../lib/iterables.ts';
import {
  alertKey,
  backupKey,
  databaseOfKey,
  isPresent,
  itemOfAlert,
  itemOfBackup,
  itemOfCopyPause,
  itemOfDatabase,
  itemOfDay,
  itemOfEnvironment,
  itemOfLease,
  itemOfSweep,
  itemOfTurn,
  parseAlert,
  parseBackup,
  parseCopyPause,
  parseDatabase,
  parseDay,
  parseEnvironment,
  parseLive,
  parseSweep,
  parseTurn,
  ranges,
  rowKey,
} from './items.ts';
import {
  type LeaseOn,
  type Ledger,
  type ListedCopyState,
  type OnUnreadable,
  type Span,
  UnreadableRow,
  type Written,
} from './ledger.ts';
import { type Item, type PrimaryKey, type Range, sortKeyOf, type Table } from './table.ts';

/** Rows read by key at once, and at first: whoever stops early (the newest backup, a first screen) has not read many. */
const rowsAtOnce = 100;
const rowsAtFirst = 25;

export class TableLedger implements Ledger {
  readonly #table: Table;
  readonly #now: () => Date;
  readonly #take: OnUnreadable;

  /** `now` decides which rows have expired; DynamoDB itself removes them only some days later. */
  constructor(table: Table, now: () => Date, take: OnUnreadable = throwIt) {
    this.#table = table;
    this.#now = now;
    this.#take = take;
  }

  leavingOut(take: OnUnreadable): Ledger {
    return new TableLedger(this.#table, this.#now, take);
  }

  // Backups -----------------------------------------------------------------------------------------------------------

  async recordBackup(backup: Backup): Promise<'recorded' | 'duplicate'> {
    // EventBridge delivers at least once, so the first record of a backup wins; an expired row is not there.
    const condition = { is: 'absent or expired', now: this.#now() } as const;
    return (await this.#table.put({ item: itemOfBackup(backup), condition })) === 'written' ? 'recorded' : 'duplicate';
  }

  async updateBackup(backup: Backup): Promise<Written> {
    const { version } = backup;
    if (version === undefined) return 'conflict';
    return this.#table.put({ item: itemOfBackup(backup), condition: { is: 'unchanged', version } });
  }

  backupsByArn(arn: string): Promise<Backup[]> {
    return collect(this.#backups(ranges.backupsByArn(arn)));
  }

  async backups(ids: readonly BackupId[]): Promise<Backup[]> {
    return this.#present(await this.#byKey(ids.map(backupKey), parseBackup), expiryOfBackup);
  }

  async liveBackups(database: DatabaseKey): Promise<LiveBackup[]> {
    return this.#readable(await collect(this.#list(ranges.liveBackups(database))), parseLive);
  }

  backupsOfDatabase(database: DatabaseKey, span?: Span): AsyncIterable<Backup> {
    return this.#whole(ranges.backupsOfDatabase(database, span), parseBackup, expiryOfBackup);
  }

  backupsOfTenant(tenant: string, span?: Span): AsyncIterable<Backup> {
    return this.#backups(ranges.backupsOfTenant(tenant, span));
  }

  backupsOfDay(day: string): AsyncIterable<Backup> {
    return this.#backups(ranges.backupsOfDay(day));
  }

  // Copies ------------------------------------------------------------------------------------------------------------

  copies(environment: Environment, state: ListedCopyState): AsyncIterable<Backup> {
    return this.#backups(ranges.copies(environment, state));
  }

  async takeLease(
    environment: Environment,
    holder: string,
    now: Date,
    until: Date,
    on: LeaseOn = 'COPY',
  ): Promise<'taken' | 'held'> {
    // One run at a time does it; a run that died holds the lease no longer than it had asked for.
    const condition = { is: 'free', holder, now } as const;
    const written = await this.#table.put({ item: itemOfLease(environment, on, holder, until), condition });
    return written === 'written' ? 'taken' : 'held';
  }

  async releaseLease(environment: Environment, holder: string, on: LeaseOn = 'COPY'): Promise<void> {
    // If the lease has run out and another run has it, it stays that run's.
    await this.#table.put({ item: itemOfLease(environment, on, holder), condition: { is: 'held by', holder } });
  }

  async copyPauses(environment: Environment): Promise<CopyPause[]> {
    return this.#readable(await collect(this.#list(ranges.copyPauses(environment))), parseCopyPause);
  }

  putCopyPause(pause: CopyPause): Promise<Written> {
    const { version } = pause;
    const condition = { is: 'unchanged', ...(version !== undefined && { version }) } as const;
    return this.#table.put({ item: itemOfCopyPause(pause), condition });
  }

  async environments(): Promise<EnvironmentRow[]> {
    return this.#readable(await collect(this.#list(ranges.environments())), parseEnvironment);
  }

  putEnvironment(row: EnvironmentRow): Promise<Written> {
    const { version } = row;
    const condition = { is: 'unchanged', ...(version !== undefined && { version }) } as const;
    return this.#table.put({ item: itemOfEnvironment(row), condition });
  }

  async tenantsServed(environment: Environment): Promise<ReadonlyMap<string, Date>> {
    const turns = this.#readable(await collect(this.#list(ranges.turns(environment))), parseTurn);
    return new Map(turns.map(({ tenant, servedAt }) => [tenant, servedAt]));
  }

  async noteTenantServed(environment: Environment, tenant: string, at: Date): Promise<void> {
    // A slower run must not make a tenant's wait seem longer.
    await this.#table.put({ item: itemOfTurn(environment, tenant, at), condition: { is: 'earlier', at } });
  }

  // Databases ---------------------------------------------------------------------------------------------------------

  databases(keys: readonly DatabaseKey[]): Promise<DatabaseRow[]> {
    return this.#byKey(keys.map(rowKey), parseDatabase);
  }

  putDatabase(row: DatabaseRow): Promise<Written> {
    return this.#table.put(databaseWrite(row));
  }

  async databasesByName(name: DatabaseName): Promise<DatabaseRow[]> {
    return collect(this.#rows(ranges.databasesByName(name), parseDatabase));
  }

  databasesOfTenant(tenant: string): AsyncIterable<DatabaseRow> {
    return this.#rows(ranges.databasesOfTenant(tenant), parseDatabase);
  }

  allDatabases(): AsyncIterable<DatabaseRow> {
    return this.#rows(ranges.allDatabases(), parseDatabase);
  }

  async *databasesToCheck(now: Date): AsyncIterable<DatabaseKey> {
    for await (const key of this.#list(ranges.databasesToCheck(now))) {
      const database = databaseOfKey(key);
      if (database !== undefined) yield database;
    }
  }

  // Alerts ------------------------------------------------------------------------------------------------------------

  putDatabaseWithAlert(row: DatabaseRow, alert: Alert): Promise<Written> {
    // The alert was decided on the row that was read: if a backup has come in between, it is decided anew.
    return this.#table.putTogether([databaseWrite(row), { item: itemOfAlert(alert) }]);
  }

  async alerts(ids: readonly AlertId[]): Promise<Alert[]> {
    return this.#present(await this.#byKey(ids.map(alertKey), parseAlert), expiryOfRow);
  }

  openAlerts(): AsyncIterable<Alert> {
    return this.#alerts(ranges.openAlerts());
  }

  alertsOfDatabase(database: DatabaseKey): AsyncIterable<Alert> {
    return this.#alerts(ranges.alertsOfDatabase(database));
  }

  alertsOfTenant(tenant: string, span?: Span): AsyncIterable<Alert> {
    return this.#alerts(ranges.alertsOfTenant(tenant, span));
  }

  // Days and sweeps ---------------------------------------------------------------------------------------------------

  putDays(days: readonly Day[]): Promise<void> {
    return this.#table.putAll(days.map(itemOfDay));
  }

  daysOfDatabase(database: DatabaseKey, from: string, to: string): AsyncIterable<Day> {
    return this.#whole(ranges.daysOfDatabase(database, from, to), parseDay, expiryOfRow);
  }

  daysOfTenant(tenant: string, from: string, to: string): AsyncIterable<Day> {
    return this.#whole(ranges.daysOfTenant(tenant, from, to), parseDay, expiryOfRow);
  }

  daysOfDate(date: string): AsyncIterable<Day> {
    return this.#whole(ranges.daysOfDate(date), parseDay, expiryOfRow);
  }

  async putSweep(row: SweepRow): Promise<void> {
    await this.#table.put({ item: itemOfSweep(row) });
  }

  sweeps(span?: Span): AsyncIterable<SweepRow> {
    return this.#whole(ranges.sweeps(span), parseSweep, expiryOfRow);
  }

  async lastWatch(): Promise<SweepRow | undefined> {
    const [item] = await collect(this.#list(ranges.lastWatch()));
    return item && this.#readable([item], parseSweep)[0];
  }

  // Reading -----------------------------------------------------------------------------------------------------------

  /** The items of ranges as one list, in the order of their sort keys. */
  #list(of: readonly Range[]): AsyncIterable<Item> {
    const [one] = of;
    const sortKey = sortKeyOf(one ?? {});
    const order = one?.newestFirst ? -1 : 1;
    const compare = (a: Item, b: Item) => order * compareText(String(a[sortKey]), String(b[sortKey]));
    return merged(
      of.map((range) => this.#table.query(range)),
      compare,
    );
  }

  /** Rows whose facts the range holds itself. */
  async *#whole<Row>(
    of: readonly Range[],
    parse: (item: Item) => Row,
    expiry: (row: Row) => Expiring,
  ): AsyncIterable<Row> {
    for await (const item of this.#list(of)) {
      yield* this.#present(this.#readable([item], parse), expiry);
    }
  }

  /** Rows whose keys a range holds: read by key, in the order of the range. */
  async *#rows<Row>(of: readonly Range[], parse: (item: Item) => Row): AsyncIterable<Row> {
    for await (const keys of inChunks(this.#list(of), rowsAtOnce, rowsAtFirst)) {
      const items = new Map((await this.#table.read(keys)).map((item) => [`${item.pk}\n${item.sk}`, item]));
      for (const { pk, sk } of keys) {
        const item = items.get(`${pk}\n${sk}`);
        // An index may still show what is gone.
        if (item !== undefined) yield* this.#readable([item], parse);
      }
    }
  }

  async *#backups(of: readonly Range[]): AsyncIterable<Backup> {
    for await (const row of this.#rows(of, parseBackup)) {
      if (isPresent(expiryOfBackup(row), this.#now())) yield row;
    }
  }

  async *#alerts(of: readonly Range[]): AsyncIterable<Alert> {
    for await (const row of this.#rows(of, parseAlert)) if (isPresent(row, this.#now())) yield row;
  }

  async #byKey<Row>(keys: readonly PrimaryKey[], parse: (item: Item) => Row): Promise<Row[]> {
    return this.#readable(await this.#table.read(keys), parse);
  }

  #readable<Row>(items: readonly Item[], parse: (item: Item) => Row): Row[] {
    return items.flatMap((item) => {
      try {
        return [parse(item)];
      } catch (error) {
        if (!(error instanceof UnreadableRow)) throw error;
        this.#take(error);
        return [];
      }
    });
  }

  #present<Row>(rows: readonly Row[], expiry: (row: Row) => Expiring): Row[] {
    return rows.filter((row) => isPresent(expiry(row), this.#now()));
  }
}

interface Expiring {
  readonly expiresAt?: Date;
}

const expiryOfBackup = ({ closed }: Backup): Expiring => closed ?? {};
const expiryOfRow = (row: Expiring): Expiring => row;

function databaseWrite(row: DatabaseRow) {
  const { version } = row;
  return {
    item: itemOfDatabase(row),
    condition: { is: 'unchanged', ...(version !== undefined && { version }) },
  } as const;
}

function throwIt(row: UnreadableRow): never {
  throw row;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
