/** From a snapshot that RDS shows as `available` to the backup that the ledger records, and what that does to its database's row. */
import type { ConfiguredDatabase } from '../config/index.ts';
import { initialCopy, othersInPeriod } from '../copies/index.ts';
import {
  type AvailableSnapshot,
  type Backup,
  backupIdOf,
  type Closing,
  type DatabaseRow,
  isSharedOwner,
  mayComeFromElsewhere,
  type Snapshot,
} from '../domain/index.ts';
import { backupTimeOf, deadlineOf, isNewest, newer, newestOf } from '../evaluation/index.ts';
import { closeBackup, type Ledger, updateDatabase } from '../ledger/index.ts';
import { ownershipAfter } from '../ownership.ts';

/** How a backup came to be known. */
export interface Learned {
  readonly from: 'event' | 'sweep';
  readonly event?: { readonly id: string; readonly time: Date };
  readonly eventMissed?: boolean;
}

/** What is known of the database that a snapshot is of. */
export interface SnapshotOwner {
  /** The tenant whose the snapshot is; absent: nobody's. */
  readonly tenant?: string;
  /** The entry of the configuration that its database, or its name, has now. It may be another tenant's. */
  readonly configured?: ConfiguredDatabase;
  /** Whether its database is a replica. */
  readonly isOfReplica?: boolean;
}

/**
 * The backup to record for a snapshot. `sourceTime` is that of a copied cluster snapshot, where it is known already. What a
 * sweep finds may be from before the database was enrolled: `row` says when that was; absent: it is met for the first time.
 */
export async function backupFrom(
  ledger: Ledger,
  snapshot: AvailableSnapshot,
  owner: SnapshotOwner & { readonly row?: DatabaseRow; readonly sourceTime?: Date },
  learned: Learned,
  now: Date,
): Promise<Backup> {
  const { configured, tenant, row, isOfReplica = false } = owner;
  const sourceTime = owner.sourceTime ?? (await sourceTimeOf(ledger, snapshot));
  const backupTime = backupTimeOf(snapshot, { sourceTime, isOfReplica });
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
  if (tenant !== undefined && configured !== undefined && configured.tenant !== tenant) {
    const cause = { code: 'owner-changed', facts: { tenant: configured.tenant } } as const;
    return { ...facts, copy: { mode: configured.copy.mode, state: 'skipped', attempt: 0, endedAt: now, cause } };
  }
  const history = row && { enrolledAt: row.enrolledAt };
  const alone = initialCopy(facts, configured, { ...history, earlier: [] }, now);
  // Only what would be copied if it were the period's only backup has to be compared with the others.
  if (alone.state !== 'queued' || !configured) return { ...facts, copy: alone };
  const earlier = await othersInPeriod(ledger, facts, configured.copy.schedule);
  return { ...facts, copy: initialCopy(facts, configured, { ...history, earlier }, now) };
}

/**
 * A copied cluster snapshot has its source's time, if the ledger knows the source: of those that its ARN has named, the last
 * one before the copy.
 */
export async function sourceTimeOf(ledger: Ledger, snapshot: Snapshot): Promise<Date | undefined> {
  const { databaseKind, sourceArn, createdAt } = snapshot;
  if (databaseKind !== 'cluster' || sourceArn === undefined) return undefined;
  const sources = await ledger.backupsByArn(sourceArn);
  return sources.find((source) => createdAt === undefined || source.createdAt <= createdAt)?.backupTime;
}

/** The row of a database that is met for the first time, by one of its snapshots. */
export function firstRow(snapshot: Snapshot, configured: ConfiguredDatabase | undefined, now: Date): DatabaseRow {
  return {
    key: snapshot.database,
    id: snapshot.databaseId,
    kind: snapshot.databaseKind,
    ...ownershipAfter(undefined, configured, now),
    engine: snapshot.engine,
    enrolledAt: now,
    ...(mayComeFromElsewhere(snapshot) && { foreign: true }),
  };
}

/** The row, once one of its database's snapshots shows that it was here. */
export function seenHere(row: DatabaseRow, snapshot: Snapshot): DatabaseRow {
  const { foreign, ...rest } = row;
  return foreign === undefined || mayComeFromElsewhere(snapshot) ? row : rest;
}

/**
 * The row once a backup of it is recorded: the newest moves the deadline, and with it the moment of the next check; an alert
 * wants that check now, and so does a verdict that was not `protected`.
 */
export function withBackup(
  row: DatabaseRow,
  backup: Backup,
  configured: ConfiguredDatabase | undefined,
  now: Date,
): DatabaseRow {
  const newest = newer(row.newestBackup, newestOf(backup));
  const ended = row.inProgress?.id === backup.id;
  if (newest === row.newestBackup && !ended) return row;
  const { inProgress, lastBackup, ...rest } = row;
  const moved = {
    ...rest,
    ...(inProgress !== undefined && !ended && { inProgress }),
    ...(newest === undefined ? lastBackup && { lastBackup } : { newestBackup: newest }),
  };
  if (newest === row.newestBackup || newest === undefined || configured === undefined) return moved;
  // What is excluded has no deadline.
  if (configured.excluded !== undefined) return moved;
  const { deadline } = deadlineOf(newest.time, row, configured.policy);
  // The shares of a shared one are checked with it.
  const mayWait = row.alert === undefined && holdsStill(row) && !isSharedOwner(configured.tenant);
  return { ...moved, deadline, nextCheckAt: mayWait ? deadline : now };
}

/** Whether the verdict that the row shows still holds with a newer backup; else the next watch evaluates anew. */
function holdsStill({ verdict }: DatabaseRow): boolean {
  return verdict === undefined || verdict === 'protected';
}

/**
 * Closes a backup whose snapshot is gone. Where it was its database's newest, the one before it counts, and the next watch is
 * to check.
 */
export async function forgetBackup(
  ledger: Ledger,
  backup: Backup,
  why: { readonly cause: Closing; readonly retentionDays: number },
  now: Date,
): Promise<void> {
  await closeBackup(ledger, backup, why, now);
  const id = backupIdOf(backup);
  const [row] = await ledger.databases([backup.database]);
  if (row === undefined || !isNewest(row, id)) return;
  const left = await ledger.liveBackups(backup.database);
  const newest = (await ledger.backups(left)).map(newestOf).reduce(newer, undefined);
  await updateDatabase(ledger, backup.database, (known) => {
    if (known === undefined || !isNewest(known, id)) return known;
    const { newestBackup: last, ...rest } = known;
    const none = newest === undefined && last && { lastBackup: { ...last, gone: why.cause.code } };
    return { ...rest, ...(newest && { newestBackup: newest }), ...none, nextCheckAt: now };
  });
}
