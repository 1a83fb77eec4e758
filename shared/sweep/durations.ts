/** How long backups of a database usually take, by what the ledger knows of those before. Pure. */
import { median } from 'es-toolkit/math';
import type { Backup, BackupKind } from '../domain/index.ts';
import { eventMeanings } from '../rds/index.ts';

/** Fewer say nothing of the next one. */
const leastBackups = 3;

/** Backups that are looked at, the newest ones. */
export const mostDurations = 20;

/**
 * The median of the times from creation to the event of completion, in milliseconds, by kind. A backup whose event was lost says
 * nothing: when a sweep noticed it is not when it was complete.
 */
export function usualDurations(backups: readonly Backup[]): ReadonlyMap<BackupKind, number> {
  const durations = new Map<BackupKind, number[]>();
  for (const { kind, createdAt, event, learnedFrom } of backups) {
    const isComplete = event && (eventMeanings as Record<string, string>)[event.id] === 'backup';
    if (!isComplete || learnedFrom !== 'event') continue;
    const duration = event.time.getTime() - createdAt.getTime();
    if (duration >= 0) durations.set(kind, [...(durations.get(kind) ?? []), duration]);
  }
  return new Map(
    [...durations].flatMap(([kind, some]) => (some.length < leastBackups ? [] : [[kind, median(some)] as const])),
  );
}
