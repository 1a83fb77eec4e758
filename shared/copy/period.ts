import type { CopySchedule } from '../config/fleet.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Backup } from '../model.ts';
import { periodOf } from './wanted.ts';

/** The other backups in the ledger of a backup's database and period; none where every backup is copied. */
export async function othersInPeriod(
  ledger: Ledger,
  backup: Pick<Backup, 'arn' | 'database' | 'createdAt' | 'backupTime'>,
  schedule: CopySchedule,
): Promise<Backup[]> {
  const period = periodOf(schedule, backup.backupTime ?? backup.createdAt);
  if (period === undefined) return [];
  const others: Backup[] = [];
  for await (const other of ledger.backupsOfDatabase(backup.database, period)) {
    if (other.arn !== backup.arn) others.push(other);
  }
  return others;
}
