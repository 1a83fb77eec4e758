/**
 * Taking copies to their next step, and notifying people of those that did not go well. The message goes out before the row
 * is written: rather twice than never.
 */
import { type Backup, backupIdOf, type Copy } from '../domain/index.ts';
import { type Ledger, updateBackup } from '../ledger/index.ts';
import { dayMs } from '../lib/time.ts';
import { tenantOf } from './fair.ts';
import { sameStep } from './transitions.ts';

/** A copy's next step, and whether people are notified of it. */
export interface CopyStep {
  /** The row that was read. */
  readonly backup: Backup;
  readonly to: Copy;
  readonly notify: boolean;
}

/** Publishes one message to a tenant's recipients about copies that failed, are incomplete, expired or are stuck. */
export type NotifyOfCopies = (tenant: string | undefined, backups: readonly Backup[], now: Date) => Promise<void>;

/** One cause that needs a person is notified once in this time, however many copies it fails. */
const notifyAgainAfterMs = dayMs;
/** Copies of backups up to this old are searched for what people were notified of. */
const lookBackMs = 7 * dayMs;

/** Rows as they were written, without those that somebody else took further in between; and what failed. */
export interface Applied {
  readonly written: readonly Backup[];
  readonly errors: readonly unknown[];
}

/**
 * Takes copies to their next step: one message a tenant for those that people are notified of, then the rows. A message that
 * could not be sent leaves its rows as they were, so that the next run sends it.
 */
export async function applySteps(
  deps: { readonly ledger: Ledger; readonly notify: NotifyOfCopies },
  steps: readonly CopyStep[],
  now: Date,
): Promise<Applied> {
  const written: Backup[] = [];
  const errors: unknown[] = [];
  const write = async ({ backup, to }: CopyStep, notifiedAt?: Date) => {
    const copy = notifiedAt ? { ...to, notifiedAt } : to;
    try {
      const row = await updateBackup(deps.ledger, backupIdOf(backup), (current) =>
        sameStep(current.copy, backup.copy) ? { ...current, copy } : undefined,
      );
      if (row) written.push(row);
    } catch (error) {
      errors.push(error);
    }
  };
  const byTenant = new Map<string, CopyStep[]>();
  for (const step of steps) {
    if (!step.notify) await write(step);
    else byTenant.set(tenantOf(step.backup), [...(byTenant.get(tenantOf(step.backup)) ?? []), step]);
  }
  for (const [tenant, ofTenant] of byTenant) {
    try {
      const known = await notifiedBefore(deps.ledger, tenant, ofTenant, now);
      const knownSince = ({ to }: CopyStep) => (to.permanent && to.cause ? known.get(to.cause.code) : undefined);
      const news = ofTenant.filter((step) => knownSince(step) === undefined);
      if (news.length > 0) {
        await deps.notify(
          news[0]?.backup.tenant,
          news.map(({ backup, to }) => ({ ...backup, copy: to })),
          now,
        );
      }
      for (const step of ofTenant) await write(step, knownSince(step) ?? now);
    } catch (error) {
      errors.push(error);
    }
  }
  return { written, errors };
}

/** Causes that need a person, of which this tenant was notified in the last day: code to time. */
async function notifiedBefore(
  ledger: Ledger,
  tenant: string,
  steps: readonly CopyStep[],
  now: Date,
): Promise<Map<string, Date>> {
  const known = new Map<string, Date>();
  const codes = new Set<string>(steps.flatMap(({ to }) => (to.permanent && to.cause ? [to.cause.code] : [])));
  if (codes.size === 0) return known;
  for await (const { copy } of ledger.backupsOfTenant(tenant, { from: new Date(now.getTime() - lookBackMs) })) {
    if (!copy.permanent || !copy.notifiedAt || !copy.cause || !codes.has(copy.cause.code)) continue;
    if (now.getTime() - copy.notifiedAt.getTime() < notifyAgainAfterMs) known.set(copy.cause.code, copy.notifiedAt);
  }
  return known;
}
