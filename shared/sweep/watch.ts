import type { DatabaseName, SweepRow } from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { collect, first } from '../lib/iterables.ts';
import { addHours } from '../lib/time.ts';
import { chunksOf, Run, type SweepDeps, type SweepRequest, type SweepRun } from './run.ts';

/**
 * The small check between sweeps: only databases whose next check has come, by the ledger's index; nothing due means no
 * RDS call at all, and one Query that finds nothing.
 */
export async function watch(deps: SweepDeps, request: SweepRequest): Promise<SweepRun> {
  const run = new Run(deps, request);
  const due = chunksOf(await collect(deps.ledger.databasesToCheck(run.at)));
  let reached = 0;
  for (const chunk of due) {
    if (run.timeIsUp()) break;
    await run.recheck(await deps.ledger.databases(chunk, run.onUnreadable));
    reached += 1;
  }
  const timeWasUp = reached < due.length;
  if (timeWasUp) run.errors.push('the time limit was near: the next watch checks what is left');
  return run.end({ complete: !timeWasUp && run.evaluatedAll, unconfigured: [] });
}

/** The sweep is daily: one that has not begun for this long did not run, as its alarm says too. */
const sweepMissingHours = 26;

/**
 * The sweep that a watch has to run: `stopped` is the row of one that stopped half-way, and absent where none has run for
 * 26 hours. Undefined where the last sweep is complete. An index of databases shows neither, so this is a Query of its own.
 */
export async function owedSweep(ledger: Ledger, now: Date): Promise<{ readonly stopped?: SweepRow } | undefined> {
  const last = await first(ledger.sweeps({ from: addHours(now, -sweepMissingHours) }));
  if (last === undefined) return {};
  return last.stoppedAfter === undefined ? undefined : { stopped: last };
}

/** Evaluates some databases at once, by name: for events that mean that no backup may follow. */
export async function recheck(deps: SweepDeps, databases: readonly DatabaseName[]): Promise<SweepRun> {
  const run = new Run(deps, { mode: 'watch', dryRun: false });
  const known = await Promise.all(databases.map((name) => deps.ledger.databasesByName(name)));
  // The next sweep meets what the ledger does not know yet: an event about it is no reason to alert.
  for (const chunk of chunksOf(known.flat())) await run.recheck(chunk);
  return run.end({ complete: true, unconfigured: [] });
}
