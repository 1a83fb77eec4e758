import type { Backup } from '../model.ts';
import { dayMs } from '../text.ts';
import { type Ledger, liveBackupId } from './ledger.ts';

/** A closed row is kept for this long even where its retention has passed, so that the closing can be seen. */
const leastDays = 7;

/** Closes a backup's row: its snapshot is gone. It expires at the later of creation plus retention and seven days from now. */
export async function closeBackup(
  ledger: Ledger,
  backup: Backup,
  why: { readonly reason: string; readonly retentionDays: number },
  now: Date,
): Promise<void> {
  const expiresAt = new Date(
    Math.max(backup.createdAt.getTime() + why.retentionDays * dayMs, now.getTime() + leastDays * dayMs),
  );
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
