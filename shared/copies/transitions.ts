/** Steps of a copy from one state to the next, as the ledger's rows take them. */
import type { Fleet } from '../config/index.ts';
import {
  type Backup,
  backupIdOf,
  type Copy,
  type CopyCause,
  copySchema,
  type DatabaseRow,
  type EndedCopyState,
  formatBackupId,
  isEnded,
  isOneOf,
  laterFields,
} from '../domain/index.ts';
import { copiedBy } from '../ownership.ts';
import { notExportable } from './copy-policy.ts';

/** The modes in which this version makes copies; one of a later version is left to it. */
export const modesMade = ['export', 'object'] as const;

export type ModeMade = (typeof modesMade)[number];

/** Whether a copy waits to be started by this version. */
export function isWaiting({ copy: { mode, state } }: Pick<Backup, 'copy'>): boolean {
  return state === 'queued' && isOneOf(modesMade, mode);
}

/** Names a backup's row in sets and maps: a snapshot's ARN may name several over time. */
export function keyOf(row: Pick<Backup, 'database' | 'createdAt' | 'id'>): string {
  return formatBackupId(backupIdOf(row));
}

/** Whether a row still is in the state, and at the attempt, that a decision was made for. */
export function sameStep(copy: Copy, decidedFor: Copy): boolean {
  return copy.state === decidedFor.state && copy.attempt === decidedFor.attempt;
}

/**
 * Into the queue, for the first time or anew; what an earlier try left behind is dropped, but for the dump that it began to copy,
 * which the next one takes up, and not that people are, or are to be, notified of its waiting.
 */
export function queued(copy: Copy, wait: { readonly until?: Date; readonly cause?: CopyCause } = {}): Copy {
  return {
    ...laterFields(copySchema, copy),
    mode: copy.mode,
    state: 'queued',
    attempt: copy.attempt,
    ...(copy.queuedAt && { queuedAt: copy.queuedAt }),
    ...(copy.setupFailures !== undefined && { setupFailures: copy.setupFailures }),
    ...(copy.pendingSince && { pendingSince: copy.pendingSince }),
    ...(copy.notifiedAt && { notifiedAt: copy.notifiedAt }),
    ...(copy.source && { source: copy.source }),
    ...(wait.until && { notBefore: wait.until }),
    ...(wait.cause && { cause: wait.cause }),
  };
}

/** Under way, since a moment. A notification about its waiting is none about this. */
export function begun(copy: Copy, startedAt: Date): Copy {
  const { notifiedAt, pendingSince, ...rest } = copy;
  return { ...rest, state: 'running', startedAt };
}

/** Into an end. A notification about an earlier state (being stuck) is none about this end. */
export function ended(
  copy: Copy,
  state: EndedCopyState,
  at: Date,
  facts: Partial<Pick<Copy, 'bytes' | 'objects' | 'percent' | 'folders' | 'cause' | 'permanent'>> = {},
): Copy {
  const { notBefore, notifiedAt, pendingSince, cause, permanent, ...rest } = copy;
  return { ...rest, state, endedAt: at, ...facts };
}

/** Whether a copy waits for a fault of set-up to be put right. */
export function isHeld({ state, setupFailures = 0 }: Copy): boolean {
  return state === 'queued' && setupFailures > 0;
}

/**
 * A copy that ended, or was never wanted, back into the queue by a person's wish, as its next attempt; one that waits for a
 * fault of set-up to be put right waits no longer. Undefined for one that is queued or under way already, or in a state of a
 * later version.
 */
export function retried(copy: Copy, mode: ModeMade, now: Date): Copy | undefined {
  if (isHeld(copy)) {
    const { notBefore, setupFailures, pendingSince, notifiedAt, cause, ...rest } = copy;
    return rest;
  }
  if (copy.state !== 'none' && !isEnded(copy.state)) return undefined;
  return { ...laterFields(copySchema, copy), mode, state: 'queued', attempt: copy.attempt + 1, queuedAt: now };
}

/**
 * How a copy is made that a person asks for: as it was tried before, else as the configuration has it. Or why it cannot be
 * made: the copy function would skip it for the same cause. `row` is that of the backup's database.
 */
export function retryMode(
  fleet: Fleet,
  backup: Backup,
  row: DatabaseRow | undefined,
): { readonly mode: ModeMade } | { readonly cause: CopyCause } {
  const found = copiedBy(fleet, backup, row);
  if ('cause' in found) return found;
  const { copySkipped, copy } = found.configured;
  if (copySkipped) return { cause: copySkipped };
  const { mode: tried } = backup.copy;
  const mode = isOneOf(modesMade, tried) ? tried : copy.mode === 'object' ? 'object' : 'export';
  if (mode === 'object') return copy.staging ? { mode } : { cause: { code: 'staging-not-configured', facts: {} } };
  const cause = notExportable(backup, found.configured);
  return cause ? { cause } : { mode };
}
