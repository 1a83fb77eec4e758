/** Starts exports: as many as the account has free slots, each of the snapshot that its backup was recorded for. */

import { StartExportTaskCommand } from '@aws-sdk/client-rds';
import { chunk } from 'es-toolkit/array';
import type { ConfiguredDatabase } from '../config/index.ts';
import { type Backup, backupIdOf, type Copy, type CopyCause, type CopyScope } from '../domain/index.ts';
import { updateBackup } from '../ledger/index.ts';
import { concernsEnvironment } from '../lib/environment-failures.ts';
import { errorText } from '../lib/errors.ts';
import { minuteMs } from '../lib/time.ts';
import { copiedBy } from '../ownership.ts';
import { applySteps, type CopyStep } from './apply-steps.ts';
import { notExportable, supersededBy } from './copy-policy.ts';
import { databasesOf } from './database-rows.ts';
import { exportSlots, takenSlots, tasksById } from './export-tasks.ts';
import { type StartProblem, startProblem } from './failures.ts';
import { fairly, tenantOf } from './fair.ts';
import { afterFailure, stepsOf } from './follow-exports.ts';
import { exportPrefix, exportTaskId } from './naming.ts';
import { isDue, type Places } from './pauses.ts';
import { othersInPeriod } from './period.ts';
import type { CopyDeps } from './run-queue.ts';
import { snapshotsShown, standingOf } from './snapshots.ts';
import { begun, ended, isWaiting, keyOf, queued, sameStep } from './transitions.ts';

/** The pause after RDS said that somebody else is at a snapshot. */
const busyPauseMs = 5 * minuteMs;
/** Copies tried in one run, so that one which only meets refusals ends in time; the next run goes on. */
const triesARun = 50;
/**
 * Copies about which ledger and RDS are asked together. More than there are slots, since some turn out to be no longer
 * wanted; few, so that what RDS showed is seconds old when the last of them starts.
 */
const candidatesAtOnce = 20;

export interface Starts {
  /** Rows whose task runs now. */
  readonly started: Backup[];
  /** Other rows that moved: they ended, or wait for something else. */
  readonly moved: Backup[];
  readonly errors: unknown[];
}

/** Causes that a start alone proves to be gone; the others come later, from the task. */
const startCauses = ['role-not-found', 'start-denied', 'start-refused', 'bucket-closed'];

/**
 * Under the lease: one run starts at a time, fairly among tenants. `waiting` are all copies that wait for a slot. Those of a
 * paused scope are left in the queue, but for one an hour.
 */
export async function startExports(
  deps: CopyDeps,
  waiting: readonly Backup[],
  now: Date,
  keepLease: () => Promise<void>,
): Promise<Starts> {
  const starts: Starts = { started: [], moved: [], errors: [] };
  const ready = waiting.filter(({ copy, closed }) => closed || (copy.notBefore ?? now) <= now);
  if (ready.length === 0) return starts;
  const free = exportSlots - (await takenSlots(deps.rds));
  if (free <= 0) return starts;
  /** What one copy has met in this run, the next would meet as well. */
  const shut: CopyScope[] = [];
  const isShut = (places: Places) => shut.some((scope) => deps.pauses.holds(scope, places));
  /** Of a database that has had its try, for a scope whose others have, too. */
  let again: Candidate | undefined;
  let tries = 0;
  /** Whether there is no more to be started in this run. */
  const start = async (candidate: Candidate): Promise<boolean> => {
    if (starts.started.length >= free || tries >= triesARun || deps.remainingMs() <= 0) return true;
    try {
      await keepLease();
    } catch (error) {
      starts.errors.push(error);
      return true;
    }
    for (const pause of candidate.places ? deps.pauses.over(candidate.places) : []) {
      await deps.pauses.probe(pause, candidate.backup.database, now);
    }
    const result = await startOne(deps, candidate, now).catch((error: unknown) => {
      starts.errors.push(error);
      return { is: error instanceof UnknownStart || concernsEnvironment(error) ? 'full' : 'passed' } as const;
    });
    if (result.is === 'passed') return false;
    tries += 1;
    if (result.is === 'full') return true;
    if (result.is === 'started') {
      starts.started.push(result.backup);
      if (candidate.places) await deps.pauses.proved(candidate.places, startCauses);
    }
    if (result.is === 'moves') {
      const { written, errors } = await applySteps(deps, [result.step], now);
      starts.moved.push(...written);
      starts.errors.push(...errors);
      const { fault, to } = result.step;
      // A refusal that nobody knows may be of this snapshot alone: it shuts nothing until it has paused everything.
      if (fault && to.cause?.code !== 'start-refused') shut.push(fault.scope);
    }
    await deps.ledger.noteTenantServed(deps.environment, tenantOf(candidate.backup), now);
    return false;
  };
  const inTurn = [...fairly(ready, await deps.ledger.tenantsServed(deps.environment))];
  for (const some of chunk(inTurn, candidatesAtOnce)) {
    const isOpen = (places: Places) => !isShut(places) && deps.pauses.over(places).every((pause) => isDue(pause, now));
    const { candidates, errors } = await candidatesFrom(deps, some, isOpen, now);
    starts.errors.push(...errors);
    for (const candidate of candidates) {
      const { places, backup } = candidate;
      if (places && !isOpen(places)) continue;
      if (places && deps.pauses.over(places).some(({ probed }) => probed?.includes(backup.database))) {
        again ??= candidate;
        continue;
      }
      if (await start(candidate)) return starts;
    }
  }
  if (again?.places && deps.pauses.over(again.places).every((pause) => isDue(pause, now))) await start(again);
  return starts;
}

/** Where an export of a database reads and writes, but for the snapshot's own key. */
export function placesOf({ exportRoleArn, exportKeyArn }: CopyDeps, { target }: ConfiguredDatabase): Places {
  return { buckets: [target.bucket], roleArn: exportRoleArn, keyArns: [target.keyArn ?? exportKeyArn] };
}

/** A waiting copy that may be started, by its entry of the configuration. */
interface Startable {
  readonly backup: Backup;
  readonly configured: ConfiguredDatabase;
  readonly places: Places;
}

/** A waiting copy that ends without being started. */
interface Ending {
  readonly backup: Backup;
  readonly configured?: never;
  readonly places?: never;
  readonly step: CopyStep;
}

/** `standing`: what RDS shows now in place of its snapshot. */
type Candidate = Ending | (Startable & { readonly standing: ReturnType<typeof standingOf> });

/**
 * What ledger and RDS say now of some waiting copies, asked in bulk; in their order. Those to places that are not open now are
 * left out, as is one whose database's row cannot be read: nobody knows whose it is.
 */
async function candidatesFrom(
  deps: CopyDeps,
  some: readonly Backup[],
  isOpen: (places: Places) => boolean,
  now: Date,
): Promise<{ readonly candidates: readonly Candidate[]; readonly errors: readonly unknown[] }> {
  const fresh = new Map((await deps.ledger.backups(some.map(backupIdOf))).map((row) => [keyOf(row), row]));
  const rows = some.flatMap((row) => fresh.get(keyOf(row)) ?? []).filter(isWaiting);
  const { rows: databases, unreadable } = await databasesOf(
    deps.ledger,
    rows.map(({ database }) => database),
  );
  const skipped = (backup: Backup, cause: CopyCause): Ending => {
    return { backup, step: { backup, to: ended(backup.copy, 'skipped', now, { cause }), notify: false } };
  };
  const planned = rows.flatMap((backup): readonly (Startable | Ending)[] => {
    if (unreadable.has(backup.database)) return [];
    if (backup.closed) return [{ backup, step: lost(backup, now) }];
    const found = copiedBy(deps.fleet, backup, databases.get(backup.database));
    if ('cause' in found) return [skipped(backup, found.cause)];
    const { configured } = found;
    const obstacle = configured.copySkipped ?? notExportable(backup, configured);
    if (obstacle) return [skipped(backup, obstacle)];
    const places = placesOf(deps, configured);
    return isOpen(places) ? [{ backup, configured, places }] : [];
  });
  const shown = await snapshotsShown(
    deps.rds,
    planned.filter((plan) => plan.configured !== undefined).map(({ backup }) => backup),
  );
  const candidates = planned.map((plan) => {
    if (plan.configured === undefined) return plan;
    const snapshot = shown.get(plan.backup.arn);
    const { keyArns, ...places } = plan.places;
    const withOwnKey = { ...places, keyArns: [...keyArns, ...(snapshot?.kmsKeyId ? [snapshot.kmsKeyId] : [])] };
    return { ...plan, places: withOwnKey, standing: standingOf(plan.backup, snapshot) };
  });
  return { candidates, errors: [...unreadable.values()] };
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
  | { readonly is: 'moves'; readonly step: CopyStep };

/** RDS did not respond to a start, and would not to the next. */
class UnknownStart extends Error {
  constructor(cause: unknown) {
    super(`RDS did not say whether the export was started: ${errorText(cause)}`, { cause });
  }
}

async function startOne(deps: CopyDeps, candidate: Candidate, now: Date): Promise<StartResult> {
  const { backup, configured } = candidate;
  if (configured === undefined) return { is: 'moves', step: candidate.step };
  const { target, copy } = configured;
  const superseded = supersededBy(copy.schedule, backup, await othersInPeriod(deps.ledger, backup, copy.schedule));
  if (superseded) return { is: 'moves', step: { backup, to: superseded, notify: false } };
  switch (candidate.standing) {
    case 'gone':
      return { is: 'moves', step: expired(backup, now) };
    case 'replaced':
      return { is: 'moves', step: replaced(backup, now) };
    case 'busy':
      return { is: 'moves', step: { backup, to: queued(backup.copy, busy(now)), notify: false } };
    case 'there':
      break;
  }
  const { region } = deps.environment;
  const place = { ...target, prefix: exportPrefix(configured), region };
  const { bucketProblem } = await import('./target-bucket.ts');
  const problem = await bucketProblem(await deps.s3(), place);
  if (problem) return { is: 'moves', step: afterFailure(backup, backup.copy, problem, deps.fleet, now, now) };
  const request = {
    ExportTaskIdentifier: exportTaskId(backup, backup.copy.attempt),
    SourceArn: backup.arn,
    S3BucketName: target.bucket,
    S3Prefix: place.prefix,
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
    owner: target.owner,
    roleArn: request.IamRoleArn,
    keyArn: request.KmsKeyId,
    region,
  };
  try {
    await deps.rds.send(new StartExportTaskCommand(request));
  } catch (error) {
    const problem = startProblem(error, setup);
    // Nobody knows whether it was started: the row stays as it is, and the next run asks RDS for the task.
    if (!problem) throw new UnknownStart(error);
    return refused(deps, claimed, problem, now);
  }
  const running = begun(starting, now);
  const row = await updateBackup(deps.ledger, backupIdOf(claimed), (current) =>
    sameStep(current.copy, starting) ? { ...current, copy: running } : undefined,
  );
  return { is: 'started', backup: row ?? { ...claimed, copy: running } };
}

/** Takes a claim back, unless somebody else has taken the copy further. */
export function backToQueue({ ledger }: CopyDeps, claimed: Backup, wait?: Parameters<typeof queued>[1]) {
  return updateBackup(ledger, backupIdOf(claimed), (row) =>
    sameStep(row.copy, claimed.copy) ? { ...row, copy: queued(row.copy, wait) } : undefined,
  );
}

async function refused(deps: CopyDeps, backup: Backup, problem: StartProblem, now: Date): Promise<StartResult> {
  const { copy: starting } = backup;
  switch (problem.is) {
    case 'full':
    case 'throttled':
      await backToQueue(deps, backup);
      return { is: 'full' };
    case 'busy':
      await backToQueue(deps, backup, busy(now, problem.said));
      return { is: 'waits' };
    case 'exists': {
      // A task of that name is ours from an earlier try; otherwise somebody else is exporting the same snapshot.
      const taskId = starting.taskId ?? '';
      if ((await tasksById(deps.rds, [taskId])).has(taskId)) {
        const { steps, errors } = await stepsOf(deps, [backup], now);
        const [step] = steps;
        if (!step) throw errors[0];
        if (step.to.state !== 'running') return { is: 'moves', step };
        const applied = await applySteps(deps, [step], now);
        if (applied.errors.length > 0) throw applied.errors[0];
        return { is: 'started', backup: { ...backup, copy: step.to } };
      }
      await backToQueue(deps, backup, { ...busy(now), cause: { code: 'exported-elsewhere', facts: {} } });
      return { is: 'waits' };
    }
    case 'gone':
      return { is: 'moves', step: expired(backup, now) };
    case 'failed': {
      return { is: 'moves', step: afterFailure(backup, starting, problem, deps.fleet, now, now) };
    }
  }
}

function busy(now: Date, said?: string) {
  const until = new Date(now.getTime() + busyPauseMs);
  return { until, cause: { code: 'snapshot-busy', facts: said === undefined ? {} : { said } } } as const;
}

/** The end of a copy whose row is closed: its snapshot is gone. */
function lost(backup: Backup, now: Date): CopyStep {
  return backup.closed?.cause.code === 'name-used-again' ? replaced(backup, now) : expired(backup, now);
}

function expired(backup: Backup, now: Date): CopyStep {
  const cause = { code: 'snapshot-expired', facts: {} } as const;
  return { backup, to: ended(backup.copy, 'skipped', now, { cause }), notify: true };
}

function replaced(backup: Backup, now: Date): CopyStep {
  const cause = { code: 'snapshot-replaced', facts: {} } as const;
  return { backup, to: ended(backup.copy, 'skipped', now, { cause }), notify: true };
}
