/** Telling people of copies that did not go well. Whatever is told is told before it is written: rather twice than never. */
import type { Ledger } from '../ledger/ledger.ts';
import type { Backup, Copy } from '../model.ts';
import { dayMs } from '../text.ts';
import { changeCopy, sameStep } from './change.ts';
import { tenantOf } from './fair.ts';

/** A copy's next step, and whether people are told of it. */
export interface CopyStep {
  /** The row that was read. */
  readonly backup: Backup;
  readonly to: Copy;
  readonly tell: boolean;
}

/** Publishes one message to a tenant's recipients about copies that failed, are incomplete, expired or are stuck. */
export type TellCopies = (tenant: string | undefined, backups: readonly Backup[], now: Date) => Promise<void>;

/** The same missing permission is told once in this time, however many copies it fails. */
const tellAgainAfterMs = dayMs;
/** Copies of backups up to this old are looked through for what was told before. */
const lookBackMs = 7 * dayMs;

/**
 * Takes copies to their next step: one message a tenant for those that are told, then the rows. A message that could not be
 * sent leaves its rows as they were, so that the next run tells; its error is thrown once all the rest is done.
 * Returns the rows as written, without those that somebody else took further in between.
 */
export async function settle(
  deps: { readonly ledger: Ledger; readonly tell: TellCopies },
  steps: readonly CopyStep[],
  now: Date,
): Promise<Backup[]> {
  const written: Backup[] = [];
  const write = async (step: CopyStep, toldAt?: Date) => {
    const to = toldAt ? { ...step.to, toldAt } : step.to;
    const row = await changeCopy(deps.ledger, step.backup, (copy) =>
      sameStep(copy, step.backup.copy) ? to : undefined,
    );
    if (row) written.push(row);
  };
  const byTenant = new Map<string, CopyStep[]>();
  for (const step of steps) {
    if (!step.tell) await write(step);
    else byTenant.set(tenantOf(step.backup), [...(byTenant.get(tenantOf(step.backup)) ?? []), step]);
  }
  const errors: unknown[] = [];
  for (const [tenant, told] of byTenant) {
    try {
      const known = await toldBefore(deps.ledger, tenant, told, now);
      const news = told.filter(({ to }) => !known.has(to.reason ?? ''));
      if (news.length > 0) {
        await deps.tell(
          news[0]?.backup.tenant,
          news.map(({ backup, to }) => ({ ...backup, copy: to })),
          now,
        );
      }
      for (const step of told) await write(step, known.get(step.to.reason ?? '') ?? now);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} tenants could not be told of their copies`);
  return written;
}

/** Causes that need a person, of which this tenant was told lately: reason to time. */
async function toldBefore(
  ledger: Ledger,
  tenant: string,
  steps: readonly CopyStep[],
  now: Date,
): Promise<Map<string, Date>> {
  const known = new Map<string, Date>();
  const causes = new Set(steps.flatMap(({ to }) => (to.permanent && to.reason ? [to.reason] : [])));
  if (causes.size === 0) return known;
  for await (const { copy } of ledger.backupsOfTenant(tenant, { from: new Date(now.getTime() - lookBackMs) })) {
    if (!copy.permanent || !copy.toldAt || !copy.reason || !causes.has(copy.reason)) continue;
    if (now.getTime() - copy.toldAt.getTime() < tellAgainAfterMs) known.set(copy.reason, copy.toldAt);
  }
  return known;
}
