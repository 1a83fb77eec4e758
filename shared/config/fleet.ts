/** The configuration as the product uses it: defaults applied, one entry a database. `resolve.ts` makes it from the file. */
import type { Recipient } from '../channels/index.ts';
import {
  type BackupKind,
  type CopyCause,
  type CopyMode,
  type DatabaseName,
  type Environment,
  type NamedEnvironment,
  sameEnvironment,
} from '../domain/index.ts';
import type { NotExported } from './export-regions.ts';

/** When a database counts as unprotected, and how often people are reminded. */
export interface Policy {
  /** Age of the newest backup at which the promise is broken; 24 unless configured. */
  readonly maxAgeHours: number;
  /** Hours that today's backup may still take after the backup window has closed; 2 unless configured, 0 allowed. */
  readonly graceHours: number;
  /**
   * Hours that a backup may still take after `maxAgeHours` where only AWS Backup makes one and its jobs cannot be read; 8
   * unless configured, AWS Backup's default start window. `graceHours` where that is more.
   */
  readonly awsBackupGraceHours: number;
  /** Hours between reminders of an open alert; 24 unless configured. */
  readonly reminderHours: number;
  /** Whether a stop that outlasts the promised age is a warning; `warn` unless configured. */
  readonly whileStopped: WhileStopped;
}

export type WhileStopped = 'warn' | 'quiet';

export type CopySchedule = 'every' | 'daily' | 'weekly' | 'monthly';

export interface CopyPolicy {
  readonly mode: CopyMode;
  /** Every backup, or only the first of each UTC day, ISO week or month. */
  readonly schedule: CopySchedule;
  readonly kinds: readonly BackupKind[];
  /** Where native dumps lie (`object` mode only). */
  readonly staging?: {
    readonly bucket: string;
    /** The 12-digit account that must own the staging bucket: a name that nobody owns can be taken by a stranger. */
    readonly owner: string;
    /** The KMS key that the dumps are encrypted with; absent: none, or one that lets the copy function in by its own policy. */
    readonly keyArn?: string;
    /** Pattern of the dump's key, or of a prefix that ends in a slash: `stagingKey` replaces its placeholders. */
    readonly key: string;
    /** How long a dump that is not there yet is waited for. */
    readonly waitHours: number;
    /** How long before or after the backup its dump was made at most. */
    readonly maxDumpAgeHours: number;
  };
}

/** Where copies of one database go. */
export interface CopyTarget {
  readonly bucket: string;
  /** Key prefix without a leading or trailing slash; empty for a bucket of its own. */
  readonly prefix: string;
  /** The account that owns the bucket. */
  readonly owner: string;
  /** The key that exports are encrypted with; absent: the stack's own. */
  readonly keyArn?: string;
}

/** A tenant of a shared database. */
export interface SharedTenant {
  readonly tenant: string;
  /** The shared database's own, but for the strictest `maxAgeHours` of the two, and how often the tenant is reminded. */
  readonly policy: Policy;
  /** Since when its data is there, where the configuration says so. */
  readonly since?: Date;
  /** What its database, its schema, or the schema in that database, is called; absent where nobody said. */
  readonly database?: string;
  readonly schema?: string;
  readonly enrolledBy: 'configuration' | 'tag';
}

/** One configured (or, by its tag, discovered) database with everything that applies to it. */
export interface ConfiguredDatabase extends DatabaseName {
  /** Of a shared database it is its own owner: see `sharedOwner`. */
  readonly tenant: string;
  /** Whom a shared database holds; absent for a database that is one tenant's. */
  readonly tenants?: readonly SharedTenant[];
  readonly policy: Policy;
  readonly copy: CopyPolicy;
  readonly target: CopyTarget;
  /** Why its copies cannot be made: wanted ones are `skipped` for this cause. `target` is then where they would go. */
  readonly copySkipped?: CopyCause;
  /** Engines whose snapshots RDS does not export in its Region; absent: it exports. */
  readonly notExported?: NotExported;
  /** The reason why it is not watched. */
  readonly excluded?: string;
  readonly enrolledBy: 'configuration' | 'tag';
}

/** A tenant's share of a shared database, as if it were a database of the tenant's own. */
export function shareOf(shared: ConfiguredDatabase, { tenant, policy, enrolledBy }: SharedTenant): ConfiguredDatabase {
  const { tenants: _, ...database } = shared;
  return { ...database, tenant, policy, enrolledBy };
}

/** Every database that a tenant has: those of its own, and its shares of shared ones. */
export function tenantsDatabases(databases: readonly ConfiguredDatabase[]): ConfiguredDatabase[] {
  return databases.flatMap((one) => one.tenants?.map((tenant) => shareOf(one, tenant)) ?? [one]);
}

export interface Tenant {
  readonly id: string;
  /** Hours for which it may be without a watched database before that is critical; the default unless it has its own. */
  readonly maxAgeHours: number;
  readonly recipients: readonly Recipient[];
}

/** How databases enrol themselves by tag; absent: only the listed ones are watched. */
export interface Discovery {
  readonly tenantTag: string;
  /** Whether `backup-exclude` is honoured: whoever may tag could silence alerts. */
  readonly allowExclusion: boolean;
  /** Whether a database leaves when its tenant tag is removed; else it is watched on for its tenant. */
  readonly allowRemoval: boolean;
  /** Whether a tag may move a database from the tenant that it belonged to to another one. */
  readonly allowTenantChange: boolean;
  /** Whether `backup-max-age-hours` may ask for more than the default. */
  readonly allowLongerAge: boolean;
  /** What `backup-max-age-hours` may ask for at most; the default is allowed in any case. */
  readonly maxAgeHoursLimit: number;
  /** Whether `backup-copy` may ask for `none` where the default is another. */
  readonly allowNoCopies: boolean;
}

/** An environment with what the configuration says of it. */
export interface FleetEnvironment extends NamedEnvironment {
  /** Whether its events reach the hub; else sweeps alone find its new backups. */
  readonly events: boolean;
  /** Where copies of its discovered databases go; absent where no shared bucket is configured. */
  readonly sharedTarget?: {
    readonly bucket: string;
    readonly owner: string;
    /** What every prefix in it begins with. */
    readonly prefix?: string;
  };
  /** Names of the buckets that its stack makes and keeps (`own` and `shared`); every other target exists already. */
  readonly stackBuckets: readonly string[];
}

/** The whole configuration, resolved for the account and Region of the hub, or (`fleetIn`) as one environment of it has it. */
export interface Fleet extends FleetEnvironment {
  /** All environments, the hub first. */
  readonly environments: readonly FleetEnvironment[];
  /** The organization whose accounts may send events. */
  readonly organization?: string;
  readonly operators: readonly Recipient[];
  readonly tenants: readonly Tenant[];
  readonly databases: readonly ConfiguredDatabase[];
  /** What applies to a discovered database that has no tags of its own about it. */
  readonly defaults: { readonly policy: Policy; readonly copy: CopyPolicy };
  readonly discovery?: Discovery;
  readonly sweep: { readonly cron: string; readonly timeZone: string };
  readonly alerts: {
    /** More tenants than this alerted within six hours: operators get one digest instead of a message each. */
    readonly digestAbove: number;
    readonly dailyDigest: boolean;
    readonly runbookUrl: string;
  };
  readonly copies: {
    /** Tries of a copy whose failure may heal. */
    readonly maxAttempts: number;
    /** A copy running longer than this is reported as stuck. */
    readonly stuckHours: number;
    /** A copy waiting in the queue for longer than this rings an alarm. */
    readonly queuedHours: number;
    /** Duration of an export that capacity is planned with until the ledger has seen some. */
    readonly assumedHours: number;
    /** Regions that have exports, whatever `export-regions.ts` knows of them. */
    readonly regionsWithExports: readonly string[];
  };
  readonly ledger: { readonly retentionDays: number };
  readonly lifecycle: {
    readonly copyDays: number;
    readonly oldVersionDays: number;
    readonly unfinishedUploadDays: number;
  };
  /** Resources kept from an earlier deploy. */
  readonly adopt?: {
    readonly tableName: string;
    readonly tableKeyArn: string;
    readonly buckets: boolean;
    /** ISO time before which nobody is notified. */
    readonly notifyFrom?: string;
  };
}

/** An environment of the fleet; undefined for one that it has not. */
export function fleetEnvironment({ environments }: Fleet, wanted: Environment): FleetEnvironment | undefined {
  return environments.find((one) => sameEnvironment(one, wanted));
}

/** The fleet as one of its environments has it, by itself: that one's databases, targets and buckets. */
export function fleetIn(fleet: Fleet, environment: FleetEnvironment): Fleet {
  const { accountName: _, sharedTarget: __, ...settings } = fleet;
  return {
    ...settings,
    ...environment,
    environments: [environment],
    databases: fleet.databases.filter((one) => sameEnvironment(one, environment)),
  };
}

/** Whether any backup may be copied; where a tag may ask for it, nobody knows beforehand. */
export function copiesAnything({ databases, discovery, environments }: Fleet): boolean {
  const byTag = discovery !== undefined && environments.some(({ sharedTarget }) => sharedTarget !== undefined);
  return byTag || databases.some(({ copy }) => copy.mode !== 'none');
}
