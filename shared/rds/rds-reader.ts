/**
 * Reads RDS in bulk: whole listings, page by page, and named databases and snapshots by filters with many values.
 * Never one call a database: AWS throttles that at a few dozen of them.
 */

import {
  type BlueGreenDeployment,
  type DBCluster,
  type DBClusterSnapshot,
  type DBInstance,
  type DBSnapshot,
  type Filter,
  paginateDescribeBlueGreenDeployments,
  paginateDescribeDBClusterSnapshots,
  paginateDescribeDBClusters,
  paginateDescribeDBInstances,
  paginateDescribeDBSnapshots,
  paginateDescribeDBSnapshotTenantDatabases,
  paginateDescribeEvents,
  type RDSClient,
  RDSServiceException,
} from '@aws-sdk/client-rds';
import { chunk, uniq } from 'es-toolkit/array';
import {
  type BackupKind,
  type ClusterMember,
  type DatabaseKey,
  type DatabaseKind,
  type DatabaseName,
  databaseKey,
  type Environment,
  formatName,
  type RdsDatabase,
  type Snapshot,
} from '../domain/index.ts';
import type { AwsCall } from '../lib/aws-calls.ts';
import { errorText } from '../lib/errors.ts';
import { dayMs, minuteMs } from '../lib/time.ts';
import { parseRdsArn } from './arn.ts';

/** RDS's largest page (API reference of each Describe action: 20 to 100). */
const pageSize = 100;

/** Values put into one filter; AWS documents that a filter takes several and no limit, others send 50. */
const valuesAFilter = 50;

export interface Instances {
  readonly databases: readonly RdsDatabase[];
  readonly members: readonly ClusterMember[];
}

/** The rows of `databases` to look up: by resource id, since names are re-used, and by name where no id is known. */
export interface DatabaseNames {
  readonly resourceIds?: readonly string[];
  readonly ids?: readonly string[];
}

/** A database that answers RDS's calls, and is none: Neptune's or DocumentDB's. */
export interface ForeignDatabase {
  readonly kind: DatabaseKind;
  /** In lower case. */
  readonly id: string;
  readonly engine: string;
}

/** A row of an answer that lacks what the API promises. It proves nothing about others. */
export class OddRow extends Error {
  override readonly name = 'OddRow';
  readonly kind: DatabaseKind;
  /** The name of the database that it is of, in lower case; undefined where it lacks that too. */
  readonly id: string | undefined;

  constructor(message: string, kind: DatabaseKind, id: string | undefined) {
    super(message);
    this.kind = kind;
    this.id = id?.toLowerCase();
  }
}

/** That a database was stopped, or started again. */
export interface RunChange {
  readonly at: Date;
  readonly runs: boolean;
}

/** Names of tenant databases, by the resource id of an instance and the id of a snapshot. */
export type TenantDatabases = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

/** More names than this are not asked for one by one. */
const mostNamesAsked = 5;

/** RDS keeps its events for 14 days (API reference of DescribeEvents). */
const eventsKeptMs = 14 * dayMs;

export class RdsReader {
  readonly #client: RDSClient;
  readonly #words = new Words();
  #odd: OddRow[] = [];
  #foreign: ForeignDatabase[] = [];
  /** How many calls were made, by action. */
  readonly calls: Record<string, number> = {};

  constructor(client: RDSClient) {
    this.#client = client;
  }

  /** The odd rows that answers had since this was last asked; they are not among the answers' rows. */
  takeOdd(): OddRow[] {
    const odd = this.#odd;
    this.#odd = [];
    return odd;
  }

  /** The databases of other services among the answers since this was last asked. */
  takeForeign(): ForeignDatabase[] {
    const foreign = this.#foreign;
    this.#foreign = [];
    return foreign;
  }

  /** All instances, a page at a time; members of clusters apart, Neptune's and DocumentDB's left out. */
  instances(): AsyncIterable<Instances> {
    return this.#instances();
  }

  clusters(): AsyncIterable<readonly RdsDatabase[]> {
    return this.#clusters();
  }

  /** All automated and manual snapshots of instances, and (asked for apart, since they may not come along) AWS Backup's. */
  instanceSnapshots(type?: 'awsbackup'): AsyncIterable<readonly Snapshot[]> {
    return this.#instanceSnapshots(undefined, type);
  }

  clusterSnapshots(): AsyncIterable<readonly Snapshot[]> {
    return this.#clusterSnapshots();
  }

  async instancesNamed(names: DatabaseNames): Promise<Instances> {
    const databases: RdsDatabase[] = [];
    const members: ClusterMember[] = [];
    for (const filter of filters({ 'dbi-resource-id': names.resourceIds, 'db-instance-id': names.ids })) {
      for await (const page of this.#instances([filter])) {
        databases.push(...page.databases);
        members.push(...page.members);
      }
    }
    return { databases, members };
  }

  async clustersNamed(names: DatabaseNames): Promise<RdsDatabase[]> {
    const named = { 'db-cluster-resource-id': names.resourceIds, 'db-cluster-id': names.ids };
    return collect(filters(named), (filter) => this.#clusters([filter]));
  }

  /**
   * The databases of blue/green deployments, by the deployment's id, under the names that they have now: those of both sides.
   * What is gone is left out.
   */
  async deploymentMembers(ids: readonly string[]): Promise<ReadonlyMap<string, readonly DatabaseName[]>> {
    const members = new Map<string, readonly DatabaseName[]>();
    for (const filter of filters({ 'blue-green-deployment-identifier': ids })) {
      for await (const page of this.#counted(
        'DescribeBlueGreenDeployments',
        paginateDescribeBlueGreenDeployments(this.#config, { Filters: [filter] }),
      )) {
        for (const row of page.BlueGreenDeployments ?? []) {
          members.set(row.BlueGreenDeploymentIdentifier ?? '', membersOf(row));
        }
      }
    }
    return members;
  }

  /** The snapshots of instances, by resource id. */
  async snapshotsOfInstances(resourceIds: readonly string[]): Promise<Snapshot[]> {
    return collect(filters({ 'dbi-resource-id': resourceIds }), (filter) => this.#ofEveryType([filter]));
  }

  /** The snapshots of clusters, by name: RDS has no filter on their resource id. */
  async snapshotsOfClusters(ids: readonly string[]): Promise<Snapshot[]> {
    return collect(filters({ 'db-cluster-id': ids }), (filter) => this.#clusterSnapshots([filter]));
  }

  /** The named instance snapshots; what is gone is left out. A filter, for `DBSnapshotIdentifier` also wants the type. */
  async instanceSnapshotsNamed(ids: readonly string[]): Promise<Snapshot[]> {
    return collect(filters({ 'db-snapshot-id': ids }), (filter) => this.#ofEveryType([filter]));
  }

  /**
   * The names of the tenant databases in each snapshot of instances in the multi-tenant configuration, by the instance's resource id
   * and the snapshot's id: a listing for up to 50 instances, twice, since AWS Backup's snapshots may not come along. A snapshot of which
   * RDS lists none is not in it.
   */
  async tenantDatabases(resourceIds: readonly string[]): Promise<TenantDatabases> {
    const names = new Map<string, Map<string, Set<string>>>();
    for (const Filters of filters({ 'dbi-resource-id': resourceIds }).map((filter) => [filter])) {
      for (const SnapshotType of [undefined, 'awsbackup']) {
        const pages = paginateDescribeDBSnapshotTenantDatabases(this.#config, { Filters, SnapshotType });
        for await (const page of this.#counted('DescribeDBSnapshotTenantDatabases', pages)) {
          for (const { DbiResourceId, DBSnapshotIdentifier, TenantDBName } of page.DBSnapshotTenantDatabases ?? []) {
            const resourceId = known(DbiResourceId, 'DbiResourceId');
            const snapshot = known(DBSnapshotIdentifier, 'DBSnapshotIdentifier');
            const ofDatabase = names.get(resourceId) ?? new Map<string, Set<string>>();
            const its = ofDatabase.get(snapshot) ?? new Set();
            names.set(resourceId, ofDatabase.set(snapshot, its.add(known(TenantDBName, 'TenantDBName'))));
          }
        }
      }
    }
    return names;
  }

  async clusterSnapshotsNamed(ids: readonly string[]): Promise<Snapshot[]> {
    return collect(filters({ 'db-cluster-snapshot-id': ids }), (filter) => this.#clusterSnapshots([filter]));
  }

  /**
   * When databases of a kind were stopped and started, by their names in lower case, oldest first, as far back as RDS keeps
   * events. What it says carries no event ids, so the messages of RDS-EVENT-0087, 0088, 0150, 0151, 0153 and 0154 tell.
   */
  async runChanges(
    kind: DatabaseKind,
    ids: readonly string[],
    since: Date,
    now: Date,
  ): Promise<Map<string, RunChange[]>> {
    const changes = new Map<string, RunChange[]>();
    const wanted = new Set(ids);
    const oldest = new Date(now.getTime() - eventsKeptMs + minuteMs);
    const query = {
      SourceType: kind === 'instance' ? ('db-instance' as const) : ('db-cluster' as const),
      StartTime: since > oldest ? since : oldest,
      EndTime: now,
      EventCategories: ['notification'],
    };
    const queries = ids.length > mostNamesAsked ? [query] : ids.map((id) => ({ ...query, SourceIdentifier: id }));
    for (const one of queries) {
      for await (const page of this.#counted('DescribeEvents', paginateDescribeEvents(this.#config, one))) {
        for (const { SourceIdentifier, Message, Date: at } of page.Events ?? []) {
          const id = SourceIdentifier?.toLowerCase() ?? '';
          const runs = runsAfter(Message);
          if (runs === undefined || at === undefined || !wanted.has(id)) continue;
          changes.set(id, [...(changes.get(id) ?? []), { at, runs }]);
        }
      }
    }
    return changes;
  }

  async *#ofEveryType(filter: Filter[]): AsyncIterable<readonly Snapshot[]> {
    const seen = new Set<string>();
    for (const type of [undefined, 'awsbackup'] as const) {
      for await (const page of this.#instanceSnapshots(filter, type)) {
        yield page.filter((snapshot) => !seen.has(snapshot.arn));
        for (const snapshot of page) seen.add(snapshot.arn);
      }
    }
  }

  async *#instances(filter?: Filter[]): AsyncIterable<Instances> {
    for await (const page of this.#counted(
      'DescribeDBInstances',
      paginateDescribeDBInstances(this.#config, { Filters: filter }),
    )) {
      const rds = page.DBInstances ?? [];
      yield {
        databases: this.#mapped(
          rds.filter((row) => row.DBClusterIdentifier === undefined),
          toInstance,
          instanceOf,
        ),
        members: this.#mapped(
          rds.filter((row) => row.DBClusterIdentifier !== undefined),
          toMember,
          instanceOf,
        ),
      };
    }
  }

  async *#clusters(filter?: Filter[]): AsyncIterable<readonly RdsDatabase[]> {
    for await (const page of this.#counted(
      'DescribeDBClusters',
      paginateDescribeDBClusters(this.#config, { Filters: filter }),
    )) {
      yield this.#mapped(page.DBClusters ?? [], toCluster, clusterOf);
    }
  }

  async *#instanceSnapshots(filter?: Filter[], type?: 'awsbackup'): AsyncIterable<readonly Snapshot[]> {
    for await (const page of this.#counted(
      'DescribeDBSnapshots',
      paginateDescribeDBSnapshots(this.#config, { Filters: filter, SnapshotType: type }),
    )) {
      yield this.#mapped(page.DBSnapshots ?? [], (row) => this.#words.shared(toInstanceSnapshot(row)), instanceOf);
    }
  }

  async *#clusterSnapshots(filter?: Filter[]): AsyncIterable<readonly Snapshot[]> {
    for await (const page of this.#counted(
      'DescribeDBClusterSnapshots',
      paginateDescribeDBClusterSnapshots(this.#config, { Filters: filter }),
    )) {
      yield this.#mapped(page.DBClusterSnapshots ?? [], (row) => this.#words.shared(toClusterSnapshot(row)), clusterOf);
    }
  }

  /** The rows that are RDS's own; an odd one is put aside. */
  #mapped<Row extends { readonly Engine?: string | undefined }, T>(
    rows: readonly Row[],
    map: (row: Row) => T,
    databaseOf: (row: Row) => { readonly kind: DatabaseKind; readonly id: string | undefined },
  ): T[] {
    return rows.flatMap((row) => {
      const { kind, id } = databaseOf(row);
      if (isForeign(row.Engine)) {
        if (id !== undefined) this.#foreign.push({ kind, id: id.toLowerCase(), engine: row.Engine });
        return [];
      }
      try {
        return [map(row)];
      } catch (error) {
        const of = id === undefined ? `a row of ${kind}s` : `${kind} ${id}`;
        this.#odd.push(new OddRow(`RDS answered oddly about ${of}: ${errorText(error)}`, kind, id));
        return [];
      }
    });
  }

  get #config() {
    return { client: this.#client, pageSize };
  }

  async *#counted<T>(action: string, pages: AsyncIterable<T>): AsyncIterable<T> {
    this.calls[action] = (this.calls[action] ?? 0) + 1;
    let pending = false;
    for await (const page of pages) {
      if (pending) this.calls[action] += 1;
      pending = true;
      yield page;
    }
  }
}

/**
 * Texts and moments that snapshots have in common, each held once: a sweep holds all snapshots of the fleet, and beside their
 * own names little of them is their own.
 */
class Words {
  readonly #known = new Map<string, string>();

  shared(snapshot: Snapshot): Snapshot {
    const { createdAt, originalCreatedAt, databaseTime } = snapshot;
    const same = (moment: Date | undefined) => (moment?.getTime() === createdAt?.getTime() ? createdAt : moment);
    return defined({
      ...snapshot,
      database: this.#one(snapshot.database),
      databaseId: this.#one(snapshot.databaseId),
      status: this.#one(snapshot.status),
      engine: this.#one(snapshot.engine),
      storageType: this.#one(snapshot.storageType),
      kmsKeyId: this.#one(snapshot.kmsKeyId),
      originalCreatedAt: same(originalCreatedAt),
      databaseTime: same(databaseTime),
    });
  }

  #one<T extends string | undefined>(text: T): T {
    if (text === undefined) return text;
    if (!this.#known.has(text)) this.#known.set(text, text);
    return this.#known.get(text) as T;
  }
}

/** A method of the reader that asks RDS. */
export type RdsRead = Exclude<
  { [Name in keyof RdsReader]: RdsReader[Name] extends (...args: never[]) => unknown ? Name : never }[keyof RdsReader],
  'takeOdd' | 'takeForeign'
>;

/** The calls that each method makes; the IAM action is the call's name behind `rds:`. */
export const rdsReads = {
  instances: ['DescribeDBInstances'],
  clusters: ['DescribeDBClusters'],
  instanceSnapshots: ['DescribeDBSnapshots'],
  clusterSnapshots: ['DescribeDBClusterSnapshots'],
  instancesNamed: ['DescribeDBInstances'],
  clustersNamed: ['DescribeDBClusters'],
  snapshotsOfInstances: ['DescribeDBSnapshots'],
  snapshotsOfClusters: ['DescribeDBClusterSnapshots'],
  instanceSnapshotsNamed: ['DescribeDBSnapshots'],
  clusterSnapshotsNamed: ['DescribeDBClusterSnapshots'],
  tenantDatabases: ['DescribeDBSnapshotTenantDatabases'],
  runChanges: ['DescribeEvents'],
  deploymentMembers: ['DescribeBlueGreenDeployments'],
} as const satisfies Record<RdsRead, readonly AwsCall[]>;

export type RdsReadAction = (typeof rdsReads)[RdsRead][number];

/** "DB instance started", "The DB cluster has been stopped.", "DB instance is being started due to it exceeding …". */
function runsAfter(message: string | undefined): boolean | undefined {
  const change = /^(?:the )?db (?:instance|cluster) (?:has been |is being )?(started|stopped)\b/i.exec(
    message ?? '',
  )?.[1];
  return change === undefined ? undefined : change.toLowerCase() === 'started';
}

/** A switchover renames the blue side (`-old1`) and the green one, whose ARNs follow. */
function membersOf({ Source, Target, SwitchoverDetails = [] }: BlueGreenDeployment): DatabaseName[] {
  const arns = [Source, Target, ...SwitchoverDetails.flatMap((one) => [one.SourceMember, one.TargetMember])];
  const names = arns.flatMap((arn): DatabaseName[] => {
    const [, region, account, type, id] = /^arn:[^:]+:rds:([^:]+):(\d{12}):(db|cluster):(.+)$/.exec(arn ?? '') ?? [];
    if (region === undefined || account === undefined || id === undefined) return [];
    return [{ account, region, kind: type === 'cluster' ? 'cluster' : 'instance', id: id.toLowerCase() }];
  });
  return [...new Map(names.map((name) => [formatName(name), name])).values()];
}

/** Neptune and DocumentDB answer RDS's Describe calls too. */
function isForeign(engine: string | undefined): engine is 'neptune' | 'docdb' {
  return engine === 'neptune' || engine === 'docdb';
}

const instanceOf = (row: DBInstance | DBSnapshot) => ({ kind: 'instance', id: row.DBInstanceIdentifier }) as const;
const clusterOf = (row: DBCluster | DBClusterSnapshot) => ({ kind: 'cluster', id: row.DBClusterIdentifier }) as const;

function filters(byName: Record<string, readonly string[] | undefined>): Filter[] {
  return Object.entries(byName).flatMap(([Name, values = []]) => {
    return chunk(uniq(values), valuesAFilter).map((Values) => ({ Name, Values }));
  });
}

async function collect<T>(by: Filter[], list: (filter: Filter) => AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for (const filter of by) for await (const page of list(filter)) all.push(...page);
  return all;
}

function known<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new Error(`no ${field}, which its API promises`);
  return value;
}

/**
 * Whether an error of a call about several names is about one of them: RDS refuses a name, or answers oddly. An outage,
 * throttling or a missing right would meet each of them.
 */
export function concernsOne(error: unknown): boolean {
  if (error instanceof OddRow) return true;
  if (!(error instanceof RDSServiceException) || error.$fault !== 'client') return false;
  return error.$metadata.httpStatusCode !== 403 && !/throttl|limit|token|signature/i.test(error.name);
}

function environmentIn(arn: string): Environment {
  const { account, region } = parseRdsArn(arn);
  return { account, region };
}

function keyOf(arn: string, resourceId: string): DatabaseKey {
  return databaseKey(environmentIn(arn), resourceId);
}

function tagsOf(list: DBInstance['TagList']): Record<string, string> {
  return Object.fromEntries((list ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
}

function toMember(row: DBInstance): ClusterMember {
  return {
    ...environmentIn(known(row.DBInstanceArn, 'DBInstanceArn')),
    id: known(row.DBInstanceIdentifier, 'DBInstanceIdentifier').toLowerCase(),
    clusterId: known(row.DBClusterIdentifier, 'DBClusterIdentifier').toLowerCase(),
  };
}

function toInstance(row: DBInstance): RdsDatabase {
  const arn = known(row.DBInstanceArn, 'DBInstanceArn');
  return defined({
    key: keyOf(arn, known(row.DbiResourceId, 'DbiResourceId')),
    arn,
    id: known(row.DBInstanceIdentifier, 'DBInstanceIdentifier').toLowerCase(),
    kind: 'instance' as const,
    engine: known(row.Engine, 'Engine'),
    status: row.DBInstanceStatus ?? 'unknown',
    createdAt: row.InstanceCreateTime,
    retentionDays: row.BackupRetentionPeriod ?? 0,
    pendingRetentionDays: row.PendingModifiedValues?.BackupRetentionPeriod,
    kmsKeyId: row.KmsKeyId,
    window: row.PreferredBackupWindow,
    latestRestorableTime: row.LatestRestorableTime,
    automaticRestartTime: row.AutomaticRestartTime,
    replicaOf: row.ReadReplicaSourceDBInstanceIdentifier || row.ReadReplicaSourceDBClusterIdentifier || undefined,
    replicationFailed: replicationFailed(row),
    automationPaused: automationPaused(row),
    awsBackupRecoveryPointArn: row.AwsBackupRecoveryPointArn,
    multiTenant: row.MultiTenant === true ? (true as const) : undefined,
    tags: tagsOf(row.TagList),
  });
}

/** `StatusInfos` has entries of type `read replication` alone (API reference of DBInstanceStatusInfo). */
function replicationFailed({ StatusInfos = [] }: DBInstance): RdsDatabase['replicationFailed'] {
  const failed = StatusInfos.find(({ Normal }) => Normal === false);
  return failed && { status: failed.Status ?? 'error', ...(failed.Message && { message: failed.Message }) };
}

/** `AutomationMode` is `full` or `all-paused` (API reference of DBInstance); only RDS Custom has it. */
function automationPaused({ AutomationMode: mode, ResumeFullAutomationModeTime: until }: DBInstance) {
  return mode === 'all-paused' ? { ...(until && { until }) } : undefined;
}

function toCluster(row: DBCluster): RdsDatabase {
  const arn = known(row.DBClusterArn, 'DBClusterArn');
  return defined({
    key: keyOf(arn, known(row.DbClusterResourceId, 'DbClusterResourceId')),
    arn,
    id: known(row.DBClusterIdentifier, 'DBClusterIdentifier').toLowerCase(),
    kind: 'cluster' as const,
    engine: known(row.Engine, 'Engine'),
    status: row.Status ?? 'unknown',
    createdAt: row.ClusterCreateTime,
    retentionDays: row.BackupRetentionPeriod ?? 0,
    pendingRetentionDays: row.PendingModifiedValues?.BackupRetentionPeriod,
    kmsKeyId: row.KmsKeyId,
    window: row.PreferredBackupWindow,
    latestRestorableTime: row.LatestRestorableTime,
    automaticRestartTime: row.AutomaticRestartTime,
    replicaOf: row.ReplicationSourceIdentifier || undefined,
    awsBackupRecoveryPointArn: row.AwsBackupRecoveryPointArn,
    tags: tagsOf(row.TagList),
  });
}

function toInstanceSnapshot(row: DBSnapshot): Snapshot {
  const arn = known(row.DBSnapshotArn, 'DBSnapshotArn');
  return defined({
    arn,
    id: known(row.DBSnapshotIdentifier, 'DBSnapshotIdentifier'),
    database: keyOf(arn, known(row.DbiResourceId, 'DbiResourceId')),
    databaseId: known(row.DBInstanceIdentifier, 'DBInstanceIdentifier').toLowerCase(),
    databaseKind: 'instance' as const,
    kind: kindOf(arn, row.SnapshotType, row.SourceDBSnapshotIdentifier),
    status: row.Status ?? 'unknown',
    engine: known(row.Engine, 'Engine'),
    storageType: row.StorageType,
    sizeGiB: row.AllocatedStorage,
    encrypted: row.Encrypted ?? false,
    kmsKeyId: row.KmsKeyId,
    createdAt: row.SnapshotCreateTime,
    originalCreatedAt: row.OriginalSnapshotCreateTime,
    databaseTime: row.SnapshotDatabaseTime,
    sourceArn: row.SourceDBSnapshotIdentifier,
    sourceRegion: row.SourceRegion,
    percentProgress: row.PercentProgress,
  });
}

function toClusterSnapshot(row: DBClusterSnapshot): Snapshot {
  const arn = known(row.DBClusterSnapshotArn, 'DBClusterSnapshotArn');
  const engine = known(row.Engine, 'Engine');
  return defined({
    arn,
    id: known(row.DBClusterSnapshotIdentifier, 'DBClusterSnapshotIdentifier'),
    database: keyOf(arn, known(row.DbClusterResourceId, 'DbClusterResourceId')),
    databaseId: known(row.DBClusterIdentifier, 'DBClusterIdentifier').toLowerCase(),
    databaseKind: 'cluster' as const,
    kind: kindOf(arn, row.SnapshotType, row.SourceDBClusterSnapshotArn),
    status: row.Status ?? 'unknown',
    engine,
    storageType: row.StorageType,
    // Aurora's storage grows by itself; its AllocatedStorage means nothing.
    sizeGiB: engine.startsWith('aurora') ? undefined : row.AllocatedStorage,
    encrypted: isEncrypted(row),
    kmsKeyId: row.KmsKeyId,
    createdAt: row.SnapshotCreateTime,
    sourceArn: row.SourceDBClusterSnapshotArn,
    percentProgress: row.PercentProgress,
  });
}

/** `StorageEncrypted` is false under a key that AWS owns; `StorageEncryptionType` tells where RDS sends it. */
function isEncrypted({ StorageEncrypted, StorageEncryptionType }: DBClusterSnapshot): boolean {
  return StorageEncryptionType === undefined ? (StorageEncrypted ?? false) : StorageEncryptionType !== 'none';
}

/** AWS Backup's snapshots of Aurora are of type `manual`; their ids tell. */
function kindOf(arn: string, type: string | undefined, source: string | undefined): BackupKind {
  if (type === 'awsbackup' || parseRdsArn(arn).id.startsWith('awsbackup:')) return 'awsbackup';
  if (type === 'automated') return 'automated';
  return source === undefined || source === '' ? 'manual' : 'copy';
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out what is `undefined`, as our types want it. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>;
}
