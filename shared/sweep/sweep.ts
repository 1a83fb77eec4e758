import { enrol } from '../config/index.ts';
import type { DatabaseKey, DatabaseName, DatabaseRow, SweepRow, Unrecognized, VerdictName } from '../domain/index.ts';
import { type EvaluationTarget, nameText, targetsOf, withEnrolledBefore } from '../evaluation/index.ts';
import { collect, first } from '../lib/iterables.ts';
import { addHours } from '../lib/time.ts';
import { databaseInventory, wholeInventory } from '../rds/index.ts';
import { chunksOf, type DatabaseRef, Run, type SweepDeps, type SweepRequest, type SweepResult } from './run.ts';

/**
 * The whole fleet, or what is left of it where the sweep `stopped` ran out of time.
 *
 * Listing gets half of the time at most. What takes longer, and what an earlier sweep left over, is looked at by name, 100
 * databases at a time: each run gets on then, where one that lists everything anew might never come to an end.
 */
export async function sweep(deps: SweepDeps, request: SweepRequest, stopped?: SweepRow): Promise<SweepResult> {
  const run = new Run(deps, request, stopped);
  const view = await (stopped ? databaseInventory : wholeInventory)(deps.rds, run.halfTimeIsUp);
  const byName = stopped !== undefined || view.ranOut;
  run.errors.push(...[...view.unread].map(([listing, why]) => `${listing} could not be listed to the end: ${why}`));
  const enrolment = enrol(deps.fleet, [...view.databases]);
  run.errors.push(...enrolment.problems);
  const known = await collect(deps.ledger.allDatabases(run.onUnreadable));
  const configured = withEnrolledBefore(deps.fleet, enrolment.databases, view, known);
  const after = stopped?.stoppedAfter ?? '';
  const everybody = targetsOf(configured, view, known);
  const subjects = everybody.filter(({ key }) => key > after);
  const withNamesakes = namesakesFrom(known);
  let reached = 0;
  const postponed: EvaluationTarget[] = [];
  for (const chunk of chunksOf(subjects)) {
    if (run.timeIsUp()) break;
    if (byName) await run.look(withNamesakes(chunk), view);
    else {
      const checked = await run.check(chunk, view, { mayOpen: false });
      postponed.push(...checked.filter((one) => one.postponed).map(({ subject }) => subject));
    }
    reached += chunk.length;
  }
  // A listing of thousands takes minutes: what would be alerted is looked at anew, in bulk, before anybody is woken.
  let lookedAt = 0;
  for (const chunk of chunksOf(postponed)) {
    if (run.timeIsUp()) break;
    await run.look(withNamesakes(chunk), view);
    lookedAt += chunk.length;
  }
  const next = postponed[lookedAt] ?? subjects[reached];
  const stoppedAfter = next && (subjects[subjects.indexOf(next) - 1]?.key ?? after);
  if (stoppedAfter !== undefined) {
    run.errors.push(
      `the time limit was near: evaluated up to ${stoppedAfter || 'none'}; the next watch carries on from there`,
    );
  }
  const renamed = new Set(everybody.flatMap(newNameOf));
  const unconfigured = enrolment.unconfigured.filter((id) => !renamed.has(id));
  const listed = view.databasesUnread('instance') === undefined && view.databasesUnread('cluster') === undefined;
  const end = {
    complete: next === undefined && run.evaluatedAll && (byName ? !run.lookFailed : view.unread.size === 0),
    unconfigured: listed ? unconfigured : (stopped?.unconfigured ?? unconfigured),
    before: verdictsBefore(everybody, known, after),
    ...(stoppedAfter !== undefined && { stoppedAfter }),
  };
  return run.finish(end, deps.triggerCopies);
}

/** The sweep is daily: one that has not begun for this long did not run, as its alarm says too. */
const sweepMissingHours = 26;

/**
 * The small check between sweeps: only databases whose moment has come, by the ledger's index; nothing due means no RDS
 * call at all. Then it carries on a sweep that stopped half-way, or runs the one that did not run.
 *
 * With nothing due it asks the ledger twice: one Query on the index, which finds nothing; and one for the newest sweep's
 * row, since an index of databases cannot tell that no sweep has run, or that one stopped. Rows of databases are read
 * only of what is due.
 */
export async function watch(deps: SweepDeps, request: SweepRequest): Promise<SweepResult> {
  const run = new Run(deps, request);
  const complete = await run.lookAtDue();
  // Told before a sweep begins: nobody waits for one that takes several runs, or that fails.
  const result = await run.finish({ complete: complete && run.evaluatedAll, unconfigured: [] }, deps.triggerCopies);
  const last = await first(deps.ledger.sweeps({ from: addHours(deps.now(), -sweepMissingHours) }));
  if (last !== undefined && last.stoppedAfter === undefined) return result;
  deps.log.info(last ? 'carrying on a sweep that stopped half-way' : 'no sweep has run of late');
  return sweep(deps, { ...request, mode: 'sweep' }, last);
}

/** Looks at some databases by name at once, and judges them: for events that say that no backup may follow. */
export async function recheck(
  deps: Omit<SweepDeps, 'triggerCopies'>,
  databases: readonly DatabaseName[],
): Promise<SweepResult> {
  const run = new Run(deps, { mode: 'watch', dryRun: false });
  const known = await Promise.all(databases.map((name) => deps.ledger.databasesByName(name)));
  // What the ledger does not know yet is met by the next sweep: an event about it is no reason to alert.
  for (const chunk of chunksOf(known.flat())) await run.look(chunk);
  return run.result({ complete: true, unconfigured: [] });
}

/** The verdicts that an earlier part of a sweep gave, up to the key where it stopped: the ledger has them. */
function verdictsBefore(
  everybody: readonly EvaluationTarget[],
  known: readonly DatabaseRow[],
  stoppedAfter: DatabaseKey,
): Map<DatabaseKey, VerdictName | Unrecognized> {
  const rows = new Map(known.map(({ key, verdict }) => [key, verdict]));
  const before = everybody.filter(({ key, configured }) => configured !== undefined && key <= stoppedAfter);
  return new Map(
    before.flatMap(({ key }) => {
      const verdict = rows.get(key);
      return verdict === undefined ? [] : [[key, verdict] as const];
    }),
  );
}

/** Adds to some databases all that the ledger knew under their names: one may have been renamed, or taken another's place. */
function namesakesFrom(known: readonly DatabaseRef[]): (some: readonly DatabaseRef[]) => DatabaseRef[] {
  const byName = new Map<string, DatabaseRef[]>();
  for (const row of known) byName.set(nameText(row), [...(byName.get(nameText(row)) ?? []), row]);
  return (some) => {
    const all = [...some, ...some.flatMap((one) => byName.get(nameText(one)) ?? [])];
    return [...new Map(all.map(({ key, kind, id }) => [key, { key, kind, id }])).values()];
  };
}

/** The name that RDS shows of a configured database that was renamed. */
function newNameOf({ id, kind, configured, found }: EvaluationTarget): string[] {
  if (configured === undefined || found.is !== 'database' || found.database.kind !== kind) return [];
  return found.database.id === id ? [] : [found.database.id];
}
