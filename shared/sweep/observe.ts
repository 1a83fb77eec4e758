/** What RDS and AWS Backup show of a database, with what only the ledger knows of its snapshots. */
import type { ConfiguredDatabase } from '../config/index.ts';
import {
  type BackupJob,
  backupIdOf,
  type DatabaseRow,
  environmentOf,
  isAvailable,
  type Snapshot,
} from '../domain/index.ts';
import {
  backupTimeOf,
  dependsOnAwsBackup,
  type EvaluationTarget,
  evaluateDatabase,
  isOpenJob,
  jobsOf,
  newestAmong,
  type ObservedSnapshots,
  type SharedDatabase,
} from '../evaluation/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { collect, take } from '../lib/iterables.ts';
import type { RdsInventory } from '../rds/index.ts';
import { sourceTimeOf } from '../recording/index.ts';
import type { CheckOptions } from './check.ts';
import { mostDurations, usualDurations } from './durations.ts';

export interface ObservedDatabase {
  readonly observed: ObservedSnapshots;
  /** The target, with its cluster's evaluation where it is a member. */
  readonly placed: EvaluationTarget;
  /** That cluster as it was seen. */
  readonly cluster?: SharedDatabase['cluster'];
}

/** The names of tenant databases by the id of the snapshot that holds them. */
export type NamesInSnapshots = ReadonlyMap<string, ReadonlySet<string>>;

interface ObserveOptions extends CheckOptions {
  /** Of Oracle's multi-tenant databases, where RDS was asked and answered. */
  readonly namesIn: NamesInSnapshots | undefined;
}

export async function observeDatabase(
  ledger: Ledger,
  subject: EvaluationTarget,
  row: DatabaseRow | undefined,
  inventory: RdsInventory,
  options: ObserveOptions,
): Promise<ObservedDatabase> {
  const observed = await observedOf(ledger, subject, row, inventory, options);
  return { observed, ...(await placeMember(ledger, subject, inventory, options)) };
}

/** What the inventory shows of a database's snapshots, with the times of copied ones where they could be the newest. */
async function observedOf(
  ledger: Ledger,
  subject: EvaluationTarget,
  row: DatabaseRow | undefined,
  inventory: RdsInventory,
  options: ObserveOptions,
): Promise<ObservedSnapshots> {
  const snapshots = inventory.snapshots(subject.key);
  const { found } = subject;
  const kind = found.is === 'member' ? 'cluster' : subject.kind;
  const names = [
    found.is === 'member' ? found.of : subject.id,
    ...(found.is === 'database' ? [found.database.id] : []),
  ];
  const environment = environmentOf(subject.key);
  const unread = inventory.snapshotsUnread(environment, kind, ...names);
  const { listed } = inventory;
  const backupJobs = await backupJobsOf(subject, snapshots, row, options);
  return {
    snapshots,
    ...(unread !== undefined && { unread }),
    whole:
      inventory.whole || (listed?.whole === true && listed.snapshotsUnread(environment, kind, ...names) === undefined),
    ...(listed && { listed: listed.snapshots(subject.key) }),
    copyTimes: await copyTimesOf(ledger, snapshots, options.until),
    ...((snapshots.some(({ status }) => status === 'creating') || backupJobs?.some(isOpenJob)) && {
      usualMs: usualDurations(await collect(take(ledger.backupsOfDatabase(subject.key), mostDurations))),
    }),
    ...(backupJobs && { backupJobs }),
    ...(options.namesIn && { tenantDatabases: namesByArn(snapshots, options.namesIn) }),
  };
}

function namesByArn(snapshots: readonly Snapshot[], namesIn: NamesInSnapshots): ReadonlyMap<string, readonly string[]> {
  return new Map(
    snapshots.flatMap(({ arn, id }) => {
      const names = namesIn.get(id);
      return names ? [[arn, [...names]] as const] : [];
    }),
  );
}

/** AWS Backup's jobs of a database that depends on them. */
async function backupJobsOf(
  { configured, found, cluster }: EvaluationTarget,
  snapshots: readonly Snapshot[],
  row: DatabaseRow | undefined,
  { backupJobs, readsJobs, until }: CheckOptions,
): Promise<readonly BackupJob[] | undefined> {
  const database = found.is === 'database' ? found.database : cluster;
  if (configured === undefined || database === undefined) return undefined;
  if (!readsJobs && !dependsOnAwsBackup(database, snapshots, row)) return undefined;
  const jobs = await backupJobs(environmentOf(database.key));
  return jobs && jobsOf(jobs, database, until);
}

/**
 * When the data of copied cluster snapshots is from: RDS does not say, so their sources are read, but only of those
 * that were made after the newest backup whose time is known.
 */
async function copyTimesOf(ledger: Ledger, snapshots: readonly Snapshot[], until: Date): Promise<Map<string, Date>> {
  const times = new Map<string, Date>();
  const available = snapshots.filter(isAvailable).filter((snapshot) => snapshot.createdAt <= until);
  const newest = newestAmong(available, times);
  for (const copy of available) {
    if (backupTimeOf(copy) !== undefined || (newest !== undefined && copy.createdAt <= newest.time)) continue;
    const source = snapshots.find((snapshot) => snapshot.arn === copy.sourceArn);
    const time =
      (source && backupTimeOf(source)) ??
      (await sourceTimeOf(ledger, copy)) ??
      (await ledger.backups([backupIdOf(copy)]))[0]?.backupTime;
    if (time !== undefined) times.set(copy.arn, time);
  }
  return times;
}

/** A member that is configured as an instance is evaluated by its cluster, which is then returned as it was seen, too. */
async function placeMember(
  ledger: Ledger,
  subject: EvaluationTarget,
  inventory: RdsInventory,
  options: ObserveOptions,
): Promise<{ readonly placed: EvaluationTarget; readonly cluster?: SharedDatabase['cluster'] }> {
  const { at, until } = options;
  const { found, cluster, configured } = subject;
  if (found.is !== 'member' || cluster === undefined || configured === undefined) return { placed: subject };
  const asCluster: ConfiguredDatabase = { ...configured, kind: 'cluster', id: cluster.id };
  // When it was stopped, and what AWS Backup made.
  const [row] = await ledger.databases([cluster.key]);
  const observed = await observedOf(ledger, { ...subject, key: cluster.key }, row, inventory, options);
  const target = {
    key: cluster.key,
    kind: 'cluster',
    id: cluster.id,
    configured: asCluster,
    found: { is: 'database', database: cluster },
  } as const;
  const { evaluation } = evaluateDatabase(target, observed, { ...(row && { row }), live: [] }, at, until);
  const placed = evaluation === undefined ? subject : { ...subject, found: { ...found, cluster: evaluation } };
  return { placed, cluster: { target, seen: observed } };
}
