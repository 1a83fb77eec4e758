import { uniqBy } from 'es-toolkit/array';
import pMap from 'p-map';
import { type FleetEnvironment, fleetEnvironment } from '../config/index.ts';
import {
  type Environment,
  type EnvironmentRow,
  environmentsAtOnce,
  formatEnvironment,
  type LeftOut,
  type SweepRow,
  sameEnvironment,
} from '../domain/index.ts';
import {
  afterEnvironmentNotice,
  afterNotified,
  type EnvironmentNotice,
  type EnvironmentSeen,
  environmentNotice,
  nextEnvironment,
  nextUnwatched,
  type TenantNotice,
  unwatchedBefore,
} from '../evaluation/index.ts';
import { type Ledger, updateEnvironment } from '../ledger/index.ts';
import { errorText } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { AlertNotification, NotifiedCounts, TenantsNotified } from '../notifications/index.ts';
import { keyOfLeftOut, type LastRuns, lastRuns, leftOutBefore } from './left-out.ts';
import { keptRow } from './row.ts';
import type { SweepDeps, SweepRequest, SweepRun } from './run.ts';
import { sweepFleet } from './sweep.ts';
import { owedSweep, watch } from './watch.ts';

export interface CloseDeps {
  readonly ledger: Ledger;
  readonly log: Log;
  readonly notify: (notifications: readonly AlertNotification[], at: Date) => Promise<Pick<NotifiedCounts, 'errors'>>;
  /** Notifies operators of what a run left out. */
  readonly notifyOfLeftOut: (leftOut: readonly LeftOut[], at: Date) => Promise<void>;
  /** Notifies operators of tenants without a watched database. */
  readonly notifyOfTenants: (notices: readonly TenantNotice[], at: Date) => Promise<TenantsNotified>;
  /** Notifies operators of accounts and Regions that cannot be read, or whose events do not arrive. */
  readonly notifyOfEnvironments: (notices: readonly EnvironmentNotice[], at: Date) => Promise<void>;
  /** How many events a spoke could not forward; asked once a sweep for each. */
  readonly undelivered: (environment: Environment) => Promise<number>;
  /** Triggers the function that starts and follows copies: an event that should have triggered it may be lost. */
  readonly triggerCopies: () => Promise<void>;
  readonly now: () => Date;
}

/**
 * Runs what was requested. A watch is closed before a sweep that it has to run begins: nobody waits for one that takes
 * several runs, or that fails.
 */
export async function runRequest(deps: SweepDeps & CloseDeps, request: SweepRequest): Promise<SweepRun> {
  if (request.mode === 'sweep') return closeRun(deps, await sweepFleet(deps, request));
  const watched = await closeRun(deps, await watch(deps, request));
  const owed = await owedSweep(deps.ledger, deps.now());
  if (owed === undefined) return watched;
  deps.log.info(owed.stopped ? 'carrying on a sweep that stopped half-way' : 'no sweep has run of late');
  return closeRun(deps, await sweepFleet(deps, { ...request, mode: 'sweep' }, owed.stopped));
}

/**
 * Notifies people of what a run found, and operators of what it left out; triggers copies, and writes the run's row: last, so
 * that its absence shows that the run did not get there. What fails here stops nothing of that but the row. Of a dry run
 * nothing is sent or written.
 */
async function closeRun(deps: CloseDeps & Pick<SweepDeps, 'fleet'>, run: SweepRun): Promise<SweepRun> {
  if (run.dryRun) return run;
  const failures: string[] = [];
  const attempt = async (what: string, act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      failures.push(`${what}: ${errorText(error)}`);
    }
  };
  await attempt('people were not notified', async () => {
    failures.push(...(await deps.notify(run.notifications, run.at)).errors);
  });
  let before: LastRuns | undefined;
  await attempt('the runs before could not be read', async () => {
    before = await lastRuns(deps.ledger, run.at);
  });
  const unwatchedTenants = before && (await notifyOfTenants(deps, before, run, failures));
  await attempt('accounts and Regions were not followed', () => followEnvironments(deps, run));
  const leftOut: readonly LeftOut[] = [...(run.row.leftOut ?? []), ...failures.map((text) => ({ text }))];
  let notifiedOf: SweepRow['notifiedOf'] = [];
  await attempt('operators were not notified of what was left out', async () => {
    notifiedOf = await notifyOperators(deps, leftOut, before ?? {}, run.at);
  });
  // The next watch makes up for it.
  await attempt('copies were not triggered', deps.triggerCopies);
  for (const text of failures) deps.log.error(text);
  const row = keptRow({
    ...run.row,
    finished: deps.now(),
    errors: [...run.row.errors, ...failures],
    ...(leftOut.length > 0 && { leftOut }),
    ...(notifiedOf.length > 0 && { notifiedOf }),
    ...(unwatchedTenants && { unwatchedTenants }),
  });
  await deps.ledger.putSweep(row);
  return { ...run, row, report: { ...run.report, errors: [...run.report.errors, ...failures] } };
}

/**
 * Brings the rows of environments up to date, where there are several, and notifies operators of what has changed: written before
 * it is sent, and confirmed after, so that rather twice than never.
 */
async function followEnvironments(deps: CloseDeps & Pick<SweepDeps, 'fleet'>, run: SweepRun): Promise<void> {
  const { ledger, fleet, notifyOfEnvironments } = deps;
  // Those that left the configuration are seen once a day.
  if (fleet.environments.length === 1 && run.row.mode === 'watch') return;
  const known = await ledger.environments();
  if (fleet.environments.length === 1 && known.length === 0) return;
  const follow = async (environment: Environment): Promise<EnvironmentNotice[]> => {
    const name = formatEnvironment(environment);
    const configured = fleetEnvironment(fleet, environment);
    const row = known.find((one) => formatEnvironment(one) === name);
    const seen = await seenOf(deps, configured, run.environments.get(name));
    const next = (current: EnvironmentRow | undefined) => nextEnvironment(current, environment, seen, fleet, run.at);
    const written = await updateEnvironment(ledger, environment, next, { row });
    return [environmentNotice(written ?? row, configured ?? environment)].filter((notice) => notice !== undefined);
  };
  const followed = uniqBy([...fleet.environments, ...known], formatEnvironment);
  const notices = (await pMap(followed, follow, { concurrency: environmentsAtOnce })).flat();
  for (const resolved of [false, true]) {
    const some = notices.filter(({ step }) => (step === 'resolve') === resolved);
    if (some.length === 0) continue;
    await notifyOfEnvironments(some, run.at);
    for (const notice of some) {
      await updateEnvironment(ledger, notice.environment, (row) => afterEnvironmentNotice(row, notice));
    }
  }
}

/** What a run saw of an environment; after a sweep of a spoke also what could not be forwarded from there. */
async function seenOf(
  { undelivered, fleet, log }: CloseDeps & Pick<SweepDeps, 'fleet'>,
  environment: FleetEnvironment | undefined,
  seen: EnvironmentSeen | undefined,
): Promise<EnvironmentSeen | undefined> {
  const isSpoke = environment?.events && !sameEnvironment(environment, fleet);
  if (!isSpoke || !seen?.swept || seen.unread !== undefined) return seen;
  try {
    return { ...seen, undelivered: await undelivered(environment) };
  } catch (error) {
    log.warn('the queue of events that could not be forwarded cannot be read', { ...environment, error });
    return seen;
  }
}

/** One message about all that was left out, once a day of one thing. Returns what they were notified of within the last day. */
async function notifyOperators(
  { notifyOfLeftOut }: CloseDeps,
  leftOut: readonly LeftOut[],
  runs: LastRuns,
  at: Date,
): Promise<NonNullable<SweepRow['notifiedOf']>> {
  const { notifiedOf: before } = leftOutBefore(runs, at);
  const keys = leftOut.map(keyOfLeftOut);
  const isNews = keys.some((key) => !before.has(key));
  if (isNews) await notifyOfLeftOut(leftOut, at);
  const all = new Map([...before, ...(isNews ? keys.map((key) => [key, at] as const) : [])]);
  return [...all].map(([of, when]) => ({ of, at: when }));
}

/** Returns the tenants without a watched database, as the row keeps them: of what was not sent the next run notifies. */
async function notifyOfTenants(
  deps: CloseDeps & Pick<SweepDeps, 'fleet'>,
  { watch: lastWatch, sweep: lastSweep }: LastRuns,
  { tenants: seen, at }: SweepRun,
  failures: string[],
): Promise<NonNullable<SweepRow['unwatchedTenants']>> {
  const { tenants, notices } = nextUnwatched(unwatchedBefore(lastWatch, lastSweep), seen, deps.fleet, at);
  const { sent, errors } = await deps.notifyOfTenants(notices, at);
  failures.push(...errors);
  return afterNotified(tenants, sent);
}
