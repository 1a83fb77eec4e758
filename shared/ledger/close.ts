/** What is over: closed backups, resolved alerts, and until when their rows are kept. */
import { type Alert, type Backup, type BackupId, backupIdOf, type Closing } from '../domain/index.ts';
import { dayMs } from '../lib/time.ts';
import type { Ledger } from './ledger.ts';
import { updateBackup } from './update.ts';

/** A closed row is kept for this long even where its retention has passed, so that the closing can be seen. */
const leastDays = 7;

/** The row of what is over expires at the later of creation plus retention and seven days from now. */
export function expiryOf(created: Date, retentionDays: number, now: Date): Date {
  return new Date(Math.max(created.getTime() + retentionDays * dayMs, now.getTime() + leastDays * dayMs));
}

/** An alert with its expiry, where it is resolved. */
export function withExpiry(alert: Alert, retentionDays: number): Alert {
  if (alert.resolved === undefined) return alert;
  return { ...alert, expiresAt: expiryOf(alert.opened, retentionDays, alert.resolved) };
}

/** Closes a backup's row: its snapshot is gone. Does nothing where the row is closed or gone. */
export async function closeBackup(
  ledger: Ledger,
  backup: Backup,
  why: { readonly cause: Closing; readonly retentionDays: number },
  now: Date,
): Promise<void> {
  const { cause, retentionDays } = why;
  const close = (row: Backup) =>
    row.closed === undefined
      ? { ...row, closed: { at: now, cause, expiresAt: expiryOf(row.createdAt, retentionDays, now) } }
      : undefined;
  await updateBackup(ledger, backupIdOf(backup), close, backup);
}

/**
 * Takes back the closing of a row whose snapshot RDS has shown as available since `shownSince`. One that was closed later
 * stays closed: it was deleted after RDS had been listed.
 */
export async function reopenBackup(ledger: Ledger, id: BackupId, shownSince: Date): Promise<void> {
  await updateBackup(ledger, id, (row) => {
    if (row.closed === undefined || row.closed.at >= shownSince) return undefined;
    const { closed: _, ...open } = row;
    return open;
  });
}
