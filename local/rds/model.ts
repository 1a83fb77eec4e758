import type { ExportTable } from './parquet.ts';

export type DatabaseKind = 'instance' | 'cluster';

/** A DB instance or DB cluster as RDS holds it. Only the simulator changes it. */
export interface Database {
  readonly kind: DatabaseKind;
  readonly resourceId: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly created: Date;
  readonly storageType: string;
  readonly allocatedGb: number;
  /** What an export of it reads, in GB. */
  readonly dataGb: number;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | undefined;
  /** The cluster of which this instance is a member; the cluster is backed up, not the member. */
  readonly memberOf: Database | undefined;
  /** Name or ARN of the source, on a read replica. */
  replicaOf: string | undefined;
  readonly databaseName: string;
  tables: readonly ExportTable[];
  id: string;
  arn: string;
  status: string;
  /** Days; 0 means that automated backups are off. */
  retention: number;
  /** What the retention becomes with the next maintenance window. */
  pendingRetention: number | undefined;
  /** `hh:mm-hh:mm` in UTC. */
  window: string;
  tags: Readonly<Record<string, string>>;
  recoveryPoint: string | undefined;
  restartsAt: Date | undefined;
  /** RDS Custom: until when its automation is paused. */
  automationPausedUntil: Date | undefined;
  latestRestorable: 'fresh' | Date;
  /** The last transaction: now, or the moment at which writing, or the replication of a replica, ended. */
  lastTransaction: 'now' | Date;
  /** What RDS says of the replication of a replica that has failed. */
  replicationError: string | undefined;
  /** How many of the next automated backups RDS skips without a word. */
  nightsToSkip: number;
  /** How long its automated backups take; undefined: as those of the fleet. */
  readonly backupMinutes: number | undefined;
  /** Oracle's tenant databases; undefined: it is not in the multi-tenant configuration. */
  tenantDatabases: readonly string[] | undefined;
  deleted: boolean;
}

/** A blue/green deployment that was switched over. */
export interface Deployment {
  readonly id: string;
  readonly arn: string;
  readonly blue: Database;
  readonly green: Database;
}

export type SnapshotType = 'automated' | 'manual' | 'awsbackup';

/** What a snapshot remembers of its database, as it was at that time. */
export type SnapshotSource = Pick<
  Database,
  | 'id'
  | 'resourceId'
  | 'engine'
  | 'engineVersion'
  | 'created'
  | 'storageType'
  | 'allocatedGb'
  | 'dataGb'
  | 'encrypted'
  | 'kmsKeyId'
  | 'retention'
  | 'window'
  | 'databaseName'
  | 'tables'
  | 'tenantDatabases'
>;

export interface Snapshot {
  readonly kind: DatabaseKind;
  readonly id: string;
  readonly arn: string;
  readonly type: SnapshotType;
  readonly source: SnapshotSource;
  /** When it was begun, which is what SnapshotCreateTime says. */
  readonly startedAt: Date;
  readonly availableAt: Date;
  /** RDS may leave SnapshotCreateTime out while the snapshot is `creating`. */
  readonly showsTimeWhileCreating: boolean;
  readonly originalTime: Date | undefined;
  /** The last transaction in it. */
  readonly databaseTime: Date;
  /** The ARN of the snapshot of which this is a copy. */
  readonly copyOf: string | undefined;
  readonly sourceRegion: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  status: string;
}

export function sourceOf(database: Database): SnapshotSource {
  const { id, resourceId, engine, engineVersion, created, storageType, allocatedGb, dataGb } = database;
  const { encrypted, kmsKeyId, retention, window, databaseName, tables, tenantDatabases } = database;
  return {
    ...{ id, resourceId, engine, engineVersion, created, storageType, allocatedGb, dataGb },
    ...{ encrypted, kmsKeyId, retention, window, databaseName, tables, tenantDatabases },
  };
}

export const isAurora = (engine: string): boolean => engine.startsWith('aurora');

/** Neptune and DocumentDB share the RDS API, and are not RDS. */
const sharesOnlyTheApi = (engine: string): boolean => engine === 'neptune' || engine === 'docdb';

/** AWS Backup's snapshots of Aurora, Neptune and DocumentDB are of type `manual`, those of the others `awsbackup`. */
export function awsBackupType(kind: DatabaseKind, engine: string): SnapshotType {
  return kind === 'cluster' && (isAurora(engine) || sharesOnlyTheApi(engine)) ? 'manual' : 'awsbackup';
}
