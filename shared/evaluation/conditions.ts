import type { Policy } from '../config/index.ts';
import type { BackupJob, NewestBackup, RdsDatabase } from '../domain/index.ts';
import { addHours, hourMs, minuteMs } from '../lib/time.ts';
import { awsBackupDeadline, type EndedJob, failedJobOf, isManagedByAwsBackup, openJobOf } from './aws-backup.ts';
import { deadlineOf, lastWindow, windowOf, withMarginHours } from './deadline.ts';
import type { Situation } from './evaluate.ts';
import { deadlineAfterStops, isStopped, openStop, type Stop } from './stops.ts';

/**
 * A backup that began before the deadline and is still being created holds the deadline open for as long as backups of its kind
 * usually take, with a margin, and at least for this long.
 */
const leastCreatingHours = 6;

/** Until when a backup that is being created is waited for. */
export function creatingHoldsUntil({ since, usualMs = 0 }: NonNullable<Situation['creating']>): Date {
  return addHours(since, Math.max(leastCreatingHours, withMarginHours(usualMs)));
}

/** Point-in-time restore usually trails the present by five minutes; up to this much it counts as working. */
const restorableFreshMs = hourMs;

/** The status of a database whose KMS key RDS cannot use; after 7 days it loses `-recoverable`, and is final. */
const keyLost = /^inaccessible-encryption-credentials/;

/**
 * Statuses that a database does not leave by itself, or not for long (Amazon RDS User Guide, "Viewing DB instance status").
 * All others but these and `available` pass: RDS is at work.
 */
const badStatus = /^(failed|storage-full|restore-error|insufficient-capacity|incompatible-.+)$/;

/** A bad status is told once it has lasted for this long: some heal by themselves. A watch comes every 15 minutes. */
const badStatusMs = 14 * minuteMs;

/** Statuses in which RDS takes backups; `backing-up` is one being taken. */
const backedUpStatuses = ['available', 'backing-up'];

/** Statuses in which RDS takes a manual snapshot (API reference of CreateDBSnapshot). */
const snapshotStatuses = ['available', 'storage-optimization'];

/** What follows from a situation, before it is evaluated: each of the rules' conditions by its name. */
export interface Facts {
  readonly now: Date;
  readonly situation: Situation;
  readonly database: RdsDatabase;
  readonly policy: Policy;
  readonly newest?: NewestFacts;
  /** The moment after which it is overdue (or never, disabled), held open by a backup in creation where that applies. */
  readonly deadline: Date;
  /** The deadline has passed, and is held open by a backup that is being created. */
  readonly held: boolean;
  readonly creating?: NonNullable<Situation['creating']>;
  /** When a database without any backup began to count: its creation, else when the ledger first met it. */
  readonly born: Date;
  readonly isReplica: boolean;
  readonly byAwsBackup: boolean;
  /** The job of AWS Backup that ended without a backup, and that nothing has answered. */
  readonly failedJob?: EndedJob;
  /** The job of AWS Backup that may still make a backup. */
  readonly openJob?: BackupJob;
  /** More backups are to be expected: RDS takes automated ones, or AWS Backup does. */
  readonly takesBackups: boolean;
  readonly stopped: boolean;
  readonly stoppedSince?: Date;
  /** When it was stopped since its newest backup, oldest first. */
  readonly stops: readonly Stop[];
  /** Its newest backup, or point-in-time restore, was in time when it was stopped: nothing is lost meanwhile. */
  readonly reachesStop: boolean;
  /** It was started again, and the deadline waits for the first backup window after that. */
  readonly startedAt?: Date;
  /**
   * While a backup may come that ends it: its window is open, the grace after it runs, or one that began in them is being
   * created. Until then nobody is reminded.
   */
  readonly mayEndBy?: Date;
  /** Its status, where RDS takes no automated backups in it. */
  readonly hinderedBy?: string;
  /** Its status, where it does not leave it by itself; `since` when it has been seen in it. */
  readonly bad?: { readonly status: string; readonly since: Date; readonly confirmed: boolean };
  /** Its status, where RDS cannot use its KMS key. */
  readonly keyLost?: string;
  /** What is pending for its retention, where backups begin or end with it. */
  readonly pendingRetention?: number;
  /** Its status, where RDS refuses even a manual snapshot in it. */
  readonly refusing?: string;
  /** Point-in-time restore: up to the present, only up to some time ago, or RDS shows nothing of it. */
  readonly restorable: 'fresh' | 'stale' | 'unknown';
}

export interface NewestFacts {
  readonly backup: NewestBackup;
  readonly due: Date;
  /** When a skipped backup turns from a warning into a critical one: twice the maximum age. */
  readonly twiceMaxAge: Date;
}

export function factsOf(situation: Situation, database: RdsDatabase, now: Date): Facts {
  const { policy } = situation.configured;
  const { newest, creating, row } = situation;
  const born = database.createdAt ?? row?.enrolledAt ?? now;
  const { stops = [] } = situation;
  const byAwsBackup = isManagedByAwsBackup(situation, database, now);
  const usual = usualDeadlineOf(situation, database, born, byAwsBackup);
  const bare = deadlineAfterStops(usual, newest?.time ?? born, stops, database, policy);
  const late = now.getTime() > bare.getTime();
  const holds = creating !== undefined && isYounger(creating, newest) && creating.since.getTime() < bare.getTime();
  const heldUntil = creating ? latest(addHours(bare, leastCreatingHours), creatingHoldsUntil(creating)) : bare;
  const held = late && holds && now.getTime() <= heldUntil.getTime();
  const failedJob = failedJobOf(situation);
  const openJob = openJobOf(situation);
  const stopped = isStopped(database);
  const since = stopped ? (openStop(stops)?.from ?? seenStoppedSince(row)) : undefined;
  const startedAt = bare > usual && !stopped ? stops.at(-1)?.until : undefined;
  return {
    now,
    situation,
    database,
    policy,
    ...(newest === undefined ? {} : { newest: newestFacts(newest, database, policy) }),
    deadline: held ? heldUntil : bare,
    held,
    ...(creating !== undefined && isYounger(creating, newest) ? { creating } : {}),
    born,
    isReplica: database.replicaOf !== undefined,
    byAwsBackup,
    ...(failedJob && { failedJob }),
    ...(openJob && { openJob }),
    takesBackups: database.retentionDays > 0 || byAwsBackup,
    stopped,
    ...(since && { stoppedSince: since }),
    stops,
    reachesStop: stopped && reachesUpTo(openStop(stops)?.from, bare, database),
    ...(startedAt && { startedAt }),
    ...(stopped || backedUpStatuses.includes(database.status) ? {} : { hinderedBy: database.status }),
    ...mayEndByOf(situation, database, newest, now),
    ...badStatusOf(situation, database, now),
    ...(keyLost.test(database.status) ? { keyLost: database.status } : {}),
    ...pendingRetentionOf(database),
    ...(snapshotStatuses.includes(database.status) ? {} : { refusing: database.status }),
    restorable: restorableOf(database, now),
  };
}

/** An `unknown` row keeps since when RDS did not respond, which says nothing of the stop. */
function seenStoppedSince(row: Situation['row']): Date | undefined {
  return row?.verdict === 'unknown' ? undefined : row?.since;
}

/** Of a stopped database the restorable time stays where it was. Where nobody knows when it stopped, nothing proves a gap. */
function reachesUpTo(stoppedAt: Date | undefined, deadline: Date, { latestRestorableTime }: RdsDatabase): boolean {
  if (stoppedAt === undefined || stoppedAt <= deadline) return true;
  return (
    latestRestorableTime !== undefined && stoppedAt.getTime() - latestRestorableTime.getTime() <= restorableFreshMs
  );
}

/** The deadline, where it was not stopped, and no backup in creation holds it. */
function usualDeadlineOf(situation: Situation, database: RdsDatabase, born: Date, byAwsBackup: boolean): Date {
  const { newest } = situation;
  const { policy } = situation.configured;
  if (byAwsBackup && database.retentionDays === 0) {
    return awsBackupDeadline(addHours(newest?.time ?? born, policy.maxAgeHours), situation, policy);
  }
  if (newest === undefined) return addHours(born, policy.maxAgeHours + policy.graceHours);
  return deadlineOf(newest.time, database, policy).deadline;
}

function mayEndByOf(
  { creating, configured: { policy } }: Situation,
  database: RdsDatabase,
  newest: NewestBackup | undefined,
  now: Date,
): Pick<Facts, 'mayEndBy'> {
  if (!backedUpStatuses.includes(database.status)) return {};
  const window = windowOf(database);
  const closes = window && addHours(lastWindow(window, now).end, policy.graceHours);
  const began = window && creating && isYounger(creating, newest) ? lastWindow(window, creating.since).end : undefined;
  const inTime = creating && began && creating.since <= addHours(began, policy.graceHours);
  const ends = inTime ? creatingHoldsUntil(creating) : undefined;
  const ahead = [closes, ends].filter((moment) => moment !== undefined && moment >= now) as Date[];
  return ahead.length === 0 ? {} : { mayEndBy: new Date(Math.max(...ahead.map((moment) => moment.getTime()))) };
}

function badStatusOf({ row }: Situation, { status }: RdsDatabase, now: Date): Pick<Facts, 'bad'> {
  if (!badStatus.test(status)) return {};
  const known = row?.status === status && row.verdict !== 'unknown' ? row.since : undefined;
  const since = known ?? now;
  return { bad: { status, since, confirmed: now.getTime() - since.getTime() >= badStatusMs } };
}

function latest(one: Date, other: Date): Date {
  return one > other ? one : other;
}

/** A change from or to no automated backups; any other changes only how long they are kept. */
function pendingRetentionOf({ retentionDays, pendingRetentionDays: pending }: RdsDatabase) {
  const switches = pending !== undefined && (pending === 0) !== (retentionDays === 0);
  return switches ? { pendingRetention: pending } : {};
}

function newestFacts(backup: NewestBackup, database: RdsDatabase, policy: Policy): NewestFacts {
  return {
    backup,
    due: deadlineOf(backup.time, database, policy).due,
    twiceMaxAge: addHours(backup.time, 2 * policy.maxAgeHours),
  };
}

/** A snapshot in creation says nothing of the next backup if the newest one is younger: it is an old one that hangs. */
function isYounger(creating: { readonly since: Date }, newest: NewestBackup | undefined): boolean {
  return newest === undefined || creating.since.getTime() > newest.time.getTime();
}

function restorableOf(database: RdsDatabase, now: Date): Facts['restorable'] {
  const upTo = database.latestRestorableTime;
  if (upTo === undefined) return 'unknown';
  return now.getTime() - upTo.getTime() <= restorableFreshMs ? 'fresh' : 'stale';
}
