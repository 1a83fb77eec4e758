import type { Policy } from '../config/index.ts';
import { addHours, dayMs, hourMs, minuteMs } from '../lib/time.ts';

/** A daily span in UTC; it may cross midnight. */
export interface BackupWindow {
  readonly startMinute: number;
  readonly lengthMinutes: number;
}

export interface Deadline {
  /** The newest backup's own time plus the maximum age. */
  readonly due: Date;
  /** The moment after which the database is overdue; never before `due`. */
  readonly deadline: Date;
}

/** Reads RDS's `hh:mm-hh:mm` (UTC). Undefined for anything else, an empty span among it: RDS wants 30 minutes or more. */
export function backupWindow(text: string | undefined): BackupWindow | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(text ?? '');
  if (match === null) return undefined;
  const [startHour = 0, startMinutes = 0, endHour = 0, endMinutes = 0] = match.slice(1).map(Number);
  const startMinute = startHour * 60 + startMinutes;
  const lengthMinutes = (endHour * 60 + endMinutes - startMinute + 24 * 60) % (24 * 60);
  return lengthMinutes === 0 ? undefined : { startMinute, lengthMinutes };
}

/** The latest opening of the window that is not after the given moment, with its closing. */
export function lastWindow(window: BackupWindow, at: Date): { readonly start: Date; readonly end: Date } {
  const startOfDay = at.getTime() - (((at.getTime() % dayMs) + dayMs) % dayMs);
  const today = startOfDay + window.startMinute * minuteMs;
  const start = today <= at.getTime() ? today : today - dayMs;
  return { start: new Date(start), end: new Date(start + window.lengthMinutes * minuteMs) };
}

/** The window that RDS takes this database's automated backups in; none with retention 0, for then it takes none. */
export function windowOf(database: {
  readonly window?: string;
  readonly retentionDays?: number;
}): BackupWindow | undefined {
  return database.retentionDays === 0 ? undefined : backupWindow(database.window);
}

/**
 * The deadline is the newest backup's own time plus `maxAgeHours`. A healthy daily backup drifts inside its window: where
 * that moment falls between the start of the database's own backup window and `graceHours` after its end, the deadline
 * moves to that end plus grace. Without automated backups (retention 0) no window applies, and the grace is simply added.
 * Where the window is not known, nothing is added.
 */
export function deadlineOf(
  newest: Date,
  database: { readonly window?: string; readonly retentionDays?: number },
  policy: Policy,
): Deadline {
  const due = addHours(newest, policy.maxAgeHours);
  if (database.retentionDays === 0) return { due, deadline: addHours(due, policy.graceHours) };
  const window = windowOf(database);
  if (window === undefined) return { due, deadline: due };
  // The window that opened last decides: with a grace of a day or more, earlier ones reach as far as `due`, too.
  const closes = addHours(lastWindow(window, due).end, policy.graceHours);
  return { due, deadline: closes.getTime() > due.getTime() ? closes : due };
}

/** What usually takes this long is waited for half as long again, but no longer than a day. */
const margin = 1.5;
const mostHours = 24;

/** Hours to wait for a backup that usually takes so many milliseconds. */
export function withMarginHours(usualMs: number): number {
  return Math.min(mostHours, (usualMs * margin) / hourMs);
}
