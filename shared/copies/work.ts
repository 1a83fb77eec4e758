/** One pass over the copies: what runs is followed to its end, and what waits takes the slots that are free. */
import { uniqWith } from 'es-toolkit/array';
import type { Backup, BackupId } from '../domain/index.ts';
import { errorText } from '../lib/errors.ts';
import { type FollowReport, followCopies } from './follow-exports.ts';
import { sendNotices } from './notices.ts';
import { Pauses } from './pauses.ts';
import { type CopyDeps, copiesPaused, type RunReport, runCopies } from './run-queue.ts';

/** What a pass is given; it reads the pauses itself. */
export type WorkDeps = Omit<CopyDeps, 'pauses'>;

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
  /** What was left out. The pass has failed then, and is to come again. */
  readonly errors: readonly unknown[];
}

/**
 * Follows and starts copies. A copy that cannot be followed holds up no other, nor does an RDS that does not say what runs:
 * what is free is started.
 */
export async function workOnCopies(given: WorkDeps, now: Date, trigger: CopyTrigger = {}): Promise<WorkReport> {
  const unreadable: unknown[] = [];
  const lists = given.ledger.leavingOut((row) => unreadable.push(row));
  const deps: CopyDeps = { ...given, pauses: await Pauses.of(lists, given.fleet) };
  const followed = await followCopies(deps, now, trigger.exportsEnded).catch((error: unknown): FollowReport => {
    return { ended: [], retried: 0, running: 0, stuck: 0, met: [], errors: [error] };
  });
  const run = await runCopies(deps, now, trigger.backups).catch((error: unknown): RunReport => {
    return { lease: 'not asked', started: 0, ended: [], met: [], errors: [error] };
  });
  const gathers =
    trigger.exportsEnded !== undefined && followed.ended.some(({ copy }) => copy.pendingSince !== undefined);
  const periodic = trigger.backups === undefined && trigger.exportsEnded === undefined;
  const unsent = await sendNotices(deps, [...followed.met, ...run.met], { gathers, periodic }, (pause) =>
    copiesPaused(deps, pause),
  ).catch((error: unknown) => [error]);
  return {
    followed,
    run,
    ended: [...followed.ended, ...run.ended],
    errors: uniqWith([...unreadable, ...followed.errors, ...run.errors, ...unsent], isSame),
  };
}

/** Following and starting meet the same rows. */
function isSame(one: unknown, other: unknown): boolean {
  return errorText(one) === errorText(other);
}
