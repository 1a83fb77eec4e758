/** Names of export tasks and of the folders they write to: deterministic, distinct, and always valid. */
import { createHash } from 'node:crypto';
import type { CopyTarget } from '../config/fleet.ts';
import type { Backup } from '../model.ts';

/** RDS: begins with a letter, letters, digits and hyphens, no trailing or double hyphen, at most 60 characters. */
const longestTaskId = 60;
/** RDS: fewer than 60 characters, no colon, no trailing slash. */
const longestPrefix = 59;

/**
 * The export task of a snapshot's n-th attempt, e.g. `copy-2026-11-23-orders-5d41402abc4b2a76-1`. The same for every run
 * that tries it, so that RDS itself refuses a second start. The digest makes it distinct whatever the names; the creation
 * time is part of it because a manual snapshot's name, and so its ARN, can be used again.
 */
export function exportTaskId(backup: Pick<Backup, 'arn' | 'databaseId' | 'createdAt'>, attempt: number): string {
  const created = backup.createdAt.toISOString();
  const start = `copy-${created.slice(0, 10)}-`;
  const tail = `-${digest(`${backup.arn}|${created}`, 16)}-${attempt}`;
  const name = backup.databaseId.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+/, '');
  const cut = name.slice(0, longestTaskId - start.length - tail.length).replace(/-+$/, '');
  return `${start}${cut || 'database'}${tail}`;
}

/**
 * The folder of a database's copies, below which RDS makes one for each task: the target's prefix (which in a bucket of
 * many is the database's own), or the database's id in a bucket of its own.
 */
export function exportPrefix(target: Pick<CopyTarget, 'prefix'>, backup: Pick<Backup, 'databaseId'>): string {
  const folder = target.prefix || backup.databaseId;
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
