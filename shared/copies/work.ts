/** One pass over the copies: what runs is followed to its end, and what waits takes the slots that are free. */
import type { Backup, BackupId } from '../domain/index.ts';
import { type FollowReport, followCopies } from './follow-exports.ts';
import { type CopyDeps, type RunReport, runCopies } from './run-queue.ts';

/** What triggered a pass; nothing: a periodic one. */
export interface CopyTrigger {
  /** Backups whose copy entered the queue, or ended, as the table's stream names them. */
  readonly backups?: readonly BackupId[];
  /** ARNs of snapshots of which RDS announced an export's end. */
  readonly exportsEnded?: readonly string[];
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
export async function workOnCopies(deps: CopyDeps, now: Date, trigger: CopyTrigger = {}): Promise<WorkReport> {
  const following = await followCopies(deps, now, trigger.exportsEnded).then(
    (followed) => ({ followed }),
    (error: unknown) => ({ error }),
  );
  const run = await runCopies(deps, now, trigger.backups);
  if (!('followed' in following)) throw following.error;
  const { followed } = following;
  return { followed, run, ended: [...followed.ended, ...run.ended] };
}
