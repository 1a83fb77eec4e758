/** Names of export tasks and of the folders they write to: deterministic, distinct, and always valid. */
import { createHash } from 'node:crypto';
import type { ConfiguredDatabase } from '../config/index.ts';
import { type Backup, backupIdOf, formatBackupId } from '../domain/index.ts';

/** RDS: begins with a letter, letters, digits and hyphens, no trailing or double hyphen, at most 60 characters. */
const longestTaskId = 60;
/** RDS: fewer than 60 characters, no colon, no trailing slash. */
const longestPrefix = 59;

/**
 * The export task of a backup's n-th attempt, e.g. `copy-2026-11-23-orders-5d41402abc4b2a76-1`. The same for every run
 * that tries it, so that RDS itself refuses a second start. The digest of the backup's identity makes it distinct whatever
 * the names, and whatever other snapshot had this one's name.
 */
export function exportTaskId(backup: Named, attempt: number): string {
  return nameOf(backup, String(attempt));
}

/**
 * The folder of a backup's native dump, e.g. `copy-2026-11-23-orders-5d41402abc4b2a76-dump`. The same for every attempt, so that
 * what an earlier one left is found, and no second copy lies beside the first.
 */
export function dumpFolder(backup: Named): string {
  return nameOf(backup, 'dump');
}

type Named = Pick<Backup, 'database' | 'id' | 'createdAt' | 'databaseId'>;

function nameOf(backup: Named, end: string): string {
  const start = `copy-${backup.createdAt.toISOString().slice(0, 10)}-`;
  const tail = `-${digest(formatBackupId(backupIdOf(backup)), 16)}-${end}`;
  const name = backup.databaseId.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-/, '');
  const cut = name.slice(0, longestTaskId - start.length - tail.length).replace(/-$/, '');
  return `${start}${cut || 'database'}${tail}`;
}

/**
 * The folder of a database's copies, below which RDS makes one for each task: the target's prefix (which in a bucket of
 * many is the database's own), or the id that the configuration has for it in a bucket of its own.
 */
export function exportPrefix({
  target,
  id,
}: {
  readonly target: Pick<ConfiguredDatabase['target'], 'prefix'>;
  readonly id: string;
}): string {
  const folder = target.prefix || id;
  const safe = folder.replace(/[^A-Za-z0-9!_.'()=+@/-]/g, '-').replace(/\/+$/, '');
  if (safe === folder && safe.length <= longestPrefix) return safe;
  const tail = `-${digest(folder, 10)}`;
  return safe.slice(0, longestPrefix - tail.length).replace(/\/+$/, '') + tail;
}

/** Where the objects of a copy lie. */
export function copyFolder(copy: { readonly prefix: string; readonly taskId: string }): string {
  return `${copy.prefix}/${copy.taskId}/`;
}

function digest(text: string, characters: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, characters);
}
