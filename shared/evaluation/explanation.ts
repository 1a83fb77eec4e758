/** Why a verdict is what it is, and what else a person should know: codes and facts, from which `shared/reasons` makes prose. */
import {
  type Cause,
  causes,
  type DatabaseRow,
  isKnownIn,
  parseDatabaseKey,
  type RdsDatabase,
} from '../domain/index.ts';
import { minuteMs } from '../lib/time.ts';
import { isOutsideRds } from './aws-backup.ts';
import type { Facts } from './conditions.ts';
import { windowOf } from './deadline.ts';
import type { ShareSituation } from './evaluate.ts';
import { windowsBetween } from './stops.ts';

/** What keeps the next backup from coming, whatever the verdict is: the first that applies. */
export function hindranceOf(facts: Facts): Cause | undefined {
  if (facts.keyLost !== undefined) return keyLost(facts, facts.keyLost);
  // What was late before it was stopped is late for another reason.
  if (facts.stopped && facts.reachesStop) return stopped(facts);
  return hindranceBesidesStop(facts);
}

/** What keeps the next backup from coming, but that it is stopped. */
export function hindranceBesidesStop(facts: Facts): Cause | undefined {
  if (!facts.takesBackups && !facts.isReplica) return disabled(facts);
  const unwatched = facts.takesBackups ? undefined : unwatchedSource(facts);
  if (unwatched !== undefined) return unwatched;
  const failed = replicationFailed(facts.database);
  if (failed !== undefined) return failed;
  if (facts.hinderedBy !== undefined) return { code: 'status-prevents-backups', facts: { status: facts.hinderedBy } };
  if (facts.pendingRetention === 0 && !facts.byAwsBackup) return { code: 'backups-about-to-be-disabled', facts: {} };
  return awsBackupJobFailed(facts);
}

/** AWS Backup's last job ended without a backup. */
export function awsBackupJobFailed({ failedJob: job }: Facts): Cause | undefined {
  if (job === undefined) return undefined;
  const { id, state, message, createdAt, endedAt = createdAt } = job;
  const facts = { job: id, state, endedAt: endedAt.toISOString(), ...(message !== undefined && { message }) };
  return { code: 'aws-backup-job-failed', facts };
}

/** Why a replica cannot rely on its source, where it has to. */
export function unwatchedSource({ database, situation }: Facts): Cause | undefined {
  const { replicaOf: source } = database;
  if (source === undefined || situation.unwatchedSource === undefined) return undefined;
  return { code: 'replica-source-unwatched', facts: { source, why: situation.unwatchedSource } };
}

/** The replication of a replica has failed. */
export function replicationFailed({ replicaOf: source, replicationFailed: failed }: RdsDatabase): Cause | undefined {
  if (source === undefined || failed === undefined) return undefined;
  const said = failed.message;
  return { code: 'replication-failed', facts: { status: failed.status, source, ...(said !== undefined && { said }) } };
}

/** Automated backups are off, or off until a change that is pending. */
export function disabled({ pendingRetention }: Facts): Cause {
  if (pendingRetention === undefined) return { code: 'backups-disabled', facts: {} };
  return { code: 'backups-about-to-be-enabled', facts: { retentionDays: pendingRetention } };
}

function keyLost({ database, situation }: Facts, status: string): Cause {
  const key = database.kmsKeyId;
  const otherKeyBackup = situation.otherKeyBackup?.time.toISOString();
  return {
    code: 'encryption-key-inaccessible',
    facts: { status, ...(key !== undefined && { key }), ...(otherKeyBackup !== undefined && { otherKeyBackup }) },
  };
}

/** Why the deadline passed without a backup: the first that applies. */
export function lateCause(facts: Facts): Cause {
  const { database, restorable, situation } = facts;
  const upTo = database.latestRestorableTime?.toISOString();
  const hindrance = hindranceOf(facts);
  if (hindrance !== undefined) return hindrance;
  if (facts.creating !== undefined) return inProgress(facts.creating);
  if (facts.byAwsBackup && database.retentionDays === 0) {
    const lastBackup = situation.lastAwsBackup?.toISOString();
    return { code: 'aws-backup-made-none', facts: lastBackup === undefined ? {} : { lastBackup } };
  }
  const { window, automationPaused: paused } = database;
  if (paused !== undefined) return automationPaused(paused);
  const passed = windowsPassed(facts);
  if (window !== undefined && passed.length > 0 && passed.every(({ ran }) => !ran)) {
    return { code: 'window-while-stopped', facts: { window } };
  }
  if (situation.windowBefore !== undefined && window !== undefined) {
    return { code: 'window-moved', facts: { before: situation.windowBefore, window } };
  }
  const expected = windowOf(database) !== undefined && passed.length === 0;
  if (restorable === 'fresh' && upTo !== undefined && !expected) {
    return {
      code: 'snapshot-skipped',
      facts: { restorableUntil: upTo, ...(windowOf(database) && window && { window }) },
    };
  }
  if (restorable === 'stale' && upTo !== undefined) {
    return { code: 'restore-point-stale', facts: { restorableUntil: upTo } };
  }
  if (expected) return dueCause(facts);
  return { code: 'no-known-cause', facts: {} };
}

function automationPaused({ until }: NonNullable<RdsDatabase['automationPaused']>): Cause {
  return { code: 'automation-paused', facts: until === undefined ? {} : { until: until.toISOString() } };
}

/** The windows since its newest backup, or since it is there, that have closed. */
function windowsPassed({ database, newest, born, now, stops }: Facts) {
  const window = windowOf(database);
  return window ? windowsBetween(window, newest?.backup.time ?? born, now, stops) : [];
}

/** Why a database past its maximum age is not overdue yet. */
export function dueCause(facts: Facts): Cause {
  if (facts.held && facts.creating !== undefined) return inProgress(facts.creating);
  const { database, policy, openJob, byAwsBackup, situation } = facts;
  const onlyByAwsBackup = byAwsBackup && database.retentionDays === 0;
  if (onlyByAwsBackup && openJob) {
    const { createdAt, startBy } = openJob;
    const until = startBy && { startBy: startBy.toISOString() };
    return { code: 'aws-backup-expected', facts: { createdAt: createdAt.toISOString(), ...until } };
  }
  const window = windowOf(database) && database.window;
  const jobsUnknown = onlyByAwsBackup && situation.backupJobs === undefined;
  const graceHours = jobsUnknown ? Math.max(policy.graceHours, policy.awsBackupGraceHours) : policy.graceHours;
  if (facts.startedAt !== undefined) {
    const startedAt = facts.startedAt.toISOString();
    return { code: 'just-started', facts: { startedAt, ...(window !== undefined && { window }) } };
  }
  return { code: 'backup-expected', facts: { ...(window !== undefined && { window }), graceHours } };
}

/** The first backup is, or was, expected some time after the database was created. */
export function firstBackup(facts: Facts): Cause {
  const { share } = facts.situation;
  if (share?.older) {
    const backup = share.older.time.toISOString();
    return { code: 'tenant-after-backup', facts: { since: facts.born.toISOString(), backup } };
  }
  return { code: 'first-backup-expected', facts: { createdAt: facts.born.toISOString() } };
}

/** What a person should know besides the cause. */
export function notesOf(facts: Facts, cause: Cause | null): readonly Cause[] {
  const { situation, database, creating } = facts;
  const notes = [
    // That RDS shows it to be missing is what there is to say, whenever it came.
    facts.newest === undefined && situation.share?.missingIn === undefined ? firstBackup(facts) : undefined,
    facts.stopped ? stopped(facts) : undefined,
    facts.stopped && facts.keyLost === undefined ? undefined : hindranceOf(facts),
    creating && inProgress(creating),
    database.automationPaused && automationPaused(database.automationPaused),
    situation.earlier && nameUsedBefore(situation.earlier),
    renaming(facts),
    facts.newest !== undefined && database.replicaOf !== undefined ? replicaOf(database.replicaOf) : undefined,
    situation.newest && isOutsideRds(situation.newest.id)
      ? ({ code: 'backup-outside-rds', facts: { recoveryPoint: situation.newest.id } } as const)
      : undefined,
    situation.eventsLost ? eventLost : undefined,
    notHeld(situation.share),
  ];
  return notes.filter((note) => note !== undefined && note.code !== cause?.code) as Cause[];
}

/** That the newest snapshot of a shared database lacks the tenant. */
export function notHeld(share: ShareSituation | undefined): Cause | undefined {
  return share?.missingIn && { code: 'tenant-not-in-snapshot', facts: share.missingIn };
}

const eventLost: Cause = { code: 'event-lost', facts: {} };

function replicaOf(source: string): Cause {
  return { code: 'replica-of', facts: { source } };
}

function inProgress({ id, since, usualMs }: NonNullable<Facts['creating']>): Cause {
  const usualMinutes = usualMs === undefined ? {} : { usualMinutes: Math.round(usualMs / minuteMs) };
  return { code: 'backup-in-progress', facts: { snapshot: id, since: since.toISOString(), ...usualMinutes } };
}

function stopped(facts: Facts): Cause {
  const since = facts.stoppedSince?.toISOString();
  const restartsAt = facts.database.automaticRestartTime?.toISOString();
  return {
    code: 'stopped',
    facts: { ...(since !== undefined && { since }), ...(restartsAt !== undefined && { restartsAt }) },
  };
}

function nameUsedBefore(earlier: DatabaseRow): Cause {
  const lastBackup = earlier.newestBackup?.time.toISOString();
  // What RDS never showed itself, a member of a cluster for example, has no resource id.
  const resourceId = parseDatabaseKey(earlier.key).resourceId ?? earlier.id;
  return { code: 'name-used-before', facts: { resourceId, ...(lastBackup !== undefined && { lastBackup }) } };
}

/** What a row says of the name under which RDS showed the database last, while the configuration has the former one. */
export function renamingOf({ notes = [] }: Pick<DatabaseRow, 'notes'>): Extract<Cause, { code: 'renamed-to' }>[] {
  return notes.flatMap((note) => (isKnownIn(causes, note) && note.code === 'renamed-to' ? [note] : []));
}

/** Names change, resource ids do not: a renamed database is evaluated as before, and the configuration should follow. */
function renaming({ database, situation: { configured, row } }: Facts): Cause | undefined {
  if (configured.kind === database.kind && configured.id !== database.id) {
    return { code: 'renamed-to', facts: { id: database.id, configured: configured.id } };
  }
  if (row === undefined || row.id === database.id) return undefined;
  return { code: 'renamed-from', facts: { id: row.id } };
}
