/**
 * The words of the product as types. Times are `Date`; a duration carries its unit in its name.
 * Nothing here knows AWS's shapes: those are parsed at the edge (`shared/rds`, `shared/config`, `shared/ledger/items.ts`).
 */

/** What RDS backs up: an instance that stands alone, or a cluster (Aurora, Multi-AZ) as a whole. */
export type DatabaseKind = 'instance' | 'cluster';

/** `<account>/<region>/<resource id>`: RDS re-uses and renames database names, never resource ids. */
export type DatabaseKey = string;

/** How a snapshot came to be. A `copy` is a user's copy of another snapshot; its age is that of its source. */
export type BackupKind = 'automated' | 'manual' | 'awsbackup' | 'copy';

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
  /** RDS's `SnapshotCreateTime`; it can be absent while the snapshot is being created. */
  readonly createdAt?: Date;
  /** RDS's `OriginalSnapshotCreateTime`: unchanged when a snapshot is copied. Instance snapshots only. */
  readonly originalCreatedAt?: Date;
  /** ARN of the snapshot this one was copied from. */
  readonly sourceArn?: string;
  readonly percentProgress?: number;
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
  /** `hh:mm-hh:mm`, UTC. */
  readonly window?: string;
  readonly latestRestorableTime?: Date;
  /** Set while stopped: when RDS starts it again, seven days after it stopped. */
  readonly automaticRestartTime?: Date;
  /** The database this one replicates. */
  readonly replicaOf?: string;
  readonly awsBackupRecoveryPointArn?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** An instance that belongs to a cluster; whoever configured it is pointed to its cluster. */
export interface ClusterMember {
  readonly id: string;
  readonly clusterId: string;
}

/** A restorable snapshot, as the ledger records it, once. */
export interface Backup {
  readonly arn: string;
  readonly id: string;
  readonly database: DatabaseKey;
  readonly databaseId: string;
  readonly databaseKind: DatabaseKind;
  /** The tenant at the time of recording; absent for a database that nobody configured. */
  readonly tenant?: string;
  readonly kind: BackupKind;
  readonly engine: string;
  readonly storageType?: string;
  readonly sizeGiB?: number;
  readonly encrypted: boolean;
  readonly createdAt: Date;
  /** The moment the data is from; absent where it cannot be known (a cluster copy of an unknown source): it never counts. */
  readonly backupTime?: Date;
  readonly recordedAt: Date;
  readonly learnedFrom: 'event' | 'sweep';
  /** Learned by a sweep although an event should have announced it. */
  readonly eventMissed?: boolean;
  readonly event?: { readonly id: string; readonly time: Date };
  readonly copy: Copy;
  readonly closed?: Closed;
  /** Changes with every write; a writer names the version it read. Absent on a row that was never written. */
  readonly version?: number;
}

/** Why a row is history: its snapshot is gone. */
export interface Closed {
  readonly at: Date;
  readonly reason: string;
  /** DynamoDB removes the row some time after this. */
  readonly expiresAt: Date;
}

export type CopyMode = 'export' | 'object' | 'none';

export type CopyState =
  | 'none'
  | 'queued'
  | 'starting'
  | 'running'
  | 'complete'
  | 'incomplete'
  | 'failed'
  | 'skipped'
  | 'cancelled';

/** States in which a copy still moves: `copy`, the watch and the sweep look after these. */
export const activeCopyStates = ['queued', 'starting', 'running'] as const satisfies readonly CopyState[];

/** The S3 copy of one backup. An export is Parquet for analytics and archive: RDS cannot restore it. */
export interface Copy {
  readonly mode: CopyMode;
  readonly state: CopyState;
  /** Counts the tries; with the snapshot it makes the export's task id. 1 for the first. */
  readonly attempt: number;
  readonly queuedAt?: Date;
  /** Not to be started before this moment: the pause after a failure, or the wait for a staged object. */
  readonly notBefore?: Date;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  readonly taskId?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly percent?: number;
  readonly bytes?: number;
  readonly objects?: number;
  /** Why it failed, was skipped, or is incomplete, in words, with what to do. */
  readonly reason?: string;
  /** A failure that trying again cannot heal: role, key, bucket, permission. */
  readonly permanent?: boolean;
  /** When people were told of this copy's failure, or of its being stuck. */
  readonly toldAt?: Date;
}

export type VerdictName =
  | 'protected'
  | 'due'
  | 'overdue'
  | 'never'
  | 'new'
  | 'disabled'
  | 'missing'
  | 'deleted'
  | 'unknown'
  | 'excluded';

export type Severity = 'critical' | 'warning' | 'info';

/** What a sweep or a watch says of one database. */
export interface Verdict {
  readonly name: VerdictName;
  readonly severity: Severity;
  /** A sentence a person can act on: the cause, and the next step. */
  readonly reason: string;
  readonly newestBackup?: NewestBackup;
  /** When it becomes, or became, overdue; absent where no deadline applies (`excluded`, `missing`, ...). */
  readonly deadline?: Date;
  /** When the database is to be looked at next; absent: only by the next sweep. */
  readonly checkAt?: Date;
  /** Told once when it opens, without reminders, while the cause stays the same (stopped, deleted). */
  readonly once?: boolean;
  /** Since when the cause lasts (RDS not answering, database stopped); whoever writes the row keeps it there. */
  readonly since?: Date;
  /** The database's status, where RDS refuses even a manual snapshot in it (stopped, storage-full). */
  readonly status?: string;
}

export interface NewestBackup {
  readonly arn: string;
  readonly id: string;
  readonly time: Date;
}

/** The ledger's row of one database: what was last known and judged, and what is open. */
export interface DatabaseRow {
  readonly key: DatabaseKey;
  readonly id: string;
  readonly kind: DatabaseKind;
  readonly tenant?: string;
  /** Set where its tags enrolled it: when RDS shows it no longer, its tags are gone with it. */
  readonly enrolledBy?: 'tag';
  readonly engine?: string;
  readonly window?: string;
  readonly retentionDays?: number;
  /** When the ledger first met it. Backups from before are recorded, but neither copied nor counted as missed events. */
  readonly enrolledAt: Date;
  readonly newestBackup?: NewestBackup;
  readonly deadline?: Date;
  readonly verdict?: VerdictName;
  readonly severity?: Severity;
  readonly reason?: string;
  readonly judgedAt?: Date;
  /** When the watch is to look at it. */
  readonly checkAt?: Date;
  /** The start of a status that lasts, e.g. since when RDS could not be asked, or the database has been stopped. */
  readonly since?: Date;
  /** Its backups that RDS still has: sort keys of their rows (`<createdAt ISO>#<snapshot id>`). */
  readonly liveBackups: readonly string[];
  readonly inProgress?: { readonly id: string; readonly since: Date };
  /** The exclusion's reason that was last told (exclusions by tag are told once). */
  readonly exclusion?: string;
  /**
   * The open alert, kept here too so that judging a database reads one row. A resolved one stays until that was told, that
   * of a deleted database for good: ask `openAlert` (shared/rules/alert.ts).
   */
  readonly alert?: Alert;
  /** Changes with every write; a writer names the version it read. Absent on a row that was never written. */
  readonly version?: number;
}

/** What is to be told of an alert. `rise` is a rise in severity. */
export type AlertStep = 'open' | 'remind' | 'rise' | 'resolve';

/**
 * Who a message is for: the tenant's recipients and the operators, only the former (while operators get a digest instead),
 * or only the latter.
 */
export type Audience = 'all' | 'tenant' | 'operators';

/** A message about an alert that went out: when, what it told, and to whom. */
export interface Notice {
  readonly at: Date;
  readonly step: AlertStep;
  readonly to: Audience;
}

/** An open (or past) statement that a tenant's database is unprotected. */
export interface Alert {
  readonly database: DatabaseKey;
  readonly databaseId: string;
  readonly databaseKind: DatabaseKind;
  readonly tenant: string;
  readonly opened: Date;
  readonly verdict: VerdictName;
  readonly severity: Severity;
  readonly reason: string;
  readonly newestBackup?: NewestBackup;
  readonly deadline?: Date;
  /** The database's status, where RDS refuses even a manual snapshot in it. */
  readonly status?: string;
  /** The messages about it that went out, oldest first (the last 50). */
  readonly notified: readonly Notice[];
  /** Written before a message is published, taken away once it was: what is left over is published again. */
  readonly intent?: { readonly step: AlertStep; readonly at: Date; readonly tries: number };
  readonly acknowledged?: { readonly by: string; readonly at: Date; readonly note?: string };
  readonly snoozedUntil?: Date;
  readonly snoozed?: { readonly by: string; readonly at: Date; readonly note?: string };
  readonly resolved?: Date;
  /** Why it was resolved, in words. */
  readonly resolution?: string;
  /** The verdict that resolved it; absent where none did (it left the configuration, or moved to another tenant). */
  readonly outcome?: VerdictName;
  /** Of a resolved one: DynamoDB removes its row some time after this. */
  readonly expiresAt?: Date;
}

/** The judgement of one database on one day (UTC): the auditor's evidence, written then and never changed by later configuration. */
export interface Day {
  readonly database: DatabaseKey;
  readonly databaseId: string;
  readonly databaseKind: DatabaseKind;
  readonly tenant?: string;
  /** `YYYY-MM-DD`, UTC. */
  readonly date: string;
  readonly verdict: VerdictName;
  readonly severity: Severity;
  readonly reason: string;
  readonly judgedAt: Date;
  readonly newestBackup?: NewestBackup;
  readonly deadline?: Date;
  readonly maxAgeHours: number;
  readonly graceHours: number;
  readonly exclusion?: string;
  /** DynamoDB removes the row some time after this. */
  readonly expiresAt?: Date;
}

/** One sweep, of one run or of several that carried it on; or the watch's last run. */
export interface SweepRow {
  readonly mode: 'sweep' | 'watch';
  readonly started: Date;
  readonly finished?: Date;
  readonly at: Date;
  readonly complete: boolean;
  readonly databases: number;
  readonly counts: Readonly<Partial<Record<VerdictName, number>>>;
  readonly eventsMissed: number;
  /** Names of what events missed, at most 100. */
  readonly missed: readonly { readonly snapshotId: string; readonly databaseId: string; readonly backupTime?: Date }[];
  readonly recorded: number;
  readonly closed: number;
  /** Names of databases that RDS has and nobody configured, at most 2,000. */
  readonly unconfigured: readonly string[];
  /** How many those are, where there are more than are named. */
  readonly unconfiguredCount?: number;
  readonly alerts: { readonly opened: number; readonly reminded: number; readonly resolved: number };
  readonly apiCalls: Readonly<Record<string, number>>;
  /** At most 100 lines. */
  readonly errors: readonly string[];
  /** SHA-256 of the configuration's bytes. */
  readonly configHash: string;
  /** The last database key that was judged, where it stopped half-way. */
  readonly stoppedAfter?: DatabaseKey;
  /** Of a sweep that is over: DynamoDB removes its row some time after this. */
  readonly expiresAt?: Date;
}
