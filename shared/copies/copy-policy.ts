/** Whether a backup that is being recorded shall be copied. Decided once, in the write that records it. */
import type { ConfiguredDatabase, CopySchedule } from '../config/index.ts';
import { type Backup, type Copy, type CopyCause, copySchema, laterFields, servesPeriod } from '../domain/index.ts';

/** What must be known of a backup to decide on its copy: everything but the copy itself. */
export type CopyCandidate = Pick<
  Backup,
  'kind' | 'engine' | 'storageType' | 'createdAt' | 'backupTime' | 'learnedFrom' | 'closed'
>;

/** What the ledger knows beside the backup. */
export interface CopyHistory {
  /** When the database was enrolled; absent: it is being enrolled right now, by this backup's event. */
  readonly enrolledAt?: Date;
  /** Backups of the same database in the ledger; those outside the schedule's period are ignored. */
  readonly earlier: Iterable<Pick<Backup, 'createdAt' | 'backupTime' | 'copy'>>;
}

/** Engines that StartExportTask reads (RDS documentation); `aurora` is the old name of Aurora MySQL. */
const exportableEngines = new Set(['mysql', 'mariadb', 'postgres', 'aurora', 'aurora-mysql', 'aurora-postgresql']);

/**
 * Only backups of configured databases are copied, only of the kinds and as often as configured. A backup from before the
 * database was enrolled is history: it is recorded, not copied. What RDS cannot export, or what has no bucket to go to, is
 * `skipped` at once, never tried.
 */
export function initialCopy(
  backup: CopyCandidate,
  configured: ConfiguredDatabase | undefined,
  history: CopyHistory,
  now: Date,
): Copy {
  if (!configured) return none('none', { code: 'not-configured', facts: {} });
  const { copy } = configured;
  if (copy.mode === 'none') return none('none');
  if (backup.closed) return none(copy.mode, { code: 'snapshot-gone', facts: {} });
  if (!copy.kinds.includes(backup.kind)) {
    return none(copy.mode, { code: 'kind-not-copied', facts: { kind: backup.kind, copied: [...copy.kinds] } });
  }
  if (isBaseline(backup, history.enrolledAt)) return none(copy.mode, { code: 'before-enrolment', facts: {} });
  const obstacle = configured.copySkipped ?? (copy.mode === 'export' ? notExportable(backup, configured) : undefined);
  if (obstacle) return { mode: copy.mode, state: 'skipped', attempt: 0, endedAt: now, cause: obstacle };
  if (periodIsServed(copy.schedule, backup, history.earlier, ({ state }) => servesPeriod(state))) {
    return none(copy.mode, servedBy(copy.schedule));
  }
  return { mode: copy.mode, state: 'queued', attempt: 1, queuedAt: now };
}

/**
 * Why RDS cannot export a snapshot (Db2, Oracle, SQL Server, RDS Custom, magnetic storage, a Region without exports), or
 * undefined if it can.
 */
export function notExportable(
  { engine, storageType }: { readonly engine: string; readonly storageType?: string },
  { region, notExported }: Pick<ConfiguredDatabase, 'region' | 'notExported'>,
): CopyCause | undefined {
  if (!exportableEngines.has(engine)) return { code: 'engine-not-exportable', facts: { engine } };
  if (storageType === 'standard') return { code: 'storage-not-exportable', facts: {} };
  if (notExported === undefined || (notExported === 'all but Aurora' && engine.startsWith('aurora'))) return undefined;
  return { code: 'region-without-exports', facts: { region, engine } };
}

/** The UTC day, ISO week (from Monday) or month that a time lies in; undefined where every backup is copied. */
export function periodOf(schedule: CopySchedule, time: Date): { readonly from: Date; readonly to: Date } | undefined {
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()];
  const between = (from: number, to: number) => ({ from: new Date(from), to: new Date(to) });
  switch (schedule) {
    case 'every':
      return undefined;
    case 'daily':
      return between(Date.UTC(year, month, day), Date.UTC(year, month, day + 1));
    case 'weekly': {
      const monday = day - ((time.getUTCDay() + 6) % 7);
      return between(Date.UTC(year, month, monday), Date.UTC(year, month, monday + 7));
    }
    case 'monthly':
      return between(Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1));
  }
}

type Timed = Pick<Backup, 'createdAt' | 'backupTime'>;

function periodIsServed(
  schedule: CopySchedule,
  backup: Timed,
  others: CopyHistory['earlier'],
  serves: (copy: Copy) => boolean,
): boolean {
  const period = periodOf(schedule, timeOf(backup));
  if (!period) return false;
  for (const other of others) {
    const time = timeOf(other);
    if (time >= period.from && time < period.to && serves(other.copy)) return true;
  }
  return false;
}

/**
 * What becomes of a queued copy whose period another one has begun to serve meanwhile; undefined: it is still wanted. Two
 * backups of a database that are recorded in the same moment do not see each other, and both are queued. Exports start
 * one after the other (by the lease), so the second to start sees the first. `others` are the database's other backups.
 */
export function supersededBy(
  schedule: CopySchedule,
  backup: Timed & Pick<Backup, 'recordedAt' | 'copy'>,
  others: CopyHistory['earlier'],
): Copy | undefined {
  const { mode, attempt, queuedAt } = backup.copy;
  // What was queued later was queued by a person, who wants it besides.
  if (queuedAt?.getTime() !== backup.recordedAt.getTime()) return undefined;
  const begun = ({ state }: Copy) => state !== 'queued' && servesPeriod(state);
  if (!periodIsServed(schedule, backup, others, begun)) return undefined;
  return { ...laterFields(copySchema, backup.copy), mode, state: 'none', attempt, cause: servedBy(schedule) };
}

function servedBy(schedule: CopySchedule): CopyCause {
  return { code: 'period-served', facts: { schedule } };
}

/** An event announces something new even if the database is first met by it; what only a sweep finds may be old. */
function isBaseline(backup: CopyCandidate, enrolledAt: Date | undefined): boolean {
  return backup.learnedFrom === 'sweep' && (!enrolledAt || backup.createdAt < enrolledAt);
}

function timeOf(backup: Timed): Date {
  return backup.backupTime ?? backup.createdAt;
}

function none(mode: Copy['mode'], cause?: CopyCause): Copy {
  return { mode, state: 'none', attempt: 0, ...(cause && { cause }) };
}
