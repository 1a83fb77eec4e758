/**
 * What the product asks of its ledger. Two implementations keep these promises (DynamoDB, and memory for tests of months);
 * one contract suite holds both to them.
 *
 * Writes are optimistic: a row carries a `version`, a writer hands back the row it read, changed, and the write is refused
 * as `conflict` when somebody else wrote in between. The writer then reads again and decides again. The first write of a
 * row gives it version 1, each further one adds 1. Rows whose `expiresAt` has passed are not there.
 */
import type {
  Alert,
  activeCopyStates,
  Backup,
  DatabaseKey,
  DatabaseKind,
  DatabaseRow,
  Day,
  SweepRow,
} from '../model.ts';

export type Written = 'written' | 'conflict';

/** A span of time: from inclusive, to exclusive; an absent bound is open. */
export interface Span {
  readonly from?: Date;
  readonly to?: Date;
}

/**
 * A database as the indexes show it: all that is printed, without what only a writer needs. It may be a moment old; to
 * change a database, read its row by `databases`.
 */
export type DatabaseSummary = Omit<DatabaseRow, 'liveBackups' | 'version'>;

/** States of copies that are listed by themselves: what still moves, and what a person may try again. */
export type ListedCopyState = (typeof activeCopyStates)[number] | 'failed';

/** A row of the ledger that cannot be read: somebody wrote it by hand, or a newer release did. */
export class UnreadableRow extends Error {
  override readonly name = 'UnreadableRow';
  /** The database whose row, or one of whose rows, it is. */
  readonly database: DatabaseKey | undefined;

  constructor(message: string, database: DatabaseKey | undefined) {
    super(message);
    this.database = database;
  }
}

/** Takes a row that cannot be read; the others are read on. Where nobody takes it, it is thrown. */
export type OnUnreadable = (row: UnreadableRow) => void;

export interface Ledger {
  // Backups ---------------------------------------------------------------------------------------------------------

  /** The first record of a backup wins: EventBridge delivers at least once, and a sweep may have been faster. */
  recordBackup(backup: Backup): Promise<'recorded' | 'duplicate'>;
  /** Writes a changed row (its copy, its closing); `backup.version` is the version that was read. */
  updateBackup(backup: Backup): Promise<Written>;
  /** The row of a snapshot: deletion and export events name only its ARN. Strongly consistent once the index knows it. */
  backupByArn(arn: string): Promise<Backup | undefined>;
  /** Rows by database and live-backup id (`liveBackupId`), 100 a call, in no order; what is not there is left out. */
  backups(ids: readonly { readonly database: DatabaseKey; readonly liveBackup: string }[]): Promise<Backup[]>;
  /** A database's backups by creation time, newest first. */
  backupsOfDatabase(database: DatabaseKey, span?: Span): AsyncIterable<Backup>;
  /** A tenant's backups by backup time (where that is unknown: by creation time), newest first. */
  backupsOfTenant(tenant: string, span?: Span): AsyncIterable<Backup>;
  /** The backups of a UTC day (`YYYY-MM-DD`, of their backup time, else of their creation), newest first. */
  backupsOfDay(day: string): AsyncIterable<Backup>;

  // Copies ----------------------------------------------------------------------------------------------------------

  /**
   * Backups whose copy is in an active state, or failed while RDS still has the snapshot, queued first first. The index lags
   * behind.
   */
  copies(state: ListedCopyState): AsyncIterable<Backup>;
  /** Takes the lease on starting copies until `until`, unless another holder's has not run out by `now`. */
  takeLease(holder: string, now: Date, until: Date): Promise<'taken' | 'held'>;
  /** Gives the lease back; does nothing if somebody else holds it by now. */
  releaseLease(holder: string): Promise<void>;
  /** When each tenant's copy was last started; who is not in it was never served. */
  tenantsServed(): Promise<ReadonlyMap<string, Date>>;
  /** Never moves a tenant's time back. */
  noteTenantServed(tenant: string, at: Date): Promise<void>;

  // Databases -------------------------------------------------------------------------------------------------------

  /** Rows by key, 100 a call, strongly consistent, in no order; what is not there is left out. */
  databases(keys: readonly DatabaseKey[], onUnreadable?: OnUnreadable): Promise<DatabaseRow[]>;
  /** Writes a whole row; `row.version` is the version that was read, absent for a new row. */
  putDatabase(row: DatabaseRow): Promise<Written>;
  /** Rows of databases of that name, also earlier holders of the name (other resource ids). */
  databasesByName(kind: DatabaseKind, id: string): Promise<DatabaseRow[]>;
  /** By name. */
  databasesOfTenant(tenant: string): AsyncIterable<DatabaseSummary>;
  /** Every database the ledger knows, those to be checked next first, without a Scan. */
  allDatabases(onUnreadable?: OnUnreadable): AsyncIterable<DatabaseSummary>;
  /** Databases whose `checkAt` is not after `now`, earliest first. The index lags behind and projects no `liveBackups`. */
  databasesToCheck(now: Date): AsyncIterable<DatabaseKey>;

  // Alerts ----------------------------------------------------------------------------------------------------------

  /** Writes the database row and, in the same transaction, the alert's own row (its history). */
  putDatabaseWithAlert(row: DatabaseRow, alert: Alert): Promise<Written>;
  /** Alerts without `resolved`, oldest first. The index lags behind. */
  openAlerts(): AsyncIterable<Alert>;
  /** Newest first. */
  alertsOfDatabase(database: DatabaseKey): AsyncIterable<Alert>;
  /** Newest first. */
  alertsOfTenant(tenant: string, span?: Span): AsyncIterable<Alert>;

  // Days and sweeps -------------------------------------------------------------------------------------------------

  /** Writes the days' judgements, 25 a call; a later judgement of the same day replaces the earlier. */
  putDays(days: readonly Day[]): Promise<void>;
  /** Oldest first; dates `YYYY-MM-DD`, both inclusive. */
  daysOfDatabase(database: DatabaseKey, from: string, to: string): AsyncIterable<Day>;
  daysOfTenant(tenant: string, from: string, to: string): AsyncIterable<Day>;
  /** All databases' judgements of one day. */
  daysOfDate(date: string): AsyncIterable<Day>;

  /** A sweep's row replaces one with the same start; of the watch only the last row is kept. */
  putSweep(row: SweepRow): Promise<void>;
  /** Sweeps newest first. */
  sweeps(span?: Span): AsyncIterable<SweepRow>;
  lastWatch(): Promise<SweepRow | undefined>;
}

/** The id of a backup among a database's live ones: sorts by creation, and is the tail of its row's sort key. */
export function liveBackupId(backup: { readonly createdAt: Date; readonly id: string }): string {
  return `${backup.createdAt.toISOString()}#${backup.id}`;
}
