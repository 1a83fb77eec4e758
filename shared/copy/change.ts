/** Steps of a copy from one state to the next, as the ledger's rows take them. */
import { type Ledger, liveBackupId } from '../ledger/ledger.ts';
import type { Backup, Copy } from '../model.ts';

/** Writers of one backup's row meet rarely; as many in a row as this means that something is wrong. */
const maxConflicts = 10;

/**
 * Changes a backup's copy: reads the row, applies `change`, writes, and does so again where somebody else wrote in between.
 * Returns the row as written, or undefined where it is gone or `change` (answering undefined) found nothing to do.
 */
export async function changeCopy(
  ledger: Ledger,
  backup: Pick<Backup, 'database' | 'createdAt' | 'id'>,
  change: (copy: Copy, row: Backup) => Copy | undefined,
): Promise<Backup | undefined> {
  for (let conflicts = 0; conflicts < maxConflicts; conflicts += 1) {
    const row = await readBackup(ledger, backup);
    const copy = row && change(row.copy, row);
    if (row === undefined || copy === undefined) return undefined;
    const changed = { ...row, copy };
    if ((await ledger.updateBackup(changed)) === 'written') return changed;
  }
  throw new Error(`the copy of ${backup.id} was changed by others ${maxConflicts} times in a row`);
}

/** The row as it is now, strongly consistent. */
export async function readBackup(
  ledger: Ledger,
  backup: Pick<Backup, 'database' | 'createdAt' | 'id'>,
): Promise<Backup | undefined> {
  const [row] = await ledger.backups([{ database: backup.database, liveBackup: liveBackupId(backup) }]);
  return row;
}

/** Whether a row still is in the state, and at the attempt, that a decision was made for. */
export function sameStep(copy: Copy, decidedFor: Copy): boolean {
  return copy.state === decidedFor.state && copy.attempt === decidedFor.attempt;
}

/** Into the queue, for the first time or anew; what an earlier try left behind is dropped. */
export function queued(copy: Copy, wait: { readonly until?: Date; readonly reason?: string } = {}): Copy {
  return {
    mode: copy.mode,
    state: 'queued',
    attempt: copy.attempt,
    ...(copy.queuedAt && { queuedAt: copy.queuedAt }),
    ...(wait.until && { notBefore: wait.until }),
    ...(wait.reason && { reason: wait.reason }),
  };
}

/** Into an end. What was told of an earlier state (being stuck) is not this end's telling. */
export function ended(
  copy: Copy,
  state: 'complete' | 'incomplete' | 'failed' | 'skipped' | 'cancelled',
  at: Date,
  facts: Partial<Pick<Copy, 'bytes' | 'objects' | 'percent' | 'reason' | 'permanent'>> = {},
): Copy {
  const { notBefore, toldAt, reason, permanent, ...rest } = copy;
  return { ...rest, state, endedAt: at, ...facts };
}

/**
 * A copy that ended, or was never wanted, back into the queue by a person's wish, as its next attempt.
 * Undefined for one that is queued or under way already.
 */
export function retried(copy: Copy, mode: 'export' | 'object', now: Date): Copy | undefined {
  if (copy.state === 'queued' || copy.state === 'starting' || copy.state === 'running') return undefined;
  return { mode, state: 'queued', attempt: copy.attempt + 1, queuedAt: now };
}
