/** Taking copies to their next step. Whether people are to be notified of one stands on its row before they are: see `notices.ts`. */
import type { Fleet } from '../config/index.ts';
import { type Backup, backupIdOf, type Copy, type CopyScope, isOneOf } from '../domain/index.ts';
import { type Ledger, updateBackup } from '../ledger/index.ts';
import type { Pauses, Places } from './pauses.ts';
import { queueNextInPeriod } from './period.ts';
import { sameStep } from './transitions.ts';

/** A copy's next step. */
export interface CopyStep {
  /** The row that was read. */
  readonly backup: Backup;
  readonly to: Copy;
  /** Whether people are to be notified of it, unless a pause is why: of that operators are. */
  readonly notify: boolean;
  /** The fault of set-up that it failed by, and when. */
  readonly fault?: { readonly scope: CopyScope; readonly at: Date };
  /** Places that are as they should be: a copy went there. */
  readonly proves?: Places;
}

/** Rows as they were written, without those that somebody else took further in between; and what failed. */
export interface Applied {
  readonly written: readonly Backup[];
  readonly errors: readonly unknown[];
}

/** Takes copies to their next step; one that cannot be written holds up no other. */
export async function applySteps(
  { ledger, pauses, fleet }: { readonly ledger: Ledger; readonly pauses: Pauses; readonly fleet: Fleet },
  steps: readonly CopyStep[],
  now: Date,
): Promise<Applied> {
  const written: Backup[] = [];
  const errors: unknown[] = [];
  for (const { backup, to, fault } of steps) {
    if (fault === undefined || to.cause === undefined) continue;
    await pauses.met(fault, to.cause, backup.database).catch((error: unknown) => errors.push(error));
  }
  for (const { backup, to, notify, fault, proves } of steps) {
    const tells = notify && !(fault && pauses.isPaused(fault.scope));
    const copy = tells ? { ...to, pendingSince: now } : to;
    try {
      // Before its end is written: a run that crashes in between does both again.
      if (comesToNothing(to)) await queueNextInPeriod({ ledger, fleet }, backup, now);
      const row = await updateBackup(ledger, backupIdOf(backup), (current) =>
        sameStep(current.copy, backup.copy) ? { ...current, copy } : undefined,
      );
      if (row) written.push(row);
      if (proves) await pauses.proved(proves);
    } catch (error) {
      errors.push(error);
    }
  }
  return { written, errors };
}

/** Whether a copy ended without serving its period, which another backup of it may. */
function comesToNothing({ state, cause }: Copy): boolean {
  return (
    state === 'failed' || (state === 'skipped' && isOneOf(['snapshot-expired', 'snapshot-replaced'], cause?.code ?? ''))
  );
}
