/**
 * A shared database as each of its tenants has it. RDS is asked once, and what it showed is projected: to a tenant, a snapshot of
 * before its data came is none, and the database is as old as that data. Pure.
 */
import { type ConfiguredDatabase, type SharedTenant, shareOf } from '../config/index.ts';
import {
  type BackupJob,
  backupIdOf,
  type DatabaseKey,
  type DatabaseRow,
  type Evaluation,
  formatBackupId,
  isAvailable,
  isSharedOwner,
  isWithinStay,
  type LiveBackup,
  laterFields,
  type NewestBackup,
  parseDatabaseKey,
  type RdsDatabase,
  type Share,
  type Snapshot,
  shareKey,
  shareSchema,
} from '../domain/index.ts';
import { backupTimeOf } from './backup-time.ts';
import type { LookupResult, ShareSituation } from './evaluate.ts';
import {
  type DatabaseEvaluation,
  type EvaluationTarget,
  evaluateDatabase,
  type HeldTenants,
  type KnownDatabase,
  newestAmong,
  type ObservedSnapshots,
} from './evaluate-database.ts';
import { newer } from './newest-backup.ts';

/** A tenant's share of a shared database. */
export interface ShareTarget {
  readonly key: DatabaseKey;
  readonly tenant: string;
  /** Absent: the tenant has left. */
  readonly configured?: ConfiguredDatabase;
  readonly held?: SharedTenant;
}

/** A database that RDS showed, with its snapshots; of one that is a cluster's member, the cluster. */
export interface SeenDatabase {
  readonly target: EvaluationTarget;
  readonly seen: ObservedSnapshots;
}

/** A shared database as it was seen. */
export interface SharedDatabase extends SeenDatabase {
  readonly cluster?: SeenDatabase;
  /** What the ledger knew of it, before this evaluation. */
  readonly known: KnownDatabase;
}

/** The shares of a database: those that its entry has, and those that the ledger knows besides. */
export function sharesOf(
  { key, configured }: Pick<EvaluationTarget, 'key' | 'configured'>,
  known: readonly DatabaseKey[] = [],
): ShareTarget[] {
  const held = (configured?.tenants ?? []).map((tenant): [DatabaseKey, ShareTarget] => {
    const its = shareKey(key, tenant.tenant);
    const share = configured && shareOf(configured, tenant);
    return [its, { key: its, tenant: tenant.tenant, held: tenant, ...(share && { configured: share }) }];
  });
  const left = known.map((its): [DatabaseKey, ShareTarget] => [its, { key: its, tenant: tenantOf(its) }]);
  return [...new Map([...left, ...held]).values()];
}

function tenantOf(key: DatabaseKey): string {
  return parseDatabaseKey(key).tenant ?? '';
}

/** The target of a share, as reports and messages name it. */
export function targetOfShare(target: EvaluationTarget, { key, configured }: ShareTarget): EvaluationTarget {
  const { configured: _, ...rest } = target;
  return { ...rest, key, ...(configured && { configured }) };
}

/**
 * Evaluates a tenant's share. `carried` is the tenant's newest backup in a shared database that it left: its clock goes on from there.
 */
export function evaluateShare(
  share: ShareTarget,
  shared: SharedDatabase,
  known: Pick<KnownDatabase, 'row' | 'alert'>,
  carried: NewestBackup | undefined,
  at: Date,
  until = at,
): DatabaseEvaluation {
  const { row, alert } = known;
  const stint = stintOf(share, shared.known.row, row, at);
  const isReplica = isReplicaIn(shared);
  const own = row && { ...withinStint(row, shared.known.row, stint), key: shared.target.key };
  const cluster = shared.cluster && narrowed(share, shared.cluster, stint, isReplica);
  const narrow = narrowed(share, shared, stint, isReplica);
  const member = cluster && memberOf(cluster, at, until);
  const situation = situationOf(share, shared, narrow.seen, until, isReplica);
  // A backup of elsewhere holds the tenant's data as long as that was there.
  const usable = carried && (stint.since === undefined || carried.time <= stint.since) ? carried : undefined;
  const evaluation = evaluateDatabase(
    {
      ...narrow.target,
      ...(member && { found: member }),
      share: { key: share.key, ...situation, ...(usable && { carried: usable }) },
    },
    narrow.seen,
    { ...(own && { row: own }), ...(alert && { alert }), live: liveOf(shared, narrow.seen) },
    at,
    until,
  );
  const { formerOwners: _, ...rest } = evaluation.row;
  const isOwn = evaluation.row.newestBackup?.id !== usable?.id;
  return {
    ...evaluation,
    row: {
      ...rest,
      tenant: share.tenant,
      share: { ...stint, ...(usable && !isOwn && { carried: usable }) },
    },
  };
}

/** What operators are to know of the shares of a database; one that could not be evaluated is held all the same. */
export function heldTenants(
  shares: readonly { readonly subject: EvaluationTarget; readonly evaluation?: Evaluation }[],
): HeldTenants {
  const held = shares.flatMap(({ subject: { configured }, evaluation }) =>
    configured ? [{ tenant: configured.tenant, severity: evaluation?.severity ?? 'info' }] : [],
  );
  return {
    tenants: held.map(({ tenant }) => tenant).sort(),
    alerted: held.filter(({ severity }) => severity !== 'info'),
  };
}

/**
 * Since when the tenant is there, and what its part is called. Where nobody said since when, those whom the ledger meets together with
 * the database were there before; one that it meets later came when it was first seen.
 */
function stintOf(
  { held }: ShareTarget,
  shared: DatabaseRow | undefined,
  row: DatabaseRow | undefined,
  at: Date,
): Share {
  const before = row?.share;
  const later = laterFields(shareSchema, before);
  if (held === undefined) return { ...later, ...before, until: before?.until ?? at };
  const stays = before !== undefined && before.until === undefined;
  // An event may have written the database's row before anybody evaluated it.
  const { tenant, formerOwners = [], evaluatedAt } = shared ?? {};
  const wasOthers = formerOwners.length > 0 || (tenant !== undefined && !isSharedOwner(tenant));
  const isMetTogether = row === undefined && evaluatedAt === undefined && !wasOthers;
  const since = held.since ?? (stays ? before.since : isMetTogether ? undefined : at);
  const earlier = [...(before?.earlier ?? []), ...(before?.until ? [timeOf(before, before.until)] : [])];
  const { database, schema } = held;
  const isNamed = database !== undefined || schema !== undefined;
  const isNamedAsBefore =
    stays && before.database === database && before.schema === schema && before.since?.getTime() === since?.getTime();
  return {
    ...later,
    ...(since && { since }),
    ...(earlier.length > 0 && { earlier }),
    ...(database !== undefined && { database }),
    ...(schema !== undefined && { schema }),
    ...(isNamed && { statedAt: (isNamedAsBefore ? before.statedAt : undefined) ?? at }),
  };
}

function timeOf({ since }: Share, until: Date): NonNullable<Share['earlier']>[number] {
  return { ...(since && { since }), until };
}

function isReplicaIn({ target: { found }, known }: SharedDatabase): boolean {
  return found.is === 'database' ? found.database.replicaOf !== undefined : known.row?.replicaOf !== undefined;
}

/**
 * The row of a share with the backups that hold the tenant: what its row knows may be from before it left and came back, and what an event
 * announced is on the row of the database.
 */
function withinStint(row: DatabaseRow, shared: DatabaseRow | undefined, stint: Share): DatabaseRow {
  const { newestBackup, lastBackup, ...rest } = row;
  const carried = row.share?.carried;
  const holds = <Of extends NewestBackup>(backup: Of | undefined): Of | undefined =>
    backup && (isWithinStay(stint, backup.time) || backup.id === carried?.id) ? backup : undefined;
  const newest = newer(holds(newestBackup), holds(shared?.newestBackup));
  const last = holds(lastBackup);
  return { ...rest, ...(newest && { newestBackup: newest }), ...(last && { lastBackup: last }) };
}

/** Live backups without those that RDS shows and that do not hold the tenant: an event may just have recorded one. */
function liveOf({ seen, known }: SharedDatabase, own: ObservedSnapshots): readonly LiveBackup[] {
  const others = new Set(
    seen.snapshots.flatMap((snapshot) => {
      const { createdAt } = snapshot;
      return createdAt && !own.snapshots.includes(snapshot)
        ? [formatBackupId(backupIdOf({ ...snapshot, createdAt }))]
        : [];
    }),
  );
  return known.live.filter((backup) => !others.has(formatBackupId(backup)));
}

/** The database, and what RDS showed of it, as if it had begun with the tenant. */
function narrowed(
  { configured, held }: ShareTarget,
  { target, seen }: SeenDatabase,
  stint: Share,
  isOfReplica: boolean,
): SeenDatabase {
  const { since } = stint;
  const holds = (snapshot: Snapshot) => {
    if (lacks(snapshot, held, seen)) return false;
    const sourceTime = seen.copyTimes.get(snapshot.arn);
    const time = backupTimeOf(snapshot, { sourceTime, isOfReplica }) ?? snapshot.createdAt;
    return time === undefined || isWithinStay(stint, time);
  };
  const { configured: _, tags, found, held: __, ...rest } = target;
  return {
    target: {
      ...rest,
      found: bornLater(found, since),
      ...(configured && { configured: named(configured, target.configured) }),
      // What tags ask for concerns the database, whose notice says it; who left by its tag is in the notice of the share.
      ...(tags && configured === undefined && { tags: { ...tags, problems: [] } }),
    },
    seen: {
      ...seen,
      snapshots: seen.snapshots.filter(holds),
      ...(seen.listed && { listed: seen.listed.filter(holds) }),
      ...(seen.backupJobs && { backupJobs: seen.backupJobs.filter((job) => !isOfBefore(job, since)) }),
    },
  };
}

/** Whether a job has made what was there before the tenant. */
function isOfBefore({ state, createdAt }: BackupJob, since: Date | undefined): boolean {
  return state === 'COMPLETED' && since !== undefined && createdAt < since;
}

/** A member of a cluster is evaluated under the cluster's name. */
function named(share: ConfiguredDatabase, shared: ConfiguredDatabase | undefined): ConfiguredDatabase {
  return shared ? { ...share, kind: shared.kind, id: shared.id } : share;
}

function bornLater(found: LookupResult, since: Date | undefined): LookupResult {
  if (found.is !== 'database' || since === undefined) return found;
  const { createdAt } = found.database;
  const born: RdsDatabase = { ...found.database, createdAt: createdAt && createdAt > since ? createdAt : since };
  return { ...found, database: born };
}

function memberOf({ target, seen }: SeenDatabase, at: Date, until: Date): LookupResult | undefined {
  const { evaluation } = evaluateDatabase(target, seen, { live: [] }, at, until);
  return evaluation && { is: 'member', of: target.id, cluster: evaluation };
}

/** Whether RDS shows which tenant databases a snapshot holds, and the tenant's is none of them. */
function lacks(snapshot: Snapshot, held: SharedTenant | undefined, { tenantDatabases }: ObservedSnapshots): boolean {
  const names = tenantDatabases?.get(snapshot.arn);
  const name = held?.database?.toLowerCase();
  return names !== undefined && name !== undefined && !names.some((one) => one.toLowerCase() === name);
}

function situationOf(
  { held }: ShareTarget,
  { target, seen, cluster, known }: SharedDatabase,
  own: ObservedSnapshots,
  until: Date,
  isReplica: boolean,
): ShareSituation {
  const all = cluster?.seen ?? seen;
  const exist = (snapshots: readonly Snapshot[]) =>
    snapshots.filter(isAvailable).filter(({ createdAt }) => createdAt <= until);
  const newest = newestAmong(exist(all.snapshots), all.copyTimes, isReplica) ?? known.row?.newestBackup;
  const holding = newestAmong(exist(own.snapshots), own.copyTimes, isReplica);
  const snapshot = all.snapshots.find(({ id }) => id === newest?.id);
  const name = held?.database;
  const isLacking = snapshot !== undefined && name !== undefined && lacks(snapshot, held, all);
  return {
    ...(newest && holding === undefined && target.found.is === 'database' && { older: newest }),
    ...(isLacking && { missingIn: { snapshot: snapshot.id, name } }),
  };
}
