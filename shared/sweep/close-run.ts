import type { Ledger } from '../ledger/index.ts';
import type { AlertNotification, NotifiedCounts } from '../notifications/index.ts';
import { keptRow } from './row.ts';
import type { SweepDeps, SweepRequest, SweepRun } from './run.ts';
import { sweepFleet } from './sweep.ts';
import { owedSweep, watch } from './watch.ts';

export interface CloseDeps {
  readonly ledger: Ledger;
  readonly notify: (notifications: readonly AlertNotification[], at: Date) => Promise<Pick<NotifiedCounts, 'errors'>>;
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
 * Notifies people of what a run found, triggers copies, and writes the run's row: last, so that its absence shows that the
 * run did not get there. Of a dry run nothing is sent or written.
 */
async function closeRun(deps: CloseDeps, run: SweepRun): Promise<SweepRun> {
  if (run.dryRun) return run;
  const { errors } = await deps.notify(run.notifications, run.at);
  await deps.triggerCopies();
  const row = keptRow({ ...run.row, finished: deps.now(), errors: [...run.row.errors, ...errors] });
  await deps.ledger.putSweep(row);
  return { ...run, row, report: { ...run.report, errors: [...run.report.errors, ...errors] } };
}
