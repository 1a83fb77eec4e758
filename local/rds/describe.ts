import type {
  DBCluster,
  DBClusterSnapshot,
  DBInstance,
  DBInstanceStatusInfo,
  DBSnapshot,
  DBSnapshotTenantDatabase,
  DescribeBlueGreenDeploymentsRequest,
  DescribeDBClusterSnapshotsMessage,
  DescribeDBClustersMessage,
  DescribeDBInstancesMessage,
  DescribeDBSnapshotsMessage,
  DescribeDBSnapshotTenantDatabasesMessage,
  DescribeEventsMessage,
  Event,
  Filter,
  Tag,
} from '@aws-sdk/client-rds';
import { describedSourceTypes, type RdsEvent } from './events.ts';
import {
  clusterNotFound,
  clusterSnapshotNotFound,
  instanceNotFound,
  invalidParameterCombination,
  invalidParameterValue,
  snapshotNotFound,
} from './faults.ts';
import { type Filterable, matchFilters, pageOf, pageSize, readMarker, writeMarker } from './listing.ts';
import { type Database, type Deployment, isAurora, type Snapshot, type SnapshotType } from './model.ts';
import type { Shelf } from './shelf.ts';

const minute = 60 * 1000;
const day = 24 * 60 * minute;

const databaseNames = ({ id, arn }: Database) => [id, arn];
const never = () => [];

const instanceFilters: Filterable<Database> = {
  'db-cluster-id': ({ memberOf }) => [memberOf?.id, memberOf?.arn],
  'db-instance-id': databaseNames,
  'dbi-resource-id': ({ resourceId }) => [resourceId],
  domain: never,
  engine: ({ engine }) => [engine],
};

const clusterFilters: Filterable<Database> = {
  'clone-group-id': never,
  'db-cluster-id': databaseNames,
  'db-cluster-resource-id': ({ resourceId }) => [resourceId],
  domain: never,
  engine: ({ engine }) => [engine],
};

const sourceArn = ({ arn, kind, source }: Snapshot) =>
  `${arn.split(':').slice(0, 5).join(':')}:${kind === 'instance' ? 'db' : 'cluster'}:${source.id}`;

const instanceSnapshotFilters: Filterable<Snapshot> = {
  'db-instance-id': (snapshot) => [snapshot.source.id, sourceArn(snapshot)],
  'db-snapshot-id': ({ id }) => [id],
  'dbi-resource-id': ({ source }) => [source.resourceId],
  'snapshot-type': ({ type }) => [type],
  engine: ({ source }) => [source.engine],
};

interface SnapshotTenant {
  readonly snapshot: Snapshot;
  readonly name: string;
}

const snapshotTenantFilters: Filterable<SnapshotTenant> = {
  'tenant-db-name': ({ name }) => [name],
  'dbi-resource-id': ({ snapshot }) => [snapshot.source.resourceId],
  'db-instance-id': ({ snapshot }) => [snapshot.source.id, sourceArn(snapshot)],
  'db-snapshot-id': ({ snapshot }) => [snapshot.id],
  'snapshot-type': ({ snapshot }) => [snapshot.type],
};

const clusterSnapshotFilters: Filterable<Snapshot> = {
  'db-cluster-id': (snapshot) => [snapshot.source.id, sourceArn(snapshot)],
  'db-cluster-snapshot-id': ({ id }) => [id],
  'snapshot-type': ({ type }) => [type],
  engine: ({ source }) => [source.engine],
};

const caseBlindFilters = ['db-instance-id', 'db-cluster-id', 'db-snapshot-id', 'db-cluster-snapshot-id'];

/** Identifiers of databases and snapshots are not case-sensitive. */
function lowerCaseIds(filters: Filter[] | undefined): Filter[] | undefined {
  return filters?.map((filter) =>
    caseBlindFilters.includes(filter.Name ?? '')
      ? { ...filter, Values: filter.Values?.map((value) => value.toLowerCase()) }
      : filter,
  );
}

export function describeInstances(shelf: Shelf<Database>, input: DescribeDBInstancesMessage, now: Date) {
  const wanted = input.DBInstanceIdentifier?.toLowerCase();
  const filter = matchFilters(lowerCaseIds(input.Filters), instanceFilters);
  if (wanted !== undefined && !shelf.find((row) => databaseNames(row).includes(wanted))) throw instanceNotFound(wanted);
  const named = (row: Database) => wanted === undefined || databaseNames(row).includes(wanted);
  const { rows, Marker } = pageOf(shelf, input, (row) => named(row) && filter(row));
  return { DBInstances: rows.map((row) => instanceRow(row, now)), Marker };
}

export function describeClusters(
  shelves: { clusters: Shelf<Database>; instances: Shelf<Database> },
  input: DescribeDBClustersMessage,
  now: Date,
) {
  const wanted = input.DBClusterIdentifier?.toLowerCase();
  const filter = matchFilters(lowerCaseIds(input.Filters), clusterFilters);
  const named = (row: Database) => wanted === undefined || databaseNames(row).includes(wanted);
  if (!shelves.clusters.find(named) && wanted !== undefined) throw clusterNotFound(wanted);
  const { rows, Marker } = pageOf(shelves.clusters, input, (row) => named(row) && filter(row));
  const members = membersByCluster(shelves.instances, rows);
  return { DBClusters: rows.map((row) => clusterRow(row, members.get(row) ?? [], now)), Marker };
}

export interface SnapshotListing {
  now: Date;
  /** Whether AWS Backup's snapshots are listed where no type was asked for; AWS does not say. */
  awsBackupRowsWithoutType: boolean;
}

/** Which snapshots of instances a call asks for, but for its filters. */
function instanceSnapshotMatcher(
  shelf: Shelf<Snapshot>,
  input: DescribeDBSnapshotsMessage,
  awsBackupRowsWithoutType: boolean,
) {
  return snapshotMatcher(shelf, {
    id: input.DBSnapshotIdentifier,
    database: input.DBInstanceIdentifier,
    resourceId: input.DbiResourceId,
    type: input.SnapshotType,
    allowedTypes: ['automated', 'manual', 'awsbackup'],
    awsBackupRowsWithoutType,
    notFound: snapshotNotFound,
  });
}

export function describeInstanceSnapshots(
  shelf: Shelf<Snapshot>,
  input: DescribeDBSnapshotsMessage,
  { now, awsBackupRowsWithoutType }: SnapshotListing,
) {
  const matches = instanceSnapshotMatcher(shelf, input, awsBackupRowsWithoutType);
  const filter = matchFilters(lowerCaseIds(input.Filters), instanceSnapshotFilters);
  const { rows, Marker } = pageOf(shelf, input, (row) => matches(row) && filter(row));
  return { DBSnapshots: rows.map((row) => instanceSnapshotRow(row, now)), Marker };
}

/** The tenant databases that snapshots of instances in the multi-tenant configuration hold; the types of snapshots are as above. */
export function describeSnapshotTenants(
  shelf: Shelf<Snapshot>,
  input: DescribeDBSnapshotTenantDatabasesMessage,
  { awsBackupRowsWithoutType }: SnapshotListing,
) {
  const matches = instanceSnapshotMatcher(shelf, input, awsBackupRowsWithoutType);
  const filter = matchFilters(lowerCaseIds(input.Filters), snapshotTenantFilters);
  const held = shelf
    .rows()
    .filter(matches)
    .flatMap((snapshot) => (snapshot.source.tenantDatabases ?? []).map((name) => ({ snapshot, name })))
    .filter(filter);
  const size = pageSize(input);
  const { page, after } = input.Marker === undefined ? { page: 1, after: '0' } : readMarker(input.Marker);
  const end = Number(after) + size;
  return {
    DBSnapshotTenantDatabases: held.slice(Number(after), end).map(snapshotTenantRow),
    Marker: end < held.length ? writeMarker(page + 1, String(end)) : undefined,
  };
}

function snapshotTenantRow({ snapshot: { id, type, source }, name }: SnapshotTenant): DBSnapshotTenantDatabase {
  return {
    DBSnapshotIdentifier: id,
    DBInstanceIdentifier: source.id,
    DbiResourceId: source.resourceId,
    EngineName: source.engine,
    SnapshotType: type,
    TenantDBName: name,
  };
}

export function describeClusterSnapshots(
  shelf: Shelf<Snapshot>,
  input: DescribeDBClusterSnapshotsMessage,
  { now, awsBackupRowsWithoutType }: SnapshotListing,
) {
  if (input.DBClusterSnapshotIdentifier !== undefined && input.DBClusterIdentifier !== undefined) {
    throw invalidParameterCombination('DBClusterIdentifier and DBClusterSnapshotIdentifier exclude each other');
  }
  const matches = snapshotMatcher(shelf, {
    id: input.DBClusterSnapshotIdentifier,
    database: input.DBClusterIdentifier,
    resourceId: input.DbClusterResourceId,
    type: input.SnapshotType,
    allowedTypes: ['automated', 'manual', 'awsbackup'],
    awsBackupRowsWithoutType,
    notFound: clusterSnapshotNotFound,
  });
  const filter = matchFilters(lowerCaseIds(input.Filters), clusterSnapshotFilters);
  const { rows, Marker } = pageOf(shelf, input, (row) => matches(row) && filter(row));
  return { DBClusterSnapshots: rows.map((row) => clusterSnapshotRow(row, now)), Marker };
}

/** Shared and public snapshots of other accounts are types as well, but nobody shares any with this one. */
const otherAccountsTypes = ['shared', 'public'];

function snapshotMatcher(
  shelf: Shelf<Snapshot>,
  asked: {
    id: string | undefined;
    database: string | undefined;
    resourceId: string | undefined;
    type: string | undefined;
    allowedTypes: readonly SnapshotType[];
    awsBackupRowsWithoutType: boolean;
    notFound: (id: string) => Error;
  },
): (row: Snapshot) => boolean {
  const { type, resourceId } = asked;
  const known: readonly string[] = [...asked.allowedTypes, ...otherAccountsTypes];
  if (type !== undefined && !known.includes(type)) throw invalidParameterValue(`Unrecognized snapshot type: ${type}`);
  const id = asked.id?.toLowerCase();
  const database = asked.database?.toLowerCase();
  const types: readonly string[] = type === undefined ? ['automated', 'manual'] : [type];
  const typed = (row: Snapshot) =>
    types.includes(row.type) || (type === undefined && asked.awsBackupRowsWithoutType && row.type === 'awsbackup');
  if (id !== undefined) {
    const found = shelf.find((row) => row.id === id || row.arn === id);
    if (found?.type === 'automated' && type === undefined) {
      throw invalidParameterCombination(`SnapshotType must be given to describe the automated snapshot ${id}`);
    }
    if (found === undefined || !typed(found)) throw asked.notFound(id);
  }
  return (row) =>
    typed(row) &&
    (id === undefined || row.id === id || row.arn === id) &&
    (database === undefined || row.source.id === database) &&
    (resourceId === undefined || row.source.resourceId === resourceId);
}

function tagList(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function instanceRow(row: Database, now: Date): DBInstance {
  return {
    DBInstanceIdentifier: row.id,
    DBInstanceClass: 'db.t4g.medium',
    Engine: row.engine,
    EngineVersion: row.engineVersion,
    DBInstanceStatus: row.status,
    DBInstanceArn: row.arn,
    DbiResourceId: row.resourceId,
    DBName: row.databaseName,
    AllocatedStorage: isAurora(row.engine) ? 1 : row.allocatedGb,
    StorageType: row.storageType,
    StorageEncrypted: row.encrypted,
    KmsKeyId: row.kmsKeyId,
    InstanceCreateTime: row.created,
    BackupRetentionPeriod: row.retention,
    PendingModifiedValues: pendingValues(row),
    PreferredBackupWindow: row.window,
    LatestRestorableTime: latestRestorable(row, now),
    AutomaticRestartTime: row.restartsAt,
    AutomationMode: row.automationPausedUntil && 'all-paused',
    ResumeFullAutomationModeTime: row.automationPausedUntil,
    DBClusterIdentifier: row.memberOf?.id,
    ReadReplicaSourceDBInstanceIdentifier: row.replicaOf,
    StatusInfos: statusInfos(row),
    AwsBackupRecoveryPointArn: row.recoveryPoint,
    MultiAZ: false,
    MultiTenant: row.tenantDatabases === undefined ? undefined : true,
    TagList: tagList(row.tags),
  };
}

function statusInfos({ replicaOf, replicationError: Message }: Database): DBInstanceStatusInfo[] | undefined {
  if (replicaOf === undefined) return undefined;
  const failed = Message === undefined ? {} : { Message };
  return [
    {
      StatusType: 'read replication',
      Normal: Message === undefined,
      Status: Message === undefined ? 'replicating' : 'error',
      ...failed,
    },
  ];
}

function clusterRow(row: Database, members: readonly Database[], now: Date): DBCluster {
  const latest = latestRestorable(row, now);
  const oldest = Math.max(row.created.getTime(), now.getTime() - row.retention * day);
  return {
    DBClusterIdentifier: row.id,
    Engine: row.engine,
    EngineVersion: row.engineVersion,
    Status: row.status,
    DBClusterArn: row.arn,
    DbClusterResourceId: row.resourceId,
    DatabaseName: row.databaseName,
    AllocatedStorage: isAurora(row.engine) ? 1 : row.allocatedGb,
    StorageType: row.storageType,
    StorageEncrypted: row.encrypted,
    KmsKeyId: row.kmsKeyId,
    ClusterCreateTime: row.created,
    BackupRetentionPeriod: row.retention,
    PendingModifiedValues: pendingValues(row),
    PreferredBackupWindow: row.window,
    EarliestRestorableTime: latest === undefined ? undefined : new Date(Math.min(oldest, latest.getTime())),
    LatestRestorableTime: latest,
    AutomaticRestartTime: row.restartsAt,
    ReplicationSourceIdentifier: row.replicaOf,
    AwsBackupRecoveryPointArn: row.recoveryPoint,
    DBClusterMembers: members.map(({ id }, index) => ({ DBInstanceIdentifier: id, IsClusterWriter: index === 0 })),
    TagList: tagList(row.tags),
  };
}

function membersByCluster(instances: Shelf<Database>, clusters: readonly Database[]): Map<Database, Database[]> {
  const members = new Map<Database, Database[]>(clusters.map((cluster) => [cluster, []]));
  for (const row of instances.rows()) if (row.memberOf !== undefined) members.get(row.memberOf)?.push(row);
  return members;
}

/** RDS ships transaction logs every five minutes. There is nothing to restore before the first backup is taken. */
function pendingValues({ pendingRetention }: Database) {
  return pendingRetention === undefined ? undefined : { BackupRetentionPeriod: pendingRetention };
}

function latestRestorable(row: Database, now: Date): Date | undefined {
  if (row.retention === 0 || row.memberOf !== undefined) return undefined;
  if (row.latestRestorable !== 'fresh') return row.latestRestorable;
  const shipped = Math.floor((now.getTime() - minute) / (5 * minute)) * 5 * minute;
  return shipped > row.created.getTime() + 10 * minute ? new Date(shipped) : undefined;
}

function createTime(row: Snapshot): Date | undefined {
  return row.status === 'creating' && !row.showsTimeWhileCreating ? undefined : row.startedAt;
}

function percentProgress(row: Snapshot, now: Date): number {
  if (row.status !== 'creating') return 100;
  const duration = row.availableAt.getTime() - row.startedAt.getTime();
  return Math.min(99, Math.floor((100 * (now.getTime() - row.startedAt.getTime())) / duration));
}

function instanceSnapshotRow(row: Snapshot, now: Date): DBSnapshot {
  const { source } = row;
  return {
    DBSnapshotIdentifier: row.id,
    DBSnapshotArn: row.arn,
    DBInstanceIdentifier: source.id,
    DbiResourceId: source.resourceId,
    SnapshotType: row.type,
    Status: row.status,
    PercentProgress: percentProgress(row, now),
    SnapshotCreateTime: createTime(row),
    OriginalSnapshotCreateTime: createTime(row) === undefined ? undefined : (row.originalTime ?? row.startedAt),
    SnapshotDatabaseTime: row.databaseTime,
    SourceDBSnapshotIdentifier: row.copyOf,
    SourceRegion: row.sourceRegion,
    Engine: source.engine,
    EngineVersion: source.engineVersion,
    InstanceCreateTime: source.created,
    AllocatedStorage: source.allocatedGb,
    StorageType: source.storageType,
    Encrypted: source.encrypted,
    KmsKeyId: source.kmsKeyId,
    BackupRetentionPeriod: source.retention,
    PreferredBackupWindow: source.window,
    SnapshotTarget: 'region',
    MultiTenant: source.tenantDatabases === undefined ? undefined : true,
    TagList: tagList(row.tags),
  };
}

/** A cluster's snapshot says `StorageEncrypted` where an instance's says `Encrypted`, and has no original time. */
function clusterSnapshotRow(row: Snapshot, now: Date): DBClusterSnapshot {
  const { source } = row;
  return {
    DBClusterSnapshotIdentifier: row.id,
    DBClusterSnapshotArn: row.arn,
    DBClusterIdentifier: source.id,
    DbClusterResourceId: source.resourceId,
    SnapshotType: row.type,
    Status: row.status,
    PercentProgress: percentProgress(row, now),
    SnapshotCreateTime: createTime(row),
    SourceDBClusterSnapshotArn: row.copyOf,
    Engine: source.engine,
    EngineVersion: source.engineVersion,
    ClusterCreateTime: source.created,
    AllocatedStorage: isAurora(source.engine) ? 1 : source.allocatedGb,
    StorageType: source.storageType,
    StorageEncrypted: source.encrypted,
    KmsKeyId: source.kmsKeyId,
    BackupRetentionPeriod: source.retention,
    PreferredBackupWindow: source.window,
    TagList: tagList(row.tags),
  };
}

const deploymentFilters: Filterable<Deployment> = {
  'blue-green-deployment-identifier': ({ id }) => [id],
  'blue-green-deployment-name': never,
  source: ({ blue }) => [blue.arn],
  target: ({ green }) => [green.arn],
};

/** After a switchover ARNs follow the names: the source is the old one. */
export function describeDeployments(shelf: Shelf<Deployment>, input: DescribeBlueGreenDeploymentsRequest) {
  const filter = matchFilters(input.Filters, deploymentFilters);
  const { rows, Marker } = pageOf(shelf, input, filter);
  const BlueGreenDeployments = rows.map(({ id, blue, green }) => ({
    BlueGreenDeploymentIdentifier: id,
    Source: blue.arn,
    Target: green.arn,
    Status: 'SWITCHOVER_COMPLETED',
    SwitchoverDetails: [{ SourceMember: blue.arn, TargetMember: green.arn, Status: 'SWITCHOVER_COMPLETED' }],
  }));
  return { BlueGreenDeployments, Marker };
}

/** Without times, the last hour. Events carry no EventID here. */
export function describeEvents(history: readonly RdsEvent[], input: DescribeEventsMessage, now: Date) {
  if (input.SourceIdentifier !== undefined && input.SourceType === undefined) {
    throw invalidParameterCombination('SourceIdentifier needs SourceType');
  }
  if ((input.Filters ?? []).length > 0) throw invalidParameterValue('DescribeEvents has no filters');
  const size = pageSize(input);
  const { page, after } = input.Marker === undefined ? { page: 1, after: '0' } : readMarker(input.Marker);
  const duration = (input.Duration ?? 60) * minute;
  const end = input.EndTime ?? (input.StartTime && input.Duration ? later(input.StartTime, duration) : now);
  const start = input.StartTime ?? later(end, -duration);
  const categories = input.EventCategories ?? [];
  const matching = history
    .map(describedEvent)
    .filter(({ Date: at }) => at >= start && at <= end)
    .filter(({ SourceType }) => input.SourceType === undefined || SourceType === input.SourceType)
    .filter(
      ({ SourceIdentifier }) => input.SourceIdentifier === undefined || SourceIdentifier === input.SourceIdentifier,
    )
    .filter((event) => categories.length === 0 || event.EventCategories.some((name) => categories.includes(name)))
    .sort((a, b) => a.Date.getTime() - b.Date.getTime());
  const offset = Number(after);
  const more = offset + size < matching.length;
  return {
    Events: matching.slice(offset, offset + size),
    Marker: more ? writeMarker(page + 1, String(offset + size)) : undefined,
  };
}

const later = (time: Date, milliseconds: number) => new Date(time.getTime() + milliseconds);

function describedEvent({ detail }: RdsEvent) {
  return {
    SourceIdentifier: detail.SourceIdentifier,
    SourceType: describedSourceTypes[detail.SourceType],
    SourceArn: detail.SourceArn,
    Message: detail.Message,
    EventCategories: [...detail.EventCategories],
    Date: new Date(detail.Date),
  } satisfies Event;
}
