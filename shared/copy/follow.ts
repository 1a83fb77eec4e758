/** Brings copies that are under way to their end: by an export's event, or by the periodic look where the event is lost. */
import type { ExportTask, RDSClient } from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import pMap from 'p-map';
import type { Fleet } from '../config/fleet.ts';
import { type Ledger, liveBackupId } from '../ledger/ledger.ts';
import type { Backup, Copy } from '../model.ts';
import { formatAge, formatUtc, hourMs, minuteMs } from '../text.ts';
import {
  type Cause,
  type ExportSetup,
  exportFailure,
  messageOf,
  nameOf,
  pauseBeforeAttempt,
  statusOf,
} from './causes.ts';
import { ended, queued } from './change.ts';
import { type Destinations, destinationsOf } from './targets.ts';
import { copyFolder } from './task-id.ts';
import { tasksById } from './tasks.ts';
import { type CopyStep, settle, type TellCopies } from './tell.ts';
import { contentsOf, shortcomings, warningsIn } from './verify.ts';

export interface FollowDeps {
  readonly ledger: Ledger;
  readonly rds: RDSClient;
  readonly s3: S3Client;
  readonly fleet: Fleet;
  readonly tell: TellCopies;
}

export interface FollowReport {
  /** Copies that ended, as they were written. */
  readonly ended: readonly Backup[];
  /** Copies that failed and will be tried again. */
  readonly retried: number;
  /** Copies that still run. */
  readonly running: number;
  /** Of those, told in this pass as running for too long. */
  readonly stuck: number;
}

/** RDS may not show a task in the first moments; after this time, one that it does not show is gone. */
const unknownTaskMs = hourMs;
/** An `object` copy lives no longer than the run that makes it (15 min at most); older ones are what a crash left. */
const objectRunMs = 20 * minuteMs;

/**
 * Follows every copy that runs, and those of `arns` (snapshots that an event named), which the ledger's index may not
 * show yet. S3 is asked what is really there. People are told of failures, of incomplete copies, and once of a stuck one.
 */
export async function followCopies(deps: FollowDeps, now: Date, arns: readonly string[] = []): Promise<FollowReport> {
  const rows = await underWay(deps.ledger, arns);
  const steps = await stepsOf(deps, rows, now);
  const written = await settle(deps, steps.steps, now);
  if (steps.errors.length > 0) {
    throw new AggregateError(
      steps.errors,
      `${steps.errors.length} copies could not be followed; the next pass tries again`,
    );
  }
  const stillRunning = written.filter(({ copy }) => copy.state === 'running');
  const unchanged = rows.length - steps.steps.length;
  return {
    ended: written.filter(({ copy }) => copy.endedAt !== undefined),
    retried: written.filter(({ copy }) => copy.state === 'queued').length,
    running: stillRunning.length + unchanged,
    stuck: stillRunning.filter(({ copy }) => copy.toldAt?.getTime() === now.getTime()).length,
  };
}

async function underWay(ledger: Ledger, arns: readonly string[]): Promise<Backup[]> {
  const rows = new Map<string, Backup>();
  const add = (row: Backup) => rows.set(`${row.database}|${liveBackupId(row)}`, row);
  for await (const row of ledger.copies('running')) if (row.copy.state === 'running') add(row);
  for (const arn of new Set(arns)) {
    const row = await ledger.backupByArn(arn);
    if (row && (row.copy.state === 'running' || row.copy.state === 'starting')) add(row);
  }
  return [...rows.values()];
}

/** The next steps of copies under way; a row that could not be judged becomes an error, and holds up no other. */
export async function stepsOf(
  deps: FollowDeps,
  rows: readonly Backup[],
  now: Date,
): Promise<{ steps: CopyStep[]; errors: unknown[] }> {
  const destinations = destinationsOf(deps.fleet);
  const ids = rows.flatMap(({ copy }) => (copy.mode === 'export' && copy.taskId ? [copy.taskId] : []));
  const tasks = ids.length > 0 ? await tasksById(deps.rds, ids) : new Map<string, ExportTask>();
  const errors: unknown[] = [];
  const stepOf = async (backup: Backup) => {
    try {
      if (backup.copy.mode === 'object') return leftBehind(backup, deps.fleet, now);
      const task = tasks.get(backup.copy.taskId ?? '');
      return task ? await stepOfTask(deps, destinations, backup, task, now) : vanished(backup, deps.fleet, now);
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
  destinations: Destinations,
  backup: Backup,
  task: ExportTask,
  now: Date,
): Promise<CopyStep | undefined> {
  const at = task.TaskEndTime ?? now;
  switch (task.Status) {
    case 'COMPLETE':
      return verified(deps, destinations, backup, task, now);
    case 'FAILED': {
      const cause = exportFailure(task.FailureCause, setupOf(backup, task, deps.fleet));
      return afterFailure(backup, running(backup, task, now), cause, deps.fleet, at, now);
    }
    case 'CANCELED': {
      const to = ended(running(backup, task, now), 'cancelled', at, { reason: 'somebody cancelled the export task' });
      return { backup, to, tell: false };
    }
    default:
      return progress(backup, task, deps.fleet, now);
  }
}

/** The row with its copy as a running one: a crash, or an event that overtook the write, may have left it at `starting`. */
function running(backup: Backup, task: ExportTask, now: Date): Copy {
  const { copy } = backup;
  return { ...copy, state: 'running', startedAt: copy.startedAt ?? task.TaskStartTime ?? now };
}

function progress(backup: Backup, task: ExportTask, fleet: Fleet, now: Date): CopyStep | undefined {
  const copy = running(backup, task, now);
  const percent = task.PercentProgress ?? copy.percent;
  const to = { ...copy, ...(percent !== undefined && { percent }) };
  const since = copy.startedAt ?? now;
  const age = now.getTime() - since.getTime();
  if (copy.toldAt === undefined && age > fleet.copies.stuckHours * hourMs) {
    const reason = `stuck: running for ${formatAge(age)} (since ${formatUtc(since)}), at ${percent ?? 0} %; look at export task ${copy.taskId} in RDS, and cancel it there if it hangs`;
    return { backup, to: { ...to, reason }, tell: true };
  }
  const moved = to.state !== backup.copy.state || to.percent !== backup.copy.percent;
  return moved ? { backup, to, tell: false } : undefined;
}

/** A completed task is believed as far as its objects are there. */
async function verified(
  deps: FollowDeps,
  destinations: Destinations,
  backup: Backup,
  task: ExportTask,
  now: Date,
): Promise<CopyStep> {
  const copy = running(backup, task, now);
  const at = task.TaskEndTime ?? now;
  const bucket = task.S3Bucket ?? copy.bucket ?? '';
  const folder = copyFolder({ prefix: task.S3Prefix ?? copy.prefix ?? '', taskId: copy.taskId ?? '' });
  const destination = destinations(backup);
  const target = 'target' in destination ? destination.target : undefined;
  const warnings = warningsIn(task.WarningMessage);
  const incomplete = (reason: string, facts: Partial<Copy> = {}): CopyStep => ({
    backup,
    to: ended(copy, 'incomplete', at, { ...facts, percent: 100, reason }),
    tell: true,
  });
  try {
    const owner = target?.bucket === bucket ? target.owner : undefined;
    const found = await contentsOf(deps.s3, { bucket, folder, ...(owner && { owner }) });
    if (found.objects === 0) {
      const reason = `RDS says the export is complete, but nothing lies in s3://${bucket}/${folder}; find out who removes objects there`;
      return afterFailure(backup, copy, { reason, heals: true }, deps.fleet, at, now);
    }
    const facts = { objects: found.objects, bytes: found.bytes };
    const lacks = shortcomings(warnings, found.skipped);
    if (lacks) return incomplete(`the export is not whole: ${lacks}`, facts);
    return { backup, to: ended(copy, 'complete', at, { ...facts, percent: 100 }), tell: false };
  } catch (error) {
    const status = statusOf(error);
    if (nameOf(error) === 'NoSuchBucket') {
      const reason = `bucket ${bucket} is gone, and with it the copy; create it again`;
      return afterFailure(backup, copy, { reason, heals: false }, deps.fleet, at, now);
    }
    if (status !== 403) throw error;
    const lacks = shortcomings(warnings, new Map());
    return incomplete(
      `RDS says the export is complete, but S3 does not let this be verified (${messageOf(error)}): grant the copy function s3:ListBucket and s3:GetObject on bucket ${bucket}, and kms:Decrypt on its key${lacks ? `; besides, ${lacks}` : ''}`,
    );
  }
}

/** Back into the queue as the next attempt after a growing pause, or to the end where trying again is of no use. */
export function afterFailure(backup: Backup, copy: Copy, cause: Cause, fleet: Fleet, at: Date, now: Date): CopyStep {
  const { attempt } = copy;
  if (cause.heals && attempt < fleet.copies.maxAttempts && !backup.closed) {
    const until = new Date(now.getTime() + pauseBeforeAttempt(attempt + 1));
    const reason = `attempt ${attempt} of ${fleet.copies.maxAttempts} failed: ${cause.reason}`;
    return { backup, to: queued({ ...copy, attempt: attempt + 1 }, { until, reason }), tell: false };
  }
  const reason = cause.heals ? `failed after ${attempt} attempts: ${cause.reason}` : cause.reason;
  const to = ended(copy, 'failed', at, { reason, ...(!cause.heals && { permanent: true }) });
  return { backup, to, tell: true };
}

/** A task that RDS does not show: not yet, or (after an hour) no longer. */
function vanished(backup: Backup, fleet: Fleet, now: Date): CopyStep | undefined {
  const { copy } = backup;
  if (copy.state !== 'running' || now.getTime() - (copy.startedAt ?? now).getTime() < unknownTaskMs) return undefined;
  const cause = { reason: `RDS no longer knows the export task ${copy.taskId}`, heals: true };
  return afterFailure(backup, copy, cause, fleet, now, now);
}

/** An object copy whose run crashed: nothing half lies in the bucket, so it is simply done again. */
function leftBehind(backup: Backup, fleet: Fleet, now: Date): CopyStep | undefined {
  const { copy } = backup;
  if (now.getTime() - (copy.startedAt ?? now).getTime() < objectRunMs) return undefined;
  const cause = { reason: 'the run that copied the object broke off (time or memory ran out)', heals: true };
  return afterFailure(backup, copy, cause, fleet, now, now);
}

function setupOf(backup: Backup, task: ExportTask, fleet: Fleet): ExportSetup {
  return {
    bucket: task.S3Bucket ?? backup.copy.bucket ?? '',
    roleArn: task.IamRoleArn ?? '',
    keyArn: task.KmsKeyId ?? '',
    region: fleet.region,
  };
}
