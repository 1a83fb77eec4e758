/** The queue of copies: who waits for what, at which place, and when it may start. */
import { observe } from '../copy/capacity.ts';
import { fairly } from '../copy/fair.ts';
import { exportSlots } from '../copy/tasks.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Backup } from '../model.ts';
import { addHours } from '../text.ts';
import { collect, dateAfter, dateOf, take } from './collect.ts';
import { type BackupFacts, backupFacts, isoOrNull } from './facts.ts';

export interface CopyQueueFacts extends BackupFacts {
  /** Its place among the exports that wait, 1 is next; null for what does not wait for a slot. */
  readonly position: number | null;
  /** When a slot should be free for it; null where that cannot be foreseen. */
  readonly expectedStart: string | null;
}

/** Ended exports that the expected duration is taken from, and for how many days back they are looked for. */
const sampleSize = 200;
const sampleDays = 3;

/** Copies that run, wait or failed, in that order; those that wait in the order of their turn. */
export async function readCopies(
  ledger: Ledger,
  assumedHours: number,
  now: Date,
): Promise<{ readonly copies: readonly CopyQueueFacts[]; readonly hoursEach: number; readonly measured: boolean }> {
  const [queued, starting, running, failed, served] = await Promise.all([
    collect(ledger.copies('queued')),
    collect(ledger.copies('starting')),
    collect(ledger.copies('running')),
    collect(ledger.copies('failed')),
    ledger.tenantsServed(),
  ]);
  // The index lags: a copy may stand in two lists for a moment.
  const seen = new Set<string>();
  const fresh = (rows: readonly Backup[]) => rows.filter(({ arn }) => !seen.has(arn) && seen.add(arn));
  const underWay = [...fresh(running), ...fresh(starting)];
  const waiting = fresh(queued);
  const observed = waiting.length === 0 ? undefined : observe(await sample(ledger, now));
  const hoursEach = observed?.hours ?? assumedHours;
  const turns = expectedStarts(underWay, waiting, served, hoursEach, now);
  const facts = (backup: Backup): CopyQueueFacts => {
    const turn = turns.get(backup.arn);
    return {
      ...backupFacts(backup, now),
      position: turn?.position ?? null,
      expectedStart: isoOrNull(turn?.start),
    };
  };
  const byTurn = (a: Backup, b: Backup) => (turns.get(a.arn)?.position ?? 0) - (turns.get(b.arn)?.position ?? 0);
  return {
    copies: [...underWay, ...waiting.toSorted(byTurn), ...fresh(failed)].map(facts),
    hoursEach,
    measured: observed !== undefined,
  };
}

/**
 * When each waiting export should start: in the order that `copy` serves them, into slots that become free as those under
 * way end, if each takes `hoursEach` and nobody else exports. What is overdue to end is taken to end now. Object copies
 * need no slot, and start as soon as their dump is there.
 */
export function expectedStarts(
  underWay: readonly Backup[],
  waiting: readonly Backup[],
  served: ReadonlyMap<string, Date>,
  hoursEach: number,
  now: Date,
): Map<string, { readonly position: number; readonly start: Date }> {
  const latest = (a: Date, b: Date) => (a > b ? a : b);
  const exports = (rows: readonly Backup[]) => rows.filter(({ copy }) => copy.mode === 'export');
  const free = exports(underWay).map(({ copy }) => latest(now, addHours(copy.startedAt ?? now, hoursEach)));
  while (free.length < exportSlots) free.push(now);
  const turns = new Map<string, { position: number; start: Date }>();
  for (const { arn, copy } of fairly(exports(waiting), served)) {
    free.sort((a, b) => a.getTime() - b.getTime());
    const start = latest(free.shift() ?? now, copy.notBefore ?? now);
    turns.set(arn, { position: turns.size + 1, start });
    free.push(addHours(start, hoursEach));
  }
  return turns;
}

/** Some backups of the last days: what their exports took is what the next ones will take. */
async function sample(ledger: Ledger, now: Date): Promise<Backup[]> {
  const rows: Backup[] = [];
  for (let back = 0; back < sampleDays && rows.length < sampleSize; back += 1) {
    rows.push(...(await collect(take(ledger.backupsOfDay(dateAfter(dateOf(now), -back)), sampleSize - rows.length))));
  }
  return rows;
}
