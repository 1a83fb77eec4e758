/** From what RDS shows of one database to its row in the ledger, its evaluation and its alert. Pure: nothing is read or written. */

import type { ConfiguredDatabase, TagReading } from '../config/index.ts';
import {
  type Alert,
  type AvailableSnapshot,
  type BackupJob,
  backupIdOf,
  bySeverity,
  type Cause,
  type DatabaseKey,
  type DatabaseKind,
  type DatabaseRow,
  databaseSchema,
  type Evaluation,
  formatBackupId,
  isAvailable,
  isUnprotected,
  type LastBackup,
  type LiveBackup,
  laterFields,
  mayComeFromElsewhere,
  type NewestBackup,
  type RdsDatabase,
  type Resolution,
  type Severity,
  type Snapshot,
  sameBackup,
} from '../domain/index.ts';
import { addHours, minuteMs } from '../lib/time.ts';
import { ownershipAfter } from '../ownership.ts';
import type { RunChange, Unread } from '../rds/index.ts';
import { type AlertOutcome, nextAlert, resolveAlert } from './alert-lifecycle.ts';
import { backupOutsideRds } from './aws-backup.ts';
import { backupTimeOf } from './backup-time.ts';
import { backupWindow, lastWindow } from './deadline.ts';
import { evaluate, type LookupResult, type ShareSituation, type Situation } from './evaluate.ts';
import { newer, newestOf } from './newest-backup.ts';
import type { UnwatchedSource } from './replica-source.ts';
import { stopsOf, stopsSince } from './stops.ts';
import { compareTags, type TagNotice, tagStateOf } from './tag-changes.ts';

/** A snapshot this young may still be announced by its event, so that its absence from the ledger proves no loss. */
const eventPatienceHours = 2;

/** One that was seen in progress became available later than it was created: by this much at most, as the rules wait. */
const inProgressHours = 6;

/** Clocks of RDS and of this code may be apart by this much. */
export const clockSkewMs = 5 * minuteMs;

/** One database to be evaluated: configured, or only seen in RDS, or only known to the ledger. */
export interface EvaluationTarget {
  readonly key: DatabaseKey;
  readonly kind: DatabaseKind;
  readonly id: string;
  readonly configured?: ConfiguredDatabase;
  readonly found: LookupResult;
  /** What was read in its tags; absent where they are not known, or do not count. */
  readonly tags?: TagReading;
  /** The cluster that a configured member belongs to. */
  readonly cluster?: RdsDatabase;
  /** Another database that was known under this name; of one that is absent, the one that had it last. */
  readonly earlier?: DatabaseRow;
  /** Why the source of a replica without backups is not watched; absent where it is. */
  readonly unwatchedSource?: UnwatchedSource;
  /** Why its alert ends where it is not configured. */
  readonly gone?: Resolution;
  /** When it was stopped and started, where RDS's events had to be asked; `unknown` where they did not answer. */
  readonly runChanges?: readonly RunChange[] | 'unknown';
  /** Set where a tenant's share of it is evaluated: `key` is that of the database still. */
  readonly share?: ShareSituation & {
    readonly key: DatabaseKey;
    /** The tenant's newest backup in the shared database that it came from. */
    readonly carried?: NewestBackup;
  };
  /** What its tenants' shares came to, where it is a shared one. */
  readonly held?: HeldTenants;
}

/** The tenants of a shared database. */
export interface HeldTenants {
  readonly tenants: readonly string[];
  /** Those whose share is alerted. */
  readonly alerted: readonly { readonly tenant: string; readonly severity: Severity }[];
}

/** A database's snapshots as RDS showed them. */
export interface ObservedSnapshots {
  readonly snapshots: readonly Snapshot[];
  /** Set if the listing was not read to its end. */
  readonly unread?: Unread;
  /** Whether this is a complete listing. Absence proves deletion only in a complete listing. */
  readonly whole: boolean;
  /** What a complete listing showed before this check, which itself is none: only what neither shows is gone. */
  readonly listed?: readonly Snapshot[];
  /** How long backups usually take, in milliseconds, for the kind of one that is being created. */
  readonly usualMs?: ReadonlyMap<Snapshot['kind'], number>;
  /** The times of cluster snapshots that were copied, by ARN, where the ledger knows their sources. */
  readonly copyTimes: ReadonlyMap<string, Date>;
  /**
   * By the ARN of a snapshot, the names of the tenant databases that RDS shows in it (Oracle's multi-tenant databases); absent
   * where it does not show them.
   */
  readonly tenantDatabases?: ReadonlyMap<string, readonly string[]>;
  /** AWS Backup's jobs of the database; absent where they could not be read, or nothing depends on them. */
  readonly backupJobs?: readonly BackupJob[];
}

/** What the ledger knows of a database. */
export interface KnownDatabase {
  /** Absent: it is met for the first time. */
  readonly row?: DatabaseRow;
  /** The alert that concerns it now. */
  readonly alert?: Alert;
  readonly live: readonly LiveBackup[];
}

export interface DatabaseEvaluation {
  readonly row: DatabaseRow;
  /** The alert that concerns the database now. */
  readonly alert?: Alert;
  /** Absent for a database that nobody configured. */
  readonly evaluation?: Evaluation;
  /** What is to be notified of the alert once the row is written. */
  readonly notification?: {
    readonly alert: Alert;
    readonly step: Alert['notified'][number]['step'];
    readonly nextCheckOnceNotified?: Date;
  };
  /** Available snapshots that the ledger does not have. */
  readonly unrecorded: readonly { readonly snapshot: AvailableSnapshot; readonly eventMissed: boolean }[];
  /** Live backups whose snapshots are gone. */
  readonly gone: readonly LiveBackup[];
  /** What tags changed and operators were not notified of yet: whoever may tag could silence alerts. */
  readonly tagNotice?: TagNotice;
}

/**
 * Evaluates a database as of `at`. What was made after `until` does not exist for it: that is `at` itself where somebody asks
 * about a moment, and a little later in a run as of now, since clocks are apart and listings take their time.
 */
export function evaluateDatabase(
  subject: EvaluationTarget,
  seen: ObservedSnapshots,
  known: KnownDatabase,
  at: Date,
  until = at,
): DatabaseEvaluation {
  const { configured, found } = subject;
  const { row: knownRow, live } = known;
  const existing = seen.snapshots.filter((snapshot) => (snapshot.createdAt ?? at) <= until);
  const available = existing.filter(isAvailable);
  const recorded = new Set(live.map(formatBackupId));
  const unrecorded = available
    .filter((snapshot) => !recorded.has(formatBackupId(backupIdOf(snapshot))))
    .map((snapshot) => ({ snapshot, eventMissed: wasMissed(snapshot, knownRow, at) }));
  const shown = new Set(available.map((snapshot) => formatBackupId(backupIdOf(snapshot))));
  const absent = live.filter((backup) => !shown.has(formatBackupId(backup)));
  const notShown = absent.filter((backup) => mustBeShown(backup, seen, at));
  const gone = seen.whole && seen.unread === undefined ? notShown : [];
  // An event may have recorded a backup since RDS was listed. It counts, or an alert would open in spite of it. One that RDS
  // shows in another status does not: a listing's word beats the ledger's.
  const notYetShown =
    seen.unread === undefined
      ? absent.filter(
          (backup) => !notShown.includes(backup) && !existing.some((snapshot) => isSnapshotOf(snapshot, backup)),
        )
      : [];
  const isReplica =
    found.is === 'database' ? found.database.replicaOf !== undefined : knownRow?.replicaOf !== undefined;
  const outside = backupOutsideRds(seen.backupJobs, knownRow, until);
  const newest = [newestOnRow(knownRow, notYetShown, until), outside, subject.share?.carried].reduce(
    newer,
    newestAmong(available, seen.copyTimes, isReplica),
  );
  const creating = creatingAmong(existing, knownRow, at, seen.usualMs);
  const database = found.is === 'database' ? found.database : undefined;
  const isBereft = database !== undefined && newest === undefined && seen.unread === undefined;
  const last = isBereft ? lastOf(knownRow, until) : undefined;
  const lastAwsBackup = lastAwsBackupOf(available, seen.copyTimes, outside, knownRow);
  const usualAwsBackupMs = seen.usualMs?.get('awsbackup');
  const formerWindow = formerWindowOf(knownRow, database, newest, at);
  const since = newest?.time ?? knownRow?.enrolledAt ?? at;
  const { runChanges = [] } = subject;
  const changes = runChanges === 'unknown' ? [] : runChanges;
  const stops = database ? stopsOf(knownRow, database, changes, since, at) : (knownRow?.stops ?? []);
  // What is not known yet is asked again.
  const stopsKept = runChanges === 'unknown' ? (knownRow?.stops ?? []) : stops;
  const alone =
    configured &&
    evaluated(
      {
        configured,
        found,
        ...(newest && { newest }),
        ...(last && { last }),
        ...awsBackupSeen(existing, lastAwsBackup),
        ...(lastAwsBackup && { lastAwsBackup }),
        ...(seen.backupJobs && { backupJobs: seen.backupJobs }),
        ...(usualAwsBackupMs !== undefined && { usualAwsBackupMs }),
        ...(database && otherKeyBackup(available, database, seen.copyTimes)),
        ...(creating && { creating }),
        ...(knownRow && { row: knownRow }),
        stops: stopsSince(since, stops),
        ...(formerWindow && { windowBefore: formerWindow.window }),
        ...(subject.earlier && { earlier: subject.earlier }),
        ...(subject.unwatchedSource && { unwatchedSource: subject.unwatchedSource }),
        ...(unrecorded.some(({ snapshot, eventMissed }) => eventMissed && isNewest(snapshot, newest)) && {
          eventsLost: true,
        }),
        ...(subject.share && { share: subject.share }),
      },
      seen,
      at,
    );
  const evaluation = alone && subject.held ? withTenants(alone, subject.held) : alone;
  const rowKey = subject.share?.key ?? subject.key;
  const { changes: tagChanges, pending, notified } = compareTags(knownRow, configured, subject.tags);
  // People were notified of a deletion once; the alert's own row expires, the reference to it does not.
  const deletionTold = knownRow?.alert !== undefined && known.alert === undefined && evaluation?.verdict === 'deleted';
  const outcome: AlertOutcome = deletionTold
    ? {}
    : configured && evaluation
      ? nextAlert(
          known.alert,
          {
            database: rowKey,
            databaseId: subject.id,
            databaseKind: subject.kind,
            tenant: configured.tenant,
            evaluation,
            policy: configured.policy,
          },
          at,
        )
      : resolveAlert(known.alert, subject.gone ?? whyLeft(tagChanges), at);
  const engine = database?.engine ?? knownRow?.engine;
  const window = database?.window ?? knownRow?.window;
  const retentionDays = database?.retentionDays ?? knownRow?.retentionDays;
  // Half a listing may lack the newest. A member has no backups of its own, but its cluster's.
  const newestKnown =
    seen.unread === undefined
      ? (newest ?? (found.is === 'member' ? evaluation?.newestBackup : undefined))
      : newer(newest, knownRow?.newestBackup);
  const { alert } = outcome;
  const row: DatabaseRow = {
    // The version, and what a later release has added.
    ...laterFields(databaseSchema, knownRow),
    key: rowKey,
    id: subject.id,
    kind: subject.kind,
    ...ownershipAfter(knownRow, configured, at),
    ...(knownRow?.restoreTestingPlan !== undefined && { restoreTestingPlan: knownRow.restoreTestingPlan }),
    ...(engine !== undefined && { engine }),
    ...(window !== undefined && { window }),
    ...(formerWindow && { formerWindow }),
    ...(lastAwsBackup && { lastAwsBackup }),
    ...(retentionDays !== undefined && { retentionDays }),
    enrolledAt: knownRow?.enrolledAt ?? at,
    ...(isReplica && { replicaOf: database?.replicaOf ?? knownRow?.replicaOf ?? '' }),
    ...(isForeign(subject, knownRow, existing) && { foreign: true }),
    ...(newestKnown && { newestBackup: newestKnown }),
    ...(last && { lastBackup: last }),
    ...(evaluation && {
      verdict: evaluation.verdict,
      severity: evaluation.severity,
      cause: evaluation.cause,
      notes: evaluation.notes,
      evaluatedAt: at,
      ...(evaluation.deadline && { deadline: evaluation.deadline }),
      ...(evaluation.status !== undefined && { status: evaluation.status }),
      ...(evaluation.since && { since: evaluation.since }),
    }),
    ...(outcome.nextCheckAt && { nextCheckAt: outcome.nextCheckAt }),
    ...(stopsKept.length > 0 && { stops: stopsKept }),
    ...(creating && { inProgress: { id: creating.id, since: creating.since } }),
    ...pending,
    ...(deletionTold && { alert: knownRow.alert }),
    ...(alert && { alert: { tenant: alert.tenant, opened: alert.opened } }),
  };
  return {
    row,
    ...(alert && { alert }),
    ...(evaluation && { evaluation }),
    ...(alert &&
      outcome.step && {
        notification: {
          alert,
          step: outcome.step,
          ...(outcome.nextCheckOnceNotified && { nextCheckOnceNotified: outcome.nextCheckOnceNotified }),
        },
      }),
    unrecorded,
    gone,
    ...(tagChanges.length > 0 && { tagNotice: noticeOf(row, knownRow, tagChanges, notified) }),
  };
}

/** Tenants of a shared database that are named: operators see the rest on the page. */
const tenantsNamed = 10;

/**
 * The evaluation of a shared database, for operators: they have one message of it, whatever its tenants come to. Where one of those is
 * worse off than the database, as one is that came after its newest backup, that is what the message is about.
 */
function withTenants(evaluation: Evaluation, { tenants, alerted }: HeldTenants): Evaluation {
  const { cause, notes, severity } = evaluation;
  const holds: Cause = {
    code: 'holds-tenants',
    facts: { tenants: tenants.slice(0, tenantsNamed), count: tenants.length },
  };
  const worse = alerted.filter((one) => bySeverity(one.severity, severity) < 0);
  const [worst] = worse.toSorted((a, b) => bySeverity(a.severity, b.severity));
  if (worst === undefined) return { ...evaluation, notes: [...notes, holds] };
  const names = worse.map(({ tenant }) => tenant);
  const { once: _, ...rest } = evaluation;
  return {
    ...rest,
    severity: worst.severity,
    cause: { code: 'tenants-unprotected', facts: { tenants: names.slice(0, tenantsNamed), count: names.length } },
    notes: [...(cause ? [cause] : []), ...notes, holds],
  };
}

/** Why a database that is still there is not configured any more. */
function whyLeft(tagChanges: TagNotice['changes']): Resolution {
  return { code: tagChanges.some(({ code }) => code === 'removed') ? 'tag-removed' : 'left-configuration', facts: {} };
}

function noticeOf(
  row: DatabaseRow,
  before: DatabaseRow | undefined,
  changes: TagNotice['changes'],
  notified: TagNotice['notified'],
): TagNotice {
  const { key, id, kind, tenant = row.knownTags?.tenant ?? before?.tenant } = row;
  return {
    key,
    id,
    kind,
    ...(tenant !== undefined && { tenant }),
    changes,
    pending: tagStateOf(row),
    notified,
  };
}

/** An incomplete listing may show that a database is protected, or still in time; it proves no absence. */
function evaluated(situation: Parameters<typeof evaluate>[0], seen: ObservedSnapshots, at: Date): Evaluation {
  const evaluation = evaluate(situation, at);
  const needsAll = isUnprotected(evaluation.verdict) || evaluation.verdict === 'deleted';
  if (seen.unread === undefined || !needsAll) return evaluation;
  return evaluate({ ...situation, found: { is: 'unknown', ...seen.unread } }, at);
}

/**
 * An event should have announced it: the database was enrolled before, and the event has had time to come. What was there
 * at enrolment is the baseline.
 */
function wasMissed(snapshot: AvailableSnapshot, known: DatabaseRow | undefined, at: Date): boolean {
  if (known === undefined || snapshot.createdAt < known.enrolledAt) return false;
  const hours = known.inProgress?.id === snapshot.id ? inProgressHours + eventPatienceHours : eventPatienceHours;
  return addHours(snapshot.createdAt, hours) <= at;
}

/**
 * Whether a live backup that is not among the available snapshots would be, if RDS still had it: it is older than the run, was
 * recorded before it, and is not shown in another status either. A snapshot that bears its id and was created at another time
 * is another one: its name was used again.
 */
function mustBeShown(backup: LiveBackup, { snapshots, listed = [] }: ObservedSnapshots, at: Date): boolean {
  const isOlder = backup.createdAt.getTime() < at.getTime() - clockSkewMs && backup.recordedAt < at;
  return isOlder && ![...snapshots, ...listed].some((snapshot) => isSnapshotOf(snapshot, backup));
}

function isSnapshotOf(snapshot: Snapshot, backup: LiveBackup): boolean {
  const { createdAt } = snapshot;
  return createdAt !== undefined && sameBackup(backupIdOf({ ...snapshot, createdAt }), backup);
}

function isNewest(snapshot: AvailableSnapshot, newest: NewestBackup | undefined): boolean {
  return (
    newest !== undefined && sameBackup(backupIdOf(snapshot), backupIdOf({ database: snapshot.database, ...newest }))
  );
}

/** The newest backup that the row knows, if it is one of these live backups and exists by `until`. */
function newestOnRow(
  known: DatabaseRow | undefined,
  live: readonly LiveBackup[],
  until: Date,
): NewestBackup | undefined {
  const newest = known?.newestBackup;
  if (known === undefined || newest === undefined || newest.createdAt > until) return undefined;
  const id = backupIdOf({ database: known.key, ...newest });
  return live.some((backup) => sameBackup(backup, id)) ? newest : undefined;
}

/** Whether nothing shows that the database was ever here: all that there is came from elsewhere. */
function isForeign(
  { configured, found }: EvaluationTarget,
  known: DatabaseRow | undefined,
  snapshots: readonly Snapshot[],
): boolean {
  if (configured !== undefined || found.is === 'database') return false;
  if (!snapshots.every(mayComeFromElsewhere)) return false;
  return known === undefined ? snapshots.length > 0 : known.foreign === true;
}

/** The window that the database had before, while no backup is newer than its move. */
function formerWindowOf(
  known: DatabaseRow | undefined,
  database: RdsDatabase | undefined,
  newest: NewestBackup | undefined,
  at: Date,
): DatabaseRow['formerWindow'] {
  const { window, formerWindow } = known ?? {};
  const moved = window !== undefined && database?.window !== undefined && database.window !== window;
  if (moved && newest && isOf(newest.time, database.window, window)) return undefined;
  const former = moved ? { window, until: at } : formerWindow;
  return former && newest && newest.time > former.until ? undefined : former;
}

/** Whether a backup was made in the one window and not in the other: its event may be what first shows that the window was moved. */
function isOf(time: Date, window: string, other: string): boolean {
  const isIn = (text: string) => {
    const open = backupWindow(text);
    return open !== undefined && time <= lastWindow(open, time).end;
  };
  return isIn(window) && !isIn(other);
}

/** The last backup of a database that has none left, as its row knows it. */
function lastOf(known: DatabaseRow | undefined, until: Date): LastBackup | undefined {
  const newest = known?.newestBackup;
  if (newest === undefined || newest.createdAt > until) return known?.lastBackup;
  return { ...newest, gone: 'not-in-rds' };
}

/** The newest of a database's snapshots that count. */
export function newestAmong(
  available: readonly AvailableSnapshot[],
  copyTimes: ReadonlyMap<string, Date>,
  isOfReplica = false,
): NewestBackup | undefined {
  return available
    .map((snapshot) => {
      const time = backupTimeOf(snapshot, { sourceTime: copyTimes.get(snapshot.arn), isOfReplica });
      return newestOf({ id: snapshot.id, createdAt: snapshot.createdAt, ...(time && { backupTime: time }) });
    })
    .reduce(newer, undefined);
}

/**
 * The youngest snapshot that RDS is creating: an older one may hang. RDS may show its creation time only later; until then it
 * began when it was first seen, or where that was too late to say, by its id.
 */
export function creatingAmong(
  snapshots: readonly Snapshot[],
  known: Pick<DatabaseRow, 'inProgress'> | undefined,
  at: Date,
  usual: ObservedSnapshots['usualMs'] = new Map(),
): Situation['creating'] {
  const { inProgress } = known ?? {};
  return snapshots
    .filter((snapshot) => snapshot.status === 'creating')
    .map(({ id, createdAt, kind }): NonNullable<Situation['creating']> => {
      const usualMs = usual.get(kind);
      const since = createdAt ?? (inProgress?.id === id ? inProgress.since : (startInId(id, at) ?? at));
      return { id, since, ...(usualMs !== undefined && { usualMs }) };
    })
    .reduce<Situation['creating']>(
      (youngest, one) => (youngest === undefined || one.since > youngest.since ? one : youngest),
      undefined,
    );
}

/**
 * When an automated snapshot was begun, as its id says to the minute, in UTC (`rds:orders-2026-11-23-04-10`, as samples of events in
 * the Amazon RDS User Guide have it); undefined where that is not before `at`.
 */
function startInId(id: string, at: Date): Date | undefined {
  const match = /^rds:.+-(\d{4}-\d{2}-\d{2})-(\d{2})-(\d{2})$/.exec(id);
  if (match === null) return undefined;
  const [, date, hour, minute] = match;
  const start = new Date(`${date}T${hour}:${minute}:00Z`);
  return start < at ? start : undefined;
}

/** The newest backup that does not need the database's own key. */
function otherKeyBackup(
  available: readonly AvailableSnapshot[],
  { kmsKeyId }: RdsDatabase,
  copyTimes: ReadonlyMap<string, Date>,
): { otherKeyBackup?: NewestBackup } {
  if (kmsKeyId === undefined) return {};
  const others = available.filter((snapshot) => (snapshot.encrypted ? snapshot.kmsKeyId !== undefined : true));
  const newest = newestAmong(
    others.filter((snapshot) => snapshot.kmsKeyId !== kmsKeyId),
    copyTimes,
  );
  return newest ? { otherKeyBackup: newest } : {};
}

/** When AWS Backup made its last backup: its snapshots may be gone by the next one, which of a monthly plan comes a month later. */
function lastAwsBackupOf(
  available: readonly AvailableSnapshot[],
  copyTimes: ReadonlyMap<string, Date>,
  outside: NewestBackup | undefined,
  known: DatabaseRow | undefined,
): Date | undefined {
  const ofAwsBackup = available.filter(({ kind }) => kind === 'awsbackup');
  const newest = newer(newestAmong(ofAwsBackup, copyTimes), outside)?.time;
  const before = known?.lastAwsBackup;
  return newest && before && before > newest ? before : (newest ?? before);
}

function awsBackupSeen(snapshots: readonly Snapshot[], lastAwsBackup: Date | undefined): { awsBackupSeen?: Date } {
  const times = snapshots.flatMap((snapshot) =>
    snapshot.kind === 'awsbackup' && snapshot.createdAt ? [snapshot.createdAt.getTime()] : [],
  );
  if (lastAwsBackup) times.push(lastAwsBackup.getTime());
  return times.length === 0 ? {} : { awsBackupSeen: new Date(Math.max(...times)) };
}
