import type { Backup, DatabaseRow } from '../model.ts';
import { dayMs } from '../text.ts';
import { type Ledger, liveBackupId } from './ledger.ts';

/** A closed row is kept for this long even where its retention has passed, so that the closing can be seen. */
const leastDays = 7;

/** The row of what is over expires at the later of creation plus retention and seven days from now. */
export function expiryOf(created: Date, retentionDays: number, now: Date): Date {
  return new Date(Math.max(created.getTime() + retentionDays * dayMs, now.getTime() + leastDays * dayMs));
}

/** A database's row with the expiry of its alert, where that is resolved. */
export function withExpiry(row: DatabaseRow, retentionDays: number): DatabaseRow {
  const { alert } = row;
  if (alert?.resolved === undefined) return row;
  return { ...row, alert: { ...alert, expiresAt: expiryOf(alert.opened, retentionDays, alert.resolved) } };
}

/** Closes a backup's row: its snapshot is gone. */
export async function closeBackup(
  ledger: Ledger,
  backup: Backup,
  why: { readonly reason: string; readonly retentionDays: number },
  now: Date,
): Promise<void> {
  const expiresAt = expiryOf(backup.createdAt, why.retentionDays, now);
  let open: Backup | undefined = backup;
  while (open !== undefined && open.closed === undefined) {
    const written = await ledger.updateBackup({ ...open, closed: { at: now, reason: why.reason, expiresAt } });
    if (written === 'written') return;
    // Its copy moved on in between; the closing is to be added to what is there now.
    open = await ledger.backupByArn(backup.arn);
  }
}

/**
 * Takes back the closing of a row whose snapshot RDS has shown as available since `shownSince`. One that was closed later
 * stays closed: it was deleted after RDS had been listed.
 */
export async function reopenBackup(
  ledger: Ledger,
  backup: Pick<Backup, 'database' | 'createdAt' | 'id'>,
  shownSince: Date,
): Promise<void> {
  const [row] = await ledger.backups([{ database: backup.database, liveBackup: liveBackupId(backup) }]);
  if (row?.closed === undefined || row.closed.at >= shownSince) return;
  const { closed: _, ...open } = row;
  // Where somebody else writes it in between, the next sweep looks again.
  await ledger.updateBackup(open);
}
