/** Brings copies that are under way to their end: by an export's event, or by a periodic check where the event is lost. */
import type { ExportTask, RDSClient } from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import { uniqBy } from 'es-toolkit/array';
import pMap from 'p-map';
import type { Fleet } from '../config/index.ts';
import {
  type Backup,
  type Copy,
  type DatabaseKey,
  type Environment,
  environmentOf,
  holdsShare,
  isOneOf,
  missingParts,
  pathInExport,
  shareKey,
} from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { concernsEnvironment } from '../lib/environment-failures.ts';
import { dayMs, hourMs, minuteMs } from '../lib/time.ts';
import { copiedBy } from '../ownership.ts';
import { applySteps, type CopyStep } from './apply-steps.ts';
import { type Databases, databasesOf } from './database-rows.ts';
import { tasksById } from './export-tasks.ts';
import {
  bounded,
  type CopyFailure,
  type ExportSetup,
  errorMessage,
  errorName,
  exportFailure,
  isRefusal,
  passesByItself,
  pauseAfterSetupFailure,
  pauseBeforeAttempt,
} from './failures.ts';
import { copyFolder } from './naming.ts';
import { type Pauses, type Places, scopeOf } from './pauses.ts';
import { TenantParts } from './tenant-parts.ts';
import { begun, ended, keyOf, modesMade, queued } from './transitions.ts';

export interface FollowDeps {
  readonly ledger: Ledger;
  /** The environment whose copies are made; its clients act there. */
  readonly environment: Environment;
  readonly rds: RDSClient;
  /** Made when a bucket is first read: most passes read none, and load no client of S3. */
  readonly s3: () => Promise<S3Client>;
  readonly fleet: Fleet;
  readonly pauses: Pauses;
  /** How long this run may still work; 0 or less: it is to end. */
  readonly remainingMs: () => number;
}

export interface FollowReport {
  /** Copies that ended, as they were written. */
  readonly ended: readonly Backup[];
  /** Copies that failed and will be tried again. */
  readonly retried: number;
  /** What was left out, each item with its error. */
  readonly errors: readonly unknown[];
  /** Copies that still run. */
  readonly running: number;
  /** Of those, reported in this pass as running for too long. */
  readonly stuck: number;
  /** All that it read, as they stand now. */
  readonly met: readonly Backup[];
}

/** RDS may not show a task in the first moments; after this time, one that it does not show is gone. */
const unknownTaskMs = hourMs;
/** A copy waits for a fault of set-up to be put right for this long. */
const setupPatienceMs = 7 * dayMs;
/** An `object` copy lives no longer than the run that makes it (15 min at most); older ones are what a crash left. */
const objectRunMs = 20 * minuteMs;

/**
 * Follows every copy that runs, and those of `arns` (snapshots that an event named), which the ledger's index may not
 * show yet. S3 is asked what is really there. People are notified of failures, of incomplete copies, and once of a stuck one.
 */
export async function followCopies(given: FollowDeps, now: Date, arns: readonly string[] = []): Promise<FollowReport> {
  const unreadable = new Map<string, unknown>();
  const deps = { ...given, ledger: given.ledger.leavingOut((row) => unreadable.set(row.message, row)) };
  const rows = await underWay(deps, arns);
  const { steps, errors } = await stepsOf(deps, rows, now);
  const { written, errors: notApplied } = await applySteps(deps, steps, now);
  const stillRunning = written.filter(({ copy }) => copy.state === 'running');
  const unchanged = rows.length - steps.length;
  return {
    ended: written.filter(({ copy }) => copy.endedAt !== undefined),
    retried: written.filter(({ copy }) => copy.state === 'queued').length,
    errors: [...unreadable.values(), ...errors, ...notApplied],
    running: stillRunning.length + unchanged,
    stuck: stillRunning.filter(({ copy }) => copy.pendingSince?.getTime() === now.getTime()).length,
    met: uniqBy([...written, ...rows], keyOf),
  };
}

/** Whether this version follows a copy; what a later version makes is left to it. */
function isFollowed({ copy: { mode, state } }: Backup, states: readonly Copy['state'][]): boolean {
  return isOneOf(modesMade, mode) && states.includes(state);
}

async function underWay({ ledger, environment }: FollowDeps, arns: readonly string[]): Promise<Backup[]> {
  const rows = new Map<string, Backup>();
  const add = (row: Backup) => rows.set(keyOf(row), row);
  for await (const row of ledger.copies(environment, 'running')) if (isFollowed(row, ['running'])) add(row);
  for (const arn of new Set(arns)) {
    // The event names a snapshot by its ARN, which may have named others: each has a task of its own.
    for (const row of await ledger.backupsByArn(arn)) if (isFollowed(row, ['running', 'starting'])) add(row);
  }
  return [...rows.values()];
}

/** The next steps of copies under way; a row that cannot be followed becomes an error, and holds up no other. */
export async function stepsOf(
  deps: FollowDeps,
  rows: readonly Backup[],
  now: Date,
): Promise<{ steps: CopyStep[]; errors: unknown[] }> {
  const ids = rows.flatMap(({ copy }) => (copy.mode === 'export' && copy.taskId ? [copy.taskId] : []));
  const tasks = ids.length > 0 ? await tasksById(deps.rds, ids) : new Map<string, ExportTask>();
  const taskOf = ({ copy }: Backup) => (copy.mode === 'export' ? tasks.get(copy.taskId ?? '') : undefined);
  const mayEnd = rows.filter(
    (row) => row.copy.mode === 'export' && /^(COMPLETE|FAILED)$/.test(taskOf(row)?.Status ?? 'COMPLETE'),
  );
  const owners = await databasesOf(
    deps.ledger,
    mayEnd.map(({ database }) => database),
  );
  const shares = await databasesOf(deps.ledger, sharesWithParts(deps.fleet, owners, mayEnd));
  const databases: Databases = { ...owners, rows: new Map([...owners.rows, ...shares.rows]) };
  const errors: unknown[] = [];
  // Verifying what has ended leaves half of the time to start what waits.
  const halfMs = deps.remainingMs() / 2;
  const stepOf = async (backup: Backup) => {
    try {
      if (deps.remainingMs() < halfMs) return undefined;
      if (backup.copy.mode === 'object') return leftBehind(backup, now);
      const task = taskOf(backup);
      return await (task ? stepOfTask(deps, databases, backup, task, now) : vanished(deps, databases, backup, now));
    } catch (error) {
      errors.push(error);
      return undefined;
    }
  };
  const steps = await pMap(rows, stepOf, { concurrency: 4 });
  return { steps: steps.filter((step) => step !== undefined), errors };
}

/** What a copy's export task says of it; undefined where there is nothing new. */
async function stepOfTask(
  deps: FollowDeps,
  databases: Databases,
  backup: Backup,
  task: ExportTask,
  now: Date,
): Promise<CopyStep | undefined> {
  const at = task.TaskEndTime ?? now;
  switch (task.Status) {
    case 'COMPLETE':
      return verified(deps, databases, backup, task, now);
    case 'FAILED': {
      const failure = exportFailure(task.FailureCause, setupOf(deps.fleet, databases, backup, task));
      return afterFailure(backup, running(backup, task, now), failure, deps.fleet, at, now);
    }
    case 'CANCELED': {
      const cause = { code: 'export-cancelled', facts: {} } as const;
      return { backup, to: ended(running(backup, task, now), 'cancelled', at, { cause }), notify: false };
    }
    default:
      return progress(backup, task, deps.fleet, now);
  }
}

/** The row with its copy as a running one: a crash, or an event that overtook the write, may have left it at `starting`. */
function running(backup: Backup, task: ExportTask, now: Date): Copy {
  const { copy } = backup;
  return copy.state === 'running' ? copy : begun(copy, copy.startedAt ?? task.TaskStartTime ?? now);
}

function progress(backup: Backup, task: ExportTask, fleet: Fleet, now: Date): CopyStep | undefined {
  const copy = running(backup, task, now);
  const percent = task.PercentProgress ?? copy.percent;
  const to = { ...copy, ...(percent !== undefined && { percent }) };
  const since = copy.startedAt ?? now;
  if (
    copy.notifiedAt === undefined &&
    copy.pendingSince === undefined &&
    now.getTime() - since.getTime() > fleet.copies.stuckHours * hourMs
  ) {
    const facts = { task: copy.taskId ?? '', since: since.toISOString(), percent: percent ?? 0 };
    return { backup, to: { ...to, cause: { code: 'stuck', facts } }, notify: true };
  }
  const moved = to.state !== backup.copy.state || to.percent !== backup.copy.percent;
  return moved ? { backup, to, notify: false } : undefined;
}

/** A completed task is believed as far as its objects are there. */
async function verified(
  deps: FollowDeps,
  databases: Databases,
  backup: Backup,
  task: ExportTask,
  now: Date,
): Promise<CopyStep> {
  const copy = running(backup, task, now);
  const at = task.TaskEndTime ?? now;
  if (await isOfAnother(deps.ledger, backup, task)) {
    const cause = { code: 'snapshot-replaced', facts: {} } as const;
    return afterFailure(backup, copy, { cause, heals: false }, deps.fleet, at, now);
  }
  const bucket = task.S3Bucket ?? copy.bucket ?? '';
  const folder = copyFolder({ prefix: task.S3Prefix ?? copy.prefix ?? '', taskId: copy.taskId ?? '' });
  const { contentsOf, shortcomings, warningsIn } = await import('./verify.ts');
  const warnings = warningsIn(task.WarningMessage);
  const proves: Places = {
    buckets: [bucket],
    roleArn: task.IamRoleArn ?? '',
    keyArns: task.KmsKeyId ? [task.KmsKeyId] : [],
  };
  const incomplete = (facts: Partial<Copy>): CopyStep => {
    return { backup, to: ended(copy, 'incomplete', at, { ...facts, percent: 100 }), notify: true, proves };
  };
  const owner = bucketOwner(deps.fleet, databases, backup, bucket);
  try {
    const place = { bucket, folder, ...(owner !== undefined && { owner }) };
    const shares = sharesWithParts(deps.fleet, databases, [backup]).flatMap((key) => databases.rows.get(key) ?? []);
    const parts = new TenantParts(shares.filter((row) => holdsShare(backup, row)));
    const found = await contentsOf(await deps.s3(), place, { warned: warnings.skipped, parts });
    if (found.objects === 0) {
      const cause = { code: 'objects-missing', facts: { bucket, folder } } as const;
      return afterFailure(backup, copy, { cause, heals: true }, deps.fleet, at, now);
    }
    const folders = parts.folders(now);
    const facts = { objects: found.objects, bytes: found.bytes, ...(folders && { folders }) };
    const lacks = shortcomings(warnings, found.skipped);
    if (lacks) return incomplete({ ...facts, cause: { code: 'export-incomplete', facts: lacks } });
    const cause = folders && missingParts(folders);
    const whole = { ...facts, percent: 100, ...(cause && { cause }) };
    return { backup, to: ended(copy, 'complete', at, whole), notify: cause !== undefined, proves };
  } catch (error) {
    if (errorName(error) === 'NoSuchBucket') {
      const cause = { code: 'bucket-gone', facts: { bucket } } as const;
      return afterFailure(backup, copy, { cause, heals: false }, deps.fleet, at, now);
    }
    if (concernsEnvironment(error)) throw error;
    // What passes by itself may be another answer at the next pass; nobody waits for that for ever.
    const lasts = now.getTime() - at.getTime() > deps.fleet.copies.stuckHours * hourMs;
    if ((!isRefusal(error) || passesByItself(errorName(error))) && !lasts) throw error;
    const owned = owner !== undefined && { owner };
    const facts = { bucket, ...owned, said: bounded(errorMessage(error)), ...shortcomings(warnings) };
    return incomplete({ cause: { code: 'not-verifiable', facts } });
  }
}

/** The keys of the shares whose parts some exports should hold. */
function sharesWithParts(fleet: Fleet, { rows }: Databases, backups: readonly Backup[]): DatabaseKey[] {
  return backups.flatMap((backup) => {
    const found = copiedBy(fleet, backup, rows.get(backup.database));
    const tenants = 'configured' in found ? (found.configured.tenants ?? []) : [];
    const named = tenants.filter((tenant) => pathInExport(tenant) !== undefined);
    return named.map(({ tenant }) => shareKey(backup.database, tenant));
  });
}

/**
 * Whether a task read another snapshot that has the name now: one that took its place in the moment before the start. Only
 * the creation time of another backup proves that; whether RDS states it as exactly for tasks as for snapshots is unknown.
 */
async function isOfAnother(ledger: Ledger, backup: Backup, { SnapshotTime }: ExportTask): Promise<boolean> {
  if (SnapshotTime === undefined || SnapshotTime.getTime() === backup.createdAt.getTime()) return false;
  const named = await ledger.backupsByArn(backup.arn);
  return named.some(({ createdAt }) => createdAt.getTime() === SnapshotTime.getTime());
}

/** The account that must own a bucket, where the configuration still says so for this backup. */
function bucketOwner(fleet: Fleet, { rows }: Databases, backup: Backup, bucket: string): string | undefined {
  const found = copiedBy(fleet, backup, rows.get(backup.database));
  if ('cause' in found) return undefined;
  const { target } = found.configured;
  return target.bucket === bucket ? target.owner : undefined;
}

/**
 * Back into the queue as the next attempt after a growing pause, or to the end where trying again is of no use. A fault of
 * set-up fails others as well, and is put right by a person: its copies wait for that, a week at most.
 */
export function afterFailure(
  backup: Backup,
  copy: Copy,
  { cause, heals }: CopyFailure,
  fleet: Fleet,
  at: Date,
  now: Date,
): CopyStep {
  const { attempt, setupFailures = 0, queuedAt = backup.recordedAt } = copy;
  const next = attempt + 1;
  if (heals && attempt - setupFailures < fleet.copies.maxAttempts && !backup.closed) {
    const until = new Date(now.getTime() + pauseBeforeAttempt(next - setupFailures));
    return { backup, to: queued({ ...copy, attempt: next }, { until, cause }), notify: false };
  }
  const fault = heals ? undefined : scopeOf(cause, environmentOf(backup.database).account);
  if (fault && !backup.closed && now.getTime() - queuedAt.getTime() < setupPatienceMs) {
    const until = new Date(now.getTime() + pauseAfterSetupFailure(setupFailures + 1));
    const to = queued({ ...copy, attempt: next, setupFailures: setupFailures + 1 }, { until, cause });
    // The first may be one of many, of which operators get a single message; people are notified of this copy if it fails so again.
    return { backup, to, notify: setupFailures > 0 && copy.notifiedAt === undefined, fault: { scope: fault, at } };
  }
  return { backup, to: ended(copy, 'failed', at, { cause, ...(!heals && { permanent: true }) }), notify: true };
}

/** A task that RDS does not show: not yet, or (after an hour) no longer. What it wrote to the end is a copy all the same. */
async function vanished(
  deps: FollowDeps,
  databases: Databases,
  backup: Backup,
  now: Date,
): Promise<CopyStep | undefined> {
  const { copy } = backup;
  if (copy.state !== 'running' || now.getTime() - (copy.startedAt ?? now).getTime() < unknownTaskMs) return undefined;
  const { bucket = '', prefix = '', taskId = '' } = copy;
  const owner = bucketOwner(deps.fleet, databases, backup, bucket);
  const place = { bucket, folder: copyFolder({ prefix, taskId }), ...(owner !== undefined && { owner }) };
  const { completedIn } = await import('./verify.ts');
  const warnings = await completedIn(await deps.s3(), place, taskId);
  if (warnings !== undefined) {
    const task = { Status: 'COMPLETE', S3Bucket: bucket, S3Prefix: prefix, WarningMessage: warnings };
    return verified(deps, databases, backup, task, now);
  }
  const cause = { code: 'task-unknown', facts: { task: taskId } } as const;
  return afterFailure(backup, copy, { cause, heals: true }, deps.fleet, now, now);
}

/** An object copy whose run crashed is taken up by the next, at the same attempt: a crash is no failure of the copy. */
function leftBehind(backup: Backup, now: Date): CopyStep | undefined {
  const { copy } = backup;
  if (now.getTime() - (copy.startedAt ?? now).getTime() < objectRunMs) return undefined;
  return { backup, to: queued(copy, { cause: { code: 'run-broke-off', facts: {} } }), notify: false };
}

function setupOf(fleet: Fleet, databases: Databases, backup: Backup, task: ExportTask): ExportSetup {
  const bucket = task.S3Bucket ?? backup.copy.bucket ?? '';
  return {
    bucket,
    owner: bucketOwner(fleet, databases, backup, bucket),
    roleArn: task.IamRoleArn ?? '',
    keyArn: task.KmsKeyId ?? '',
    region: environmentOf(backup.database).region,
  };
}
