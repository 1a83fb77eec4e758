import { groupBy, partition } from 'es-toolkit/array';
import { restoreTestsAmong } from '../aws-backup/index.ts';
import { enrol } from '../config/index.ts';
import { type DatabaseKey, type DatabaseRow, databaseOfShare, isShare, type SweepRow } from '../domain/index.ts';
import { type EvaluationTarget, nameText, sharesOf, targetsOf, withEnrolledBefore } from '../evaluation/index.ts';
import { collect } from '../lib/iterables.ts';
import { databaseInventory, wholeInventory } from '../rds/index.ts';
import type { Verdicts } from './row.ts';
import { chunksOf, type DatabaseRef, heldBy, Run, type SweepDeps, type SweepRequest, type SweepRun } from './run.ts';

/**
 * The whole fleet, or what is left of it where the sweep `stopped` ran out of time.
 *
 * Listing gets half of the time at most. What takes longer, and what an earlier sweep left over, is rechecked by name, 100
 * databases at a time: each run then makes progress, where one that lists everything anew might never end.
 */
export async function sweepFleet(deps: SweepDeps, request: SweepRequest, stopped?: SweepRow): Promise<SweepRun> {
  const run = new Run(deps, request, stopped);
  const inventory = await (stopped ? databaseInventory : wholeInventory)(
    deps.rds,
    deps.fleet.environments,
    run.halfTimeIsUp,
  );
  const byName = stopped !== undefined || inventory.ranOut;
  run.errors.push(...inventory.problems);
  // What took too long to list is read by name.
  if (!byName) run.noteEnvironments(deps.fleet.environments, inventory);
  const rows = await collect(deps.ledger.leavingOut(run.onUnreadable).allDatabases());
  const [shares, known] = partition(rows, ({ key }) => isShare(key));
  run.noteShares(shares.filter(isCurrent).map(({ key }) => key));
  const databases = [...inventory.databases];
  const enrolment = enrol(deps.fleet, databases, rows, await restoreTestsAmong(deps, databases, known, run.at));
  run.errors.push(...enrolment.problems);
  const configured = withEnrolledBefore(deps.fleet, enrolment.databases, inventory, rows);
  const after = stopped?.stoppedAfter ?? '';
  const inLedger = [...known, ...run.unreadable];
  const everybody = targetsOf(configured, inventory, inLedger, enrolment.tags);
  const subjects = everybody.filter(({ key }) => key > after);
  const withNamesakes = namesakesFrom(inLedger);
  const isHeld = heldBy(configured, inventory);
  let reached = 0;
  const postponed: EvaluationTarget[] = [];
  for (const chunk of chunksOf(subjects)) {
    if (run.timeIsUp()) break;
    if (byName) await run.recheck(withNamesakes(chunk), inventory);
    else {
      const checked = await run.check(chunk, inventory, { mayOpen: false, isHeld });
      // Of a share, its database.
      const keys = new Set(checked.filter((one) => one.postponed).map(({ subject }) => databaseOfShare(subject.key)));
      postponed.push(...chunk.filter(({ key }) => keys.has(key)));
    }
    reached += chunk.length;
  }
  // A listing of thousands takes minutes: what would be alerted is rechecked, in bulk, before anybody is notified.
  let rechecked = 0;
  for (const chunk of chunksOf(postponed)) {
    if (run.timeIsUp()) break;
    await run.recheck(withNamesakes(chunk), inventory);
    rechecked += chunk.length;
  }
  const next = postponed[rechecked] ?? subjects[reached];
  const stoppedAfter = next && (subjects[subjects.indexOf(next) - 1]?.key ?? after);
  if (stoppedAfter !== undefined) {
    run.errors.push(
      `the time limit was near: evaluated up to ${stoppedAfter || 'none'}; the next watch carries on from there`,
    );
  }
  const renamed = new Set(everybody.flatMap(newNameOf));
  const unconfigured = enrolment.unconfigured.filter((id) => !renamed.has(id));
  const listed = inventory.listsAllDatabases;
  return run.end({
    reachedEnd: next === undefined && run.leftNothingOut,
    unconfigured: listed ? unconfigured : (stopped?.unconfigured ?? unconfigured),
    restoreTests: enrolment.restoreTests,
    // A deleted database that its tag had enrolled is nobody's soon: its tenant is not in the configuration, nor its tag in RDS.
    ...(listed && next === undefined && { promised: { tenants: enrolment.tenants, databases: everybody } }),
    before: verdictsBefore(everybody, rows, after),
    ...(stoppedAfter !== undefined && { stoppedAfter }),
  });
}

/** Whether a tenant has its share still, or is still to be notified of its end. */
function isCurrent({ share, alert }: DatabaseRow): boolean {
  return share?.until === undefined || alert !== undefined;
}

/** The verdicts that an earlier part of a sweep gave, up to the key where it stopped: the ledger has them. */
function verdictsBefore(
  everybody: readonly EvaluationTarget[],
  known: readonly DatabaseRow[],
  stoppedAfter: DatabaseKey,
): Verdicts {
  const rows = new Map(known.map(({ key, verdict }) => [key, verdict]));
  const before = everybody.filter(({ key, configured }) => configured !== undefined && key <= stoppedAfter);
  return new Map(
    before
      .flatMap((one) => [one, ...sharesOf(one)])
      .flatMap(({ key }) => {
        const verdict = rows.get(key);
        return verdict === undefined ? [] : [[key, verdict] as const];
      }),
  );
}

/** Adds to some databases all that the ledger knew under their names: one may have been renamed, or taken another's place. */
function namesakesFrom(known: readonly DatabaseRef[]): (some: readonly DatabaseRef[]) => DatabaseRef[] {
  const byName = groupBy(known, nameText);
  return (some) => {
    const all = [...some, ...some.flatMap((one) => byName[nameText(one)] ?? [])];
    return [...new Map(all.map(({ key, kind, id }) => [key, { key, kind, id }])).values()];
  };
}

/** The name that RDS shows of a configured database that was renamed. */
function newNameOf({ id, kind, configured, found }: EvaluationTarget): string[] {
  if (configured === undefined || found.is !== 'database' || found.database.kind !== kind) return [];
  return found.database.id === id ? [] : [found.database.id];
}
