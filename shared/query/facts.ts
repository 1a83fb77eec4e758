/** Facts: what the ledger's rows say, as plain JSON. Times are ISO 8601 UTC; what does not apply is null, never left out. */
import type { DatabaseSummary } from '../ledger/ledger.ts';
import type { Alert, AlertStep, Audience, Backup, CopyState, Severity, SweepRow, VerdictName } from '../model.ts';
import { openAlert } from '../rules/alert.ts';
import { hourMs } from '../text.ts';

export interface RunFacts {
  readonly mode: 'sweep' | 'watch';
  readonly started: string;
  readonly finished: string | null;
  readonly complete: boolean;
  readonly databases: number;
  readonly counts: Readonly<Partial<Record<VerdictName, number>>>;
  readonly eventsMissed: number;
  readonly recorded: number;
  readonly closed: number;
  readonly unconfigured: readonly string[];
  readonly alerts: { readonly opened: number; readonly reminded: number; readonly resolved: number };
  readonly apiCalls: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
  /** SHA-256 of the configuration it judged by. */
  readonly configHash: string;
}

export function runFacts(row: SweepRow): RunFacts {
  const { mode, complete, databases, counts, eventsMissed, recorded, closed, unconfigured } = row;
  return {
    mode,
    started: iso(row.started),
    finished: isoOrNull(row.finished),
    complete,
    databases,
    counts,
    eventsMissed,
    recorded,
    closed,
    unconfigured,
    alerts: row.alerts,
    apiCalls: row.apiCalls,
    errors: row.errors,
    configHash: row.configHash,
  };
}

export interface CopyFacts {
  readonly mode: 'export' | 'object' | 'none';
  readonly state: CopyState;
  readonly attempt: number;
  readonly queuedAt: string | null;
  /** Not to be started before. */
  readonly notBefore: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly taskId: string | null;
  /** `s3://<bucket>/<prefix>`. */
  readonly location: string | null;
  readonly percent: number | null;
  readonly bytes: number | null;
  readonly objects: number | null;
  readonly reason: string | null;
}

export interface BackupFacts {
  readonly id: string;
  readonly arn: string;
  readonly tenant: string | null;
  readonly database: string;
  readonly databaseKind: 'instance' | 'cluster';
  readonly kind: Backup['kind'];
  readonly engine: string;
  /** The moment its data is from; null where that cannot be known. */
  readonly time: string | null;
  readonly createdAt: string;
  readonly ageHours: number | null;
  readonly sizeGiB: number | null;
  readonly encrypted: boolean;
  readonly recordedAt: string;
  readonly learnedFrom: 'event' | 'sweep';
  readonly eventMissed: boolean;
  readonly copy: CopyFacts;
  /** Since when RDS no longer has the snapshot, and why the row says so. */
  readonly closedAt: string | null;
  readonly closedReason: string | null;
}

export function backupFacts(backup: Backup, now: Date): BackupFacts {
  const { copy } = backup;
  return {
    id: backup.id,
    arn: backup.arn,
    tenant: backup.tenant ?? null,
    database: backup.databaseId,
    databaseKind: backup.databaseKind,
    kind: backup.kind,
    engine: backup.engine,
    time: isoOrNull(backup.backupTime),
    createdAt: iso(backup.createdAt),
    ageHours: ageHours(backup.backupTime, now),
    sizeGiB: backup.sizeGiB ?? null,
    encrypted: backup.encrypted,
    recordedAt: iso(backup.recordedAt),
    learnedFrom: backup.learnedFrom,
    eventMissed: backup.eventMissed ?? false,
    copy: {
      mode: copy.mode,
      state: copy.state,
      attempt: copy.attempt,
      queuedAt: isoOrNull(copy.queuedAt),
      notBefore: isoOrNull(copy.notBefore),
      startedAt: isoOrNull(copy.startedAt),
      endedAt: isoOrNull(copy.endedAt),
      taskId: copy.taskId ?? null,
      location: copy.bucket === undefined ? null : `s3://${copy.bucket}/${copy.prefix ?? ''}`,
      percent: copy.percent ?? null,
      bytes: copy.bytes ?? null,
      objects: copy.objects ?? null,
      reason: copy.reason ?? null,
    },
    closedAt: isoOrNull(backup.closed?.at),
    closedReason: backup.closed?.reason ?? null,
  };
}

export interface AlertFacts {
  readonly tenant: string;
  readonly database: string;
  readonly databaseKind: 'instance' | 'cluster';
  readonly opened: string;
  readonly verdict: VerdictName;
  readonly severity: Severity;
  readonly reason: string;
  readonly newestBackup: string | null;
  readonly deadline: string | null;
  /** The messages about it that went out, oldest first (the last 50). */
  readonly notified: readonly { readonly at: string; readonly step: AlertStep; readonly to: Audience }[];
  /** A step that is to be told and was not confirmed yet. */
  readonly untold: AlertStep | null;
  readonly acknowledged: { readonly by: string; readonly at: string; readonly note: string | null } | null;
  readonly snoozedUntil: string | null;
  /** Who wanted it quiet. */
  readonly snoozed: { readonly by: string; readonly at: string; readonly note: string | null } | null;
  readonly resolved: string | null;
  readonly resolution: string | null;
}

export function alertFacts(alert: Alert): AlertFacts {
  const who = (one: Alert['acknowledged']) => (one ? { by: one.by, at: iso(one.at), note: one.note ?? null } : null);
  return {
    tenant: alert.tenant,
    database: alert.databaseId,
    databaseKind: alert.databaseKind,
    opened: iso(alert.opened),
    verdict: alert.verdict,
    severity: alert.severity,
    reason: alert.reason,
    newestBackup: isoOrNull(alert.newestBackup?.time),
    deadline: isoOrNull(alert.deadline),
    notified: alert.notified.map(({ at, step, to }) => ({ at: iso(at), step, to })),
    untold: alert.intent?.step ?? null,
    acknowledged: who(alert.acknowledged),
    snoozedUntil: isoOrNull(alert.snoozedUntil),
    snoozed: who(alert.snoozed),
    resolved: isoOrNull(alert.resolved),
    resolution: alert.resolution ?? null,
  };
}

export interface DatabaseFacts {
  readonly key: string;
  readonly database: string;
  readonly kind: 'instance' | 'cluster';
  readonly tenant: string | null;
  readonly engine: string | null;
  readonly window: string | null;
  readonly retentionDays: number | null;
  readonly enrolledAt: string;
  /** Null for a database that nobody configured. */
  readonly verdict: VerdictName | null;
  readonly severity: Severity | null;
  readonly reason: string | null;
  readonly judgedAt: string | null;
  readonly newestBackup: { readonly id: string; readonly time: string } | null;
  readonly ageHours: number | null;
  readonly deadline: string | null;
  readonly creating: { readonly id: string; readonly since: string } | null;
  readonly alert: AlertFacts | null;
}

export function databaseFacts(row: DatabaseSummary, now: Date): DatabaseFacts {
  const alert = openAlert(row.alert);
  return {
    key: row.key,
    database: row.id,
    kind: row.kind,
    tenant: row.tenant ?? null,
    engine: row.engine ?? null,
    window: row.window ?? null,
    retentionDays: row.retentionDays ?? null,
    enrolledAt: iso(row.enrolledAt),
    verdict: row.verdict ?? null,
    severity: row.severity ?? null,
    reason: row.reason ?? null,
    judgedAt: isoOrNull(row.judgedAt),
    newestBackup: row.newestBackup ? { id: row.newestBackup.id, time: iso(row.newestBackup.time) } : null,
    ageHours: ageHours(row.newestBackup?.time, now),
    deadline: isoOrNull(row.deadline),
    creating: row.inProgress ? { id: row.inProgress.id, since: iso(row.inProgress.since) } : null,
    alert: alert ? alertFacts(alert) : null,
  };
}

export function iso(time: Date): string {
  return time.toISOString();
}

export function isoOrNull(time: Date | undefined): string | null {
  return time?.toISOString() ?? null;
}

function ageHours(time: Date | undefined, now: Date): number | null {
  return time === undefined ? null : Math.round(((now.getTime() - time.getTime()) / hourMs) * 100) / 100;
}
