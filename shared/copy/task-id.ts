/** Names of export tasks and of the folders they write to: deterministic, distinct, and always valid. */
import { createHash } from 'node:crypto';
import type { CopyTarget } from '../config/fleet.ts';
import type { Backup } from '../model.ts';

/** RDS: begins with a letter, letters, digits and hyphens, no trailing or double hyphen, at most 60 characters. */
const longestTaskId = 60;
/** RDS: fewer than 60 characters, no colon, no trailing slash. */
const longestPrefix = 59;

/**
 * The export task of a snapshot's n-th attempt. The same for every run that tries it, so that RDS itself refuses a second
 * start. The creation time is part of it because a manual snapshot's name, and so its ARN, can be used again.
 */
export function exportTaskId(backup: Pick<Backup, 'arn' | 'id' | 'createdAt'>, attempt: number): string {
  const tail = `-${digest(`${backup.arn}|${backup.createdAt.toISOString()}`, 16)}-${attempt}`;
  const start = 'copy-';
  const room = longestTaskId - start.length - tail.length;
  const name = hyphenated(backup.id.replace(/^(rds|awsbackup):/, ''))
    .slice(0, room)
    .replace(/-+$/, '');
  return `${start}${name || 'snapshot'}${tail}`;
}

/** The folder of a backup's copy: `[<target's prefix>/]<database>/<YYYY-MM-DD>`, below which RDS makes one per task. */
export function exportPrefix(
  target: Pick<CopyTarget, 'prefix'>,
  backup: Pick<Backup, 'databaseId' | 'createdAt' | 'backupTime'>,
): string {
  const date = (backup.backupTime ?? backup.createdAt).toISOString().slice(0, 10);
  const parts = target.prefix.split('/').filter((part) => part !== '');
  if (parts.at(-1) !== backup.databaseId) parts.push(backup.databaseId);
  const folder = parts.join('/');
  return `${shortened(folder, longestPrefix - date.length - 1)}/${date}`;
}

/** Where the objects of a copy lie. */
export function copyFolder(copy: { readonly prefix: string; readonly taskId: string }): string {
  return `${copy.prefix}/${copy.taskId}/`;
}

/** Keeps a folder name as it is where S3 and RDS allow it; else its beginning, made distinct by a digest of the whole. */
function shortened(folder: string, room: number): string {
  const safe = folder.replace(/[^A-Za-z0-9!_.*'()/-]/g, '-');
  if (safe === folder && safe.length <= room) return safe;
  const tail = `-${digest(folder, 10)}`;
  return safe.slice(0, room - tail.length).replace(/\/+$/, '') + tail;
}

function hyphenated(text: string): string {
  return text.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+/, '');
}

function digest(text: string, characters: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, characters);
}
