/** Copies that failed, or wait after a failure, and that a person wants to have tried again: which ones, whether each can be, and queueing them. */
import pMap from 'p-map';
import type { Fleet } from '../shared/config/index.ts';
import { isHeld, type ModeMade, retried, retryMode } from '../shared/copies/index.ts';
import {
  type Backup,
  backupIdOf,
  copyCauses,
  type DatabaseRow,
  databaseOfShare,
  type Environment,
} from '../shared/domain/index.ts';
import { type Ledger, updateBackup } from '../shared/ledger/index.ts';
import { errorText } from '../shared/lib/errors.ts';
import { collect } from '../shared/lib/iterables.ts';
import { copiedBy } from '../shared/ownership.ts';
import { isOfShare, type ShareRow, sharesIn } from '../shared/read-model/index.ts';
import { copySentenceOf } from '../shared/reasons/index.ts';
import { didYouMean } from './nearest.ts';
import { UserError } from './user-error.ts';

/** What a failed copy must have to be selected; without any, all are. */
export interface Selection {
  /** Code of the cause of its failure. */
  readonly cause?: string;
  /** Whose backup it is of, alone or with others. */
  readonly tenant?: string;
  /** A bucket that it failed with, or goes to. */
  readonly bucket?: string;
}

export interface RefusedRetry {
  readonly backup: Backup;
  /** A clause without a full stop. */
  readonly reason: string;
}

export interface RetryPlan {
  readonly possible: readonly { readonly backup: Backup; readonly mode: ModeMade }[];
  readonly refused: readonly RefusedRetry[];
}

/**
 * What would become of the copies of a selection, in whatever environment, that failed, or wait for a fault of set-up to be put right; the oldest backup
 * first. Nothing is written.
 */
export async function planRetry(ledger: Ledger, fleet: Fleet, selection: Selection, now: Date): Promise<RetryPlan> {
  const failedIn = async (environment: Environment) => {
    const queue = await collect(ledger.copies(environment, 'queued'));
    return [...(await collect(ledger.copies(environment, 'failed'))), ...queue.filter(({ copy }) => isHeld(copy))];
  };
  const failed = (await pMap(fleet.environments, failedIn, { concurrency: 8 })).flat();
  requireKnownCause(selection.cause, failed);
  const keys = [...new Set(failed.map(({ database }) => database))];
  const rows = new Map((await ledger.databases(keys)).map((row) => [row.key, row]));
  const { tenant } = selection;
  const shares = new Map<string, ShareRow>(
    (tenant === undefined ? [] : await sharesIn(ledger, keys, tenant)).map((row) => [databaseOfShare(row.key), row]),
  );
  const isTheirs = (backup: Backup) => {
    const share = shares.get(backup.database);
    return tenant === undefined || backup.tenant === tenant || (share !== undefined && isOfShare(share, backup));
  };
  const selected = failed
    .filter((backup) => isTheirs(backup) && isSelected(selection, fleet, backup, rows.get(backup.database)))
    .sort((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
  const possible: RetryPlan['possible'][number][] = [];
  const refused: RefusedRetry[] = [];
  for (const backup of selected) {
    const request = retryRequest(fleet, backup, rows.get(backup.database), now);
    if ('reason' in request) refused.push({ backup, reason: request.reason });
    else possible.push({ backup, mode: request.mode });
  }
  return { possible, refused };
}

/** Queues the copies of a plan. What somebody else changed meanwhile is left alone; one that fails stops no other. */
export async function queuePlanned(
  ledger: Ledger,
  { possible }: RetryPlan,
  now: Date,
): Promise<{ readonly queued: readonly Backup[]; readonly refused: readonly RefusedRetry[]; readonly errors: number }> {
  const queued: Backup[] = [];
  const refused: RefusedRetry[] = [];
  let errors = 0;
  const queue = async ({ backup, mode }: RetryPlan['possible'][number]) => {
    try {
      // Entering the queue is what triggers the function that copies, by the table's stream.
      return await updateBackup(ledger, backupIdOf(backup), (fresh) => {
        const isMeant = fresh.copy.state === 'failed' || isHeld(fresh.copy);
        const copy = isMeant ? retried(fresh.copy, mode, now) : undefined;
        return copy && { ...fresh, copy };
      });
    } catch (error) {
      errors += 1;
      return errorText(error);
    }
  };
  const results = await pMap(possible, queue, { concurrency: 8 });
  for (const [index, { backup }] of possible.entries()) {
    const result = results[index];
    if (typeof result === 'string') refused.push({ backup, reason: result });
    else if (result) queued.push(result);
    else refused.push({ backup, reason: 'somebody else changed it meanwhile: it no longer waits for anybody' });
  }
  return { queued, refused, errors };
}

/** How a copy would be made again, or why it cannot be: the copy function would skip it for the same reason. */
export function retryRequest(
  fleet: Fleet,
  backup: Backup,
  row: DatabaseRow | undefined,
  now: Date,
): { readonly mode: ModeMade } | { readonly reason: string } {
  if (backup.closed) return { reason: 'RDS no longer has the snapshot: there is nothing left to copy' };
  const request = retryMode(fleet, backup, row);
  return 'cause' in request ? { reason: copySentenceOf(request.cause, { now, audience: 'operators' }) } : request;
}

function isSelected({ cause, bucket }: Selection, fleet: Fleet, backup: Backup, row: DatabaseRow | undefined): boolean {
  return (
    (cause === undefined || backup.copy.cause?.code === cause) &&
    (bucket === undefined || bucketsOf(fleet, backup, row).includes(bucket))
  );
}

/** The buckets that a failed copy went to or came from, as its row and its cause say, and the one that it would go to now. */
function bucketsOf(fleet: Fleet, { copy, ...backup }: Backup, row: DatabaseRow | undefined): readonly unknown[] {
  const facts: Readonly<Record<string, unknown>> = copy.cause?.facts ?? {};
  const found = copiedBy(fleet, backup, row);
  const target = 'configured' in found ? [found.configured.target.bucket] : [];
  return [copy.bucket, facts.bucket, facts.from, facts.to, ...target];
}

/** A mistyped code would select nothing, and read as if nothing had failed. */
function requireKnownCause(code: string | undefined, failed: readonly Backup[]): void {
  if (code === undefined || Object.hasOwn(copyCauses, code)) return;
  const seen: readonly string[] = failed.flatMap(({ copy }) => copy.cause?.code ?? []);
  if (seen.includes(code)) return;
  throw new UserError(`No copy can fail with "${code}".${didYouMean(code, [...seen, ...Object.keys(copyCauses)])}`);
}
