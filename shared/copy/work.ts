/** One pass over the copies: what runs is followed to its end, and what waits takes the slots that are free. */
import type { Backup } from '../model.ts';
import { type FollowReport, followCopies } from './follow.ts';
import { type BackupId, type CopyDeps, type RunReport, runCopies } from './run.ts';

/** What a pass was woken by; nothing: a periodic one. */
export interface WakeUp {
  /** Rows that entered the queue, or whose copy ended, as the table's stream names them. */
  readonly rows?: readonly BackupId[];
  /** Snapshots of which RDS announced an export's end. */
  readonly snapshots?: readonly string[];
}

export interface WorkReport {
  readonly followed: FollowReport;
  readonly run: RunReport;
  /** Copies that came to their end in this pass, as they were written. */
  readonly ended: readonly Backup[];
}

/**
 * Follows and starts copies. A copy that cannot be followed holds up no other: what is free is started first, then the
 * error climbs, so that the pass comes again and an alarm rings.
 */
export async function workOnCopies(deps: CopyDeps, now: Date, wake: WakeUp = {}): Promise<WorkReport> {
  const following = await followCopies(deps, now, wake.snapshots).then(
    (followed) => ({ followed }),
    (error: unknown) => ({ error }),
  );
  const run = await runCopies(deps, now, wake.rows);
  if (!('followed' in following)) throw following.error;
  const { followed } = following;
  return { followed, run, ended: [...followed.ended, ...run.ended] };
}
