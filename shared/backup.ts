/** From a snapshot that RDS shows as `available` to the backup that the ledger records, and what that does to its database's row. */
import type { ConfiguredDatabase } from './config/fleet.ts';
import { othersInPeriod } from './copy/period.ts';
import { initialCopy } from './copy/wanted.ts';
import { type Ledger, liveBackupId } from './ledger/ledger.ts';
import type { Backup, DatabaseRow, NewestBackup, Snapshot } from './model.ts';
import { backupTimeOf } from './rules/backup-time.ts';
import { deadlineOf } from './rules/deadline.ts';

/** A snapshot that can be restored now; RDS names no creation time only while it is still creating one. */
export type AvailableSnapshot = Snapshot & { readonly createdAt: Date };

export function isAvailable(snapshot: Snapshot): snapshot is AvailableSnapshot {
  return snapshot.status === 'available' && snapshot.createdAt !== undefined;
}

/** How a backup came to be known. */
export interface Learned {
  readonly from: 'event' | 'sweep';
  readonly event?: { readonly id: string; readonly time: Date };
  readonly eventMissed?: boolean;
}

/** The backup to record for a snapshot of the database whose row is `row` (absent: it is met for the first time). */
export async function backupFrom(
  ledger: Ledger,
  snapshot: AvailableSnapshot,
  of: {
    readonly configured?: ConfiguredDatabase;
    readonly tenant?: string;
    readonly row?: DatabaseRow;
    /** When the data of a copied cluster snapshot is from, where that is known already; else the ledger is asked. */
    readonly sourceTime?: Date;
  },
  learned: Learned,
  now: Date,
): Promise<Backup> {
  const { configured, tenant = configured?.tenant } = of;
  const backupTime = backupTimeOf(snapshot, of.sourceTime ?? (await sourceTimeOf(ledger, snapshot)));
  const facts = {
    arn: snapshot.arn,
    id: snapshot.id,
    database: snapshot.database,
    databaseId: snapshot.databaseId,
    databaseKind: snapshot.databaseKind,
    ...(tenant !== undefined && { tenant }),
    kind: snapshot.kind,
    engine: snapshot.engine,
    ...(snapshot.storageType !== undefined && { storageType: snapshot.storageType }),
    ...(snapshot.sizeGiB !== undefined && { sizeGiB: snapshot.sizeGiB }),
    encrypted: snapshot.encrypted,
    createdAt: snapshot.createdAt,
    ...(backupTime !== undefined && { backupTime }),
    recordedAt: now,
    learnedFrom: learned.from,
    ...(learned.eventMissed && { eventMissed: true }),
    ...(learned.event !== undefined && { event: learned.event }),
  } as const;
  const history = of.row && { enrolledAt: of.row.enrolledAt };
  const alone = initialCopy(facts, configured, { ...history, earlier: [] }, now);
  // Only what would be copied if it were the period's only backup needs a look at the others.
  if (alone.state !== 'queued' || !configured) return { ...facts, copy: alone };
  const earlier = await othersInPeriod(ledger, facts, configured.copy.schedule);
  return { ...facts, copy: initialCopy(facts, configured, { ...history, earlier }, now) };
}

/** A copied cluster snapshot has its source's time, if the ledger knows the source. */
export async function sourceTimeOf(ledger: Ledger, snapshot: Snapshot): Promise<Date | undefined> {
  if (snapshot.databaseKind !== 'cluster' || snapshot.sourceArn === undefined) return undefined;
  return (await ledger.backupByArn(snapshot.sourceArn))?.backupTime;
}

/** The row of a database that is met for the first time, by one of its snapshots. */
export function firstRow(snapshot: Snapshot, configured: ConfiguredDatabase | undefined, now: Date): DatabaseRow {
  return {
    key: snapshot.database,
    id: snapshot.databaseId,
    kind: snapshot.databaseKind,
    ...(configured !== undefined && { tenant: configured.tenant }),
    engine: snapshot.engine,
    enrolledAt: now,
    liveBackups: [],
  };
}

/**
 * The row once a backup of it is recorded: the newest moves the deadline, and with it the moment of the watch's next look;
 * an open alert wants that look now, and so does a verdict that was not `protected`.
 */
export function withBackup(
  row: DatabaseRow,
  backup: Backup,
  configured: ConfiguredDatabase | undefined,
  now: Date,
): DatabaseRow {
  const live = liveBackupId(backup);
  const listed = row.liveBackups.includes(live) ? row.liveBackups : [...row.liveBackups, live].sort();
  const newest = newer(row.newestBackup, newestOf(backup));
  const settled = row.inProgress?.id === backup.id;
  if (listed === row.liveBackups && newest === row.newestBackup && !settled) return row;
  const { inProgress, ...rest } = row;
  const moved = {
    ...rest,
    ...(inProgress !== undefined && !settled && { inProgress }),
    liveBackups: listed,
    ...(newest !== undefined && { newestBackup: newest }),
  };
  if (newest === row.newestBackup || newest === undefined || configured === undefined) return moved;
  // What is excluded has no deadline.
  if (configured.excluded !== undefined) return moved;
  const { deadline } = deadlineOf(newest.time, row, configured.policy);
  return { ...moved, deadline, checkAt: row.alert === undefined && settledBefore(row) ? deadline : now };
}

/** Whether the verdict that the row shows still holds with a newer backup; else the next watch judges anew. */
function settledBefore({ verdict }: DatabaseRow): boolean {
  return verdict === undefined || verdict === 'protected';
}

export function newestOf(backup: Pick<Backup, 'arn' | 'id' | 'backupTime'>): NewestBackup | undefined {
  return backup.backupTime && { arn: backup.arn, id: backup.id, time: backup.backupTime };
}

export function newer(one: NewestBackup | undefined, other: NewestBackup | undefined): NewestBackup | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.time > one.time ? other : one;
}

/**
 * The row once a backup of it is gone; `remaining` are the rows of its live backups. Where the newest is gone, the one
 * before it counts, and the watch is to look now.
 */
export function withoutBackup(
  row: DatabaseRow,
  gone: Pick<Backup, 'arn' | 'id' | 'createdAt'>,
  remaining: readonly Backup[],
  now: Date,
): DatabaseRow {
  const live = liveBackupId(gone);
  if (!row.liveBackups.includes(live) && row.newestBackup?.arn !== gone.arn) return row;
  const rest = { ...row, liveBackups: row.liveBackups.filter((id) => id !== live) };
  if (row.newestBackup?.arn !== gone.arn) return rest;
  const newest = remaining
    .filter((backup) => backup.arn !== gone.arn && backup.closed === undefined)
    .map(newestOf)
    .reduce(newer, undefined);
  const { newestBackup: _, ...without } = rest;
  return { ...without, ...(newest !== undefined && { newestBackup: newest }), checkAt: now };
}
