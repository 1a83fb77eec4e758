/** What RDS shows now. Nothing here knows AWS's shapes: those are parsed at the edge (`shared/rds`). */
import {
  type DatabaseKey,
  type DatabaseKind,
  type DatabaseName,
  type Environment,
  environmentOf,
  parseDatabaseKey,
} from './identity.ts';

/** How a snapshot came to be. A `copy` is a user's copy of another snapshot; its age is that of its source. */
export const backupKinds = ['automated', 'manual', 'awsbackup', 'copy'] as const;
export type BackupKind = (typeof backupKinds)[number];

/** A snapshot as RDS shows it now. Only one in status `available` is a backup. */
export interface Snapshot {
  readonly arn: string;
  readonly id: string;
  readonly database: DatabaseKey;
  readonly databaseId: string;
  readonly databaseKind: DatabaseKind;
  readonly kind: BackupKind;
  readonly status: string;
  readonly engine: string;
  readonly storageType?: string;
  readonly sizeGiB?: number;
  readonly encrypted: boolean;
  /** ARN of the KMS key that it is encrypted with. */
  readonly kmsKeyId?: string;
  /** RDS's `SnapshotCreateTime`; it can be absent while the snapshot is being created. */
  readonly createdAt?: Date;
  /** RDS's `OriginalSnapshotCreateTime`: unchanged when a snapshot is copied. Instance snapshots only. */
  readonly originalCreatedAt?: Date;
  /** RDS's `SnapshotDatabaseTime`: the time of the last transaction in it. Instance snapshots only. */
  readonly databaseTime?: Date;
  /** ARN of the snapshot this one was copied from. */
  readonly sourceArn?: string;
  /** The Region that it was copied from, where that is another one. */
  readonly sourceRegion?: string;
  readonly percentProgress?: number;
}

/** A snapshot that can be restored now; RDS names no creation time only while it is still creating one. */
export type AvailableSnapshot = Snapshot & { readonly createdAt: Date };

export function isAvailable(snapshot: Snapshot): snapshot is AvailableSnapshot {
  return snapshot.status === 'available' && snapshot.createdAt !== undefined;
}

/**
 * Whether a snapshot may be of a database of another account or Region, whose name it bears: RDS names where it was copied from,
 * or a copy job of AWS Backup made it. Whether its database was ever here only its resource id tells.
 */
export function mayComeFromElsewhere({ id, database, sourceArn, sourceRegion }: Snapshot): boolean {
  const { account, region } = environmentOf(database);
  const [, arnRegion = region, arnAccount = account] = /^arn:[^:]+:rds:([^:]+):(\d{12}):/.exec(sourceArn ?? '') ?? [];
  const isCopied = arnRegion !== region || arnAccount !== account || (sourceRegion ?? region) !== region;
  return isCopied || id.startsWith('awsbackup:copyjob-');
}

/** A database as RDS shows it now. Members of a cluster are not databases of their own: see `ClusterMember`. */
export interface RdsDatabase {
  readonly key: DatabaseKey;
  readonly arn: string;
  /** The identifier, in lower case. */
  readonly id: string;
  readonly kind: DatabaseKind;
  readonly engine: string;
  /** `available`, `stopped`, `storage-full`, ... A free string. */
  readonly status: string;
  readonly createdAt?: Date;
  /** Days RDS keeps automated backups; 0 means there are none. */
  readonly retentionDays: number;
  /** What `retentionDays` becomes with the next maintenance window (`PendingModifiedValues.BackupRetentionPeriod`). */
  readonly pendingRetentionDays?: number;
  /** ARN of the KMS key that its storage is encrypted with. */
  readonly kmsKeyId?: string;
  /** `hh:mm-hh:mm`, UTC. */
  readonly window?: string;
  readonly latestRestorableTime?: Date;
  /** Set while stopped: when RDS starts it again, seven days after it stopped. */
  readonly automaticRestartTime?: Date;
  /** RDS Custom: its automation is paused (`AutomationMode` `all-paused`), until a moment if RDS says one. */
  readonly automationPaused?: { readonly until?: Date };
  /** The database this one replicates. */
  readonly replicaOf?: string;
  /** How its replication has failed (`StatusInfos`): `error`, `stopped` or `terminated`, and what RDS says of it. */
  readonly replicationFailed?: { readonly status: string; readonly message?: string };
  readonly awsBackupRecoveryPointArn?: string;
  /** RDS for Oracle in the multi-tenant configuration: it has tenant databases. */
  readonly multiTenant?: true;
  readonly tags: Readonly<Record<string, string>>;
}

/** Whether a database is a replica without automated backups of its own. */
export function reliesOnSource({ replicaOf, retentionDays }: RdsDatabase): boolean {
  return replicaOf !== undefined && retentionDays === 0;
}

/** The names that the source of a replica may have: RDS gives an ARN, or an identifier, which may be of either kind. */
export function sourceNames({ key, kind, replicaOf = '' }: RdsDatabase): DatabaseName[] {
  const [, region, account, type, id] = /^arn:[^:]+:rds:([^:]+):(\d{12}):(db|cluster):(.+)$/.exec(replicaOf) ?? [];
  if (region !== undefined && account !== undefined && id !== undefined) {
    return [{ account, region, kind: type === 'cluster' ? 'cluster' : 'instance', id: id.toLowerCase() }];
  }
  const kinds = kind === 'cluster' ? (['cluster', 'instance'] as const) : (['instance', 'cluster'] as const);
  return kinds.map((kind) => ({ ...environmentOf(key), kind, id: replicaOf.toLowerCase() }));
}

/** An instance that belongs to a cluster; whoever configured it is pointed to its cluster. */
export interface ClusterMember extends Environment {
  readonly id: string;
  readonly clusterId: string;
}

/** ARNs by which AWS Backup may name a database, in lower case: that of its name and that of its resource id. */
export function arnsOf({ arn, key }: Pick<RdsDatabase, 'arn' | 'key'>): string[] {
  const { resourceId = '' } = parseDatabaseKey(key);
  return [arn, arn.replace(/[^:]+$/, resourceId)].map((one) => one.toLowerCase());
}
