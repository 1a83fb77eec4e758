/** Starts the copies that wait. The ledger is the queue: nothing waits in memory, and nothing is lost with a run. */
import type { RDSClient } from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import { chunk, minBy } from 'es-toolkit/array';
import type { Backup, BackupId, CopyPause, CopyScope } from '../domain/index.ts';
import { collect, first } from '../lib/iterables.ts';
import { dayMs, hourMs, minuteMs } from '../lib/time.ts';
import { copiedBy } from '../ownership.ts';
import { applySteps } from './apply-steps.ts';
import { databasesOf } from './database-rows.ts';
import type { OtherOfKey } from './dump-keys.ts';
import { tasksById } from './export-tasks.ts';
import { type FollowDeps, stepsOf } from './follow-exports.ts';
import type { NoticeDeps, PausedCopies } from './notices.ts';
import { scopeOf } from './pauses.ts';
import { backToQueue, placesOf, startExports } from './start-exports.ts';
import { isWaiting, keyOf } from './transitions.ts';

/** What copies are made with in one environment. */
export interface CopyParts {
  readonly rds: RDSClient;
  readonly s3: () => Promise<S3Client>;
  /** The role RDS writes to the buckets with. */
  readonly exportRoleArn: string;
  /** The stack's key, for targets that name none. */
  readonly exportKeyArn: string;
}

export interface CopyDeps extends FollowDeps, NoticeDeps, CopyParts {
  /** Which other database's dump could lie under the key of a dump, in whatever environment. */
  readonly otherOf: OtherOfKey;
}

export interface RunReport {
  /** Whether this run got the lease; without it, or where it did not ask, no export was started. */
  readonly lease: 'taken' | 'held' | 'not asked';
  readonly started: number;
  /** Copies that ended in this run, as they were written: failed, skipped, object copies that are complete. */
  readonly ended: readonly Backup[];
  /** What was left out, each item with its error. */
  readonly errors: readonly unknown[];
  /** Copies that still wait, and since when the oldest of them does; absent where the queue could not be read. */
  readonly waiting?: number;
  readonly oldestQueuedAt?: Date;
  /** All that it read and did not start, and all that it wrote, as they stand now. */
  readonly met: readonly Backup[];
}

/** Starting takes seconds; a run that crashed holds up the others for no longer than this. */
const leaseMs = 2 * minuteMs;
/** How often, and after which pause, the lease is asked for again. */
const leaseTries = 3;
const leasePauseMs = 2_000;
/** Rows that the ledger reads in one call. */
const rowsACall = 100;

/** What became of the exports that waited in an environment, before its dumps are copied. */
export interface StartedExports {
  readonly lease: RunReport['lease'];
  readonly started: number;
  /** Rows that moved. */
  readonly written: readonly Backup[];
  readonly errors: readonly unknown[];
  /** Copies that wait, of either mode. */
  readonly waiting: Map<string, Backup>;
  /** Whether a trigger named backups: the table's stream waits for the run's end. */
  readonly brief: boolean;
}

/**
 * Starts as many exports as the account has free slots, fairly among tenants. `triggeredBy` are the backups that the table's
 * stream named: its indexes may not show them yet.
 *
 * At most one export a backup and attempt is started, whatever crashes in between and however many runs there are: a copy
 * is claimed by its row's version, and the task's id follows from backup and attempt, so RDS refuses a second one.
 */
export async function startCopies(
  given: CopyDeps,
  now: Date,
  triggeredBy: readonly BackupId[] = [],
): Promise<StartedExports> {
  const unreadable = new Map<string, unknown>();
  const deps = { ...given, ledger: given.ledger.leavingOut((row) => unreadable.set(row.message, row)) };
  const { waiting, refusals } = await waitingCopies(deps, triggeredBy);
  // A failure that needs a person frees a slot for the next copy, which would fail as well: it would take the whole queue
  // with it within minutes. So it triggers nothing; the watch tries one more every quarter of an hour.
  const onlyRefusals = triggeredBy.length > 0 && refusals === triggeredBy.length;
  const lease = !onlyRefusals && (await needsLease(deps, waiting)) ? await takeLease(deps) : 'not asked';
  const starts =
    lease === 'taken' ? await startUnderLease(deps, waiting, now) : { started: 0, written: [], errors: [] };
  const errors = [...unreadable.values(), ...starts.errors];
  return { lease, started: starts.started, written: starts.written, errors, waiting, brief: triggeredBy.length > 0 };
}

/** Copies the dumps that wait and are there, and looks for copies that wait for something for too long. */
export async function copyDumps(
  given: CopyDeps,
  { waiting, brief, ...starts }: StartedExports,
  now: Date,
): Promise<RunReport> {
  const unreadable = new Map<string, unknown>();
  const deps = { ...given, ledger: given.ledger.leavingOut((row) => unreadable.set(row.message, row)) };
  const dumps = dumpsAmong(waiting);
  const copied =
    dumps.length === 0
      ? { written: [], errors: [] }
      : await (await import('./object-queue.ts')).copyObjects(deps, dumps, now, { brief });
  const written = [...starts.written, ...copied.written];
  for (const row of written) {
    if (row.copy.state === 'queued') waiting.set(keyOf(row), row);
    else waiting.delete(keyOf(row));
  }
  const late = [...waiting.values()].filter((row) => waitsTooLong(deps, row, now));
  const told = await applySteps(
    deps,
    late.map((backup) => ({ backup, to: backup.copy, notify: true })),
    now,
  );
  for (const row of told.written) waiting.set(keyOf(row), row);
  return {
    lease: starts.lease,
    started: starts.started,
    errors: [...starts.errors, ...unreadable.values(), ...copied.errors, ...told.errors],
    ended: written.filter(({ copy }) => copy.endedAt !== undefined),
    ...queueOf(waiting),
    met: [...waiting.values(), ...written.filter(({ copy }) => copy.state !== 'queued')],
  };
}

/** A run in an environment where nothing can be done now: what waits goes on waiting. */
export async function leaveWaiting(deps: CopyDeps, triggeredBy: readonly BackupId[] = []): Promise<RunReport> {
  const { waiting } = await waitingCopies(deps, triggeredBy);
  return { lease: 'not asked', started: 0, ended: [], errors: [], ...queueOf(waiting), met: [] };
}

/** The `object` copies among those that wait. */
export function dumpsAmong(waiting: ReadonlyMap<string, Backup>): Backup[] {
  return [...waiting.values()].filter(({ copy }) => copy.mode === 'object');
}

function queueOf(waiting: ReadonlyMap<string, Backup>): Pick<RunReport, 'waiting' | 'oldestQueuedAt'> {
  const oldest = oldestOf([...waiting.values()]);
  return { waiting: waiting.size, ...(oldest && { oldestQueuedAt: oldest }) };
}

/** Since when the oldest of some copies waits; undefined where there is none. */
export function oldestOf(waiting: readonly Backup[]): Date | undefined {
  return minBy(
    waiting.map(({ copy, recordedAt }) => copy.queuedAt ?? recordedAt),
    (since) => since.getTime(),
  );
}

/** Whether people are to be notified of a copy that waits for something, and not only for its turn; a pause is told by itself. */
function waitsTooLong({ fleet, environment, pauses }: CopyDeps, { copy, recordedAt }: Backup, now: Date): boolean {
  const { cause, queuedAt = recordedAt, notifiedAt, pendingSince } = copy;
  if (cause === undefined || notifiedAt !== undefined || pendingSince !== undefined) return false;
  const scope = scopeOf(cause, environment.account);
  return (
    now.getTime() - queuedAt.getTime() > fleet.copies.queuedHours * hourMs &&
    !(scope !== undefined && pauses.isPaused(scope))
  );
}

/** What waits in a paused scope. */
export async function copiesPaused(deps: CopyDeps, pause: CopyPause): Promise<PausedCopies> {
  const { ledger, environment, fleet, pauses } = deps;
  const lists = ledger.leavingOut(() => {});
  const queue = (await collect(lists.copies(environment, 'queued'))).filter(isWaiting);
  const { rows } = await databasesOf(
    lists,
    queue.map(({ database }) => database),
  );
  const held = queue.filter((backup) => {
    const row = rows.get(backup.database);
    const found = copiedBy(fleet, backup, row);
    const isMet =
      backup.copy.cause !== undefined && isSameScope(scopeOf(backup.copy.cause, environment.account), pause);
    return isMet || ('configured' in found && pauses.holds(pause, placesOf(deps, found.configured)));
  });
  const expiries = held.flatMap(({ kind, database, createdAt }) => {
    const days = kind === 'automated' ? rows.get(database)?.retentionDays : undefined;
    return days === undefined ? [] : [createdAt.getTime() + days * dayMs];
  });
  return { waiting: held.length, ...(expiries.length > 0 && { firstExpiry: new Date(Math.min(...expiries)) }) };
}

function isSameScope(one: CopyScope | undefined, { kind, name }: CopyScope): boolean {
  return one?.kind === kind && one.name === name;
}

/** Whether an export waits, or was left half started. Most passes find neither, and write nothing. */
async function needsLease({ ledger, environment }: CopyDeps, waiting: ReadonlyMap<string, Backup>): Promise<boolean> {
  const exportsWait = [...waiting.values()].some(({ copy }) => copy.mode === 'export');
  return exportsWait || (await first(ledger.copies(environment, 'starting'))) !== undefined;
}

async function takeLease({ ledger, environment, holder, pause, clock }: CopyDeps): Promise<'taken' | 'held'> {
  for (let tries = 1; ; tries += 1) {
    const now = clock();
    if ((await ledger.takeLease(environment, holder, now, new Date(now.getTime() + leaseMs))) === 'taken')
      return 'taken';
    if (tries === leaseTries) return 'held';
    await pause(leasePauseMs);
  }
}

/** Renews the lease while its holder works; throws where another run has it by now. */
function leaseKeeper({ ledger, environment, holder, clock }: CopyDeps): () => Promise<void> {
  let taken = clock();
  return async () => {
    const now = clock();
    if (now.getTime() - taken.getTime() < leaseMs / 4) return;
    if ((await ledger.takeLease(environment, holder, now, new Date(now.getTime() + leaseMs))) === 'held') {
      throw new Error('the lease on starting copies was lost to another run: this one starts no more');
    }
    taken = now;
  };
}

/** Reconciles, starts, and notifies; `written` are the rows that moved. */
async function startUnderLease(deps: CopyDeps, waiting: Map<string, Backup>, now: Date) {
  try {
    const keepLease = leaseKeeper(deps);
    const left = await reconcileStarting(deps, now);
    const { written, errors } = await applySteps(deps, left.steps, now);
    for (const row of left.back) waiting.set(keyOf(row), row);
    const exports = [...waiting.values()].filter(({ copy }) => copy.mode === 'export');
    const starts = await startExports(deps, exports, now, keepLease);
    return {
      started: starts.started.length,
      written: [...written, ...starts.started, ...starts.moved],
      errors: [...left.errors, ...errors, ...starts.errors],
    };
  } finally {
    await deps.ledger.releaseLease(deps.environment, deps.holder);
  }
}

/**
 * Copies that a crash left at `starting`. Only the lease's holder starts, so nobody is between claim and start now: RDS
 * either has the task, and the copy is followed, or it goes back to the queue.
 */
async function reconcileStarting(deps: CopyDeps, now: Date) {
  const left: Backup[] = [];
  for await (const row of deps.ledger.copies(deps.environment, 'starting')) {
    if (row.copy.state === 'starting' && row.copy.mode === 'export') left.push(row);
  }
  const tasks = await tasksById(
    deps.rds,
    left.flatMap(({ copy }) => copy.taskId ?? []),
  );
  const started = left.filter(({ copy }) => copy.taskId !== undefined && tasks.has(copy.taskId));
  const { steps, errors } = await stepsOf(deps, started, now);
  const back: Backup[] = [];
  for (const lost of left.filter((row) => !started.includes(row))) {
    try {
      const row = await backToQueue(deps, lost);
      if (row) back.push(row);
    } catch (error) {
      errors.push(error);
    }
  }
  return { steps, errors, back };
}

/**
 * Queued copies by backup: those of the index, and those that triggered this run. What a later version queued in a mode of
 * its own is left to it. `refusals`: triggering rows that need a person.
 */
async function waitingCopies({ ledger, environment }: CopyDeps, triggeredBy: readonly BackupId[]) {
  const waiting = new Map<string, Backup>();
  let refusals = 0;
  for await (const row of ledger.copies(environment, 'queued')) if (isWaiting(row)) waiting.set(keyOf(row), row);
  for (const ids of chunk(triggeredBy, rowsACall)) {
    for (const row of await ledger.backups(ids)) {
      if (isWaiting(row)) waiting.set(keyOf(row), row);
      else waiting.delete(keyOf(row));
      if (row.copy.state === 'failed' && row.copy.permanent) refusals += 1;
    }
  }
  return { waiting, refusals };
}
