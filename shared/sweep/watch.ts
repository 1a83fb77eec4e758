import { groupBy } from 'es-toolkit/array';
import pMap from 'p-map';
import {
  type DatabaseKey,
  type DatabaseName,
  type DatabaseRow,
  environmentsAtOnce,
  formatEnvironment,
  type SweepRow,
} from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { errorText } from '../lib/errors.ts';
import { collect, first } from '../lib/iterables.ts';
import { addHours } from '../lib/time.ts';
import { lastRuns, leftOutBefore } from './left-out.ts';
import { chunksOf, Run, type SweepDeps, type SweepRequest, type SweepRun, type ToRecheck } from './run.ts';

/**
 * The small check between sweeps: only databases whose next check has come, by the ledger's index, and those that an earlier
 * run left out. Nothing due means no RDS call at all, and Queries that find nothing.
 */
export async function watch(deps: SweepDeps, request: SweepRequest): Promise<SweepRun> {
  const run = new Run(deps, request);
  const due = await collect(deps.ledger.databasesToCheck(run.at));
  const { databases: leftOut } = leftOutBefore(await lastRuns(deps.ledger, run.at), run.at);
  // One that was left out is known by its name, whatever has become of its row.
  const toCheck = new Map<DatabaseKey, ToRecheck>(
    [...due.map((key) => ({ key })), ...leftOut].map((one) => [one.key, one]),
  );
  const chunks = chunksOf(run.databasesOf([...toCheck.values()]));
  let reached = 0;
  for (const chunk of chunks) {
    if (run.timeIsUp()) break;
    await run.recheck(chunk);
    reached += 1;
  }
  const timeWasUp = reached < chunks.length;
  if (timeWasUp) run.errors.push('the time limit was near: the next watch checks what is left');
  return run.end({ reachedEnd: !timeWasUp && run.leftNothingOut, unconfigured: [] });
}

/** The sweep is daily: one that has not begun for this long did not run, as its alarm says too. */
const sweepMissingHours = 26;

/**
 * The sweep that a watch has to run: `stopped` is the row of one that stopped half-way, and absent where none has run for
 * 26 hours. Undefined where the last sweep is complete. An index of databases shows neither, so this is a Query of its own.
 */
export async function owedSweep(ledger: Ledger, now: Date): Promise<{ readonly stopped?: SweepRow } | undefined> {
  // Whoever cannot read the last one runs another.
  const lists = ledger.leavingOut(() => {});
  const last = await first(lists.sweeps({ from: addHours(now, -sweepMissingHours) }));
  if (last === undefined) return {};
  return last.stoppedAfter === undefined ? undefined : { stopped: last };
}

/**
 * Evaluates some databases at once, by name: for events that mean that no backup may follow. Where AWS Backup sent one
 * (`readsJobs`), its jobs are read, whatever the ledger knows: the first of a database may have failed.
 */
export async function recheck(
  deps: SweepDeps,
  databases: readonly DatabaseName[],
  { readsJobs = false }: { readonly readsJobs?: boolean } = {},
): Promise<SweepRun> {
  const run = new Run(deps, { mode: 'watch', dryRun: false }, undefined, readsJobs);
  const lists = deps.ledger.leavingOut(run.onUnreadable);
  const known = await Promise.all(databases.map((name) => lists.databasesByName(name)));
  const renamed = await rowsUnderNewNames(
    deps,
    lists,
    databases.filter((_, n) => known[n]?.every(isGone)),
  ).catch((error: unknown) => {
    run.errors.push(`databases could not be looked up by their names: ${errorText(error)}`);
    return [];
  });
  // The next sweep meets what the ledger does not know yet: an event about it is no reason to alert.
  const rows = new Map([...known.flat(), ...renamed].map((row) => [row.key, row]));
  for (const chunk of chunksOf([...rows.values()])) await run.recheck(chunk);
  return run.end({ reachedEnd: run.leftNothingOut, unconfigured: [] });
}

/** Whether a row is of none that is watched now. */
function isGone({ verdict }: DatabaseRow): boolean {
  return verdict === undefined || verdict === 'deleted';
}

/**
 * The rows of the databases that RDS shows under some names: one that was renamed has its former name in the ledger until the
 * configuration follows, and its events have the new one.
 */
async function rowsUnderNewNames(
  { rds }: SweepDeps,
  lists: Ledger,
  names: readonly DatabaseName[],
): Promise<readonly DatabaseRow[]> {
  const read = async (some: readonly DatabaseName[]): Promise<readonly DatabaseKey[]> => {
    const reader = some[0] && rds.in(some[0]);
    if (reader === undefined) return [];
    const named = (wanted: DatabaseName['kind']) => ({
      ids: some.filter(({ kind }) => kind === wanted).map(({ id }) => id),
    });
    const [{ databases: instances }, clusters] = await Promise.all([
      reader.instancesNamed(named('instance')),
      reader.clustersNamed(named('cluster')),
    ]);
    // The check of its database speaks of an odd row.
    reader.takeOdd();
    return [...instances, ...clusters].map(({ key }) => key);
  };
  const keys = await pMap(Object.values(groupBy(names, formatEnvironment)), read, { concurrency: environmentsAtOnce });
  return lists.databases(keys.flat());
}
