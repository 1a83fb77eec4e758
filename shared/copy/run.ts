/** Starts the copies that wait. The ledger is the queue: nothing waits in memory, and nothing is lost with a run. */
import { StartExportTaskCommand } from '@aws-sdk/client-rds';
import { liveBackupId } from '../ledger/ledger.ts';
import type { Backup, Copy, DatabaseKey } from '../model.ts';
import { minuteMs } from '../text.ts';
import { type StartProblem, startProblem } from './causes.ts';
import { changeCopy, ended, queued, readBackup, sameStep } from './change.ts';
import { fairly, tenantOf } from './fair.ts';
import { type FollowDeps, stepsOf } from './follow.ts';
import { copyObjects } from './objects.ts';
import { othersInPeriod } from './period.ts';
import { type Destination, destinationsOf } from './targets.ts';
import { exportPrefix, exportTaskId } from './task-id.ts';
import { exportSlots, takenSlots, tasksById } from './tasks.ts';
import { type CopyStep, settle } from './tell.ts';
import { notExportable, passedOver } from './wanted.ts';

export interface CopyDeps extends FollowDeps {
  /** The role RDS writes to the buckets with. */
  readonly exportRoleArn: string;
  /** The stack's key, for targets that name none. */
  readonly exportKeyArn: string;
  /** Who holds the lease: one name a run. */
  readonly holder: string;
  readonly pause: (ms: number) => Promise<void>;
  /** How long this run may still work; 0 or less: it is to end. */
  readonly remainingMs: () => number;
  /** For the end of what takes its time within a run. */
  readonly clock: () => Date;
}

/** The row of a backup by its keys, as the table's stream names it. */
export interface BackupId {
  readonly database: DatabaseKey;
  readonly liveBackup: string;
}

export interface RunReport {
  /** Whether this run got the lease; without it, or where it did not ask, no export was started. */
  readonly lease: 'taken' | 'held' | 'not asked';
  readonly started: number;
  /** Copies that ended in this run, as they were written: failed, skipped, object copies that are complete. */
  readonly ended: readonly Backup[];
  /** Copies that still wait, and since when the oldest of them does. */
  readonly waiting: number;
  readonly oldestQueuedAt?: Date;
}

/** Starting takes seconds; a run that crashed holds up the others for no longer than this. */
const leaseMs = 2 * minuteMs;
/** How often, and after which pause, the lease is asked for again. */
const leaseTries = 3;
const leasePauseMs = 2_000;
/** The pause after RDS said that somebody else is at a snapshot. */
const busyPauseMs = 5 * minuteMs;
/** Copies tried in one run, so that one which only meets refusals ends in time; the next run goes on. */
const triesARun = 50;

/**
 * Starts as many exports as the account has free slots, fairly among tenants, and copies waiting objects. `woken` are the
 * rows that the table's stream named: its indexes may not show them yet.
 *
 * At most one export a snapshot and attempt is started, whatever crashes in between and however many runs there are: a
 * copy is claimed by its row's version, and the task's id follows from snapshot and attempt, so RDS refuses a second one.
 */
export async function runCopies(deps: CopyDeps, now: Date, woken: readonly BackupId[] = []): Promise<RunReport> {
  const { waiting, refusals } = await waitingCopies(deps, woken);
  // A failure that needs a person frees a slot for the next copy, which would fail as well: it would take the whole queue
  // with it within minutes. So it wakes nobody; the watch tries one more every quarter of an hour.
  const lease = woken.length > 0 && refusals === woken.length ? 'not asked' : await takeLease(deps, now);
  const starts = lease === 'taken' ? await startUnderLease(deps, waiting, now) : { started: 0, written: [] };
  const objects = [...waiting.values()].filter(({ copy }) => copy.mode === 'object');
  const copied = await copyObjects(deps, objects, now, { brief: woken.length > 0 });
  const written = [...starts.written, ...copied];
  for (const row of written) {
    if (row.copy.state === 'queued') waiting.set(rowId(row), row);
    else waiting.delete(rowId(row));
  }
  const oldest = Math.min(
    ...[...waiting.values()].map(({ copy, recordedAt }) => (copy.queuedAt ?? recordedAt).getTime()),
  );
  return {
    lease,
    started: starts.started,
    ended: written.filter(({ copy }) => copy.endedAt !== undefined),
    waiting: waiting.size,
    ...(waiting.size > 0 && { oldestQueuedAt: new Date(oldest) }),
  };
}

async function takeLease({ ledger, holder, pause }: CopyDeps, now: Date): Promise<'taken' | 'held'> {
  for (let tries = 1; ; tries += 1) {
    const until = new Date(now.getTime() + leaseMs);
    if ((await ledger.takeLease(holder, now, until)) === 'taken') return 'taken';
    if (tries === leaseTries) return 'held';
    await pause(leasePauseMs);
  }
}

/** Reconciles, starts, and tells; `written` are the rows that moved. */
async function startUnderLease(deps: CopyDeps, waiting: Map<string, Backup>, now: Date) {
  try {
    const left = await reconcileStarting(deps, now);
    for (const row of left.back) waiting.set(rowId(row), row);
    const starts = await startExports(
      deps,
      [...waiting.values()].filter(({ copy }) => copy.mode === 'export'),
      now,
    );
    const written = await settle(deps, [...left.steps, ...starts.steps], now);
    if (left.errors.length > 0)
      throw new AggregateError(left.errors, `${left.errors.length} copies could not be followed`);
    return { started: starts.started.length, written: [...starts.started, ...written] };
  } finally {
    await deps.ledger.releaseLease(deps.holder);
  }
}

/**
 * Copies that a crash left at `starting`. Only the lease's holder starts, so nobody is between claim and start now: RDS
 * either has the task, and the copy is followed, or it goes back to the queue.
 */
async function reconcileStarting(deps: CopyDeps, now: Date) {
  const left: Backup[] = [];
  for await (const row of deps.ledger.copies('starting')) if (row.copy.state === 'starting') left.push(row);
  const tasks = await tasksById(
    deps.rds,
    left.flatMap(({ copy }) => copy.taskId ?? []),
  );
  const started = left.filter(({ copy }) => copy.taskId !== undefined && tasks.has(copy.taskId));
  const { steps, errors } = await stepsOf(deps, started, now);
  const back: Backup[] = [];
  for (const lost of left.filter((row) => !started.includes(row))) {
    const row = await changeCopy(deps.ledger, lost, (copy) => (sameStep(copy, lost.copy) ? queued(copy) : undefined));
    if (row) back.push(row);
  }
  return { steps, errors, back };
}

/** Queued copies by row: those of the index, and those that woke this run. `refusals`: woken rows that need a person. */
async function waitingCopies({ ledger }: CopyDeps, woken: readonly BackupId[]) {
  const waiting = new Map<string, Backup>();
  let refusals = 0;
  for await (const row of ledger.copies('queued')) waiting.set(rowId(row), row);
  for (let from = 0; from < woken.length; from += 100) {
    for (const row of await ledger.backups(woken.slice(from, from + 100))) {
      if (row.copy.state === 'queued') waiting.set(rowId(row), row);
      else waiting.delete(rowId(row));
      if (row.copy.state === 'failed' && row.copy.permanent) refusals += 1;
    }
  }
  return { waiting, refusals };
}

function rowId(row: Backup): string {
  return `${row.database}|${liveBackupId(row)}`;
}

interface Starts {
  /** Rows whose task runs now. */
  readonly started: Backup[];
  readonly steps: CopyStep[];
}

async function startExports(deps: CopyDeps, waiting: readonly Backup[], now: Date): Promise<Starts> {
  const starts: Starts = { started: [], steps: [] };
  const ready = waiting.filter(({ copy, closed }) => closed || (copy.notBefore ?? now) <= now);
  if (ready.length === 0) return starts;
  const free = exportSlots - (await takenSlots(deps.rds));
  const destinations = destinationsOf(deps.fleet);
  const closedBuckets = new Set<string>();
  let tries = 0;
  for (const candidate of free > 0 ? fairly(ready, await deps.ledger.tenantsServed()) : []) {
    if (starts.started.length >= free || tries >= triesARun || deps.remainingMs() <= 0) break;
    const destination = destinations(candidate);
    const bucket = 'target' in destination ? destination.target.bucket : undefined;
    if (bucket !== undefined && closedBuckets.has(bucket)) continue;
    const result = await startOne(deps, destination, candidate, now);
    if (result.is === 'passed') continue;
    tries += 1;
    if (result.is === 'full') break;
    if (result.is === 'started') starts.started.push(result.backup);
    if (result.is === 'moves') starts.steps.push(result.step);
    await deps.ledger.noteTenantServed(tenantOf(candidate), now);
    if (result.is !== 'moves' || result.blocks === undefined) continue;
    // What one copy met, the next would meet as well: it is left in the queue instead of failing with it.
    if (result.blocks === 'account') break;
    if (bucket !== undefined) closedBuckets.add(bucket);
  }
  return starts;
}

type StartResult =
  /** Somebody else took it, or it is no longer to be started. */
  | { readonly is: 'passed' }
  | { readonly is: 'started'; readonly backup: Backup }
  /** RDS takes no more now. */
  | { readonly is: 'full' }
  /** Waits for whoever is at the snapshot. */
  | { readonly is: 'waits' }
  /** Takes no slot: it ends here, or is to be tried again later. */
  | { readonly is: 'moves'; readonly step: CopyStep; readonly blocks?: 'account' | 'bucket' };

async function startOne(deps: CopyDeps, destination: Destination, candidate: Backup, now: Date): Promise<StartResult> {
  const backup = await readBackup(deps.ledger, candidate);
  if (backup?.copy.state !== 'queued') return { is: 'passed' };
  if (backup.closed) return { is: 'moves', step: expired(backup, now) };
  const skipped = (reason: string): StartResult => {
    return { is: 'moves', step: { backup, to: ended(backup.copy, 'skipped', now, { reason }), tell: false } };
  };
  if ('nowhere' in destination) return skipped(destination.nowhere);
  const obstacle = notExportable(backup);
  if (obstacle) return skipped(obstacle);
  const { target, schedule } = destination;
  const unwanted = passedOver(schedule, backup, await othersInPeriod(deps.ledger, backup, schedule));
  if (unwanted) return { is: 'moves', step: { backup, to: unwanted, tell: false } };
  const request = {
    ExportTaskIdentifier: exportTaskId(backup, backup.copy.attempt),
    SourceArn: backup.arn,
    S3BucketName: target.bucket,
    S3Prefix: exportPrefix(target, backup),
    IamRoleArn: deps.exportRoleArn,
    KmsKeyId: target.keyArn ?? deps.exportKeyArn,
  };
  const starting: Copy = {
    ...queued(backup.copy),
    state: 'starting',
    taskId: request.ExportTaskIdentifier,
    bucket: request.S3BucketName,
    prefix: request.S3Prefix,
  };
  // The claim: whoever writes the version that was read may start the copy.
  if ((await deps.ledger.updateBackup({ ...backup, copy: starting })) === 'conflict') return { is: 'passed' };
  const claimed: Backup = { ...backup, copy: starting };
  const setup = {
    bucket: target.bucket,
    roleArn: request.IamRoleArn,
    keyArn: request.KmsKeyId,
    region: deps.fleet.region,
  };
  try {
    await deps.rds.send(new StartExportTaskCommand(request));
  } catch (error) {
    const problem = startProblem(error, setup);
    // Nobody knows whether it was started: the row stays as it is, and the next run asks RDS for the task.
    if (!problem) throw error;
    return refused(deps, claimed, problem, now);
  }
  const running: Copy = { ...starting, state: 'running', startedAt: now };
  await changeCopy(deps.ledger, claimed, (copy) => (sameStep(copy, starting) ? running : undefined));
  return { is: 'started', backup: { ...backup, copy: running } };
}

async function refused(deps: CopyDeps, backup: Backup, problem: StartProblem, now: Date): Promise<StartResult> {
  const { copy: starting } = backup;
  const back = (wait: Parameters<typeof queued>[1]) =>
    changeCopy(deps.ledger, backup, (copy) => (sameStep(copy, starting) ? queued(copy, wait) : undefined));
  const later = new Date(now.getTime() + busyPauseMs);
  switch (problem.is) {
    case 'full':
    case 'throttled':
      await back({});
      return { is: 'full' };
    case 'busy':
      await back({ until: later, reason: 'RDS says that the snapshot is busy' });
      return { is: 'waits' };
    case 'exists': {
      // A task of that name is ours from an earlier try; otherwise somebody else is exporting the same snapshot.
      const taskId = starting.taskId ?? '';
      if ((await tasksById(deps.rds, [taskId])).has(taskId)) {
        const { steps, errors } = await stepsOf(deps, [backup], now);
        const [step] = steps;
        if (!step) throw errors[0];
        if (step.to.state !== 'running') return { is: 'moves', step };
        await settle(deps, [step], now);
        return { is: 'started', backup: { ...backup, copy: step.to } };
      }
      await back({ until: later, reason: 'somebody else is exporting this snapshot; RDS allows one export at a time' });
      return { is: 'waits' };
    }
    case 'gone':
      return { is: 'moves', step: expired(backup, now) };
    case 'failed': {
      const to = ended(starting, 'failed', now, { reason: problem.reason, permanent: true });
      return { is: 'moves', step: { backup, to, tell: true }, ...(problem.blocks && { blocks: problem.blocks }) };
    }
  }
}

function expired(backup: Backup, now: Date): CopyStep {
  const reason =
    'expired: RDS no longer has the snapshot, it was gone before its copy could start; keep automated backups longer, or copy fewer of them';
  return { backup, to: ended(backup.copy, 'skipped', now, { reason }), tell: true };
}
