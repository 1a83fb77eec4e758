/**
 * When a database was stopped: RDS takes no automated backups meanwhile, and the data does not change (Amazon RDS User Guide,
 * "Stopping an Amazon RDS DB instance temporarily"). Pure.
 */
import type { Policy } from '../config/index.ts';
import type { DatabaseRow, RdsDatabase } from '../domain/index.ts';
import { addHours, dayMs, hourMs } from '../lib/time.ts';
import type { RunChange } from '../rds/index.ts';
import { type BackupWindow, lastWindow, windowOf } from './deadline.ts';

/** A time for which a database was stopped; without an end it still is. */
export type Stop = NonNullable<DatabaseRow['stops']>[number];

/** RDS starts a stopped database again after this long. */
const stopLimitDays = 7;

/** The row keeps this many. Whoever is stopped more often without a backup has run for too long by then. */
const mostStops = 30;

/** Stops are kept for so long before the newest backup: once that is deleted, an older one counts. */
const keptBeforeMs = 7 * dayMs;

/** Two sources of the moment of a stop may be apart by this much. */
const sameStopMs = 10 * 60_000;

export function isStopped({ status }: RdsDatabase): boolean {
  return status === 'stopped' || status === 'stopping';
}

/** Whether RDS's events have to tell when it was stopped, or started again: neither its row nor its status says so. */
export function needsRunChanges(row: DatabaseRow | undefined, database: RdsDatabase, at: Date): boolean {
  const isOpen = openStop(row?.stops) !== undefined;
  if (isStopped(database)) return !isOpen && database.automaticRestartTime === undefined;
  // An event may be lost, so what would be late is looked into before it is alerted.
  const isLate = row?.deadline !== undefined && row.deadline <= at && row.alert === undefined;
  return isOpen || isLate;
}

/** The stop that goes on. */
export function openStop(stops: readonly Stop[] = []): Stop | undefined {
  const last = stops.at(-1);
  return last?.until === undefined ? last : undefined;
}

/**
 * The stops since a week before the newest backup, which is from `newest`, oldest first: those that the row knew and those that RDS's events tell, with the one that
 * its status shows, unless nobody knows when that began. `changes` are empty where RDS was not asked, or did not answer: a
 * start that nobody saw is then now.
 */
export function stopsOf(
  row: DatabaseRow | undefined,
  database: RdsDatabase,
  changes: readonly RunChange[],
  newest: Date,
  at: Date,
): readonly Stop[] {
  const known = (row?.stops ?? []).flatMap(({ from, until }): RunChange[] => [
    { at: from, runs: false },
    ...(until ? [{ at: until, runs: true }] : []),
  ]);
  // What had its name before was another one.
  const told = changes.filter((change) => change.at <= at && change.at >= (database.createdAt ?? change.at));
  const stops: Stop[] = [];
  const take = ({ at: moment, runs }: RunChange) => {
    const open = openStop(stops);
    if (runs && open) stops[stops.length - 1] = { ...open, until: moment };
    else if (!runs && !open) stops.push({ from: moment });
  };
  for (const change of [...known, ...told].sort((a, b) => a.at.getTime() - b.at.getTime())) take(change);
  const open = openStop(stops);
  const { automaticRestartTime: restart } = database;
  if (!isStopped(database)) take({ at, runs: true });
  else if (restart) {
    const from = new Date(restart.getTime() - stopLimitDays * dayMs);
    const isAnother = open !== undefined && from.getTime() - open.from.getTime() > sameStopMs;
    // It ran in between, and nobody saw since when.
    if (isAnother) take({ at: row?.evaluatedAt && row.evaluatedAt < from ? row.evaluatedAt : from, runs: true });
    take({ at: from, runs: false });
  }
  return stopsSince(new Date(newest.getTime() - keptBeforeMs), stops).slice(-mostStops);
}

/** The stops that reach beyond a moment. */
export function stopsSince(moment: Date, stops: readonly Stop[]): readonly Stop[] {
  return stops.filter(({ until }) => until === undefined || until > moment);
}

/** How long it was stopped between two moments, in milliseconds. */
export function stoppedMs(stops: readonly Stop[], from: Date, to: Date): number {
  return stops
    .map((stop) => {
      const [start, end] = [Math.max(stop.from.getTime(), from.getTime()), stop.until ?? to];
      return Math.max(0, Math.min(end.getTime(), to.getTime()) - start);
    })
    .reduce((sum, one) => sum + one, 0);
}

/** The moment at which it has run for so long since another one, as far as its stops are known. */
export function ranFor(milliseconds: number, since: Date, stops: readonly Stop[]): Date {
  let left = milliseconds;
  let at = since.getTime();
  for (const { from, until } of stops) {
    const running = Math.max(0, from.getTime() - at);
    if (running >= left) break;
    left -= running;
    at = Math.max(at, (until ?? from).getTime());
  }
  return new Date(at + left);
}

/** The windows that began after one moment and closed before another, and whether it ran from the first minute to the last. */
export function windowsBetween(
  window: BackupWindow,
  after: Date,
  before: Date,
  stops: readonly Stop[],
): readonly { readonly start: Date; readonly end: Date; readonly ran: boolean }[] {
  const windows: { start: Date; end: Date; ran: boolean }[] = [];
  const midnight = Math.floor(after.getTime() / dayMs) * dayMs;
  for (let day = midnight; day <= before.getTime() && windows.length < mostStops; day += dayMs) {
    const start = new Date(day + window.startMinute * 60_000);
    const end = new Date(start.getTime() + window.lengthMinutes * 60_000);
    if (start <= after || end > before) continue;
    windows.push({ start, end, ran: stoppedMs(stops, start, end) === 0 });
  }
  return windows;
}

/**
 * After a start the usual deadline waits for the end of the first window that opens then, and the grace. But time counts for
 * which it ran since its newest backup: whoever is stopped in each of its windows would never be late.
 */
export function deadlineAfterStops(
  usual: Date,
  newest: Date,
  stops: readonly Stop[],
  database: Pick<RdsDatabase, 'window' | 'retentionDays'>,
  { maxAgeHours, graceHours }: Pick<Policy, 'maxAgeHours' | 'graceHours'>,
): Date {
  const ended = stops.filter(({ until }) => until !== undefined);
  const started = ended.at(-1)?.until;
  const window = windowOf(database);
  if (started === undefined || window === undefined) return usual;
  const opened = lastWindow(window, started);
  const next = opened.start < started ? addHours(opened.end, 24) : opened.end;
  const ran = ranFor((maxAgeHours + graceHours) * hourMs, newest, ended);
  const waits = Math.min(addHours(next, graceHours).getTime(), ran.getTime());
  return new Date(Math.max(usual.getTime(), waits));
}
