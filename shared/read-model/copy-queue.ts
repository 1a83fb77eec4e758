/** The queue of copies: who waits for what, at which place, and when it may start. */
import { exportSlots, fairly, observe } from '../copies/index.ts';
import { type Backup, backupIdOf, count, type Environment, fields, formatBackupId, time } from '../domain/index.ts';
import type { Ledger, ListedCopyState } from '../ledger/index.ts';
import { dateAfter, dateOf } from '../lib/dates.ts';
import { collect, take } from '../lib/iterables.ts';
import { addHours } from '../lib/time.ts';
import { backupFacts, backupFactsSchema, type FactsOf, isoOrNull } from './row-facts.ts';

/** What is said of a copy in the queue beside its backup. */
export const queueFields = {
  position: count
    .nullable()
    .describe('its place among the exports that wait, 1 is next; null for what does not wait for a slot'),
  expectedStart: time.nullable().describe('when a slot should be free for it; null where that cannot be foreseen'),
};

export const copyQueueSchema = fields({ ...backupFactsSchema.shape, ...queueFields });

export type CopyQueueFacts = FactsOf<typeof copyQueueSchema>;

/** Ended exports that the expected duration is taken from, and how many days back they may have ended. */
const sampleSize = 200;
const sampleDays = 3;

/** States that the ledger lists by themselves, as they are shown. */
export const listedStates = ['running', 'starting', 'queued', 'failed'] as const satisfies readonly ListedCopyState[];

/** Copies of an environment that run, wait or failed, in that order; those that wait in the order of their turn. */
export async function readCopies(
  ledger: Ledger,
  environment: Environment,
  assumedHours: number,
  now: Date,
): Promise<{ readonly copies: readonly CopyQueueFacts[]; readonly hoursEach: number; readonly measured: boolean }> {
  const list = (state: ListedCopyState) => collect(ledger.copies(environment, state));
  const [running, starting, queued, failed, served] = await Promise.all([
    list('running'),
    list('starting'),
    list('queued'),
    list('failed'),
    ledger.tenantsServed(environment),
  ]);
  // The index lags: a copy may stand in two lists for a moment.
  const seen = new Set<string>();
  const fresh = (rows: readonly Backup[]) => rows.filter((row) => !seen.has(keyOf(row)) && seen.add(keyOf(row)));
  const underWay = [...fresh(running), ...fresh(starting)];
  const waiting = fresh(queued);
  const observed = waiting.length === 0 ? undefined : observe(await sample(ledger, now));
  const hoursEach = observed?.hours ?? assumedHours;
  const turns = expectedStarts(underWay, waiting, served, hoursEach, now);
  const facts = (backup: Backup): CopyQueueFacts => {
    const turn = turns.get(keyOf(backup));
    return {
      ...backupFacts(backup, now),
      position: turn?.position ?? null,
      expectedStart: isoOrNull(turn?.start),
    };
  };
  const byTurn = (a: Backup, b: Backup) => (turns.get(keyOf(a))?.position ?? 0) - (turns.get(keyOf(b))?.position ?? 0);
  return {
    copies: [...underWay, ...waiting.toSorted(byTurn), ...fresh(failed)].map(facts),
    hoursEach,
    measured: observed !== undefined,
  };
}

/** Copies by the code of their cause, the most frequent first: one missing right is one cause, however many it stops. */
export function byCause<Row extends { readonly copy: { readonly cause?: { readonly code: string } | null } }>(
  rows: readonly Row[],
): { readonly code: string | null; readonly copies: readonly Row[] }[] {
  const groups = new Map<string | null, Row[]>();
  for (const row of rows) {
    const code = row.copy.cause?.code ?? null;
    const group = groups.get(code);
    if (group) group.push(row);
    else groups.set(code, [row]);
  }
  return [...groups].map(([code, copies]) => ({ code, copies })).sort((a, b) => b.copies.length - a.copies.length);
}

function keyOf(backup: Backup): string {
  return formatBackupId(backupIdOf(backup));
}

/**
 * When each waiting export should start: in the order that `copy` serves them, into slots that become free as those under
 * way end, if each takes `hoursEach` and nobody else exports. What is overdue to end is taken to end now. Object copies
 * need no slot, and start as soon as their dump is there. By the backups' ids as text.
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
  for (const backup of fairly(exports(waiting), served)) {
    free.sort((a, b) => a.getTime() - b.getTime());
    const start = latest(free.shift() ?? now, backup.copy.notBefore ?? now);
    turns.set(keyOf(backup), { position: turns.size + 1, start });
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
