/**
 * One pass over the copies: what runs is followed to its end, and what waits takes the slots that are free. Each copy is made in the
 * environment of its database, which has a queue, slots, a lease and pauses of its own.
 */
import { sortBy, uniqWith } from 'es-toolkit/array';
import pMap from 'p-map';
import { type Fleet, fleetEnvironment } from '../config/index.ts';
import {
  type Backup,
  type BackupId,
  type Environment,
  environmentOf,
  environmentsAtOnce,
  environmentText,
  formatEnvironment,
  type NamedEnvironment,
} from '../domain/index.ts';
import { concernsEnvironment, refusesEnvironment } from '../lib/environment-failures.ts';
import { errorText } from '../lib/errors.ts';
import { parseRdsArn } from '../rds/index.ts';
import { otherOfKey } from './dump-keys.ts';
import { takenSlots } from './export-tasks.ts';
import { errorMessage } from './failures.ts';
import { type FollowReport, followCopies } from './follow-exports.ts';
import { sendNotices } from './notices.ts';
import { isDue, Pauses } from './pauses.ts';
import {
  type CopyDeps,
  type CopyParts,
  copiesPaused,
  copyDumps,
  dumpsAmong,
  leaveWaiting,
  oldestOf,
  type RunReport,
  type StartedExports,
  startCopies,
} from './run-queue.ts';

/** What a pass is given; it reads the pauses itself. */
export type WorkDeps = Omit<CopyDeps, 'pauses' | 'environment' | 'otherOf' | keyof CopyParts> & {
  /** What copies are made with in an environment; asked for once a pass, and only where there is something to do. */
  readonly partsIn: (environment: Environment) => CopyParts;
};

/** What triggered a pass; nothing: a periodic one. */
export interface CopyTrigger {
  /** Backups whose copy entered the queue, or ended, as the table's stream names them. */
  readonly backups?: readonly BackupId[];
  /** ARNs of snapshots of which RDS announced an export's end. */
  readonly exportsEnded?: readonly string[];
}

/** What became of the copies of one environment. */
export interface EnvironmentPass {
  readonly environment: NamedEnvironment;
  readonly followed: FollowReport;
  readonly run: RunReport;
  /** Copies that came to their end in this pass, as they were written. */
  readonly ended: readonly Backup[];
  /** What was left out. The environment is to be worked on again then. */
  readonly errors: readonly unknown[];
  /** Whether nothing can be done in it until somebody changes something; operators are notified of that once. */
  readonly refused: boolean;
}

export interface WorkReport {
  readonly environments: readonly EnvironmentPass[];
  /** Whether it was a periodic pass, over all environments in which anything is copied. */
  readonly periodic: boolean;
  /** Of all environments. */
  readonly ended: readonly Backup[];
  /** Of all environments; each names its environment where there are several. */
  readonly errors: readonly unknown[];
  /** Environments that the trigger names and the configuration does not: what waits there goes on waiting. */
  readonly unlisted: readonly Environment[];
}

/**
 * Follows and starts copies. A copy that cannot be followed holds up no other, nor does an RDS that does not say what runs:
 * what is free is started. What fails of one environment is its own. Dumps are copied once the exports of all environments are
 * started, since S3 takes minutes for a large one; the environment whose dump has waited longest is first.
 */
export async function workOnCopies(given: WorkDeps, now: Date, trigger: CopyTrigger = {}): Promise<WorkReport> {
  const { wanted, unlisted } = environmentsOf(given.fleet, trigger);
  const shared = { ...given, otherOf: otherOfKey(given) };
  const atOnce = { concurrency: environmentsAtOnce };
  const start = (one: EnvironmentTrigger, index: number) =>
    index > 0 && given.remainingMs() <= 0 ? withoutTime(one) : startPass(shared, one, now);
  const started = await pMap(wanted, start, atOnce);
  const copied = await pMap(sortBy(started, [oldestDumpIn]), (pass) => copyDumpsIn(pass, now), atOnce);
  const environments: EnvironmentPass[] = [];
  // One after the other: what a tenant was notified of for one environment, it is not notified of again for the next.
  for (const pass of copied) environments.push(await endPass(pass, now));
  const isOneOfMany = given.fleet.environments.length > 1;
  return {
    environments,
    periodic: isPeriodic(trigger),
    ended: environments.flatMap(({ ended }) => ended),
    errors: environments.flatMap(({ environment, errors }) =>
      isOneOfMany ? errors.map((error) => namedAfter(environment, error)) : errors,
    ),
    unlisted,
  };
}

/** What is to be done in an environment. */
interface EnvironmentTrigger {
  readonly environment: NamedEnvironment;
  readonly trigger: CopyTrigger;
}

/** The environments in which there may be something to do: those that a trigger names, or all in which anything is copied. */
function environmentsOf(
  fleet: Fleet,
  trigger: CopyTrigger,
): { readonly wanted: readonly EnvironmentTrigger[]; readonly unlisted: readonly Environment[] } {
  if (isPeriodic(trigger)) {
    return { wanted: copiedIn(fleet).map((environment) => ({ environment, trigger: {} })), unlisted: [] };
  }
  const named = new Map<string, { environment: Environment; backups?: BackupId[]; exportsEnded?: string[] }>();
  const of = (environment: Environment) => {
    const name = formatEnvironment(environment);
    const known = named.get(name) ?? { environment };
    named.set(name, known);
    return known;
  };
  for (const backup of trigger.backups ?? []) {
    const known = of(environmentOf(backup.database));
    known.backups = [...(known.backups ?? []), backup];
  }
  for (const arn of trigger.exportsEnded ?? []) {
    const { account, region } = parseRdsArn(arn);
    const known = of({ account, region });
    known.exportsEnded = [...(known.exportsEnded ?? []), arn];
  }
  const wanted: EnvironmentTrigger[] = [];
  const unlisted: Environment[] = [];
  for (const { environment, ...its } of named.values()) {
    const listed = fleetEnvironment(fleet, environment);
    if (listed) wanted.push({ environment: listed, trigger: its });
    else unlisted.push(environment);
  }
  return { wanted, unlisted };
}

/** The hub, and all environments in which anything may be copied. */
function copiedIn({ environments, databases, discovery }: Fleet): readonly NamedEnvironment[] {
  const copied = new Set(databases.filter(({ copy }) => copy.mode !== 'none').map(formatEnvironment));
  return environments.filter(
    (environment, index) =>
      index === 0 ||
      copied.has(formatEnvironment(environment)) ||
      (discovery !== undefined && environment.sharedTarget !== undefined),
  );
}

/** When the oldest dump of an environment entered the queue; last where none waits. */
function oldestDumpIn({ started }: StartedPass): number {
  return (started && oldestOf(dumpsAmong(started.waiting))?.getTime()) ?? Number.POSITIVE_INFINITY;
}

/** What is given, for a pass over all environments. */
type SharedDeps = WorkDeps & Pick<CopyDeps, 'otherOf'>;

/** A pass over the copies of one environment whose exports are started. */
interface StartedPass extends EnvironmentTrigger {
  readonly followed: FollowReport;
  readonly run: RunReport;
  readonly errors: readonly unknown[];
  /** Absent where the ledger did not say what is paused: nothing was done then. */
  readonly deps?: CopyDeps;
  /** Absent where there is nothing more to be done than to notify people. */
  readonly started?: StartedExports;
}

const nothingFollowed: FollowReport = { ended: [], retried: 0, running: 0, stuck: 0, met: [], errors: [] };
const nothingStarted: RunReport = { lease: 'not asked', started: 0, ended: [], met: [], errors: [] };

function withoutTime(of: EnvironmentTrigger): StartedPass {
  const errors = [new Error('this run had no time left for it')];
  return { ...of, followed: nothingFollowed, run: nothingStarted, errors };
}

async function startPass(given: SharedDeps, of: EnvironmentTrigger, now: Date): Promise<StartedPass> {
  const { partsIn, ...shared } = given;
  const { environment, trigger } = of;
  const unreadable: unknown[] = [];
  const lists = given.ledger.leavingOut((row) => unreadable.push(row));
  const none = { ...of, followed: nothingFollowed, run: nothingStarted };
  let deps: CopyDeps;
  try {
    const pauses = await Pauses.of(lists, environment);
    deps = { ...shared, ...partsIn(environment), environment, pauses };
  } catch (error) {
    return { ...none, errors: [...unreadable, error] };
  }
  try {
    if (await isShut(deps, now)) {
      return { ...none, deps, run: await leaveWaiting(deps, trigger.backups), errors: unreadable };
    }
  } catch (error) {
    return { ...none, deps, errors: [...unreadable, error] };
  }
  const followed = await followCopies(deps, now, trigger.exportsEnded).catch((error: unknown): FollowReport => {
    return { ...nothingFollowed, errors: [error] };
  });
  const started = await startCopies(deps, now, trigger.backups).catch((error: unknown) => ({ error }));
  return 'error' in started
    ? { ...none, deps, followed, errors: [...unreadable, ...followed.errors, started.error] }
    : { ...none, deps, followed, started, errors: [...unreadable, ...followed.errors] };
}

/** Whether nothing can be done in an environment, as earlier passes found out; once an hour RDS is asked whether that is still so. */
async function isShut({ pauses, rds }: CopyDeps, now: Date): Promise<boolean> {
  const shut = pauses.ofEnvironment;
  if (shut === undefined) return false;
  if (!isDue(shut, now)) return true;
  try {
    await takenSlots(rds);
  } catch (error) {
    if (!refusesEnvironment(error)) throw error;
    await pauses.refused(error, now);
    return true;
  }
  await pauses.admitted();
  return false;
}

async function copyDumpsIn(pass: StartedPass, now: Date): Promise<StartedPass> {
  const { deps, started } = pass;
  if (deps === undefined || started === undefined) return pass;
  return copyDumps(deps, started, now).then(
    (run) => ({ ...pass, run, errors: [...pass.errors, ...run.errors] }),
    (error: unknown) => ({ ...pass, errors: [...pass.errors, ...started.errors, error] }),
  );
}

/** Notifies people of what a pass met; an environment in which nothing can be done is paused before. */
async function endPass(pass: StartedPass, now: Date): Promise<EnvironmentPass> {
  const { environment, trigger, followed, run, deps } = pass;
  const errors = [...pass.errors];
  if (deps) {
    const gathers =
      trigger.exportsEnded !== undefined && followed.ended.some(({ copy }) => copy.pendingSince !== undefined);
    const refusal = errors.find(refusesEnvironment);
    const unsent = (async () => {
      if (refusal !== undefined) await deps.pauses.refused(refusal, now);
      const met = [...followed.met, ...run.met];
      return sendNotices(deps, met, { gathers, periodic: isPeriodic(trigger) }, (pause) => copiesPaused(deps, pause));
    })();
    errors.push(...(await unsent.catch((error: unknown) => [error])));
  }
  const refused = deps?.pauses.ofEnvironment !== undefined;
  return {
    environment,
    followed,
    run,
    ended: [...followed.ended, ...run.ended],
    refused,
    errors: uniqWith(
      errors.filter((error) => !refused || !concernsEnvironment(error)),
      isSame,
    ),
  };
}

function isPeriodic({ backups, exportsEnded }: CopyTrigger): boolean {
  return backups === undefined && exportsEnded === undefined;
}

/** Following and starting meet the same rows. */
function isSame(one: unknown, other: unknown): boolean {
  return errorText(one) === errorText(other);
}

function namedAfter(environment: NamedEnvironment, error: unknown): Error {
  return new Error(`${environmentText(environment)}: ${errorMessage(error)}`, { cause: error });
}
