/** One row of the scenario table, and the world it is played in: what is not said is as for a healthy database. */
import { isAvailable } from '../../shared/backup.ts';
import type { ConfiguredDatabase, Policy } from '../../shared/config/fleet.ts';
import { type Judgement, judge } from '../../shared/judge.ts';
import { liveBackupId } from '../../shared/ledger/ledger.ts';
import type { Alert, DatabaseRow, RdsDatabase, Severity, Snapshot, Verdict, VerdictName } from '../../shared/model.ts';
import type { Found } from '../../shared/rules/verdict.ts';

type Overrides<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What RDS shows: fields that differ from the healthy database, or that there is no such database, or no answer. */
export type Shown = Overrides<RdsDatabase> | Exclude<Found, { is: 'database' }>;

export interface Scenario {
  /** The situation in words. */
  readonly title: string;
  /** The moment of judgement, `23 Nov 12:00` (2026, UTC). */
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
  /** What the ledger knows of the database; its backups are recorded unless an event was lost. */
  readonly row?: Overrides<DatabaseRow>;
  /** The row of another database that had the name before. */
  readonly earlier?: Overrides<DatabaseRow>;
  /** The alert that is open. */
  readonly alert?: Overrides<Alert>;
  readonly expect: Expected;
}

export interface Expected {
  readonly verdict: VerdictName;
  readonly severity: Severity;
  /** A part of the reason. */
  readonly reason: string;
  readonly alert: AlertColumn;
  readonly deadline?: string;
  /** When the watch looks again. */
  readonly checkAt?: string;
}

/** `none`: nothing is open; `silent`: one is open and nothing is told; otherwise what is told now. */
export type AlertColumn = 'none' | 'silent' | `${'open' | 'remind' | 'rise' | 'resolve'} ${'critical' | 'warning'}`;

export interface Played {
  readonly verdict: Verdict;
  readonly alert: AlertColumn;
  readonly newest?: Date;
}

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

/** The verdict of a scenario, and what its alert does: as the sweep and the watch judge. */
export function play(scenario: Scenario): Played {
  const now = t(scenario.at);
  const configured: ConfiguredDatabase = {
    tenant: 'acme',
    id: 'orders',
    kind: 'instance',
    policy: { maxAgeHours: 24, graceHours: 2, reminderHours: 24, ...scenario.policy },
    copy: { mode: 'none', schedule: 'every', kinds: ['automated'] },
    target: { bucket: 'copies', prefix: '', owner: '123456789012' },
    enrolledBy: 'configuration',
    ...scenario.configured,
  };
  const judgement = judge(
    {
      key,
      kind: configured.kind,
      id: configured.id,
      configured,
      found: foundOf(scenario.rds ?? {}, now),
      ...(scenario.earlier && { earlier: databaseRow('123456789012/eu-west-1/db-OLD', scenario.earlier) }),
    },
    {
      snapshots: scenario.snapshots ?? [],
      whole: true,
      copyTimes: new Map(Object.entries(scenario.copyTimes ?? {})),
      ...(scenario.snapshotsUnread !== undefined && { unread: scenario.snapshotsUnread }),
    },
    knownRow(scenario),
    now,
  );
  const { verdict } = judgement;
  if (verdict === undefined) throw new Error('a configured database has a verdict');
  return {
    verdict,
    alert: alertColumn(judgement),
    ...(verdict.newestBackup && { newest: verdict.newestBackup.time }),
  };
}

function knownRow({ row, alert, snapshots = [] }: Scenario): DatabaseRow | undefined {
  if (row === undefined && alert === undefined) return undefined;
  return databaseRow(key, {
    liveBackups: snapshots.filter(isAvailable).map(liveBackupId),
    ...(alert && { alert: openAlert(alert) }),
    ...row,
  });
}

function alertColumn({ row, tell }: Judgement): AlertColumn {
  if (tell !== undefined) return `${tell.step} ${tell.alert.severity}` as AlertColumn;
  return row.alert === undefined || row.alert.resolved !== undefined ? 'none' : 'silent';
}

function foundOf(shown: Shown, now: Date): Found {
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
    judgedAt: t('22 Nov 12:00'),
    liveBackups: [],
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
    reason: 'The newest backup was too old.',
    notified: [{ at: opened, step: 'open', to: 'all' }],
  };
  return merged(open, fields);
}

/** The whole with the fields that differ; `undefined` takes a field away. */
function merged<T extends object>(whole: T, fields: Overrides<T>): T {
  const entries = Object.entries({ ...whole, ...fields }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as T;
}
