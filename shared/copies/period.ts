import type { CopySchedule } from '../config/index.ts';
import { type Backup, backupIdOf, sameBackup } from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { periodOf } from './copy-policy.ts';

/** The other backups in the ledger of a backup's database and period; none where every backup is copied. */
export async function othersInPeriod(
  ledger: Ledger,
  backup: Pick<Backup, 'id' | 'database' | 'createdAt' | 'backupTime'>,
  schedule: CopySchedule,
): Promise<Backup[]> {
  const period = periodOf(schedule, backup.backupTime ?? backup.createdAt);
  if (period === undefined) return [];
  const others: Backup[] = [];
  for await (const other of ledger.backupsOfDatabase(backup.database, period)) {
    if (!sameBackup(backupIdOf(other), backupIdOf(backup))) others.push(other);
  }
  return others;
}
