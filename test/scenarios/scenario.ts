/** One row of the scenario table, and the world it is played in: what is not said is as for a healthy database. */
import type { ConfiguredDatabase, Policy, SharedTenant } from '../../shared/config/fleet.ts';
import {
  type Alert,
  type BackupJob,
  backupIdOf,
  type CauseCode,
  type DatabaseRow,
  type Evaluation,
  isAvailable,
  type NewestBackup,
  type RdsDatabase,
  type Severity,
  type Snapshot,
  type VerdictName,
} from '../../shared/domain/index.ts';
import type { LookupResult } from '../../shared/evaluation/evaluate.ts';
import {
  type DatabaseEvaluation,
  type EvaluationTarget,
  evaluateDatabase,
  type HeldTenants,
  type KnownDatabase,
  type ObservedSnapshots,
} from '../../shared/evaluation/evaluate-database.ts';
import type { UnwatchedSource } from '../../shared/evaluation/replica-source.ts';
import { evaluateShare, sharesOf } from '../../shared/evaluation/shares.ts';
import { hourMs } from '../../shared/lib/time.ts';
import type { RunChange } from '../../shared/rds/index.ts';
import { type Reader, reasonOf } from '../../shared/reasons/index.ts';

type Overrides<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What RDS shows: fields that differ from the healthy database, or that there is no such database, or no answer. */
export type Shown = Overrides<RdsDatabase> | Exclude<LookupResult, { is: 'database' }>;

export interface Scenario {
  /** The situation in words. */
  readonly title: string;
  /** The moment of evaluation, `23 Nov 12:00` (2026, UTC). */
  readonly at: string;
  readonly policy?: Partial<Policy>;
  readonly configured?: Pick<Partial<ConfiguredDatabase>, 'excluded' | 'enrolledBy' | 'kind' | 'tenant'>;
  readonly rds?: Shown;
  /** In no order, as RDS lists them. */
  readonly snapshots?: readonly Snapshot[];
  /** Why the listing of snapshots was not read to its end. */
  readonly snapshotsUnread?: string;
  /** Times of cluster snapshots that were copied, by ARN, where the ledger knows their sources. */
  readonly copyTimes?: Readonly<Record<string, Date>>;
  /** AWS Backup's jobs of it, or that they cannot be read. */
  readonly jobs?: readonly BackupJob[] | 'unread';
  /** What the ledger knows of the database. */
  readonly row?: Overrides<DatabaseRow>;
  /** Whether the ledger knows none of its backups: events were lost. */
  readonly unrecorded?: boolean;
  /** What the ledger has, where that is not what RDS shows as available. */
  readonly recorded?: readonly Snapshot[];
  /** Why the source of a replica is not watched; absent: it is. */
  readonly unwatchedSource?: UnwatchedSource;
  /** The row of another database that had the name before. */
  readonly earlier?: Overrides<DatabaseRow>;
  /** How long its automated backups, and those of AWS Backup, usually take. */
  readonly usualHours?: number;
  /** When it was stopped and started, as RDS's events say. */
  readonly runChanges?: readonly RunChange[];
  /** The alert that is open. */
  readonly alert?: Overrides<Alert>;
  /** Whose share of it is evaluated, where it is a shared database; `carried` is the newest backup in the one that the tenant left. */
  readonly share?: Pick<SharedTenant, 'since' | 'database'> & { readonly carried?: NewestBackup };
  /** Of which tenant databases RDS shows that a snapshot holds them, by its ARN. */
  readonly tenantDatabases?: Readonly<Record<string, readonly string[]>>;
  /** What the shares of it came to, where the shared database itself is evaluated. */
  readonly held?: HeldTenants;
  readonly expect: Expected;
}

export interface Expected {
  readonly verdict: VerdictName;
  readonly severity: Severity;
  readonly cause: CauseCode | null;
  /** Where the scenario is about them. */
  readonly notes?: readonly CauseCode[];
  /** A part of the reason, as operators read it. */
  readonly reason: string;
  readonly alert: AlertColumn;
  readonly deadline?: string;
  /** When the watch checks it next, once people were notified. */
  readonly nextCheckAt?: string;
}

/** `none`: nothing is open; `silent`: one is open and nobody is notified; otherwise what people are notified of now. */
export type AlertColumn = 'none' | 'silent' | `${'open' | 'remind' | 'rise' | 'resolve'} ${'critical' | 'warning'}`;

export interface Played {
  readonly evaluation: Evaluation;
  readonly reason: string;
  readonly alert: AlertColumn;
  readonly newest?: Date;
  /** When the watch checks it next, once people were notified. */
  readonly nextCheckAt?: Date;
}

const environment = { account: '123456789012', region: 'eu-west-1' };
const key = '123456789012/eu-west-1/db-ORDERS';

/** A moment of the scenarios' year: `23 Nov 04:10` is 2026-11-23T04:10Z. */
export function t(text: string): Date {
  const time = new Date(`${text.slice(0, -6)} 2026 ${text.slice(-5)} UTC`);
  if (Number.isNaN(time.getTime())) throw new Error(`a scenario's time must look like "23 Nov 04:10", got "${text}"`);
  return time;
}

/** A snapshot of the database, automated and available unless said otherwise. */
export function snapshot(created: string | undefined, fields: Overrides<Snapshot> = {}): Snapshot {
  const id = fields.id ?? `rds:orders-${created?.replaceAll(/[ :]/g, '-') ?? 'unknown'}`;
  return merged<Snapshot>(
    {
      arn: `arn:aws:rds:eu-west-1:123456789012:snapshot:${id}`,
      id,
      database: key,
      databaseId: 'orders',
      databaseKind: 'instance',
      kind: 'automated',
      status: 'available',
      engine: 'postgres',
      encrypted: true,
      ...(created === undefined ? {} : { createdAt: t(created) }),
    },
    fields,
  );
}

/** A job of AWS Backup, created at a moment, with the start window of eight hours that is its default. */
export function backupJob(
  created: string,
  state: string,
  { ended, ...fields }: Overrides<BackupJob> & { readonly ended?: string } = {},
): BackupJob {
  return merged<BackupJob>(
    {
      id: `job-${created.replaceAll(/[ :]/g, '-')}`,
      resourceArn: 'arn:aws:rds:eu-west-1:123456789012:db:orders',
      state,
      createdAt: t(created),
      startBy: new Date(t(created).getTime() + 8 * 3_600_000),
      ...(ended !== undefined && { endedAt: t(ended) }),
    },
    fields,
  );
}

/** The evaluation of a scenario, and what its alert does: as the sweep and the watch evaluate. */
export function play(scenario: Scenario, audience: Reader['audience'] = 'operators'): Played {
  const now = t(scenario.at);
  const configured: ConfiguredDatabase = {
    ...environment,
    tenant: 'acme',
    id: 'orders',
    kind: 'instance',
    policy: {
      maxAgeHours: 24,
      graceHours: 2,
      awsBackupGraceHours: 8,
      reminderHours: 24,
      whileStopped: 'warn',
      ...scenario.policy,
    },
    copy: { mode: 'none', schedule: 'every', kinds: ['automated'] },
    target: { bucket: 'copies', prefix: '', owner: '123456789012' },
    enrolledBy: 'configuration',
    ...scenario.configured,
  };
  const target: EvaluationTarget = {
    key,
    kind: configured.kind,
    id: configured.id,
    configured,
    ...(scenario.held && { held: scenario.held }),
    found: foundOf(scenario.rds ?? {}, now),
    ...(scenario.runChanges && { runChanges: scenario.runChanges }),
    ...(scenario.unwatchedSource && { unwatchedSource: scenario.unwatchedSource }),
    ...(scenario.earlier && { earlier: databaseRow('123456789012/eu-west-1/db-OLD', scenario.earlier) }),
  };
  const seen: ObservedSnapshots = {
    snapshots: scenario.snapshots ?? [],
    whole: true,
    copyTimes: new Map(Object.entries(scenario.copyTimes ?? {})),
    usualMs: new Map(
      scenario.usualHours === undefined
        ? []
        : (['automated', 'awsbackup'] as const).map((kind) => [kind, (scenario.usualHours ?? 0) * hourMs]),
    ),
    ...(scenario.jobs !== 'unread' && { backupJobs: scenario.jobs ?? [] }),
    ...(scenario.snapshotsUnread !== undefined && { unread: { why: scenario.snapshotsUnread } }),
    ...(scenario.tenantDatabases && { tenantDatabases: new Map(Object.entries(scenario.tenantDatabases)) }),
  };
  const known = knownOf(scenario);
  const evaluated = scenario.share
    ? evaluateShareOf(target, configured, seen, known, scenario.share, now)
    : evaluateDatabase(target, seen, known, now);
  const { evaluation, notification, row } = evaluated;
  const nextCheckAt = notification?.nextCheckOnceNotified ?? row.nextCheckAt;
  if (evaluation === undefined) throw new Error('a configured database has an evaluation');
  const subject = { id: configured.id, kind: configured.kind, evaluatedAt: now };
  return {
    evaluation,
    reason: reasonOf(evaluation, subject, { now, audience }),
    alert: alertColumn(evaluated),
    ...(evaluation.newestBackup && { newest: evaluation.newestBackup.time }),
    ...(nextCheckAt && { nextCheckAt }),
  };
}

/** What the scenario knows of a row is known of the share; the ledger has watched the shared database since it was made. */
function evaluateShareOf(
  target: EvaluationTarget,
  configured: ConfiguredDatabase,
  seen: ObservedSnapshots,
  known: KnownDatabase,
  { carried, ...its }: NonNullable<Scenario['share']>,
  now: Date,
): DatabaseEvaluation {
  const held: SharedTenant = { tenant: 'acme', policy: configured.policy, enrolledBy: 'configuration', ...its };
  const shared = { ...configured, tenant: 'shared:orders', tenants: [held] };
  const [share] = sharesOf({ key, configured: shared });
  if (share === undefined) throw new Error('there is one share');
  const { row, alert } = known;
  const own = { ...(row ?? databaseRow(key, {})), key: share.key, share: {} };
  const itself = { row: databaseRow(key, { tenant: 'shared:orders' }), live: known.live };
  return evaluateShare(
    share,
    { target: { ...target, configured: shared }, seen, known: itself },
    { row: own, ...(alert && { alert }) },
    carried,
    now,
  );
}

function knownOf({ row, alert, snapshots = [], unrecorded = false, recorded = snapshots }: Scenario): KnownDatabase {
  if (row === undefined && alert === undefined) return { live: [] };
  const current = alert && openAlert(alert);
  const live = recorded.filter(isAvailable).map((one) => ({ ...backupIdOf(one), recordedAt: one.createdAt }));
  return {
    row: databaseRow(key, { ...(current && { alert: { tenant: current.tenant, opened: current.opened } }), ...row }),
    ...(current && { alert: current }),
    live: unrecorded ? [] : live,
  };
}

function alertColumn({ alert, notification }: DatabaseEvaluation): AlertColumn {
  if (notification !== undefined) return `${notification.step} ${notification.alert.severity}` as AlertColumn;
  return alert === undefined || alert.resolved !== undefined ? 'none' : 'silent';
}

function foundOf(shown: Shown, now: Date): LookupResult {
  if ('is' in shown) return shown;
  const healthy: RdsDatabase = {
    key,
    arn: 'arn:aws:rds:eu-west-1:123456789012:db:orders',
    id: 'orders',
    kind: 'instance',
    engine: 'postgres',
    status: 'available',
    createdAt: t('10 Jan 09:00'),
    retentionDays: 7,
    window: '04:00-04:30',
    latestRestorableTime: new Date(now.getTime() - 5 * 60_000),
    tags: {},
  };
  return { is: 'database', database: merged(healthy, shown) };
}

function databaseRow(of: string, fields: Overrides<DatabaseRow>): DatabaseRow {
  const known: DatabaseRow = {
    key: of,
    id: 'orders',
    kind: 'instance',
    tenant: 'acme',
    engine: 'postgres',
    enrolledAt: t('10 Jan 09:00'),
    evaluatedAt: t('22 Nov 12:00'),
  };
  return merged(known, fields);
}

function openAlert(fields: Overrides<Alert>): Alert {
  const opened = fields.opened ?? t('23 Nov 06:45');
  const open: Alert = {
    database: key,
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant: 'acme',
    opened,
    verdict: 'overdue',
    severity: 'critical',
    cause: { code: 'no-known-cause', facts: {} },
    notes: [],
    notified: [{ at: opened, step: 'open', to: 'all' }],
  };
  return merged(open, fields);
}

/** The whole with the fields that differ; `undefined` takes a field away. */
function merged<T extends object>(whole: T, fields: Overrides<T>): T {
  const entries = Object.entries({ ...whole, ...fields }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as T;
}
