import type { SweepRow } from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { first } from '../lib/iterables.ts';
import { dayMs } from '../lib/time.ts';

/** The last sweep. One is due each day, so that the last days' rows mostly do, and a page of all of them is not read. */
export async function lastSweep(ledger: Ledger, now: Date): Promise<SweepRow | undefined> {
  const from = new Date(now.getTime() - 2 * dayMs);
  return (await first(ledger.sweeps({ from }))) ?? (await first(ledger.sweeps()));
}
