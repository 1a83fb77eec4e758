/** The backups of a schedule's period: one of them is copied. */
import { minBy } from 'es-toolkit/array';
import type { CopySchedule, Fleet } from '../config/index.ts';
import { type Backup, backupIdOf, copySchema, laterFields, sameBackup, servesPeriod } from '../domain/index.ts';
import { type Ledger, updateBackup } from '../ledger/index.ts';
import { copiedBy } from '../ownership.ts';
import { periodOf } from './copy-policy.ts';

/** The other backups in the ledger of a backup's database and period; none where every backup is copied. */
export async function othersInPeriod(
  ledger: Ledger,
  backup: Pick<Backup, 'id' | 'database' | 'createdAt' | 'backupTime'>,
  schedule: CopySchedule,
): Promise<Backup[]> {
  const period = periodOf(schedule, backup.backupTime ?? backup.createdAt);
  if (period === undefined) return [];
  const others: Backup[] = [];
  for await (const other of ledger.backupsOfDatabase(backup.database, period)) {
    if (!sameBackup(backupIdOf(other), backupIdOf(backup))) others.push(other);
  }
  return others;
}

/**
 * Queues the copy of the period's next backup, where the one that was chosen comes to nothing: the oldest that was not wanted
 * because of it.
 */
export async function queueNextInPeriod(
  { ledger, fleet }: { readonly ledger: Ledger; readonly fleet: Fleet },
  chosen: Backup,
  now: Date,
): Promise<void> {
  const [row] = await ledger.databases([chosen.database]);
  const found = copiedBy(fleet, chosen, row);
  if ('cause' in found) return;
  const { copy, copySkipped } = found.configured;
  if (copy.mode === 'none' || copySkipped !== undefined) return;
  const others = await othersInPeriod(ledger, chosen, copy.schedule);
  if (others.some((other) => servesPeriod(other.copy.state))) return;
  const left = others.filter(({ closed, copy: { cause } }) => closed === undefined && cause?.code === 'period-served');
  const next = minBy(left, ({ createdAt }) => createdAt.getTime());
  if (next === undefined) return;
  await updateBackup(ledger, backupIdOf(next), (current) => {
    if (current.copy.state !== 'none') return undefined;
    const queued = { mode: copy.mode, state: 'queued', attempt: 1, queuedAt: now } as const;
    return { ...current, copy: { ...laterFields(copySchema, current.copy), ...queued } };
  });
}
