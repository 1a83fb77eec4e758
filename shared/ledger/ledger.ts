/**
 * What the product asks of its ledger.
 *
 * Writes are optimistic: a row carries a `version`, a writer hands back the row it read, changed, and the write is refused
 * as `conflict` when somebody else wrote in between. The writer then reads again and decides again (`update.ts`). The first
 * write of a row gives it version 1, each further one adds 1. Rows whose `expiresAt` has passed are not there.
 *
 * Lists come from indexes, which lag behind by a moment: a row may be missing from one. The rows themselves are read by key,
 * strongly consistent.
 */
import type {
  ActiveCopyState,
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
import type { Written } from './table.ts';

export type { Written };

/** A span of time: from inclusive, to exclusive; an absent bound is open. */
export interface Span {
  readonly from?: Date;
  readonly to?: Date;
}

/**
 * Copies that are listed by themselves: by their state those that still move, and those that a person may try again; as `pending`
 * those that have ended, and of which people are still to be notified.
 */
export type ListedCopyState = ActiveCopyState | 'failed' | 'pending';

/** What one run at a time does: it starts copies, or notifies people of them. */
export type LeaseOn = 'COPY' | 'NOTICE';

/** A row of the ledger that cannot be read: somebody wrote it by hand. */
export class UnreadableRow extends Error {
  override readonly name = 'UnreadableRow';
  /** The database whose row, or one of whose rows, it is. */
  readonly database: DatabaseKey | undefined;
  /** Where it is the row of a database: what its keys say of it. */
  readonly ref: Pick<DatabaseRow, 'key' | 'kind' | 'id'> | undefined;

  constructor(message: string, database: DatabaseKey | undefined, ref?: Pick<DatabaseRow, 'key' | 'kind' | 'id'>) {
    super(message);
    this.database = database;
    this.ref = ref;
  }
}

/** Takes a row that cannot be read, and may throw it. */
export type OnUnreadable = (row: UnreadableRow) => void;

/** A method that asks DynamoDB for something. */
export type LedgerMethod = Exclude<keyof Ledger, 'leavingOut'>;

/** A row that cannot be read is thrown, unless `leavingOut` says otherwise. */
export interface Ledger {
  /** The same ledger, whose lists leave out rows that cannot be read; `take` gets each of them. */
  leavingOut(take: OnUnreadable): Ledger;

  // Backups ---------------------------------------------------------------------------------------------------------

  /** The first record of a backup wins: EventBridge delivers at least once, and a sweep may have been faster. */
  recordBackup(backup: Backup): Promise<'recorded' | 'duplicate'>;
  /** Writes a changed row (its copy, its closing); `backup.version` is the version that was read. */
  updateBackup(backup: Backup): Promise<Written>;
  /** The rows that a snapshot's ARN has named, newest first: a name may be used again. */
  backupsByArn(arn: string): Promise<Backup[]>;
  /** Rows by id, 100 a call, in no order; what is not there is left out. */
  backups(ids: readonly BackupId[]): Promise<Backup[]>;
  /** A database's backups that are not closed, in the order in which they were recorded; strongly consistent. */
  liveBackups(database: DatabaseKey): Promise<LiveBackup[]>;
  /** A database's backups by creation time, newest first. */
  backupsOfDatabase(database: DatabaseKey, span?: Span): AsyncIterable<Backup>;
  /** A tenant's backups by backup time (where that is unknown: by creation time), newest first. */
  backupsOfTenant(tenant: string, span?: Span): AsyncIterable<Backup>;
  /** The backups of a UTC day (`YYYY-MM-DD`, of their backup time, else of their creation), newest first. */
  backupsOfDay(day: string): AsyncIterable<Backup>;

  // Copies, each in an environment: RDS counts slots by account, and exports only within a Region ----------------------

  /** Backups whose copy is in an active state, or failed while RDS still has the snapshot, queued first first. */
  copies(environment: Environment, state: ListedCopyState): AsyncIterable<Backup>;
  /** Takes a lease until `until`, unless another holder's has not run out by `now`. Its holder may take it again, for longer. */
  takeLease(environment: Environment, holder: string, now: Date, until: Date, on?: LeaseOn): Promise<'taken' | 'held'>;
  /** Gives the lease back; does nothing if somebody else holds it by now. */
  releaseLease(environment: Environment, holder: string, on?: LeaseOn): Promise<void>;
  /** Faults of set-up that copies have met, the healed ones among them. */
  copyPauses(environment: Environment): Promise<CopyPause[]>;
  /** Writes a whole row; `pause.version` is the version that was read, absent for a new row. */
  putCopyPause(pause: CopyPause): Promise<Written>;
  /** When each tenant's copy was last started; who is not in it was never served. */
  tenantsServed(environment: Environment): Promise<ReadonlyMap<string, Date>>;
  /** Never moves a tenant's time back. */
  noteTenantServed(environment: Environment, tenant: string, at: Date): Promise<void>;

  // Environments ----------------------------------------------------------------------------------------------------

  /** Every account and Region that there is something to say of; strongly consistent. */
  environments(): Promise<EnvironmentRow[]>;
  /** Writes a whole row; `row.version` is the version that was read, absent for a new row. */
  putEnvironment(row: EnvironmentRow): Promise<Written>;

  // Databases -------------------------------------------------------------------------------------------------------

  /** Rows by key, 100 a call, strongly consistent, in no order; what is not there is left out. */
  databases(keys: readonly DatabaseKey[]): Promise<DatabaseRow[]>;
  /** Writes a whole row; `row.version` is the version that was read, absent for a new row. */
  putDatabase(row: DatabaseRow): Promise<Written>;
  /** Rows of databases of that name, also earlier holders of the name (other resource ids). */
  databasesByName(name: DatabaseName): Promise<DatabaseRow[]>;
  /** By name. */
  databasesOfTenant(tenant: string): AsyncIterable<DatabaseRow>;
  /** Every database the ledger knows, without a Scan, in no order. */
  allDatabases(): AsyncIterable<DatabaseRow>;
  /** Databases whose `nextCheckAt` is not after `now`, earliest first. */
  databasesToCheck(now: Date): AsyncIterable<DatabaseKey>;

  // Alerts ----------------------------------------------------------------------------------------------------------

  /** Writes the database row and, in the same transaction, the alert's row: the version of the former guards both. */
  putDatabaseWithAlert(row: DatabaseRow, alert: Alert): Promise<Written>;
  /** Rows by id, 100 a call, in no order; what is not there is left out. */
  alerts(ids: readonly AlertId[]): Promise<Alert[]>;
  /** Alerts without `resolved`, oldest first. */
  openAlerts(): AsyncIterable<Alert>;
  /** Newest first. */
  alertsOfDatabase(database: DatabaseKey): AsyncIterable<Alert>;
  /** Newest first. */
  alertsOfTenant(tenant: string, span?: Span): AsyncIterable<Alert>;

  // Days and sweeps -------------------------------------------------------------------------------------------------

  /** Writes the days' evaluations, 25 a call; a later evaluation of the same day replaces the earlier. */
  putDays(days: readonly Day[]): Promise<void>;
  /** Oldest first; dates `YYYY-MM-DD`, both inclusive. */
  daysOfDatabase(database: DatabaseKey, from: string, to: string): AsyncIterable<Day>;
  daysOfTenant(tenant: string, from: string, to: string): AsyncIterable<Day>;
  /** All databases' evaluations of one day, by key. */
  daysOfDate(date: string): AsyncIterable<Day>;

  /** A sweep's row replaces one with the same start; of the watch only the last row is kept. */
  putSweep(row: SweepRow): Promise<void>;
  /** Sweeps newest first. */
  sweeps(span?: Span): AsyncIterable<SweepRow>;
  lastWatch(): Promise<SweepRow | undefined>;
}
