/** Use case: what follows a run, so that silence is never the only sign of health: the report's page, and the digest. */

import type { Fleet } from '../config/index.ts';
import type { Ledger } from '../ledger/index.ts';
import type { Publisher, ReportStore } from '../notifications/index.ts';
import type { SweepRun } from './run.ts';

/** Where the newest page lies in the report bucket, whose versions keep the earlier ones. */
export const reportKey = 'report.html';

export interface DayDeps {
  readonly ledger: Ledger;
  /** The ledger's table. */
  readonly ledgerName: string;
  readonly fleet: Fleet;
  readonly publisher: Publisher;
  readonly reports: ReportStore;
}

/**
 * After a sweep the page is written anew, and the digest published where it is switched on. Operators are notified of what tags
 * changed after any run, digest or not. Returns what could not be done: the sweep itself is over, and is not to be
 * run again for it.
 */
export async function publishDay(deps: DayDeps, run: SweepRun): Promise<string[]> {
  const { row, tagNotices } = run;
  // One that stopped half-way is not over: the page and the digest follow the run that ends it.
  const swept = row.mode === 'sweep' && row.stoppedAfter === undefined;
  if (!swept && tagNotices.length === 0) return [];
  // Most runs are watches, which end before this: a cold start of theirs takes none of it.
  const { writeDay } = await import('./write-day.ts');
  return writeDay(deps, run, swept);
}
