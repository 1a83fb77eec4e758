/** Which backup of a database counts as its newest: by the moment that its data is from. */
import {
  type Backup,
  type BackupId,
  backupIdOf,
  type DatabaseRow,
  type NewestBackup,
  sameBackup,
} from '../domain/index.ts';

export function newestOf({
  id,
  createdAt,
  backupTime,
}: Pick<Backup, 'id' | 'createdAt' | 'backupTime'>): NewestBackup | undefined {
  return backupTime && { id, createdAt, time: backupTime };
}

export function newer(one: NewestBackup | undefined, other: NewestBackup | undefined): NewestBackup | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.time > one.time ? other : one;
}

/** Whether a row's newest backup is this one. */
export function isNewest({ key, newestBackup }: DatabaseRow, id: BackupId): boolean {
  return newestBackup !== undefined && sameBackup(backupIdOf({ database: key, ...newestBackup }), id);
}
