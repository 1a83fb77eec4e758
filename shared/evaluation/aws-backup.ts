/** What AWS Backup's jobs say of a database. Pure. */
import type { Policy } from '../config/index.ts';
import {
  arnsOf,
  type BackupJob,
  type BackupJobs,
  causes,
  type DatabaseRow,
  isKnownIn,
  type NewestBackup,
  type RdsDatabase,
  type Snapshot,
} from '../domain/index.ts';
import { addHours, dayMs } from '../lib/time.ts';
import { withMarginHours } from './deadline.ts';
import type { Situation } from './evaluate.ts';
import { newer } from './newest-backup.ts';

/** AWS Backup manages a database of which it made a backup at most this long ago: a monthly plan that failed once still does. */
const managedDays = 62;

/** States of a job that may still make a backup, or does. */
const openStates = ['CREATED', 'PENDING', 'RUNNING'];

/** States of a job that ended without a backup. */
const failedStates = ['FAILED', 'EXPIRED', 'ABORTED'];

/** States of a job that has begun. An expired one never did. */
const begunStates = ['RUNNING', 'COMPLETED', 'FAILED', 'ABORTED'];

/** Whether the evaluation of a database depends on what AWS Backup's jobs say. */
export function dependsOnAwsBackup(
  database: RdsDatabase,
  snapshots: readonly Snapshot[],
  row: DatabaseRow | undefined,
): boolean {
  return (
    database.awsBackupRecoveryPointArn !== undefined ||
    // Perhaps AWS Backup is to make its first backup.
    database.retentionDays === 0 ||
    row?.lastAwsBackup !== undefined ||
    // Perhaps the first of its jobs has failed.
    failureOnRow(row) !== undefined ||
    snapshots.some(({ kind }) => kind === 'awsbackup')
  );
}

/**
 * The jobs of a database as of a moment, whether AWS Backup names it by its name or by its resource id; none of one that had
 * its name before.
 */
export function jobsOf(jobs: BackupJobs, database: RdsDatabase, at: Date): readonly BackupJob[] {
  const { createdAt = new Date(0) } = database;
  return arnsOf(database)
    .flatMap((one) => jobs.get(one) ?? [])
    .filter((job) => job.createdAt >= createdAt && job.createdAt <= at)
    .map((job) => (job.endedAt !== undefined && job.endedAt > at ? unended(job) : job));
}

function unended({ endedAt: _, message: __, recoveryPointArn: ___, ...job }: BackupJob): BackupJob {
  return { ...job, state: 'RUNNING' };
}

/**
 * The newest backup that AWS Backup keeps outside RDS: an air-gapped vault holds a recovery point of its own, and RDS a
 * temporary snapshot at most. Its data is no older than its job, of which nobody says when it began. AWS Backup shows jobs for 30
 * days, or not at all; the row knows the last one. Continuous backups are RDS's own, which it shows.
 */
export function backupOutsideRds(
  jobs: readonly BackupJob[] | undefined = [],
  row: DatabaseRow | undefined,
  until: Date,
): NewestBackup | undefined {
  const known = row?.newestBackup;
  const completed = jobs.flatMap(({ state, createdAt, recoveryPointArn: id = '' }) =>
    state === 'COMPLETED' && isOutsideRds(id) ? [{ id, createdAt, time: createdAt }] : [],
  );
  const before = known && isOutsideRds(known.id) && known.createdAt <= until ? [known] : [];
  return [...completed, ...before].reduce<NewestBackup | undefined>(newer, undefined);
}

/** Whether a backup's id is the ARN of a recovery point that is no RDS snapshot. */
export function isOutsideRds(id: string): boolean {
  return /^arn:[^:]+:backup:.*:recovery-point:(?!continuous:)/.test(id);
}

/** Managed by AWS Backup means a recovery point of its own, a job, or a backup that it made within two months. */
export function isManagedByAwsBackup(situation: Situation, database: RdsDatabase, now: Date): boolean {
  if (database.awsBackupRecoveryPointArn !== undefined) return true;
  const { backupJobs = [], awsBackupSeen: seen } = situation;
  return backupJobs.length > 0 || (seen !== undefined && now.getTime() - seen.getTime() <= managedDays * dayMs);
}

/**
 * The moment after which a database is overdue whose next backup can only come from AWS Backup. A job that was created in
 * time may begin until the end of its start window, and its backup then takes a while: as long as AWS Backup's backups of it
 * usually take, with a margin, and at least `graceHours`, as after a window of RDS. Without such a job these hours are the grace, and `awsBackupGraceHours` where nobody knows whether there is one.
 */
export function awsBackupDeadline(due: Date, { backupJobs, usualAwsBackupMs = 0 }: Situation, policy: Policy): Date {
  const takesHours = Math.max(policy.graceHours, withMarginHours(usualAwsBackupMs));
  const unknownHours = Math.max(policy.graceHours, policy.awsBackupGraceHours);
  if (backupJobs === undefined) return addHours(due, unknownHours);
  const bare = addHours(due, policy.graceHours);
  const ends = backupJobs
    .filter((job) => isOpenJob(job) && job.createdAt <= bare)
    .map(({ createdAt, startBy = addHours(createdAt, policy.awsBackupGraceHours) }) => addHours(startBy, takesHours));
  return new Date(Math.max(bare.getTime(), ...ends.map((end) => end.getTime())));
}

/** Whether a job may still make a backup, or does. */
export function isOpenJob({ state }: BackupJob): boolean {
  return openStates.includes(state);
}

/** The job that may still make a backup, and may begin last. */
export function openJobOf({ backupJobs = [] }: Situation): BackupJob | undefined {
  const open = backupJobs.filter(isOpenJob);
  return latestBy(open, ({ startBy, createdAt }) => startBy ?? createdAt);
}

/** A job of AWS Backup that has ended. */
export type EndedJob = Pick<BackupJob, 'id' | 'state' | 'createdAt' | 'endedAt' | 'message'>;

/**
 * The last job that ended without a backup, if nothing answers it: another job that was running when it ended (AWS Backup
 * lets one job of a database run at a time), or a backup that AWS Backup has made since. Where the jobs cannot be read, the one
 * that the row knows is not answered by that.
 */
export function failedJobOf({ backupJobs, lastAwsBackup, row }: Situation): EndedJob | undefined {
  const isFollowed = (failed: EndedJob) => lastAwsBackup !== undefined && lastAwsBackup > endOf(failed);
  if (backupJobs === undefined) {
    const known = failureOnRow(row);
    return known && !isFollowed(known) ? known : undefined;
  }
  const unanswered = backupJobs.filter((failed) => {
    if (!failedStates.includes(failed.state) || isFollowed(failed)) return false;
    const at = endOf(failed);
    return !backupJobs.some((other) => other !== failed && answers(other, at));
  });
  return latestBy(unanswered, endOf);
}

/** The failed job that the last evaluation spoke of. */
function failureOnRow(row: DatabaseRow | undefined): EndedJob | undefined {
  for (const cause of [row?.cause, ...(row?.notes ?? [])]) {
    if (!cause || !isKnownIn(causes, cause) || cause.code !== 'aws-backup-job-failed') continue;
    const { job: id, state, endedAt, message } = cause.facts;
    const ended = new Date(endedAt);
    return { id, state, createdAt: ended, endedAt: ended, ...(message !== undefined && { message }) };
  }
  return undefined;
}

function answers({ state, createdAt, endedAt }: BackupJob, at: Date): boolean {
  if (state === 'COMPLETED' && endedAt !== undefined && endedAt >= at) return true;
  return begunStates.includes(state) && createdAt <= at && (endedAt === undefined || endedAt > at);
}

function endOf({ endedAt, createdAt }: Pick<BackupJob, 'endedAt' | 'createdAt'>): Date {
  return endedAt ?? createdAt;
}

function latestBy(jobs: readonly BackupJob[], timeOf: (job: BackupJob) => Date): BackupJob | undefined {
  return jobs.reduce<BackupJob | undefined>(
    (latest, job) => (latest === undefined || timeOf(job) > timeOf(latest) ? job : latest),
    undefined,
  );
}
